/** One step of the indexer: look at the node and at what is stored, decide, do it. */
import { equalBytes } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { createDecoder } from './decode.ts'
import { LOCAL_CHAIN_ID } from './deploy.ts'
import type { BlockHeader, Deployment, Sink } from './events.ts'
import type { ChainNode } from './node.ts'
import { type RangeNode, readRange } from './range.ts'
import { type AncestorSearch, type Decision, narrow, nextProbe, reconcile } from './reconcile.ts'
import { asksTooMuch } from './rpc.ts'

export type IndexerNode = RangeNode & Pick<ChainNode, 'chainId'>

/** Block numbers at the node's tags, null where it has none yet; `local` where the chain is one of our own. */
export type FinalBlocks = { safe: number | null; finalized: number | null } | 'local'

export interface StepOptions {
  node: IndexerNode
  sink: Sink
  deployment: Deployment
  /** Blocks to read at once at most; fewer where the node refuses, or where they hold much. */
  maxBlocks: number
  /** Milliseconds for which a node may be behind what is stored before it is believed. */
  patienceMs: number
  /** Milliseconds since 1970. */
  now: () => number
}

export interface StepResult {
  did: Decision['kind']
  /** Logs that were appended. */
  logs: number
  /** What is stored after it. */
  head: BlockHeader | null
  chainHead: number
  finalBlocks: FinalBlocks
}

/** Logs that a range should hold at most, so that one transaction of the sink stays small: about 10 MB. */
const LOGS_PER_RANGE = 10_000

/** Growth of a range after one that held little: twice, but carefully where the node has once refused a larger one. */
const GROWTH = 2
const CAREFUL_GROWTH = 1.1

/** @returns a function that makes one step. It throws what node and sink throw, and leaves the sink as it was then. */
export function createStepper(options: StepOptions): () => Promise<StepResult> {
  const { node, sink, deployment, maxBlocks, patienceMs, now } = options
  const decode = createDecoder(deployment)
  let blocks = maxBlocks
  let growth = GROWTH
  let behindSince: number | null = null

  /** The node's youngest block and, if there is one, its block at a stored header's number, in one exchange. */
  async function look(stored: BlockHeader | null) {
    const local = deployment.chainId === LOCAL_CHAIN_ID
    const [latest, atStored, safe, finalized] = await node.headers([
      'latest',
      stored?.number ?? 0,
      ...(local ? [] : (['safe', 'finalized'] as const)),
    ])
    if (!latest) throw new RegistryError('chain.unreachable', 'the node has no block yet')
    const finalBlocks: FinalBlocks = local
      ? 'local'
      : { safe: safe?.number ?? null, finalized: finalized?.number ?? null }
    return { latest, atStored: atStored ?? null, finalBlocks }
  }

  /** The stored header to compare by: the last one, or where the node is behind, the last one that it can have. */
  async function anchorOf(stored: BlockHeader | null, latest: BlockHeader, atStored: BlockHeader | null) {
    if (stored === null || stored.number <= latest.number) return { anchor: stored, atAnchor: atStored }
    const anchor = await sink.headerAtOrBelow(latest.number)
    return { anchor, atAnchor: anchor && (await node.header(anchor.number)) }
  }

  function isPatient(stored: BlockHeader | null, latest: BlockHeader): boolean {
    if (stored === null || latest.number >= stored.number) behindSince = null
    else behindSince ??= now()
    return behindSince !== null && now() - behindSince < patienceMs
  }

  async function append(from: number, to: number, parent: BlockHeader | null): Promise<number> {
    const content = await readAdaptively(from, to, parent)
    await sink.append(content)
    return content.logs.length
  }

  /** Halves the range as long as the node finds it too much; widens the next one while ranges hold little. */
  async function readAdaptively(from: number, to: number, parent: BlockHeader | null) {
    for (let end = to; ; ) {
      try {
        const content = await readRange(node, deployment, decode, { from, to: end, parent })
        blocks = nextRange(end - from + 1, content.logs.length)
        return content
      } catch (error) {
        if (end === from || !asksTooMuch(error)) throw error
        growth = CAREFUL_GROWTH
        blocks = Math.floor((end - from + 1) / 2)
        end = from + blocks - 1
      }
    }
  }

  function nextRange(read: number, logs: number): number {
    if (logs > LOGS_PER_RANGE) return Math.max(1, Math.floor(read / 2))
    if (logs * 2 > LOGS_PER_RANGE) return read
    return Math.min(maxBlocks, Math.max(blocks, Math.ceil(growth * read)))
  }

  async function ancestorNumber(search: AncestorSearch): Promise<number> {
    for (let found = search; ; ) {
      const at = nextProbe(found)
      if (at === null) return found.ancestor?.number ?? -1
      const stored = await sink.headerAtOrBelow(at)
      const theirs = stored && (await node.header(stored.number))
      found = narrow(found, at, stored, !!stored && !!theirs && equalBytes(stored.hash, theirs.hash))
    }
  }

  async function perform(decision: Decision, stored: BlockHeader | null): Promise<number> {
    if (decision.kind === 'append') return append(decision.from, decision.to, stored)
    if (decision.kind === 'rollback') await sink.rollback(decision.to)
    if (decision.kind === 'fork') await sink.rollback(await ancestorNumber(decision.search))
    return 0
  }

  return async function step(): Promise<StepResult> {
    const stored = await sink.head()
    const { latest, atStored, finalBlocks } = await look(stored)
    const { anchor, atAnchor } = await anchorOf(stored, latest, atStored)
    const patient = isPatient(stored, latest)
    const { startBlock } = deployment
    const decision = reconcile({ stored, latest, anchor, atAnchor, startBlock, maxBlocks: blocks, patient })
    const logs = await perform(decision, stored)
    const head = decision.kind === 'wait' ? stored : await sink.head()
    return { did: decision.kind, logs, head, chainHead: latest.number, finalBlocks }
  }
}
