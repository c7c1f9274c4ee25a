/** One step of the indexer: look at one node and at what is stored, decide, do it. */
import { equalBytes } from '../bytes.ts'
import { createSizer, readAhead } from './ahead.ts'
import type { Clock } from './clock.ts'
import { createDecoder } from './decode.ts'
import { LOCAL_CHAIN_ID } from './deploy.ts'
import type { BlockHeader, Deployment, Sink } from './events.ts'
import type { FinalityTracker } from './finality.ts'
import type { ChainNode } from './node.ts'
import { contradiction, type RangeNode, readRange, requireLink } from './range.ts'
import { type AncestorSearch, type Decision, narrow, nextProbe, reconcile } from './reconcile.ts'
import { createOrder } from './turns.ts'

export type IndexerNode = RangeNode & Pick<ChainNode, 'name' | 'chainId' | 'code'>

/** What is stored and what the node has, after a step or in the middle of one. */
export interface Progress {
  head: BlockHeader | null
  /** The node's youngest block. */
  chainHead: BlockHeader
}

export interface StepOptions {
  node: IndexerNode
  sink: Sink
  deployment: Deployment
  finality: FinalityTracker
  /** Blocks to read at once at most; fewer where the node refuses, or where they hold much. */
  maxBlocks: number
  /** Milliseconds for which a node must hold to it that stored blocks are gone, where it may be wrong: it is behind, or they were final. */
  patienceMs: number
  clock: Pick<Clock, 'monotonicMs'>
  /** Whether another node has the stored head too, and is at least as far as this block. */
  confirmed?: (stored: BlockHeader, number: number) => Promise<boolean>
  /** No block above this is taken for final, whatever this node says; null for none at all. */
  finalLimit?: () => number | null
  /** Called after each append. */
  onProgress?: (progress: Progress & { logs: number }) => void
}

export interface StepResult extends Progress {
  did: Decision['kind']
  /** Why it waits. */
  why: string | null
}

/** Milliseconds. A step that appends ends after so long, to look anew: the node may have gone on, or to another fork. What was read ahead is then
 *  read again, which costs a second. */
const LONGEST_STEP_MS = 20_000
/** Milliseconds. A claim that is not repeated for so long is a new one. Longer than a node is set aside, or none would ever be old. */
const FORGOTTEN_MS = 300_000
/** Milliseconds. How old a look at the node's final blocks may be, where nothing else asks for one. */
const FINALITY_MS = 4_000

/** Blocks that are rolled back without asking twice while it is not known what is final, as after a start: two epochs of Ethereum. */
const USUAL_DEPTH = 64

