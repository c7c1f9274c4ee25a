import { expect } from 'chai'
import { RpcError } from '../../server/chain/rpc.ts'
import { RegistryError } from '../../server/errors.ts'
import { DEPLOYMENT } from './events.ts'
import { indexerSetting } from './indexer-setting.ts'
import { until } from './until.ts'

describe('the indexer', () => {
  const setting = indexerSetting()

  it('indexes what is there and follows what comes', async () => {
    setting.mine(5)
    setting.begin()
    await setting.caughtUp()
    setting.mine(3, 10)
    await setting.caughtUp()
    setting.expectCanonical()
    expect(setting.indexer.state()).to.deep.include({ chainHead: 8, lagBlocks: 0, lastError: null, syncing: false })
    expect(setting.indexer.state().head).to.deep.equal(setting.chain.head())
  })

  it('says that it is syncing until it has reached the head', async () => {
    setting.mine(50)
    setting.begin({ maxBlocks: 10 })
    expect(setting.indexer.state()).to.deep.equal({
      head: null,
      chainHead: null,
      lagBlocks: null,
      lagSeconds: null,
      final: 'local',
      lastError: null,
      syncing: true,
      nodes: [{ name: 'fake', used: true, condition: 'not asked', head: null, finalized: null, error: null }],
    })
    await setting.caughtUp()
    const seen = setting.states.map(({ lagBlocks, syncing }) => ({ lagBlocks, syncing }))
    expect(seen.slice(0, 5)).to.deep.equal(
      [40, 30, 20, 10, 0].map((lagBlocks) => ({ lagBlocks, syncing: lagBlocks > 0 })),
    )
  })

  for (const depth of [1, 2, 7, 40]) {
    it(`rolls back ${depth} blocks when the chain reorganises so deep`, async () => {
      setting.mine(45)
      setting.begin()
      await setting.caughtUp()
      setting.chain.drop(depth)
      setting.mine(depth + 1, 5_000)
      await setting.caughtUp()
      setting.expectCanonical()
      expect(setting.sink.rollbacks).to.deep.equal([45 - depth])
    })
  }

  it('rolls back when the chain started anew and is shorter', async () => {
    setting.mine(20)
    setting.begin()
    await setting.caughtUp()
    setting.chain.drop(20)
    setting.mine(2, 9_000)
    await setting.caughtUp()
    setting.expectCanonical()
  })

  it('empties the index when the chain started anew and has nothing yet', async () => {
    setting.mine(4)
    setting.begin()
    await setting.caughtUp()
    setting.chain.drop(4)
    await until(
      () => setting.sink.headers.length === 0,
      () => setting.indexer.state(),
    )
    await until(
      () => setting.indexer.state().head === null,
      () => setting.indexer.state(),
    )
    expect(setting.indexer.state().lagBlocks).to.equal(0)
  })

  describe('when the node is behind', () => {
    /** Waits until the node was asked a few times more. */
    async function looked(): Promise<void> {
      const { calls } = setting.chain
      const answered = calls.headers
      await until(() => calls.headers > answered + 3, setting.indexer.state)
    }

    beforeEach(async () => {
      setting.mine(10)
      setting.begin({ patienceMs: 500 })
      await setting.caughtUp()
    })

    it('keeps the index as long as there is patience, and goes on when the node has caught up', async () => {
      const { chain, sink, indexer } = setting
      chain.lieAbout = (header, asked) => {
        if (asked === 'latest') return header && { ...header, ...chain.header(7) }
        return header !== null && header.number > 7 ? null : header
      }
      await looked()
      expect(indexer.state()).to.deep.include({ chainHead: 7, lagBlocks: 0, lastError: null })
      expect(sink.headers.at(-1)!.number).to.equal(10)
      chain.lieAbout = (header) => header
      setting.mine(1, 50)
      await setting.caughtUp()
      expect(sink.rollbacks).to.deep.equal([])
      setting.expectCanonical()
    })

    it('rolls back to what the node has once patience ends', async () => {
      setting.chain.drop(3)
      await looked()
      expect(setting.sink.rollbacks).to.deep.equal([])
      setting.nowMs += 500
      await setting.caughtUp()
      expect(setting.sink.rollbacks).to.deep.equal([7])
      setting.expectCanonical()
    })
  })

  describe('when the node fails', () => {
    it('says so, tries again and goes on', async () => {
      setting.mine(3)
      const error = new RegistryError('chain.unreachable', 'eth_getLogs at node: no answer')
      setting.chain.before = (method) => {
        if (method === 'logs') throw error
      }
      setting.begin()
      await setting.failed(/no answer/)
      expect(setting.indexer.state().lastError).to.deep.equal({
        code: 'chain.unreachable',
        message: error.message,
        at: 1_000,
      })
      setting.chain.before = () => {}
      await setting.caughtUp()
      setting.expectCanonical()
    })

    it('says so when it is of another setting.chain, and asks again after an error', async () => {
      setting.mine(3)
      setting.chain.chainId = 1
      setting.begin()
      await setting.failed(/"chainId" expected 31337, got 1/)
      expect(setting.indexer.state().lastError?.code).to.equal('chain.mismatch')
      expect(setting.chain.calls.logs).to.equal(0)
      setting.chain.chainId = 31337
      await setting.caughtUp()
    })

    it('halves the range as long as it is refused, and stores the same', async () => {
      setting.mine(40)
      setting.chain.before = (method, range) => {
        if (method !== 'logs') return
        const { from, to } = range as { from: number; to: number }
        const cause = new RpcError(-32005, 'query returned more than 10000 results')
        if (to - from >= 4) throw new RegistryError('chain.unreachable', cause.message, { cause })
      }
      setting.begin({ maxBlocks: 1_000 })
      await setting.caughtUp()
      setting.expectCanonical()
      expect(setting.states.every(({ lastError }) => lastError === null)).to.equal(true)
    })

    it('asks again for everything when the sink fails', async () => {
      setting.mine(3)
      setting.sink.failNext(new Error('disk full'))
      setting.begin()
      await until(
        () => setting.states.some(({ lastError }) => lastError?.message === 'disk full'),
        () => setting.states,
      )
      await setting.caughtUp()
      setting.expectCanonical()
    })
  })

  describe('finality', () => {
    it('is local on the local chain', async () => {
      setting.begin()
      expect(setting.indexer.state().final).to.equal('local')
      expect(setting.indexer.finality(1)).to.equal('local')
      await until(
        () => setting.chain.calls.headers > 0,
        () => setting.chain.calls,
      )
    })

    it('follows the tags of the node', async () => {
      setting.chain.chainId = 1
      setting.chain.tags = { safe: 4, finalized: 2 }
      setting.mine(6)
      setting.begin({ deployment: { ...DEPLOYMENT, chainId: 1 } })
      await setting.caughtUp()
      expect(setting.indexer.state().final).to.deep.equal({ safe: 4, finalized: 2 })
      expect([2, 3, 4, 5].map(setting.indexer.finality)).to.deep.equal(['finalized', 'safe', 'safe', 'latest'])
      setting.chain.tags = { safe: 6, finalized: 5 }
      await until(
        () => setting.indexer.finality(5) === 'finalized',
        () => setting.indexer.state().final,
      )
    })

    it('is latest where the node knows no such tags', async () => {
      setting.chain.chainId = 1
      setting.mine(2)
      setting.begin({ deployment: { ...DEPLOYMENT, chainId: 1 } })
      await setting.caughtUp()
      expect(setting.indexer.state().final).to.deep.equal({ safe: null, finalized: null })
      expect(setting.indexer.finality(1)).to.equal('latest')
    })
  })

  describe('between two polls', () => {
    const NEVER = 3_600_000

    beforeEach(async () => {
      setting.mine(2)
      setting.begin({ pollMs: NEVER })
      await setting.caughtUp()
      setting.mine(2, 20)
    })

    it('looks at once when it is poked', async () => {
      setting.indexer.poke()
      await setting.caughtUp()
    })

    it('looks at once for somebody who waits for a block', async () => {
      await setting.indexer.reached(4, 20_000)
      setting.expectCanonical()
      await setting.indexer.reached(3, 0)
    })

    it('tells those who wait that it was stopped', async () => {
      const waiting = setting.indexer.reached(99, NEVER).catch((error: unknown) => error)
      await setting.indexer.stop()
      expect(await waiting).to.include({ code: 'chain.unreachable', message: 'block 99 is not indexed yet' })
    })

    it('tells those who wait that it takes too long', async () => {
      const error = await setting.indexer.reached(99, 1).catch((error: unknown) => error)
      expect(error).to.include({ code: 'chain.unreachable' })
    })
  })

  it('stops while the node does not answer', async () => {
    setting.mine(2)
    const { node } = setting.chain
    const asked = Promise.withResolvers<void>()
    const silent = { ...node, logs: () => new Promise<never>(() => asked.resolve()) }
    setting.begin({ node: silent })
    await asked.promise
    await setting.indexer.stop()
    expect(setting.sink.headers).to.deep.equal([])
  })
})
