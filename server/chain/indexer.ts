/** Follows the chain and keeps the sink equal to it (docs/protocol.md §6). */
import { RegistryError } from '../errors.ts'
import { type Clock, systemClock } from './clock.ts'
import { LOCAL_CHAIN_ID } from './deploy.ts'
import type { BlockHeader, Deployment, Sink } from './events.ts'
import { createFinality, type FinalBlocks, type Finality } from './finality.ts'
import { type ChainLog, silentLog } from './log.ts'
import { createMembers, isNodesFault } from './members.ts'
import type { NodeState } from './roster.ts'
import type { IndexerNode, Progress, StepResult } from './step.ts'

export interface IndexerOptions {
  /** One node, or several of the same chain, the preferred one first. */
  node: IndexerNode | readonly IndexerNode[]
  sink: Sink
  deployment: Deployment
  /** Milliseconds between two looks at a chain that does not move; default 250 for the local network, else 500, so that a record can be
   *  found within a second of its block. */
  pollMs?: number
  /** Blocks to read at once at most; default 2,000. */
  maxBlocks?: number
  /** Milliseconds for which a node may be behind the index, or lack what was final, before the index is rolled back; default 0 for the
   *  local network, else 60,000. */
  patienceMs?: number
  /** Called after each change of `state()`; must not throw. */
  onState?: (state: IndexerState) => void
  log?: ChainLog
  clock?: Clock
}

export interface IndexerState {
  /** The last indexed block, or null. */
  head: BlockHeader | null
  /** The node's youngest block when it was last asked, or null. */
  chainHead: number | null
  /** Blocks between both, 0 when the index is up to date; null before the node was asked. */
  lagBlocks: number | null
  /** Seconds between both, by the clock of the chain: no clock of this machine has a say. */
  lagSeconds: number | null
  /** The last final blocks that are known. */
  final: FinalBlocks
  /** What went wrong since the last step that succeeded. `at`: milliseconds since 1970. */
  lastError: { code: string; message: string; at: number } | null
  /** Whether more than one step is needed to reach the head of the chain. True before the first look. */
  syncing: boolean
  nodes: NodeState[]
}

export interface Indexer {
  /** Begins to follow. Nothing that happens later makes it give up: see `state().lastError`. */
  start(): void
  /** Resolves when nothing is read or written any more. */
  stop(): Promise<void>
  state(): IndexerState
  /** How final a block is. */
  finality(blockNumber: number): Finality
  /** Looks at once instead of at the next poll. */
  poke(): void
  /** Resolves when the block is indexed; looks at once. @throws RegistryError `chain.unreachable` after `timeoutMs` or a stop. */
  reached(blockNumber: number, timeoutMs: number): Promise<void>
}

/** Milliseconds. */
const LONGEST_BACKOFF_MS = 30_000

export function createIndexer(options: IndexerOptions): Indexer {
  const { sink, deployment, onState = () => {}, log = silentLog, clock = systemClock } = options
  const local = deployment.chainId === LOCAL_CHAIN_ID
  const { pollMs = local ? 250 : 500, maxBlocks = 2_000, patienceMs = local ? 0 : 60_000 } = options

  const stopping = new AbortController()
  const finality = createFinality(local)
  const nodes = [options.node].flat() as IndexerNode[]
  const shared = { sink, deployment, finality, maxBlocks, patienceMs, clock, onProgress: progressed }
  const members = createMembers(nodes, { ...shared, pollMs, signal: stopping.signal })
  const waiting = new Set<{ blockNumber: number; resolve: () => void; giveUp: () => void }>()
  let state: IndexerState = {
    head: null,
    chainHead: null,
    lagBlocks: null,
    lagSeconds: null,
    final: finality.blocks(),
    lastError: null,
    syncing: true,
    nodes: members.states(),
  }
  let running: Promise<void> | undefined
  let wake = new AbortController()
  /** Of the sink, in a row: it is not the nodes' fault if a disk is full. */
  let sinkFailures = 0

  function setState(changes: Partial<IndexerState>): void {
    state = { ...state, ...changes, final: finality.blocks(), nodes: members.states() }
    onState(state)
  }

  function showProgress({ head, chainHead }: Progress, changes: Partial<IndexerState>): void {
    const lagBlocks = Math.max(0, chainHead.number - (head?.number ?? deployment.startBlock - 1))
    const lagSeconds = lagBlocks === 0 ? 0 : head && Math.max(0, chainHead.time - head.time)
    setState({ head, chainHead: chainHead.number, lagBlocks, lagSeconds, syncing: lagBlocks > 0, ...changes })
    for (const waiter of waiting) if (head !== null && head.number >= waiter.blockNumber) waiter.resolve()
  }

  function progressed(progress: Progress & { logs: number }): void {
    const { head, chainHead, logs } = progress
    sinkFailures = 0
    showProgress(progress, {})
    if (logs > 0) log.info({ head: head?.number, chainHead: chainHead.number, logs }, 'blocks indexed')
  }

  function succeeded(result: StepResult): void {
    sinkFailures = 0
    showProgress(result, { lastError: null })
    if (result.did === 'rollback' || result.did === 'fork')
      log.warn({ head: result.head?.number ?? null, chainHead: result.chainHead.number }, 'index rolled back')
  }

  function failed(error: unknown): void {
    const code = error instanceof RegistryError ? error.code : 'server.internal'
    const message = error instanceof Error ? error.message : String(error)
    setState({ lastError: { code, message, at: clock.wallMs() } })
    log.warn({ code, err: error }, 'indexing failed, trying again')
  }

  /** Milliseconds to sleep after a step; 0 while there is more to do. */
  async function advance(): Promise<number> {
    const member = members.use()
    if (member === null) return members.waitMs()
    try {
      const result = await member.step()
      succeeded(result)
      return result.did === 'wait' ? member.pauseMs(result) : 0
    } catch (error) {
      if (stopping.signal.aborted) return 0
      member.failed(error)
      failed(error)
      return isNodesFault(error) ? members.waitMs() : Math.min(LONGEST_BACKOFF_MS, pollMs * 2 ** sinkFailures++)
    }
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Taken before the step: a poke that arrives during it is not lost.
      wake = new AbortController()
      const pauseMs = await advance()
      members.survey(() => setState({}))
      if (pauseMs > 0 && !stopping.signal.aborted) await clock.sleep(pauseMs, wake.signal)
    }
    await members.settled()
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
    finality: (blockNumber) => finality.of(blockNumber),
    poke: () => wake.abort(),
    reached,
  }
}
