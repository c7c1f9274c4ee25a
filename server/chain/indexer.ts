/** Follows the chain and keeps the sink equal to it (docs/protocol.md §6). */
import { setTimeout as sleep } from 'node:timers/promises'
import { RegistryError } from '../errors.ts'
import { LOCAL_CHAIN_ID } from './deploy.ts'
import type { BlockHeader, Deployment, Sink } from './events.ts'
import { type ChainLog, silentLog } from './log.ts'
import { createStepper, type FinalBlocks, type IndexerNode, type StepResult } from './step.ts'

export interface IndexerOptions {
  node: IndexerNode
  sink: Sink
  deployment: Deployment
  /** Milliseconds between two looks at a chain that does not move; default 250 for the local network, else 2,000. */
  pollMs?: number
  /** Blocks to read at once at most; default 2,000. */
  maxBlocks?: number
  /** Milliseconds for which a node may be behind the index before the index is rolled back; default 0 for the local network,
   *  else 60,000. */
  patienceMs?: number
  /** Called after each change of `state()`; must not throw. */
  onState?: (state: IndexerState) => void
  log?: ChainLog
  /** Milliseconds since 1970. */
  now?: () => number
}

export interface IndexerState {
  /** The last indexed block, or null. */
  head: BlockHeader | null
  /** The node's youngest block when it was last asked, or null. */
  chainHead: number | null
  /** Blocks between both, 0 when the index is up to date; null before the node was asked. */
  lagBlocks: number | null
  /** What went wrong since the last step that succeeded. `at`: milliseconds since 1970. */
  lastError: { code: string; message: string; at: number } | null
  /** Whether more than one step is needed to reach the head of the chain. True before the first look. */
  syncing: boolean
}

export interface Indexer {
  /** Begins to follow. Nothing that happens later makes it give up: see `state().lastError`. */
  start(): void
  /** Resolves when nothing is read or written any more. */
  stop(): Promise<void>
  state(): IndexerState
  /** The node's final blocks when it was last asked. */
  finalBlocks(): FinalBlocks
  /** How final a block is by these. */
  finality(blockNumber: number): Finality
  /** Looks at once instead of at the next poll. */
  poke(): void
  /** Resolves when the block is indexed; looks at once. @throws RegistryError `chain.unreachable` after `timeoutMs` or a stop. */
  reached(blockNumber: number, timeoutMs: number): Promise<void>
}

/** Milliseconds. */
const LONGEST_BACKOFF_MS = 30_000

/** By the node's tags; `local` on a chain of one's own, where it means nothing. */
export type Finality = 'latest' | 'safe' | 'finalized' | 'local'

function finalityOf(final: FinalBlocks, blockNumber: number): Finality {
  if (final === 'local') return 'local'
  if (final.finalized !== null && blockNumber <= final.finalized) return 'finalized'
  return final.safe !== null && blockNumber <= final.safe ? 'safe' : 'latest'
}

export function createIndexer(options: IndexerOptions): Indexer {
  const { sink, deployment, onState = () => {}, log = silentLog, now = Date.now } = options
  const local = deployment.chainId === LOCAL_CHAIN_ID
  const { pollMs = local ? 250 : 2_000, maxBlocks = 2_000, patienceMs = local ? 0 : 60_000 } = options

  const stopping = new AbortController()
  const node = abortable(options.node, stopping.signal)
  const step = createStepper({ node, sink, deployment, maxBlocks, patienceMs, now })
  const waiting = new Set<{ blockNumber: number; resolve: () => void; giveUp: () => void }>()
  let state: IndexerState = { head: null, chainHead: null, lagBlocks: null, lastError: null, syncing: true }
  let finalBlocks: FinalBlocks = local ? 'local' : { safe: null, finalized: null }
  let running: Promise<void> | undefined
  let wake = new AbortController()
  /** Steps that failed since the last that did not; the chain id is asked for whenever the node may have changed. */
  let failures = 0
  let checkedChain = false

  function setState(changes: Partial<IndexerState>): void {
    state = { ...state, ...changes }
    onState(state)
  }

  async function checkChain(): Promise<void> {
    if (checkedChain) return
    const chainId = await node.chainId()
    if (chainId !== deployment.chainId)
      throw new RegistryError('chain.mismatch', `"chainId" expected ${deployment.chainId}, got ${chainId}`)
    checkedChain = true
  }

  function succeeded(result: StepResult): void {
    const { head, chainHead, did } = result
    failures = 0
    finalBlocks = result.finalBlocks
    const lagBlocks = Math.max(0, chainHead - (head?.number ?? deployment.startBlock - 1))
    setState({ head, chainHead, lagBlocks, lastError: null, syncing: lagBlocks > 0 })
    if (did === 'rollback' || did === 'fork') log.warn({ head: head?.number ?? null, chainHead }, 'index rolled back')
    if (result.logs > 0) log.info({ head: head?.number, chainHead, logs: result.logs }, 'blocks indexed')
    for (const waiter of waiting) if (head !== null && head.number >= waiter.blockNumber) waiter.resolve()
  }

  function failed(error: unknown): void {
    failures++
    checkedChain = false
    const code = error instanceof RegistryError ? error.code : 'server.internal'
    const message = error instanceof Error ? error.message : String(error)
    setState({ lastError: { code, message, at: now() } })
    log.warn({ code, failures, err: error }, 'indexing failed, trying again')
  }

  /** Milliseconds to sleep after a step; 0 while there is more to do. */
  async function advance(): Promise<number> {
    try {
      await checkChain()
      const result = await step()
      succeeded(result)
      return result.did === 'wait' ? pollMs : 0
    } catch (error) {
      if (!stopping.signal.aborted) failed(error)
      return Math.min(LONGEST_BACKOFF_MS, pollMs * 2 ** Math.min(failures - 1, 16))
    }
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Taken before the step: a poke that arrives during it is not lost.
      wake = new AbortController()
      const pauseMs = await advance()
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: wake.signal }).catch(() => {})
    }
  }

  function reached(blockNumber: number, timeoutMs: number): Promise<void> {
    if (state.head !== null && state.head.number >= blockNumber) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => reject(new RegistryError('chain.unreachable', `block ${blockNumber} is not indexed yet`))
    const waiter = { blockNumber, resolve, giveUp }
    const timer = setTimeout(giveUp, stopping.signal.aborted ? 0 : timeoutMs)
    waiting.add(waiter)
    wake.abort()
    return promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(waiter)
    })
  }

  return {
    start() {
      if (stopping.signal.aborted) throw new TypeError('an indexer that was stopped cannot start again')
      running ??= follow()
    },
    async stop() {
      stopping.abort()
      wake.abort()
      for (const waiter of waiting) waiter.giveUp()
      await running
    },
    state: () => state,
    finalBlocks: () => finalBlocks,
    finality: (blockNumber) => finalityOf(finalBlocks, blockNumber),
    poke: () => wake.abort(),
    reached,
  }
}

/** The node, but nothing waits for its answer once `signal` is aborted. Writes to the sink are always waited for. */
function abortable(node: IndexerNode, signal: AbortSignal): IndexerNode {
  // No Promise.race with one promise for all: it would keep every answer until the end.
  async function race<T>(answer: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const stop = () => reject(new RegistryError('chain.unreachable', 'the indexer was stopped'))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    answer.then(resolve, reject)
    return promise.finally(() => signal.removeEventListener('abort', stop))
  }
  return {
    chainId: () => race(node.chainId()),
    header: (block) => race(node.header(block)),
    headers: (blocks) => race(node.headers(blocks)),
    logs: (range, addresses) => race(node.logs(range, addresses)),
  }
}
