/** The nodes that an indexer reads from, one at a time, and what it does about those that fail. */
import { equalBytes } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { BlockHeader } from './events.ts'
import { BEHIND_BLOCKS, type Condition, createRoster, type NodeState } from './roster.ts'
import { isPruned } from './rpc.ts'
import { createStepper, type IndexerNode, type StepOptions, type StepResult } from './step.ts'

export interface Member {
  /** One step by this node alone: two views are never mixed. */
  step(): Promise<StepResult>
  /** Milliseconds after a step that found nothing to do: none where another node may know more. */
  pauseMs(result: StepResult): number
  failed(error: unknown): void
}

export interface Members {
  /** The one to read from, or null if all are set aside. */
  use(): Member | null
  /** Milliseconds until one can be used. */
  waitMs(): number
  states(): NodeState[]
  /** Asks the others where they stand, if it is time to; at most once at a time.
   * @param done is called if they were asked. */
  survey(done: () => void): void
  /** Resolves when none is being asked any more. */
  settled(): Promise<void>
}

export interface MembersOptions extends Omit<StepOptions, 'node' | 'clock' | 'confirmed' | 'finalLimit'> {
  clock: Clock
  pollMs: number
  signal: AbortSignal
}

/** Milliseconds between two looks at the nodes that are not read from. */
const SURVEY_MS = 5_000

/** Whether an error says something about the node, and not about the sink. */
export const isNodesFault = (error: unknown): error is RegistryError =>
  error instanceof RegistryError && error.code.startsWith('chain.')

class OtherChain extends RegistryError {}

export function createMembers(list: IndexerNode[], options: MembersOptions): Members {
  const { deployment, pollMs, clock, signal } = options
  const nodes = list.map((node) => abortable(node, signal))
  const roster = createRoster(
    nodes.map(({ name }) => name),
    { pauseMs: pollMs, clock },
  )
  /** Asked whenever the node behind an address may have become another one. */
  const checkedChain = nodes.map(() => false)
  const members = nodes.map(memberOf)
  let surveyedAt = -SURVEY_MS
  let surveying: Promise<void> | null = null
  let headAtSurvey: number | null = null

  async function checkChain(index: number): Promise<void> {
    if (checkedChain[index]) return
    const chainId = await nodes[index]!.chainId()
    if (chainId !== deployment.chainId)
      throw new OtherChain('chain.mismatch', `"chainId" expected ${deployment.chainId}, got ${chainId}`)
    checkedChain[index] = true
  }

  function failed(index: number, error: unknown): void {
    checkedChain[index] = false
    if (!isNodesFault(error)) return
    const retryAfterMs = 1000 * (error.retryAfterS ?? 0)
    roster.setAside(index, { condition: conditionAfter(error), error: error.message, retryAfterMs })
  }

  /** Whether another node holds the stored head and is at least as far. */
  async function confirmed(index: number, stored: BlockHeader, number: number): Promise<boolean> {
    const others = nodes.keys().filter((other) => other !== index && roster.isReady(other))
    const answers = await Promise.all([...others].map((other) => holds(other, stored, number).catch(() => false)))
    return answers.includes(true)
  }

  async function holds(index: number, stored: BlockHeader, number: number): Promise<boolean> {
    await checkChain(index)
    const [latest, theirs] = await nodes[index]!.headers(['latest', stored.number])
    return !!latest && !!theirs && latest.number >= number && equalBytes(theirs.hash, stored.hash)
  }

  function memberOf(node: IndexerNode, index: number): Member {
    const step = createStepper({
      ...options,
      node,
      confirmed: (stored, number) => confirmed(index, stored, number),
      finalLimit: () => roster.finalLimit(index),
    })
    return {
      async step() {
        await checkChain(index)
        const result = await step()
        roster.good(index, result.chainHead.number)
        return result
      },
      pauseMs({ why }) {
        if (why === 'up to date' || nodes.length === 1) return pollMs
        roster.setAside(index, { condition: 'behind', error: why })
        return roster.waitMs()
      },
      failed: (error) => failed(index, error),
    }
  }

  async function ask(index: number): Promise<void> {
    try {
      await checkChain(index)
      const [latest, finalized] = await nodes[index]!.headers(['latest', 'finalized'])
      if (!latest) throw new RegistryError('chain.unreachable', 'the node has no block yet')
      roster.surveyed(index, latest.number, finalized?.number ?? null)
    } catch (error) {
      if (!signal.aborted) failed(index, error)
    }
  }

  async function surveyOthers(used: number | null): Promise<void> {
    await Promise.all([...nodes.keys()].filter((i) => i !== used && roster.isReady(i)).map(ask))
    if (used !== null) replaceIfStuck(used)
  }

  /** A node that answers and does not move, while others do, is no better than one that is down. */
  function replaceIfStuck(used: number): void {
    const states = roster.states()
    const head = states[used]!.head
    const best = Math.max(...states.filter(({ condition }) => condition === 'good').map((state) => state.head ?? 0))
    const isStuck = head !== null && head === headAtSurvey && best - head > BEHIND_BLOCKS
    headAtSurvey = head
    if (isStuck) roster.setAside(used, { condition: 'behind', error: `stays at block ${head}, others are at ${best}` })
  }

  return {
    use() {
      const index = roster.use()
      return index === null ? null : members[index]!
    },
    waitMs: roster.waitMs,
    states: roster.states,
    survey(done) {
      if (nodes.length === 1 || surveying || clock.monotonicMs() - surveyedAt < SURVEY_MS) return
      surveyedAt = clock.monotonicMs()
      surveying = surveyOthers(roster.use()).then(() => {
        surveying = null
        if (!signal.aborted) done()
      })
    },
    settled: async () => void (await surveying),
  }
}

function conditionAfter(error: RegistryError): Condition {
  if (error instanceof OtherChain) return 'other chain'
  if (isPruned(error)) return 'pruned'
  return error.code === 'chain.mismatch' ? 'contradicting' : 'failing'
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
    name: node.name,
    chainId: () => race(node.chainId()),
    header: (block) => race(node.header(block)),
    headers: (blocks) => race(node.headers(blocks)),
    logs: (range, addresses) => race(node.logs(range, addresses)),
    blockLogs: (hashes, addresses) => race(node.blockLogs(hashes, addresses)),
    code: (address) => race(node.code(address)),
  }
}
