import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Sink } from '../../server/chain/events.ts'
import { createFinality } from '../../server/chain/finality.ts'
import { createStepper } from '../../server/chain/step.ts'
import { DEPLOYMENT } from './events.ts'
import { anyRegistration, type FakeChain, fakeChain } from './fake-chain.ts'
import { type MemorySink, memorySink } from './memory-sink.ts'

interface Setting {
  chain: FakeChain
  sink: MemorySink
  /** What was appended that no chain ever held. */
  mixtures: unknown[]
  /** Steps until there is nothing to do; steps that fail are repeated. @returns their number. */
  settle(): Promise<number>
}

function setting(maxBlocks = 10): Setting {
  const chain = fakeChain()
  const sink = memorySink()
  const mixtures: unknown[] = []
  const watched: Sink = {
    ...sink,
    async append(batch) {
      await sink.append(batch)
      if (!isDeepStrictEqual(sink.logs, chain.logs(sink.headers.at(-1)))) mixtures.push(batch)
    },
  }
  const step = createStepper({
    node: chain.node,
    sink: watched,
    deployment: DEPLOYMENT,
    maxBlocks,
    finality: createFinality(true),
    patienceMs: 0,
    clock: { monotonicMs: () => 0 },
  })
  async function settle(): Promise<number> {
    for (let steps = 1; steps < 1_000; steps++) {
      const result = await step().catch(() => null)
      if (result?.did === 'wait') return steps
    }
    throw new Error('does not settle')
  }
  return { chain, sink, mixtures, settle }
}

function expectCanonical({ chain, sink, mixtures }: Setting): void {
  expect(mixtures).to.deep.equal([])
  expect(sink.logs).to.deep.equal(chain.logs())
  for (const header of sink.headers) expect(header).to.deep.equal(chain.header(header.number))
  expect(sink.headers.at(-1) ?? null).to.deep.equal(chain.head().number < DEPLOYMENT.startBlock ? null : chain.head())
}

/** What happens to a chain: blocks of so many events, after some were dropped. */
const anyHistory = fc.array(
  fc.record({
    drop: fc.oneof(fc.constant(0), fc.nat({ max: 3 }), fc.nat({ max: 60 })),
    blocks: fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 3 })), { maxLength: 30 }),
    /** Whether the index looks at the chain as it is then. */
    look: fc.boolean(),
  }),
  { maxLength: 12 },
)

describe('the step of the indexer', () => {
  it('makes the sink equal to the canonical chain, whatever forks there were', async () => {
    let seed = 0
    const canonical = fc.asyncProperty(anyHistory, fc.integer({ min: 1, max: 20 }), async (history, maxBlocks) => {
      const world = setting(maxBlocks)
      for (const { drop, blocks, look } of history) {
        world.chain.drop(drop)
        for (const count of blocks) world.chain.mine(Array.from({ length: count }, () => anyRegistration(seed++)))
        if (look) await world.settle()
      }
      await world.settle()
      expectCanonical(world)
    })
    await fc.assert(canonical, { numRuns: 300, seed: 1 })
  }).timeout(120_000)

  it('never appends a mixture when the chain forks between two answers of one range', async () => {
    let seed = 0
    const moments = fc.array(
      fc.record({ call: fc.nat({ max: 25 }), drop: fc.nat({ max: 8 }), mine: fc.nat({ max: 9 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    const unmixed = fc.asyncProperty(moments, fc.integer({ min: 1, max: 8 }), async (plan, maxBlocks) => {
      const world = setting(maxBlocks)
      const { chain } = world
      const mine = (count: number) => {
        for (let i = 0; i < count; i++) chain.mine([anyRegistration(seed++)])
      }
      mine(12)
      let call = 0
      chain.before = () => {
        for (const moment of plan.filter((one) => one.call === call)) {
          chain.drop(moment.drop)
          mine(moment.mine)
        }
        call++
      }
      await world.settle()
      // Another look, at a chain that stands still: the last fork may have come after the last one.
      chain.before = () => {}
      await world.settle()
      expectCanonical(world)
    })
    await fc.assert(unmixed, { numRuns: 500, seed: 2 })
  }).timeout(120_000)

  it('removes exactly the blocks above the common ancestor', async () => {
    const world = setting()
    for (let i = 0; i < 30; i++) world.chain.mine([anyRegistration(i)])
    await world.settle()
    world.chain.drop(4)
    for (let i = 0; i < 5; i++) world.chain.mine([anyRegistration(100 + i)])
    await world.settle()
    expect(world.sink.rollbacks).to.deep.equal([26])
    expectCanonical(world)
  })

  it('empties the index when no stored block is the node’s', async () => {
    const world = setting()
    for (let i = 0; i < 5; i++) world.chain.mine([anyRegistration(i)])
    await world.settle()
    world.chain.drop(5)
    for (let i = 0; i < 9; i++) world.chain.mine()
    await world.settle()
    expect(world.sink.rollbacks).to.deep.equal([-1])
    expectCanonical(world)
  })

  it('reads empty stretches in a few ranges and stores one header for each', async () => {
    const world = setting(50)
    for (let i = 0; i < 200; i++) world.chain.mine()
    await world.settle()
    expect(world.sink.headers.map(({ number }) => number)).to.deep.equal([32, 82, 132, 182, 200])
    expect(world.chain.calls.logs).to.equal(5)
  })
})
