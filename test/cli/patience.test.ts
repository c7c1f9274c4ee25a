import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { createApi } from '../../server/cli/api.ts'
import { heldDecode, serve } from '../http/harness.ts'
import { firsthand } from './capture.ts'

describe('a command whose server is busy', () => {
  it('comes back when it is told to, sends its file again, and says so', async () => {
    const held = heldDecode()
    const server = await serve({ decode: held.decode, decoders: 1 })
    const file = join(server.directory, 'a.jpg')
    writeFileSync(file, 'some media')
    const lookUp = () => fetch(`${server.url}/v1/lookups?wait=0`, { method: 'POST', body: 'media' })
    while ((await lookUp()).status === 202);
    setTimeout(held.letGo, 500)
    const { code, out, err } = await firsthand('lookup', file, '--server', server.url)
    expect([code, out.split('\n')[0]]).to.deep.equal([0, 'NOT REGISTERED'])
    expect(err).to.match(/^the server is busy: asking again in \d+ s\n$/)
    await server.close()
  })
})

describe('the patience of a command', () => {
  let server: Server
  const asked: string[] = []
  const waits: number[] = []

  async function answering(retryAfter: string, code = 'server.busy') {
    asked.length = 0
    waits.length = 0
    server = createServer((request, response) => {
      asked.push(request.url!)
      response.writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': retryAfter })
      response.end(JSON.stringify({ code, detail: 'no room' }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return createApi(`http://127.0.0.1:${port}`, (seconds) => void waits.push(seconds))
  }
  afterEach(() => server.close())

  const failing = (work: Promise<unknown>) =>
    work.then(
      () => 'nothing failed',
      (error: { code: string }) => error.code,
    )

  it('has an end', async () => {
    const api = await answering('0')
    expect(await failing(api.status())).to.equal('server.busy')
    expect([asked.length, waits.length]).to.deep.equal([6, 5])
  })

  for (const [what, retryAfter, code] of [
    ['is told to wait for an hour', '3600', 'server.busy'],
    ['is told nonsense', 'soon', 'server.busy'],
    ['is told of something that does not pass by waiting', '0', 'chain.unreachable'],
  ] as const)
    it(`is none where it ${what}`, async () => {
      const api = await answering(retryAfter, code)
      expect(await failing(api.status())).to.equal(code)
      expect([asked.length, waits]).to.deep.equal([1, []])
    })
})
