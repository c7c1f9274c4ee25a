/** An indexer between a chain and a sink in memory. */
import { expect } from 'chai'
import { toHex0x } from '../../server/bytes.ts'
import { systemClock } from '../../server/chain/clock.ts'
import { createIndexer, type Indexer, type IndexerOptions, type IndexerState } from '../../server/chain/indexer.ts'
import { DEPLOYMENT } from './events.ts'
import { anyRegistration, type FakeChain, fakeChain } from './fake-chain.ts'
import { type MemorySink, memorySink } from './memory-sink.ts'
import { until } from './until.ts'

export interface IndexerSetting {
  chain: FakeChain
  sink: MemorySink
  indexer: Indexer
  /** All that `onState` was told. */
  states: IndexerState[]
  nowMs: number
  begin(options?: Partial<IndexerOptions>): void
  /** Adds blocks of two registrations. */
  mine(count: number, seed?: number): void
  caughtUp(): Promise<void>
  /** Waits for an error with such a message. */
  failed(message: RegExp): Promise<void>
  expectCanonical(): void
}

/** Call it in a `describe`: it sets up before each test and stops the indexer after it. */
export function indexerSetting(): IndexerSetting {
  const anew = () => ({ chain: fakeChain(), sink: memorySink(), states: [] as IndexerState[], nowMs: 1_000 })
  const setting: IndexerSetting = {
    ...anew(),
    indexer: createIndexer({ node: fakeChain().node, sink: memorySink(), deployment: DEPLOYMENT }),
    begin(options = {}) {
      const { chain, sink, states } = setting
      const clock = {
        ...systemClock,
        wallMs: () => setting.nowMs,
        monotonicMs: () => systemClock.monotonicMs() + setting.nowMs,
      }
      const base = { node: chain.node, sink, deployment: DEPLOYMENT, pollMs: 1, clock }
      setting.indexer = createIndexer({ ...base, onState: (state) => void states.push(state), ...options })
      setting.indexer.start()
    },
    mine(count, seed = 0) {
      for (let i = 0; i < count; i++) {
        setting.chain.mine([anyRegistration(seed + i), anyRegistration(seed + i + 1_000)])
      }
    },
    async caughtUp() {
      const { chain, sink, indexer } = setting
      const isAtHead = () => {
        const ends = [sink.headers.at(-1), indexer.state().head, chain.head()]
        return new Set(ends.map((header) => header && toHex0x(header.hash))).size === 1
      }
      await until(isAtHead, indexer.state)
    },
    async failed(message) {
      const { indexer } = setting
      await until(() => message.test(indexer.state().lastError?.message ?? ''), indexer.state)
    },
    expectCanonical: () => expect(setting.sink.logs).to.deep.equal(setting.chain.logs()),
  }
  beforeEach(() => void Object.assign(setting, anew()))
  afterEach(() => setting.indexer.stop())
  return setting
}
