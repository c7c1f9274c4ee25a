import { expect } from 'chai'
import { followHeads, type Heads } from '../../server/chain/heads.ts'
import { until } from './until.ts'
import { type WebSocketServer, webSocketServer } from './web-socket.ts'

const NOTICE = JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { result: { number: '0x1' } } })

describe('word of new blocks', () => {
  let server: WebSocketServer
  let heads: Heads
  let told: number
  let warned: unknown[]

  const log = { info: () => {}, warn: (fields: object, message: string) => void warned.push([fields, message]) }

  beforeEach(async () => {
    told = 0
    warned = []
    server = await webSocketServer()
    heads = followHeads({ url: server.url, onHead: () => void told++, log, backoffMs: 1 })
    await until(
      () => server.received.length === 1,
      () => server.received,
    )
  })
  afterEach(() => {
    heads.close()
    server.close()
  })

  it('subscribes, and tells of each block', async () => {
    expect(server.received.map((text) => JSON.parse(text))).to.deep.equal([
      { jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] },
    ])
    server.send('{"jsonrpc":"2.0","id":1,"result":"0x9"}')
    await until(heads.connected, () => null)
    server.send(NOTICE)
    server.send(NOTICE)
    await until(
      () => told === 2,
      () => told,
    )
  })

  it('connects again when the connection breaks, and says so without what is secret', async () => {
    server.drop()
    await until(
      () => server.received.length === 2,
      () => server.received,
    )
    expect(heads.connected()).to.equal(false)
    server.send(NOTICE)
    await until(
      () => told === 1,
      () => told,
    )
    expect(JSON.stringify(warned)).to.contain(heads.name).and.not.contain('SECRET')
  })

  for (const [name, message] of [
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}'],
    ['nonsense', '<html>'],
    ['nothing', 'null'],
  ] as const)
    it(`begins anew after ${name}`, async () => {
      server.send(message)
      await until(() => server.connections() > 1, server.connections)
      expect(told).to.equal(0)
    })

  it('ends when it is closed', async () => {
    heads.close()
    server.drop()
    const before = server.connections()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(server.connections()).to.equal(before)
  })
})
