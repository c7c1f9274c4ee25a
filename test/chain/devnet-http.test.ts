import { request } from 'node:http'
import { expect } from 'chai'
import { type Devnet, startDevnet } from '../../server/chain/devnet.ts'
import { JSON_TYPE, post, result, rpc } from './json-rpc.ts'
import { temporaryFolder } from './local-network.ts'

describe('the local network over HTTP', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let devnet: Devnet
  let url: string
  const ask = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'

  /** One request with exactly these headers. */
  async function send(method: string, headers: Record<string, string>, body: string | Buffer = '') {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; headers: object; text: string }>()
    const outgoing = request(url, { method, headers, agent: false }, async (response) => {
      let text = ''
      for await (const piece of response) text += piece
      resolve({ status: response.statusCode!, headers: response.headers, text })
    })
    outgoing.on('error', reject).end(body)
    return promise
  }

  before(async () => {
    folder = await temporaryFolder()
    devnet = await startDevnet({ dataDir: folder.path, port: 0 })
    url = devnet.url
  })
  after(async () => {
    await devnet.close()
    await folder.remove()
  })

  it('answers to localhost and 127.0.0.1, and to no other name', async () => {
    for (const host of ['localhost:8545', '127.0.0.1', 'LOCALHOST'])
      expect((await send('POST', { ...JSON_TYPE, host }, ask)).status).to.equal(200)
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', '0.0.0.0'])
      expect((await send('POST', { ...JSON_TYPE, host }, ask)).status, host).to.equal(403)
  })

  it('takes JSON only, which a page of another origin cannot send unasked', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])
      expect((await send('POST', { 'content-type': type }, ask)).status, type).to.equal(415)
    expect((await send('POST', { 'content-type': 'application/json; charset=utf-8' }, ask)).status).to.equal(200)
  })

  it('permits no other origin', async () => {
    const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
    const answer = await send('OPTIONS', preflight)
    expect(answer.status).to.equal(405)
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).to.deep.equal([])
    expect((await send('GET', JSON_TYPE)).status).to.equal(405)
  })

  it('refuses a body of more than 16 MiB', async () => {
    const outcome = await send('POST', JSON_TYPE, Buffer.alloc(16 * 2 ** 20 + 1, ' ')).catch((error) => error)
    // The server does not wait for the rest, so the connection may break before the answer is read.
    if (!(outcome instanceof Error)) expect(outcome.status).to.equal(413)
    expect(await result(url, 'eth_chainId')).to.equal('0x7a69')
  })

  it('has no methods that a journal could not repeat', async () => {
    for (const method of [
      'hardhat_reset',
      'evm_revert',
      'evm_setNextBlockTimestamp',
      'hardhat_setBalance',
      'eth_sign',
      'constructor',
    ]) {
      const { error } = await rpc(url, method)
      expect(error?.code, method).to.equal(-32601)
      expect(error?.message).to.contain(method).and.to.contain('npx hardhat node')
    }
    expect((await rpc(url, 'evm_mine', ['0x7fffffff'])).error?.code).to.equal(-32602)
  })

  it('answers a batch in order, and a notification not at all', async () => {
    const call = (id: unknown, method: string) => ({ jsonrpc: '2.0', id, method, params: [] })
    const answers = (await post(url, [
      call('a', 'eth_chainId'),
      call(2, 'nonsense'),
      { jsonrpc: '2.0', method: 'eth_chainId' },
    ])) as object[]
    expect(answers).to.have.length(2)
    expect(answers[0]).to.deep.equal({ jsonrpc: '2.0', id: 'a', result: '0x7a69' })
    expect(answers[1]).to.deep.include({ id: 2 })
    expect(await post(url, { jsonrpc: '2.0', method: 'eth_chainId' })).to.equal(null)
  })

  it('says what is wrong with a request', async () => {
    const codeOf = async (body: string) => JSON.parse((await send('POST', JSON_TYPE, body)).text).error.code
    expect(await codeOf('{')).to.equal(-32700)
    for (const body of [
      '[]',
      '1',
      'null',
      '{}',
      '{"jsonrpc":"2.0","id":1,"method":1}',
      '{"jsonrpc":"2.0","id":1,"method":"a","params":{}}',
    ])
      expect(await codeOf(body), body).to.equal(-32600)
  })

  it('gives the bytes that a call reverted with', async () => {
    const [from] = (await result(url, 'eth_accounts')) as string[]
    // Returns the word 7 as a revert.
    const { error } = await rpc(url, 'eth_call', [{ from, data: '0x600760005260206000fd' }, 'latest'])
    expect(error).to.deep.include({ code: 3, data: `0x${'7'.padStart(64, '0')}` })
  })
})
