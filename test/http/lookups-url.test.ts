import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import type { LookupView } from '../../server/registry/index.ts'
import { until } from '../chain/until.ts'
import { canary, type Site, site } from '../outgoing/internet.ts'
import { expectProblem, heldDecode, type Options, type Served, serve } from './harness.ts'

describe('POST /v1/lookups with an address', () => {
  let server: Served
  let there: Site
  const start = async (answer: RequestListener, options?: Options) => {
    there = await site(answer)
    server = await serve({ ...options, allow: [there.allow] })
  }
  afterEach(async () => {
    await server.close()
    await there.close()
  })
  const ask = (url: string, query = '') =>
    fetch(`${server.url}/v1/lookups${query}`, {
      method: 'POST',
      body: JSON.stringify({ url }),
      headers: { 'content-type': 'application/json' },
    })
  const fetched = () => readdirSync(join(server.directory, 'uploads'))

  it('looks up the media that is there, as if it had been sent', async () => {
    await start(
      (_request, response) => void response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end('some media'),
    )
    const response = await ask(`${there.url}/a.jpg`)
    const found = (await response.json()) as LookupView
    expect(response.status).to.equal(200)
    expect(found).to.include({ status: 'done', basis: 'media', verdict: 'not_registered' })
    expect(found.candidate!.contentDigest).to.equal(createHash('sha256').update('some media').digest('hex'))
    expect(there.seen.map(({ url }) => url)).to.deep.equal(['/a.jpg'])
    expect(fetched()).to.deep.equal([])
  })

  it('tells that it fetches, and how much of it, and then goes on', async () => {
    const gate = Promise.withResolvers<void>()
    const { decode, letGo } = heldDecode()
    await start(
      async (_request, response) => {
        response.writeHead(200, { 'Content-Length': 100 }).write('x'.repeat(25))
        await gate.promise
        response.end('x'.repeat(75))
      },
      { decode },
    )
    const location = server.url + (await ask(there.url, '?wait=0')).headers.get('location')
    const now = async () => (await (await fetch(location)).json()) as LookupView
    await until(
      async () => (await now()).progress === 0.25,
      () => location,
    )
    expect(await now()).to.include({ status: 'running', stage: 'fetching' })
    gate.resolve()
    await until(
      async () => (await now()).stage === 'decoding',
      () => location,
    )
    expect(await now()).to.include({ progress: null })
    letGo()
    await until(
      async () => (await now()).status === 'done',
      () => location,
    )
  })

  it('is cancelled while it fetches, and lets go of the other side', async () => {
    let closed = false
    await start((_request, response) => {
      response.once('close', () => {
        closed = true
      })
      response.write('x')
    })
    const location = server.url + (await ask(there.url, '?wait=0')).headers.get('location')
    await until(
      () => there.seen.length === 1,
      () => there.seen,
    )
    expect((await fetch(location, { method: 'DELETE' })).status).to.equal(204)
    expect(await (await fetch(location)).json()).to.include({ status: 'cancelled', verdict: null })
    await until(
      () => closed,
      () => 'still open',
    )
  })

  for (const [what, status, code, detail, answer] of [
    [
      'a page',
      415,
      'fetch.page',
      /^localhost answers with a page/,
      (_, response) => response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('x'),
    ],
    [
      'a page that calls itself a picture',
      415,
      'fetch.page',
      /page/,
      (_, response) => response.writeHead(200, { 'Content-Type': 'image/png' }).end('\n<!DOCTYPE html><p>'),
    ],
    ['nothing', 422, 'fetch.unreachable', /status 404$/, (_, response) => response.writeHead(404).end('no')],
    [
      'a request to sign in',
      422,
      'fetch.unreachable',
      /status 401: .* signed in$/,
      (_, response) => response.writeHead(401).end('no'),
    ],
    ['a part of it', 422, 'fetch.unreachable', /status 206$/, (_, response) => response.writeHead(206).end('no')],
    ['no bytes', 400, 'media.empty', /^localhost answers with no bytes$/, (_, response) => response.end()],
    ['more than is taken', 413, 'fetch.too_large', /100000 bytes/, (_, response) => response.end('x'.repeat(100_001))],
    [
      'a redirect to this machine',
      403,
      'fetch.refused',
      /^127\.0\.0\.1 is not a public address$/,
      (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1/' }).end(),
    ],
  ] as [string, number, string, RegExp, RequestListener][])
    it(`answers ${code} where there is ${what}`, async () => {
      await start(answer)
      const problem = await expectProblem(await ask(there.url), status, code)
      expect(problem.detail).to.match(detail)
      expect(fetched()).to.deep.equal([])
    })

  it('refuses at sight what it would never fetch, and nothing begins', async () => {
    const bird = await canary()
    await start((_request, response) => void response.end())
    for (const url of [
      `http://127.0.0.1:${bird.port}/`,
      'http://localhost/',
      'file:///etc/passwd',
      'http://[::1]/',
      'x',
      '',
    ])
      await expectProblem(await ask(url), 403, 'fetch.refused')
    expect(server.catalogue.lookups.size).to.equal(0)
    await bird.close()
    expect(bird.connections).to.deep.equal([])
  })

  it('fetches 16 at a time and no more', async () => {
    await start((_request, response) => void response.write('x'))
    for (let i = 0; i < 16; i++) expect((await ask(there.url, '?wait=0')).status).to.equal(202)
    const { detail } = await expectProblem(await ask(there.url), 503, 'server.busy')
    expect(detail).to.match(/^16 files are being fetched/)
  })
})
