import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import { createAsk } from '../../server/outgoing/ask.ts'
import { createGuard, type GuardOptions, type Limits, type Wanted } from '../../server/outgoing/guard.ts'
import { readBody } from '../../server/outgoing/index.ts'
import type { Address, Resolve } from '../../server/outgoing/resolve.ts'
import { parseTarget } from '../../server/outgoing/target.ts'
import { CERTIFICATE, canary, type Listening, rawSite, site } from './internet.ts'

const FAST: Limits = { answerMs: 400, idleMs: 300, minRate: 1_000, graceMs: 300 }
const WANTED: Wanted = { accept: '*/*', maxBytes: 100_000, totalMs: 5_000 }
const PUBLIC: Address = { address: '93.184.215.14', family: 4 }
const LOOPBACK: Address = { address: '127.0.0.1', family: 4 }

let bird: Awaited<ReturnType<typeof canary>>
const open: Listening[] = []
const opened = <T extends Listening>(one: T): T => {
  open.push(one)
  return one
}
beforeEach(async () => {
  bird = await canary()
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  // A connection that was begun is accepted a moment later.
  await new Promise((resolve) => setTimeout(resolve, 20))
  await bird.close()
  expect(bird.connections, 'connections to the canary').to.deep.equal([])
})

/** May ask the canary's port, so that nothing but the address is in the way. */
const guardOf = (options: Partial<GuardOptions> = {}) =>
  createGuard({
    userAgent: 'test',
    allow: open.map(({ allow }) => allow),
    ports: [80, 443, bird.port],
    resolve: async () => [],
    limits: FAST,
    ...options,
  })

async function failure(work: Promise<unknown>): Promise<RegistryError> {
  const error = await work.then(
    () => new Error('nothing failed'),
    (reason: Error) => reason,
  )
  expect(error, error.stack).to.be.instanceOf(RegistryError)
  return error as RegistryError
}

const textOf = async (body: Parameters<typeof readBody>[0]) => new TextDecoder().decode(await readBody(body))

describe('the guard never speaks to this machine', () => {
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::7f00:1]',
    '0.0.0.0',
    '[::]',
    'localhost',
    'localhost.',
  ])
    it(`by the address ${host}`, async () => {
      const error = await failure(guardOf().get(`http://${host}:${bird.port}/`, WANTED))
      expect(error.code).to.equal('fetch.refused')
    })

  for (const [what, addresses] of [
    ['loopback', [LOOPBACK]],
    ['loopback of IPv6', [{ address: '::1', family: 6 }]],
    ['mapped loopback', [{ address: '::ffff:127.0.0.1', family: 6 }]],
    ['one public and one that is not', [PUBLIC, LOOPBACK]],
    ['one with a zone', [{ address: 'fe80::1%lo', family: 6 }]],
    ['what is no address', [{ address: 'localhost', family: 4 }]],
  ] as [string, Address[]][])
    it(`by a name that resolves to ${what}`, async () => {
      const error = await failure(
        guardOf({ resolve: async () => addresses }).get(`http://a.example:${bird.port}/`, WANTED),
      )
      expect(error.code).to.equal('fetch.refused')
      expect(error.message)
        .to.match(/^a\.example /)
        .and.not.match(/127|::1|fe80/)
    })

  for (const [what, to] of [
    ['an address', () => `http://127.0.0.1:${bird.port}/`],
    ['a name', () => `http://rebound.example:${bird.port}/`],
    ['an address without its scheme', () => `//127.0.0.1:${bird.port}/`],
    ['an address in backslashes', () => `\\\\127.0.0.1:${bird.port}\\`],
    ['an address behind a user name', () => `http://localhost:80@127.0.0.1:${bird.port}/`],
    ['another scheme', () => 'file:///etc/passwd'],
    ['a port of the public', () => 'http://public.example:22/'],
  ] as const)
    it(`by a redirect to ${what}`, async () => {
      const hop = opened(await site((_request, response) => void response.writeHead(302, { Location: to() }).end()))
      const resolve: Resolve = async () => [LOOPBACK]
      const error = await failure(guardOf({ resolve }).get(hop.url, WANTED))
      expect(error.code).to.equal('fetch.refused')
      expect(hop.seen).to.have.length(1)
    })

  it('by a name that resolves to something else the next time: it is resolved once, and connected to as checked', async () => {
    let asked = 0
    const resolve: Resolve = async () => (asked++ === 0 ? [{ address: '192.0.2.1', family: 4 }] : [LOOPBACK])
    await failure(guardOf({ resolve }).get(`http://rebound.example:${bird.port}/`, WANTED))
    expect(asked).to.equal(1)
    const there = opened(await site((_request, response) => void response.end()))
    const target = parseTarget(`http://rebound.example:${there.port}/`, { allow: [], ports: [there.port] })
    const answer = await createAsk({ userAgent: 'test' })(target, [LOOPBACK], '*/*', new AbortController().signal)
    answer.resume()
    expect(there.seen[0]!.headers.host, 'the name is said').to.equal(`rebound.example:${there.port}`)
    expect(answer.socket.remoteAddress, 'the address that was handed over is asked').to.equal('127.0.0.1')
  })

  it('by a proxy that the environment names', () => {
    const script = `import { createGuard } from '${new URL('../../server/outgoing/index.ts', import.meta.url)}'
      const guard = createGuard({ userAgent: 'test', allow: [{ host: '127.0.0.1', port: 1 }] })
      await guard.get('http://127.0.0.1:1/', { accept: '*/*', maxBytes: 1, totalMs: 2000 }).catch((error) => console.log(error.code))`
    const proxy = `http://127.0.0.1:${bird.port}`
    const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, http_proxy: proxy, ALL_PROXY: proxy }
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
    expect(stdout).to.equal('fetch.unreachable\n')
  })
})

