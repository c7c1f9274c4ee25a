import { request } from 'node:http'
import { expect } from 'chai'
import { ERRORS } from '../../server/errors.ts'
import { expectProblem, type Options, REVALIDATE, type Served, serve } from './harness.ts'

describe('the server', () => {
  let server: Served
  const start = async (options?: Options) => {
    server = await serve(options)
  }
  afterEach(() => server.close())
  const get = (path: string, init?: RequestInit) => fetch(server.url + path, init)

  it('is alive, and ready when the index follows the chain', async () => {
    await start()
    expect(await (await get('/healthz')).json()).to.deep.equal({ status: 'ok' })
    expect(await (await get('/readyz')).json()).to.deep.equal({ status: 'ready' })
  })

  for (const [lagBlocks, detail] of [
    [null, /node has not answered/],
    [101, /101 blocks behind/],
  ] as const)
    it(`is not ready ${lagBlocks === null ? 'before the node was asked' : 'far behind the chain'}`, async () => {
      await start({ lagBlocks })
      const problem = await expectProblem(await get('/readyz'), 503, 'server.busy')
      expect(problem.detail).to.match(detail)
      expect((await get('/healthz')).status).to.equal(200)
    })

  it('tells a monitor numbers by the pattern of a route and not by its ids', async () => {
    await start()
    await get('/v1/publishers/7')
    const text = await (await get('/metrics')).text()
    expect(text).to.match(/^firsthand_originals 0$/m)
    expect(text).to.match(/firsthand_http_request_seconds_count\{.*route="\/v1\/publishers\/:id".*status="200"\} 1/)
    expect(text).not.to.contain('publishers/7')
  })

  it('serves the page fresh and its files with a tag', async () => {
    await start()
    const page = await get('/')
    expect(page.headers.get('content-type')).to.match(/^text\/html/)
    expect(page.headers.get('cache-control')).to.equal('no-store')
    const style = await get('/assets/style.css')
    expect(style.headers.get('content-type')).to.match(/^text\/css/)
    expect(
      (await get('/assets/style.css', { headers: { 'if-none-match': style.headers.get('etag')!, ...REVALIDATE } }))
        .status,
    ).to.equal(304)
    await expectProblem(await get('/assets/..%2f..%2fpackage.json'), 404, 'request.not_found')
  })

  it('answers an unknown address with 404 and keeps the connection', async () => {
    await start()
    const response = await get('/v1/nothing')
    await expectProblem(response, 404, 'request.not_found')
    expect(response.headers.get('connection')).to.equal('keep-alive')
    await expectProblem(await get('/v1/records/%ff'), 400, 'request.invalid')
  })

  for (const [path, method, allow] of [
    ['/', 'POST', 'GET, HEAD'],
    ['/v1/lookups', 'GET', 'POST'],
    ['/v1/lookups/1', 'PUT', 'GET, DELETE, HEAD'],
    ['/v1/lookups/1/events', 'POST', 'GET, HEAD'],
    ['/v1/records', 'DELETE', 'GET, HEAD'],
    ['/v1/records/1', 'POST', 'GET, HEAD'],
    ['/v1/records/1/manifest', 'POST', 'GET, HEAD'],
    ['/v1/publishers/1', 'PATCH', 'GET, HEAD'],
    ['/v1/registrations', 'GET', 'POST'],
    ['/v1/development/registrations', 'GET', 'POST'],
    ['/v1/status', 'POST', 'GET, HEAD'],
    ['/ipfs/x', 'POST', 'GET, HEAD'],
    ['/healthz', 'POST', 'GET, HEAD'],
    ['/openapi.json', 'POST', 'GET, HEAD'],
  ] as const)
    it(`answers ${method} ${path} with 405 and what is offered`, async () => {
      await start()
      const response = await get(path, { method })
      await expectProblem(response, 405, 'request.method_not_allowed')
      expect(response.headers.get('allow')).to.equal(allow)
    })

  it('says no more of itself than it must, and lets nothing be loaded from elsewhere but media by the page', async () => {
    await start()
    for (const path of ['/', '/healthz', '/assets/client/app.ts', '/nothing']) {
      const { headers } = await get(path)
      expect(headers.get('x-powered-by')).to.equal(null)
      expect(headers.get('referrer-policy')).to.equal('no-referrer')
      const policy = headers.get('content-security-policy')!
      expect(policy).to.contain("default-src 'none'").and.to.contain("script-src 'self'")
      expect(policy.replace('media-src blob: https:', path === '/' ? '' : '$&'), path).not.to.match(/unsafe|https?:|\*/)
    }
  })

  it('lets the page alone play media from elsewhere, and turn no text into a program', async () => {
    await start()
    const policyOf = async (path: string) => (await get(path)).headers.get('content-security-policy')!
    expect((await policyOf('/')).split(';')).to.include.members([
      'media-src blob: https:',
      "require-trusted-types-for 'script'",
      'trusted-types firsthand',
    ])
    expect((await policyOf('/assets/client/app.ts')).split(';')).to.include('media-src blob:')
  })

  it('logs a request without its query and its headers', async () => {
    await start()
    await get('/v1/records?cursor=secret', { headers: { 'x-firsthand-token': 'secret' } })
    const lines = JSON.stringify(server.said)
    expect(lines).to.contain('/v1/records')
    expect(lines).not.to.contain('secret')
  })

  it('warns of its own failures, and not of each whom it sends away', async () => {
    await start({ lagBlocks: null, decode: () => Promise.reject(new Error('ours')) })
    await get('/readyz')
    await get('/v1/lookups', { method: 'POST', body: 'media' })
    const levels = (status: number) =>
      server.said
        .filter(({ res }) => (res as { statusCode?: number } | undefined)?.statusCode === status)
        .map(({ level }) => level)
    expect([levels(503), levels(500)]).to.deep.equal([[20], [40]])
  })

  it('explains each error under the address that is its type', async () => {
    await start()
    const { type } = await expectProblem(await get('/nothing'), 404, 'request.not_found')
    const [path, anchor] = type!.split('#')
    const page = await (await get(path!)).text()
    expect(page).to.contain(`id="${anchor}"`)
    for (const code of Object.keys(ERRORS)) expect(page).to.contain(`<code>${code}</code>`)
  })

  it('shows its documentation with all that it loads', async () => {
    await start()
    const response = await get('/docs')
    const page = await response.text()
    const loaded = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!)
    expect(loaded).to.have.length(3)
    for (const path of loaded) expect((await get(path)).status, path).to.equal(200)
    expect(response.headers.get('content-security-policy')).to.contain("script-src 'self'")
  })
})

