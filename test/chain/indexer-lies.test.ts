import { expect } from 'chai'
import type { RawLog } from '../../server/chain/node.ts'
import { indexerSetting } from './indexer-setting.ts'

const OTHER_HASH = `0x${'ee'.repeat(32)}`

describe('the indexer and a node that contradicts itself', () => {
  const setting = indexerSetting()

  describe('when the node contradicts itself', () => {
    /** Tells one lie until it is noticed, and expects that nothing of it was stored. */
    async function expectNoticed(lie: (log: RawLog) => RawLog, message: RegExp): Promise<void> {
      setting.mine(3)
      setting.chain.lie = (logs) => logs.map((log, i) => (i === 1 ? lie(log) : log))
      setting.begin()
      await setting.failed(message)
      expect(setting.sink.headers).to.deep.equal([])
      expect(setting.indexer.state().lastError).to.include({ code: 'chain.mismatch', at: 1_000 })
      setting.chain.lie = (logs) => logs
      await setting.caughtUp()
      setting.expectCanonical()
      expect(setting.indexer.state().lastError).to.equal(null)
    }

    it('refuses a log whose block hash is not that of the block', () =>
      expectNoticed((log) => ({ ...log, blockHash: OTHER_HASH }), /log 4 of block 1 is in 0xeeee.* but the block is/))
    it('refuses a log outside of the range', () =>
      expectNoticed((log) => ({ ...log, blockNumber: '0x4' }), /log 4 of block 4 is outside of blocks 1 to 3/))
    it('refuses a log before the start block', () =>
      expectNoticed((log) => ({ ...log, blockNumber: '0x0' }), /log 4 of block 0 is outside of blocks 1 to 3/))
    it('refuses logs out of order', () =>
      expectNoticed((log) => ({ ...log, logIndex: '0x1' }), /log 1 of block 1 follows log 1 of block 1/))
    it('refuses a log that was removed', () =>
      expectNoticed((log) => ({ ...log, removed: true }), /log 4 of block 1 is marked as removed/))
    it('refuses a log of another contract', () =>
      expectNoticed((log) => ({ ...log, address: `0x${'77'.repeat(20)}` }), /log 0x4 of block 0x1: "address" expected/))
    it('refuses a log that is malformed', () =>
      expectNoticed((log) => ({ ...log, data: '0x' }), /log 0x4 of block 0x1: "data" expected at least 192 bytes/))
  })

  it('waits for a block that is missing below the head', async () => {
    setting.mine(5)
    setting.chain.lieAbout = (header, asked) => (asked === 3 ? null : header)
    setting.begin()
    await setting.failed(/block 3 is missing below the head/)
    expect(setting.sink.headers).to.deep.equal([])
    setting.chain.lieAbout = (header) => header
    await setting.caughtUp()
    setting.expectCanonical()
  })

  it('refuses a chain that does not link to what is stored', async () => {
    setting.mine(5)
    setting.begin()
    await setting.caughtUp()
    setting.chain.lieAbout = (header, asked) =>
      header && (asked === 6 ? { ...header, parentHash: new Uint8Array(32) } : header)
    setting.mine(3, 50)
    await setting.failed(/block 6 names 0x0000.* as its parent, expected/)
    expect(setting.sink.headers.at(-1)!.number).to.equal(5)
    setting.chain.lieAbout = (header) => header
    await setting.caughtUp()
    setting.expectCanonical()
  })
})