describe('the guard', () => {
  it('brings a body with its type, and says who answered', async () => {
    const there = opened(
      await site((_request, response) => void response.writeHead(200, { 'Content-Type': 'Image/PNG; a=b' }).end('abc')),
    )
    const answer = await guardOf().get(`${there.url}/x?y#z`, WANTED)
    expect(answer).to.include({ status: 200, mediaType: 'image/png', host: 'localhost', byteLength: null })
    expect(await textOf(answer)).to.equal('abc')
    expect(there.seen[0]!.url).to.equal('/x?y')
  })

  it('sends nothing but what it asks for: no cookie, no referrer, no name, and nothing of one step in the next', async () => {
    const there = opened(
      await site((request, response) => {
        if (request.url === '/end') return void response.end()
        response.writeHead(307, { Location: '/end', 'Set-Cookie': 'a=b', 'WWW-Authenticate': 'Basic' }).end()
      }),
    )
    await textOf(await guardOf().get(`${there.url}/start`, WANTED))
    expect(there.seen).to.have.length(2)
    for (const { headers, method } of there.seen) {
      expect(method).to.equal('GET')
      expect(headers).to.deep.equal({
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'test',
        host: `localhost:${there.port}`,
        connection: 'close',
      })
    }
  })

  it('follows three redirects and no fourth', async () => {
    const there = opened(
      await site((request, response) => {
        const left = Number(request.url!.slice(1))
        if (left === 0) response.end('here')
        else response.writeHead(301, { Location: String(left - 1) }).end()
      }),
    )
    expect(await textOf(await guardOf().get(`${there.url}/3`, WANTED))).to.equal('here')
    const error = await failure(guardOf().get(`${there.url}/4`, WANTED))
    expect(error).to.include({ code: 'fetch.refused', message: 'localhost redirects more than 3 times' })
    expect(there.seen, 'the last one is not asked').to.have.length(8)
  })

  it('asks over TLS whom it can check, and does not go back from it', async () => {
    const plain = opened(await site((_request, response) => void response.end('plain')))
    const there = opened(
      await site(
        (request, response) => {
          if (request.url === '/down') response.writeHead(302, { Location: plain.url }).end()
          else response.end('secure')
        },
        { secure: true },
      ),
    )
    expect(await textOf(await guardOf({ ca: CERTIFICATE }).get(there.url, WANTED))).to.equal('secure')
    const down = await failure(guardOf({ ca: CERTIFICATE }).get(`${there.url}/down`, WANTED))
    expect(down).to.include({ code: 'fetch.refused', message: 'localhost redirects from https to http' })
    expect(plain.seen).to.deep.equal([])
    const unknown = await failure(guardOf().get(there.url, WANTED))
    expect(unknown).to.include({ code: 'fetch.unreachable' })
    expect(unknown.message).to.match(/^localhost cannot show that it is localhost/)
  })

  it('tells errors of the other side from its own, and how long to wait', async () => {
    const there = opened(
      await site((_request, response) => void response.writeHead(429, { 'Retry-After': '7' }).end('no')),
    )
    expect(await guardOf().get(there.url, WANTED)).to.include({ status: 429, retryAfterS: 7 })
  })

  it('says that nobody is there without telling where', async () => {
    const error = await failure(guardOf({ resolve: async () => [] }).get('http://a.example/', WANTED))
    expect(error).to.include({ code: 'fetch.unreachable', message: 'a.example has no address' })
    const closed = await site(() => {})
    await closed.close()
    const refused = await failure(guardOf({ allow: [closed.allow] }).get(closed.url, WANTED))
    expect(refused.code).to.equal('fetch.unreachable')
    expect(refused.message)
      .to.match(/^localhost cannot be reached/)
      .and.not.match(/127\.0|::1/)
  })

  it('ends with the reason of whoever cancels, before and within the body', async () => {
    const there = opened(await site((_request, response) => void response.write('a')))
    const reason = new RegistryError('lookup.cancelled', 'enough')
    const abort = new AbortController()
    const answer = await guardOf().get(there.url, { ...WANTED, signal: abort.signal })
    const read = failure(readBody(answer))
    abort.abort(reason)
    expect(await read).to.equal(reason)
    expect(await failure(guardOf().get(there.url, { ...WANTED, signal: abort.signal }))).to.equal(reason)
  })

  it('waits for no name server and no host beyond its time', async () => {
    const forever: Resolve = () => new Promise(() => {})
    expect((await failure(guardOf({ resolve: forever }).get('http://a.example/', WANTED))).code).to.equal(
      'fetch.timeout',
    )
    const silent = opened(await site(() => {}))
    expect((await failure(guardOf().get(silent.url, WANTED))).code).to.equal('fetch.timeout')
  })
})