/** @returns a function that makes one step. It throws what node and sink throw, and leaves the sink as it was after the last commit. */
export function createStepper(options: StepOptions): () => Promise<StepResult> {
  const { node, sink, deployment, finality, maxBlocks, patienceMs, clock } = options
  const { confirmed, finalLimit = () => Number.MAX_SAFE_INTEGER, onProgress = () => {} } = options
  const local = deployment.chainId === LOCAL_CHAIN_ID
  const decode = createDecoder(deployment)
  const sizer = createSizer(maxBlocks)
  /** When the node began to claim that stored blocks are gone, and when it last did. */
  let claimed: { since: number; last: number } | null = null
  let lookedAt = -FINALITY_MS

  /** The node's youngest block and, if there is one, its block at a stored header's number, in one exchange. */
  async function look(stored: BlockHeader | null) {
    const tags = local ? [] : (['safe', 'finalized'] as const)
    const [latest, atStored, safe, finalized] = await node.headers(['latest', stored?.number ?? 0, ...tags])
    if (!latest) throw contradiction('the node has no block yet')
    const isHead = stored === null || (!!atStored && equalBytes(atStored.hash, stored.hash))
    return { latest, atStored: atStored ?? null, safe: safe ?? null, finalized: finalized ?? null, isHead }
  }

  /** The stored header to compare by: the last one, or where the node is behind, the last one that it can have. */
  async function anchorOf(stored: BlockHeader | null, latest: BlockHeader, atStored: BlockHeader | null) {
    if (stored === null || stored.number <= latest.number) return { anchor: stored, atAnchor: atStored }
    const anchor = await sink.headerAtOrBelow(latest.number)
    return { anchor, atAnchor: anchor && (await node.header(anchor.number)) }
  }

  /** Whether the node has not yet held to its claim for long enough. */
  function isPatient(claims: boolean): boolean {
    const last = clock.monotonicMs()
    const isNew = claimed === null || last - claimed.last > FORGOTTEN_MS
    claimed = claims ? { since: isNew ? last : claimed!.since, last } : null
    return claimed !== null && last - claimed.since < patienceMs
  }

  async function append(span: { from: number; to: number }, parent: BlockHeader | null, chainHead: BlockHeader) {
    const until = clock.monotonicMs() + LONGEST_STEP_MS
    const inOrder = createOrder()
    const read = (part: typeof span) => readRange(node, deployment, decode, part, inOrder)
    let parentHash = parent?.hash ?? null
    for await (const content of readAhead(read, sizer, span, () => clock.monotonicMs() > until)) {
      const head = content.batch.headers.at(-1)!
      const first = head.number - content.blocks + 1
      if (parentHash) requireLink(parentHash, { number: first, parentHash: content.parentHash })
      await sink.append(content.batch)
      parentHash = head.hash
      onProgress({ head, chainHead, logs: content.batch.logs.length })
    }
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

  async function rollback(to: number, stored: BlockHeader, latest: BlockHeader): Promise<void> {
    await requireBelievable(to, stored, latest)
    await sink.rollback(to)
    finality.rolledBack(to)
  }

  /** Nothing is thrown away on one node's word where another one contradicts it, where it was final, or where the contracts are gone.
   *  On a local chain its node is the only truth. */
  async function requireBelievable(to: number, stored: BlockHeader, latest: BlockHeader): Promise<void> {
    const final = finality.blocks()
    if (final === 'local') return
    if (await confirmed?.(stored, latest.number))
      throw contradiction(`the node lacks block ${stored.number} as it is stored, and another node has it`)
    const wasFinal = to < 0 || to < (final.finalized ?? stored.number - USUAL_DEPTH)
    if (wasFinal && isPatient(true))
      throw contradiction(
        `the node lacks all above block ${to}, some of which is final: waiting whether it holds to that`,
      )
    if (to < 0) await requireContracts()
  }

  async function requireContracts(): Promise<void> {
    for (const address of [deployment.publisherRegistry, deployment.mediaRegistry])
      if ((await node.code(address)).length === 0)
        throw contradiction('the node has another chain, without the contracts: nothing is thrown away for it')
  }

  async function perform(decision: Decision, stored: BlockHeader | null, latest: BlockHeader): Promise<void> {
    if (decision.kind === 'append') await append(decision, stored, latest)
    if (decision.kind === 'rollback') await rollback(decision.to, stored!, latest)
    if (decision.kind === 'fork') await rollback(await ancestorNumber(decision.search), stored!, latest)
  }

  /** The node's final blocks count where its chain holds what is stored. @throws where it contradicts that. */
  async function noteFinality({ safe, finalized }: Awaited<ReturnType<typeof look>>, head: BlockHeader | null) {
    lookedAt = clock.monotonicMs()
    if (local || head === null) return
    const same = finalized && (await sink.headerAtOrBelow(finalized.number))
    if (same && same.number === finalized.number && !equalBytes(same.hash, finalized.hash))
      throw contradiction(`the node’s final block ${finalized.number} is not the one that is stored`)
    const limit = finalLimit()
    if (limit === null) return
    const upTo = (block: BlockHeader | null) => block && Math.min(block.number, limit)
    finality.confirmed({ safe: safe?.number ?? null, finalized: upTo(finalized) }, head.number)
  }

  /** A cheap question first, as long as nothing happens: it is asked several times a second. */
  async function isUnchanged(stored: BlockHeader | null): Promise<BlockHeader | null> {
    if (stored === null || local || clock.monotonicMs() - lookedAt >= FINALITY_MS) return null
    const latest = await node.header('latest')
    return latest && equalBytes(latest.hash, stored.hash) ? latest : null
  }

  return async function step(): Promise<StepResult> {
    const stored = await sink.head()
    const unchanged = await isUnchanged(stored)
    if (unchanged) return { did: 'wait', why: 'up to date', head: stored, chainHead: unchanged }
    const seen = await look(stored)
    const { latest, atStored, isHead } = seen
    const { anchor, atAnchor } = await anchorOf(stored, latest, atStored)
    const patient = isPatient(!isHead)
    const decision = reconcile({ stored, latest, anchor, atAnchor, startBlock: deployment.startBlock, patient })
    await perform(decision, stored, latest)
    const head = decision.kind === 'wait' ? stored : await sink.head()
    if (isHead && (decision.kind === 'append' || decision.kind === 'wait')) await noteFinality(seen, head)
    return { did: decision.kind, why: decision.kind === 'wait' ? decision.why : null, head, chainHead: latest }
  }
}
