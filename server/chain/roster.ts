/** Several nodes of one chain: which one is read from, and in what condition each is. Knows no I/O. */
import type { Clock } from './clock.ts'

export type Condition = 'not asked' | 'good' | 'behind' | 'pruned' | 'failing' | 'contradicting' | 'other chain'

/** What is shown of a node. */
export interface NodeState {
  /** Host and port. */
  name: string
  /** Whether it is the one that is read from. */
  used: boolean
  condition: Condition
  /** Its youngest block when it was last asked, or null. */
  head: number | null
  /** Its last final block, or null. */
  finalized: number | null
  /** What went wrong since it last answered well. */
  error: string | null
}

export interface Roster {
  /** The node to read from: the same as long as nothing is wrong with it, else the first that is not set aside. Null if all are. */
  use(): number | null
  /** Milliseconds until one may be used again that is set aside; 0 if one may be used. */
  waitMs(): number
  good(index: number, head: number): void
  /** As `good`, for one that was only asked where it stands. */
  surveyed(index: number, head: number, finalized: number | null): void
  /** Not to be used for a while: twice as long each time, and as long as it asks for itself. */
  setAside(index: number, why: { condition: Condition; error: string | null; retryAfterMs?: number }): void
  isReady(index: number): boolean
  /** The last block that all others in good condition call final: what one says alone above it is not believed. Null as long as there is
   *  one that was never asked. */
  finalLimit(except: number): number | null
  states(): NodeState[]
}

/** Milliseconds. */
const LONGEST_PAUSE_MS = 30_000
/** Blocks. A node that is so far behind another one is not as good: blocks take a moment from one to the next. */
export const BEHIND_BLOCKS = 2

interface Entry extends Omit<NodeState, 'used'> {
  failures: number
  /** Monotonic milliseconds. */
  notBefore: number
}

/** @param pauseMs for which a node is set aside at first. */
export function createRoster(names: string[], { pauseMs, clock }: { pauseMs: number; clock: Clock }): Roster {
  const entries = names.map((name): Entry => {
    return { name, condition: 'not asked', head: null, finalized: null, error: null, failures: 0, notBefore: 0 }
  })
  let current = 0

  const now = () => clock.monotonicMs()
  const isReady = (index: number) => entries[index]!.notBefore <= now()

  function answered(index: number, head: number): Entry {
    return Object.assign(entries[index]!, { condition: 'good' as const, head, error: null })
  }

  return {
    isReady,
    use() {
      if (!isReady(current)) current = entries.findIndex((_, index) => isReady(index))
      if (current >= 0) return current
      current = 0
      return null
    },
    waitMs: () => Math.max(0, Math.min(...entries.map(({ notBefore }) => notBefore)) - now()),
    good: (index, head) => void Object.assign(answered(index, head), { failures: 0 }),
    surveyed(index, head, finalized) {
      const entry = answered(index, head)
      entry.finalized = finalized
      const best = Math.max(...entries.map((one) => one.head ?? 0))
      if (best - head > BEHIND_BLOCKS) entry.condition = 'behind'
    },
    setAside(index, { condition, error, retryAfterMs = 0 }) {
      const entry = entries[index]!
      const backoffMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** Math.min(entry.failures++, 16))
      Object.assign(entry, { condition, error, notBefore: now() + Math.max(backoffMs, retryAfterMs) })
    },
    finalLimit(except) {
      const others = entries.filter((_, index) => index !== except)
      if (others.some(({ condition }) => condition === 'not asked')) return null
      const believed = others.filter(({ condition, finalized }) => condition === 'good' && finalized !== null)
      return Math.min(Number.MAX_SAFE_INTEGER, ...believed.map(({ finalized }) => finalized!))
    },
    states: () =>
      entries.map(({ name, condition, head, finalized, error }, index) => ({
        name,
        used: index === current && isReady(index),
        condition,
        head,
        finalized,
        error,
      })),
  }
}