describe('a server that is local', () => {
  let server: Served
  afterEach(() => server.close())

  /** fetch() does not let its caller choose the Host. */
  function statusFor(host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const { port } = server
      request({ port, host: '127.0.0.1', path: '/v1/status', headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode!)
      })
        .on('error', reject)
        .end()
    })
  }

  it('answers to its own names only', async () => {
    server = await serve()
    for (const host of ['localhost', 'localhost:8080', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8080'])
      expect(await statusFor(host), host).to.equal(200)
    for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:8080', '127.0.0.1.evil.example'])
      expect(await statusFor(host), host).to.equal(403)
  })

  it('is not one that listens for others: that one answers to any name', async () => {
    server = await serve({ loopback: false })
    expect(await statusFor('registry.example')).to.equal(200)
  })
})

describe('the rate of requests', () => {
  let server: Served
  afterEach(() => server.close())
  const from = (address: string, path = '/v1/status') =>
    fetch(server.url + path, { headers: { 'x-forwarded-for': address } })

  it('is limited for each client by itself, with the seconds to wait', async () => {
    server = await serve({ rateLimit: 2, trustProxy: 1 })
    for (const status of [200, 200]) expect((await from('203.0.113.1')).status).to.equal(status)
    const refused = await from('203.0.113.1')
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60)
    await expectProblem(refused, 429, 'request.rate_limited')
    expect((await from('203.0.113.2')).status).to.equal(200)
  })

  it('is one for all addresses of an IPv6 network', async () => {
    server = await serve({ rateLimit: 1, trustProxy: 1 })
    expect((await from('2001:db8:1:1::1')).status).to.equal(200)
    expect((await from('2001:db8:1:1::2')).status).to.equal(429)
  })

  it('is not limited for whoever asks whether the server is well', async () => {
    server = await serve({ rateLimit: 1, trustProxy: 1 })
    for (let i = 0; i < 3; i++) expect((await from('203.0.113.1', '/healthz')).status).to.equal(200)
  })

  it('is not limited on this machine, and nobody pretends to be there or elsewhere without a proxy', async () => {
    server = await serve({ rateLimit: 1 })
    for (let i = 0; i < 3; i++) expect((await from('203.0.113.1')).status).to.equal(200)
    await server.close()
    server = await serve({ rateLimit: 1, trustProxy: 1 })
    expect((await from('127.0.0.1, 203.0.113.1')).status).to.equal(200)
    expect((await from('127.0.0.1, 203.0.113.1')).status).to.equal(429)
  })
})