describe('a body that hurts', () => {
  const bytes = (head: string, more: (write: (text: string | Buffer) => boolean) => void = () => {}) =>
    rawSite((socket) => {
      socket.write(head)
      more((text) => !socket.destroyed && socket.write(text))
    })
  const every = (ms: number, text: string) => (write: (text: string) => boolean) => {
    const timer = setInterval(() => write(text) || clearInterval(timer), ms).unref()
  }

  for (const [what, code, serve] of [
    ['announces too much', 'fetch.too_large', () => bytes('HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n')],
    ['never ends', 'fetch.too_large', () => bytes('HTTP/1.1 200 OK\r\n\r\n', every(1, 'x'.repeat(10_000)))],
    [
      'never ends, in chunks',
      'fetch.too_large',
      () =>
        bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', every(1, `2710\r\n${'x'.repeat(10_000)}\r\n`)),
    ],
    ['stalls', 'fetch.timeout', () => bytes('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')],
    ['drips', 'fetch.timeout', () => bytes('HTTP/1.1 200 OK\r\n\r\n', every(50, 'x'))],
    [
      'breaks off',
      'fetch.unreachable',
      () => rawSite((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
    ],
    [
      'is compressed',
      'fetch.refused',
      () =>
        site(
          (_request, response) =>
            void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000))),
        ),
    ],
    [
      'is compressed twice',
      'fetch.refused',
      () => site((_request, response) => void response.writeHead(200, { 'Content-Encoding': 'identity, br' }).end()),
    ],
    [
      'has headers without end',
      'fetch.too_large',
      () => bytes('HTTP/1.1 200 OK\r\n', every(1, `a: ${'b'.repeat(1_000)}\r\n`)),
    ],
    ['has slow headers', 'fetch.timeout', () => bytes('HTTP/1.1 200 OK\r\n', every(50, 'a: b\r\n'))],
    [
      'has answers before the answer, without end',
      'fetch.timeout',
      () => bytes('', every(20, 'HTTP/1.1 103 Early Hints\r\n\r\n')),
    ],
    [
      'is none, but another protocol',
      'fetch.unreachable',
      () => bytes('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ],
    ['is not of HTTP', 'fetch.unreachable', () => bytes('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'has two lengths',
      'fetch.unreachable',
      () => bytes('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'),
    ],
  ] as [string, string, () => Promise<Listening & { url: string }>][])
    it(`that ${what} ends as ${code}`, async () => {
      const there = opened(await serve())
      const error = await failure(guardOf().get(there.url, WANTED).then(readBody))
      expect(error.code, error.message).to.equal(code)
      expect(error.message).to.match(/^localhost /)
    })

  it('that takes too long in all is ended, though it never stalls', async () => {
    const there = opened(await bytes('HTTP/1.1 200 OK\r\n\r\n', every(10, 'x'.repeat(100))))
    const error = await failure(
      guardOf()
        .get(there.url, { ...WANTED, totalMs: 700 })
        .then(readBody),
    )
    expect(error).to.include({ code: 'fetch.timeout', message: 'localhost did not answer in full within 0.7 s' })
  })

  it('that nobody reads any more lets go of its connection', async () => {
    let closed = false
    const there = opened(
      await site((_request, response) => {
        response.write('a')
        response.once('close', () => {
          closed = true
        })
      }),
    )
    const { body } = await guardOf().get(there.url, WANTED)
    body.destroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(closed).to.equal(true)
  })
})
