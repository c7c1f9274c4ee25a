/** What one client may take, and what all may take together. */
import { connect } from 'node:net'
import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import { writeManifest } from '../../server/fingerprint/index.ts'
import { CAR_TYPE, writeCar } from '../../server/registry/index.ts'
import { until } from '../chain/until.ts'
import { picture } from '../fingerprint/make.ts'
import { expectProblem, heldDecode, type Options, type Served, serve } from './harness.ts'

const A = '203.0.113.1'
const B = '203.0.113.2'

describe('the limits of a client', () => {
  let server: Served
  const start = async (options?: Options) => {
    server = await serve({ trustProxy: 1, ...options })
  }
  afterEach(() => server.close())

  const ask = (address: string, path: string, init: RequestInit = {}) =>
    fetch(server.url + path, { ...init, headers: { 'x-forwarded-for': address, ...init.headers } })
  const lookUp = (address: string, body: BodyInit = 'media', path = '/v1/lookups?wait=0') =>
    ask(address, path, { method: 'POST', body, duplex: 'half' } as RequestInit)

  it('hold for the blocks that it hands over, and not for those of this machine', async () => {
    await start()
    const holders: unknown[] = []
    server.blocks.hold = async (_root, _blocks, holder) => {
      holders.push(holder)
      throw new RegistryError('request.rate_limited', 'enough', { retryAfterS: 10 })
    }
    const { root, blocks } = await writeManifest(picture(1), {
      title: null,
      text: null,
      sourceUrl: null,
      derivedFrom: null,
    })
    const body = (await writeCar(root, blocks)) as BodyInit
    for (const address of [A, B, '127.0.0.1']) {
      const answer = await ask(address, '/v1/registrations', {
        method: 'POST',
        body,
        headers: { 'content-type': CAR_TYPE },
      })
      await expectProblem(answer, 429, 'request.rate_limited')
    }
    expect(holders).to.deep.equal([A, B, null])
  })

  it('hold for its lookups under way, and are told before the media is sent', async () => {
    const held = heldDecode()
    await start({ decode: held.decode, clientJobs: 2 })
    for (let i = 0; i < 2; i++) expect((await lookUp(A)).status).to.equal(202)
    const { detail } = await expectProblem(await lookUp(A), 429, 'request.rate_limited')
    expect(detail).to.equal('a client has at most 2 lookups at a time')
    expect(await answerBeforeBody(server.port, A)).to.match(/^HTTP\/1\.1 429 /)
    expect((await lookUp(B)).status).to.equal(202)
    held.letGo()
    await until(
      async () => (await lookUp(A)).status === 202,
      () => 'it may ask again',
    )
  })

  it('hold for what is to be fetched from elsewhere, before anybody is asked for it', async () => {
    await start({ decode: heldDecode().decode, clientJobs: 1, allow: [{ host: '127.0.0.1', port: 9 }] })
    expect((await lookUp(A)).status).to.equal(202)
    const body = JSON.stringify({ url: 'http://127.0.0.1:9/a.jpg' })
    const asked = ask(A, '/v1/lookups', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    await expectProblem(await asked, 429, 'request.rate_limited')
  })

  it('count all addresses of an IPv6 network of 64 bits as one client, and of the next as another', async () => {
    await start({ decode: heldDecode().decode, clientJobs: 1 })
    expect((await lookUp('2001:db8:1:1::1')).status).to.equal(202)
    expect((await lookUp('2001:db8:1:1:ffff::2')).status).to.equal(429)
    expect((await lookUp('2001:db8:1:2::1')).status).to.equal(202)
    expect((await lookUp(`::ffff:${A}`)).status).to.equal(202)
    expect((await lookUp(A)).status, 'the same address, written otherwise').to.equal(429)
  })

  it('hold for bytes of its uploads, known before or not until they come', async () => {
    const held = heldDecode()
    await start({ decode: held.decode, limits: { clientBytes: 10_000 } })
    expect((await lookUp(A, new Uint8Array(6_000))).status).to.equal(202)
    expect((await expectProblem(await lookUp(A, new Uint8Array(6_000)), 429, 'request.rate_limited')).detail).to.match(
      /at most 10000 bytes of uploads/,
    )
    await expectProblem(await lookUp(A, streamed(new Uint8Array(6_000))), 429, 'request.rate_limited')
    expect((await lookUp(A, new Uint8Array(4_000))).status).to.equal(202)
    expect((await lookUp(B, new Uint8Array(6_000))).status).to.equal(202)
    held.letGo()
    await until(
      async () => (await lookUp(A, new Uint8Array(9_000))).status !== 429,
      () => 'the bytes are given back',
    )
  })

  it('hold for its uploads that are under way', async () => {
    await start({ limits: { clientConcurrent: 1 } })
    const stalled = new AbortController()
    const first = ask(A, '/v1/lookups', {
      method: 'POST',
      body: stalling(),
      signal: stalled.signal,
      duplex: 'half',
    } as RequestInit)
    first.catch(() => {})
    await until(
      async () => (await lookUp(A)).status === 429,
      () => 'the first holds the place',
    )
    expect((await lookUp(B)).status).to.be.below(300)
    stalled.abort()
    await until(
      async () => (await lookUp(A)).status < 300,
      () => 'the place is given back',
    )
  })

  it('hold for its streams of events, and end with them', async () => {
    const held = heldDecode()
    await start({ decode: held.decode })
    const path = `${(await lookUp(A)).headers.get('location')}/events`
    const streams = await Promise.all(Array.from({ length: 16 }, () => ask(A, path)))
    expect(streams.map(({ status }) => status)).to.deep.equal(Array(16).fill(200))
    const { detail } = await expectProblem(await ask(A, path), 429, 'request.rate_limited')
    expect(detail).to.equal('a client has at most 16 streams of events at a time')
    expect((await ask(B, path)).status).to.equal(200)
    await streams[0]!.body!.cancel()
    await until(
      async () => (await ask(A, path)).status === 200,
      () => 'one stream is closed',
    )
    held.letGo()
  })

  it('hold for its requests that are open, which those about the health of the server are not', async () => {
    const held = heldDecode()
    await start({ decode: held.decode, clientRequests: 1 })
    const waiting = lookUp(A, 'media', '/v1/lookups?wait=20')
    await until(
      () => held.begun() === 1,
      () => held.begun(),
    )
    await expectProblem(await ask(A, '/v1/status'), 429, 'request.rate_limited')
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(A, path)).status, path).to.equal(200)
    expect((await ask(B, '/v1/status')).status).to.equal(200)
    held.letGo()
    expect((await waiting).status).to.equal(200)
    for (let i = 0; i < 3; i++)
      expect((await ask(A, '/v1/status')).status, 'what is answered is not open').to.equal(200)
  })
})

