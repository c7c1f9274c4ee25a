import { expect } from 'chai'
import { toHex0x } from '../../server/bytes.ts'
import { createIndexer, type Indexer, type IndexerOptions, type IndexerState } from '../../server/chain/indexer.ts'
import type { RawLog } from '../../server/chain/node.ts'
import { RpcError } from '../../server/chain/rpc.ts'
import { RegistryError } from '../../server/errors.ts'
import { DEPLOYMENT } from './events.ts'
import { anyRegistration, type FakeChain, fakeChain } from './fake-chain.ts'
import { type MemorySink, memorySink } from './memory-sink.ts'
import { until } from './until.ts'

const OTHER_HASH = `0x${'ee'.repeat(32)}`

describe('the indexer', () => {
  let chain: FakeChain
  let sink: MemorySink
  let indexer: Indexer
  let states: IndexerState[]
  let nowMs: number

  function begin(options: Partial<IndexerOptions> = {}): void {
    const onState = (state: IndexerState) => void states.push(state)
    indexer = createIndexer({
      node: chain.node,
      sink,
      deployment: DEPLOYMENT,
      pollMs: 1,
      now: () => nowMs,
      onState,
      ...options,
    })
    indexer.start()
  }

  const mine = (count: number, seed = 0) => {
    for (let i = 0; i < count; i++) chain.mine([anyRegistration(seed + i), anyRegistration(seed + i + 1_000)])
  }
  const isAtHead = () =>
    sink.headers.at(-1) !== undefined && toHex0x(sink.headers.at(-1)!.hash) === toHex0x(chain.head().hash)
  const caughtUp = () =>
    until(
      () => isAtHead() && indexer.state().lagBlocks === 0,
      () => indexer.state(),
    )
  const failed = (message: RegExp) =>
    until(
      () => message.test(indexer.state().lastError?.message ?? ''),
      () => indexer.state(),
    )
  const expectCanonical = () => expect(sink.logs).to.deep.equal(chain.logs())

  beforeEach(() => {
    chain = fakeChain()
    sink = memorySink()
    states = []
    nowMs = 1_000
  })
  afterEach(() => indexer.stop())

  it('indexes what is there and follows what comes', async () => {
    mine(5)
    begin()
    await caughtUp()
    mine(3, 10)
    await caughtUp()
    expectCanonical()
    expect(indexer.state()).to.deep.include({ chainHead: 8, lagBlocks: 0, lastError: null, syncing: false })
    expect(indexer.state().head).to.deep.equal(chain.head())
  })

  it('says that it is syncing until it has reached the head', async () => {
    mine(50)
    begin({ maxBlocks: 10 })
    expect(indexer.state()).to.deep.equal({
      head: null,
      chainHead: null,
      lagBlocks: null,
      lastError: null,
      syncing: true,
    })
    await caughtUp()
    const seen = states.map(({ lagBlocks, syncing }) => ({ lagBlocks, syncing }))
    expect(seen.slice(0, 5)).to.deep.equal(
      [40, 30, 20, 10, 0].map((lagBlocks) => ({ lagBlocks, syncing: lagBlocks > 0 })),
    )
  })

  for (const depth of [1, 2, 7, 40]) {
    it(`rolls back ${depth} blocks when the chain reorganises so deep`, async () => {
      mine(45)
      begin()
      await caughtUp()
      chain.drop(depth)
      mine(depth + 1, 5_000)
      await caughtUp()
      expectCanonical()
      expect(sink.rollbacks).to.deep.equal([45 - depth])
    })
  }

  it('rolls back when the chain started anew and is shorter', async () => {
    mine(20)
    begin()
    await caughtUp()
    chain.drop(20)
    mine(2, 9_000)
    await caughtUp()
    expectCanonical()
  })

  it('empties the index when the chain started anew and has nothing yet', async () => {
    mine(4)
    begin()
    await caughtUp()
    chain.drop(4)
    await until(
      () => sink.headers.length === 0,
      () => indexer.state(),
    )
    await until(
      () => indexer.state().head === null,
      () => indexer.state(),
    )
    expect(indexer.state().lagBlocks).to.equal(0)
  })

  describe('when the node is behind', () => {
    beforeEach(async () => {
      mine(10)
      begin({ patienceMs: 500 })
      await caughtUp()
      const answered = chain.calls.headers
      chain.drop(3)
      await until(
        () => chain.calls.headers > answered + 3,
        () => indexer.state(),
      )
    })

    it('keeps the index as long as there is patience, and takes up again when the node catches up', async () => {
      expect(sink.rollbacks).to.deep.equal([])
      expect(indexer.state()).to.deep.include({ lagBlocks: 0, lastError: null })
      expect(sink.headers.at(-1)!.number).to.equal(10)
    })

    it('rolls back to what the node has once patience ends', async () => {
      nowMs += 500
      await caughtUp()
      expect(sink.rollbacks).to.deep.equal([7])
      expectCanonical()
    })
  })

  describe('when the node contradicts itself', () => {
    /** Tells one lie until it is noticed, and expects that nothing of it was stored. */
    async function expectNoticed(lie: (log: RawLog) => RawLog, message: RegExp): Promise<void> {
      mine(3)
      chain.lie = (logs) => logs.map((log, i) => (i === 1 ? lie(log) : log))
      begin()
      await failed(message)
      expect(sink.headers).to.deep.equal([])
      expect(indexer.state().lastError).to.include({ code: 'chain.mismatch', at: 1_000 })
      chain.lie = (logs) => logs
      await caughtUp()
      expectCanonical()
      expect(indexer.state().lastError).to.equal(null)
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
    mine(5)
    chain.lieAbout = (header, asked) => (asked === 3 ? null : header)
    begin()
    await failed(/block 3 is missing below the head/)
    expect(sink.headers).to.deep.equal([])
    chain.lieAbout = (header) => header
    await caughtUp()
    expectCanonical()
  })

  it('refuses a chain that does not link to what is stored', async () => {
    mine(5)
    begin()
    await caughtUp()
    chain.lieAbout = (header, asked) => header && (asked === 6 ? { ...header, parentHash: new Uint8Array(32) } : header)
    mine(3, 50)
    await failed(/block 6 names 0x0000.* as its parent, expected/)
    expect(sink.headers.at(-1)!.number).to.equal(5)
    chain.lieAbout = (header) => header
    await caughtUp()
    expectCanonical()
  })

  describe('when the node fails', () => {
    it('says so, tries again and goes on', async () => {
      mine(3)
      const error = new RegistryError('chain.unreachable', 'eth_getLogs at node: no answer')
      chain.before = (method) => {
        if (method === 'logs') throw error
      }
      begin()
      await failed(/no answer/)
      expect(indexer.state().lastError).to.deep.equal({ code: 'chain.unreachable', message: error.message, at: 1_000 })
      chain.before = () => {}
      await caughtUp()
      expectCanonical()
    })

    it('says so when it is of another chain, and asks again after an error', async () => {
      mine(3)
      chain.chainId = 1
      begin()
      await failed(/"chainId" expected 31337, got 1/)
      expect(indexer.state().lastError?.code).to.equal('chain.mismatch')
      expect(chain.calls.logs).to.equal(0)
      chain.chainId = 31337
      await caughtUp()
    })

    it('halves the range as long as it is refused, and stores the same', async () => {
      mine(40)
      chain.before = (method, range) => {
        if (method !== 'logs') return
        const { from, to } = range as { from: number; to: number }
        const cause = new RpcError(-32005, 'query returned more than 10000 results')
        if (to - from >= 4) throw new RegistryError('chain.unreachable', cause.message, { cause })
      }
      begin({ maxBlocks: 1_000 })
      await caughtUp()
      expectCanonical()
      expect(states.every(({ lastError }) => lastError === null)).to.equal(true)
    })

    it('asks again for everything when the sink fails', async () => {
      mine(3)
      sink.failNext(new Error('disk full'))
      begin()
      await until(
        () => states.some(({ lastError }) => lastError?.message === 'disk full'),
        () => states,
      )
      await caughtUp()
      expectCanonical()
    })
  })

  describe('finality', () => {
    it('is local on the local chain', async () => {
      begin()
      expect(indexer.finalBlocks()).to.equal('local')
      expect(indexer.finality(1)).to.equal('local')
      await until(
        () => chain.calls.headers > 0,
        () => chain.calls,
      )
    })

    it('follows the tags of the node', async () => {
      chain.chainId = 1
      chain.tags = { safe: 4, finalized: 2 }
      mine(6)
      begin({ deployment: { ...DEPLOYMENT, chainId: 1 } })
      await caughtUp()
      expect(indexer.finalBlocks()).to.deep.equal({ safe: 4, finalized: 2 })
      expect([2, 3, 4, 5].map(indexer.finality)).to.deep.equal(['finalized', 'safe', 'safe', 'latest'])
      chain.tags = { safe: 6, finalized: 5 }
      await until(
        () => indexer.finality(5) === 'finalized',
        () => indexer.finalBlocks(),
      )
    })

    it('is latest where the node knows no such tags', async () => {
      chain.chainId = 1
      mine(2)
      begin({ deployment: { ...DEPLOYMENT, chainId: 1 } })
      await caughtUp()
      expect(indexer.finalBlocks()).to.deep.equal({ safe: null, finalized: null })
      expect(indexer.finality(1)).to.equal('latest')
    })
  })

  describe('between two polls', () => {
    const NEVER = 3_600_000

    beforeEach(async () => {
      mine(2)
      begin({ pollMs: NEVER })
      await caughtUp()
      mine(2, 20)
    })

    it('looks at once when it is poked', async () => {
      indexer.poke()
      await caughtUp()
    })

    it('looks at once for somebody who waits for a block', async () => {
      await indexer.reached(4, 20_000)
      expectCanonical()
      await indexer.reached(3, 0)
    })

    it('tells those who wait that it was stopped', async () => {
      const waiting = indexer.reached(99, NEVER).catch((error: unknown) => error)
      await indexer.stop()
      expect(await waiting).to.include({ code: 'chain.unreachable', message: 'block 99 is not indexed yet' })
    })

    it('tells those who wait that it takes too long', async () => {
      const error = await indexer.reached(99, 1).catch((error: unknown) => error)
      expect(error).to.include({ code: 'chain.unreachable' })
    })
  })

  it('stops while the node does not answer', async () => {
    mine(2)
    const { node } = chain
    const asked = Promise.withResolvers<void>()
    const silent = { ...node, logs: () => new Promise<never>(() => asked.resolve()) }
    begin({ node: silent })
    await asked.promise
    await indexer.stop()
    expect(sink.headers).to.deep.equal([])
  })
})
