/** Which gateways are asked, and which are left alone for a while: one that is down, and one that never has what is asked for. */
import type { Given } from './gateway.ts'

export interface GatewayHealth {
  /** Of these, those that may be asked now, in their order. */
  awake(bases: string[]): string[]
  /** Seconds since 1970 at which the first of these may be asked. */
  wakesAt(bases: string[]): number
  tell(base: string, given: Given): void
}

/** Seconds: the first rest, doubled by each failure that follows, and the longest. */
const FIRST_REST_S = 30
const LONGEST_REST_S = 3_600
/** Answers of "not here" in a row that count as one failure: whoever names a stranger's host as its gateway must not have us ask there
 *  without end. */
const MISSES = 20
/** Gateways that are remembered; of more, the one told longest ago is forgotten. */
const MAX_REMEMBERED = 10_000

interface Health {
  failures: number
  misses: number
  restsUntil: number
}

/** @param now seconds since 1970. @param maxMisses Infinity for whoever asks for everything once. */
export function createGatewayHealth(now: () => number, maxMisses = MISSES): GatewayHealth {
  const known = new Map<string, Health>()
  const restsUntil = (base: string) => known.get(base)?.restsUntil ?? 0

  function rest(base: string, before: Health | undefined, leastS: number): Health {
    const failures = (before?.failures ?? 0) + 1
    const restS = Math.min(LONGEST_REST_S, Math.max(leastS, FIRST_REST_S * 2 ** (failures - 1)))
    known.delete(base)
    if (known.size >= MAX_REMEMBERED) known.delete(known.keys().next().value!)
    return { failures, misses: 0, restsUntil: now() + restS }
  }

  return {
    awake: (bases) => bases.filter((base) => restsUntil(base) <= now()),
    wakesAt: (bases) => Math.min(...bases.map(restsUntil)),
    tell(base, given) {
      const before = known.get(base)
      if (given.kind === 'blocks') known.delete(base)
      else if (given.kind === 'sick') known.set(base, rest(base, before, given.retryAfterS ?? 0))
      else {
        const misses = (before?.misses ?? 0) + 1
        const health = { failures: 0, restsUntil: 0, ...before, misses }
        known.set(base, misses < maxMisses ? health : rest(base, before, 0))
      }
    },
  }
}
