import { expect } from 'chai'
import fc from 'fast-check'
import { toHex0x } from '../../server/bytes.ts'
import { developmentWallet } from '../../server/chain/accounts.ts'
import { bloomOf, covers, mayHold } from '../../server/chain/bloom.ts'
import { LOCAL_CHAIN_ID } from '../../server/chain/deploy.ts'
import { createPublisherClient } from '../../server/chain/publisher.ts'
import { type LocalNetwork, localNetwork } from './local-network.ts'

const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => toHex0x(bytes))
const anyLogs = fc.array(fc.record({ address: hex(20), topics: fc.array(hex(32), { maxLength: 4 }) }), { maxLength: 9 })

describe('the bloom of a block', () => {
  it('covers that of each part, and holds each address', () => {
    const whole = fc.property(anyLogs, anyLogs, (some, others) => {
      const bloom = bloomOf([...some, ...others])
      expect(covers(bloom, bloomOf(some))).to.equal(true)
      for (const { address } of some) expect(mayHold(bloom, address)).to.equal(true)
    })
    fc.assert(whole, { numRuns: 200, seed: 1 })
  })

  it('does not hold what no log has', () => {
    const bloom = bloomOf([{ address: `0x${'11'.repeat(20)}`, topics: [] }])
    expect(mayHold(bloom, `0x${'22'.repeat(20)}`)).to.equal(false)
    expect(covers(bloom, bloomOf([{ address: `0x${'22'.repeat(20)}`, topics: [] }]))).to.equal(false)
  })

  describe('of the local network', () => {
    let network: LocalNetwork
    before(async () => {
      network = await localNetwork()
    })
    after(() => network.close())

    it('is made up by the logs of each block', async () => {
      const { node, deployment } = network
      const custody = developmentWallet('custody', LOCAL_CHAIN_ID)
      const client = createPublisherClient({ node, deployment, signer: custody })
      await client.createPublisher('data:,{}', new Uint8Array(32), null)
      const head = await node.blockNumber()
      const headers = await node.headers(Array.from({ length: head + 1 }, (_, i) => i))
      const logs = await node.blockLogs(
        headers.map((header) => header!.hash),
        null,
      )
      expect(logs.at(-1)).to.have.length(2)
      expect(headers.map((header) => header!.logsBloom)).to.deep.equal(logs.map(bloomOf))
    })
  })
})