describe('requests that are sent on one connection before the first is answered', () => {
  let server: Served
  afterEach(() => server.close())

  it('are limited as any others, and all of them answered in their order', async () => {
    server = await serve({ trustProxy: 1, clientRequests: 10 })
    const requests = Array.from(
      { length: 100 },
      (_, i) => `GET /v1/publishers/${i + 1} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${A}\r\n\r\n`,
    )
    const last = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const text = await new Promise<string>((resolve, reject) => {
      let all = ''
      const socket = connect(server.port, '127.0.0.1', () => socket.write(requests.join('') + last))
      socket
        .setEncoding('utf8')
        .on('error', reject)
        .on('close', () => resolve(all))
      socket.on('data', (data) => {
        all += data
      })
    })
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)
    expect(statuses).to.have.length(101)
    expect(statuses.filter((status) => status === '429')).to.have.length.within(1, 90)
    expect(statuses.filter((status) => status !== '429' && status !== '404' && status !== '200')).to.deep.equal([])
    expect(text.trimEnd().endsWith('{"status":"ok"}')).to.equal(true)
  })
})

describe('a server that has all the work it takes', () => {
  let server: Served
  let held: ReturnType<typeof heldDecode>
  beforeEach(async () => {
    held = heldDecode()
    server = await serve({ decode: held.decode, decoders: 1 })
  })
  afterEach(() => server.close())

  const lookUp = () => fetch(`${server.url}/v1/lookups?wait=0`, { method: 'POST', body: 'media' })

  /** @returns the place of the first lookup. */
  async function fill(): Promise<string> {
    const first = await lookUp()
    for (let answer = first; answer.status === 202; ) answer = await lookUp()
    return first.headers.get('location')!
  }

  it('sends away with the seconds until there is room, clients of this machine too, and keeps no trace of them', async () => {
    await fill()
    const before = server.catalogue.lookups.size
    const refused = await lookUp()
    const { detail, retryAfterS } = await expectProblem(refused, 503, 'server.busy')
    expect(detail).to.match(/^\d+ files wait for 1 decoders$/)
    expect(Number(retryAfterS)).to.be.within(1, 60)
    expect(server.catalogue.lookups.size).to.equal(before)
    held.letGo()
    await until(
      async () => (await lookUp()).status === 202,
      () => 'there is room again',
    )
  })

  it('still answers what costs little: its health, records, fingerprints and lookups', async () => {
    const location = await fill()
    for (const path of ['/healthz', '/readyz', '/metrics', '/v1/records', '/v1/status', '/', location])
      expect((await fetch(server.url + path)).status, path).to.equal(200)
    const { toDocument } = await import('../../server/fingerprint/index.ts')
    const body = JSON.stringify({ fingerprint: toDocument(picture(1)) })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${server.url}/v1/lookups`, { method: 'POST', body, headers })).status).to.equal(200)
    held.letGo()
  })

  it('answers a lookup that had to give way with the same, and keeps it as failed', async () => {
    const other = await serve({ decode: held.decode, decoders: 1, trustProxy: 1 })
    const from = (address: string, wait: number) =>
      fetch(`${other.url}/v1/lookups?wait=${wait}`, {
        method: 'POST',
        body: 'media',
        headers: { 'x-forwarded-for': address },
      })
    try {
      for (let i = 0; i < 4; i++) await from(A, 0)
      const last = from(A, 20)
      await until(
        () => other.registry.load().waiting === 4,
        () => other.registry.load(),
      )
      expect((await from(B, 0)).status).to.equal(202)
      const answer = await last
      const location = answer.headers.get('location')
      await expectProblem(answer, 503, 'server.busy')
      const kept = (await (await fetch(other.url + location)).json()) as { error: object }
      expect(kept.error).to.include({ code: 'server.busy' }).and.to.include.keys('retryAfterS')
    } finally {
      held.letGo()
      await other.close()
    }
  })
})

describe('connections', () => {
  it('over the limit are cut, and those before it go on', async () => {
    const server = await serve({ maxConnections: 3 })
    const sockets = Array.from({ length: 5 }, () => connect(server.port, '127.0.0.1').on('error', () => {}))
    const cut = () => sockets.filter(({ readableEnded, destroyed }) => readableEnded || destroyed).length
    for (const socket of sockets) socket.resume()
    await until(
      () => cut() === 2,
      () => cut(),
    )
    const [first] = sockets
    const answered = new Promise((resolve) => first!.once('data', resolve))
    first!.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(String(await answered)).to.match(/^HTTP\/1\.1 200 /)
    for (const socket of sockets) socket.destroy()
    await server.close()
  })
})

function streamed(bytes: Uint8Array): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

const stalling = () => new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) })

/** Sends the headers of an upload and nothing of its body. */
function answerBeforeBody(port: number, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\nContent-Length: 5000\r\n\r\n`,
      ),
    )
    socket.setEncoding('utf8').on('error', reject)
    socket.once('data', (data: string) => {
      socket.destroy()
      resolve(data.split('\r\n')[0]!)
    })
  })
}
