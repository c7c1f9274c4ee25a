/** Which gateways are asked, and which are left alone for a while: one that is down, by everybody; and one that never has what a publisher
 *  anchored, for that publisher alone, or whoever anchors what nobody has would shut off a gateway that others need. */
import type { Given } from './gateway.ts'

/** Whom to ask for what a publisher anchored. */
export interface Gateways {
  publisherId: number
  /** In this order. */
  bases: string[]
}

export interface GatewayHealth {
  /** Of these, those that may be asked now, in their order. */
  awake(gateways: Gateways): string[]
  /** Seconds since 1970 at which the first of these may be asked. */
  wakesAt(gateways: Gateways): number
  tell(publisherId: number, base: string, given: Given): void
}

/** Seconds: the first rest, doubled by each failure that follows, and the longest. */
const FIRST_REST_S = 30
const LONGEST_REST_S = 3_600
/** Answers of "not here" in a row that count as one failure: whoever names a stranger's host as its gateway must not have us ask there
 *  without end. */
const MISSES = 20
/** Gateways, and pairs of publisher and gateway, that are remembered; of more, the one told longest ago is forgotten. */
const MAX_REMEMBERED = 10_000

interface Health {
  failures: number
  misses: number
  restsUntil: number
}

const WELL: Health = { failures: 0, misses: 0, restsUntil: 0 }

/** @param now seconds since 1970. @param maxMisses Infinity for whoever asks for everything once. */
export function createGatewayHealth(now: () => number, maxMisses = MISSES): GatewayHealth {
  /** By base, of those that do not answer; by publisher and base, of those that have nothing. */
  const known = new Map<string, Health>()
  const keyOf = (publisherId: number, base: string) => `${publisherId} ${base}`
  const healthOf = (key: string) => known.get(key) ?? WELL

  function restsUntil(publisherId: number, base: string): number {
    return Math.max(healthOf(base).restsUntil, healthOf(keyOf(publisherId, base)).restsUntil)
  }

  function remember(key: string, health: Health): void {
    known.delete(key)
    if (known.size >= MAX_REMEMBERED) known.delete(known.keys().next().value!)
    known.set(key, health)
  }

  /** Several questions may be under way when a gateway fails: they fail together, and that is one failure. */
  function rest(key: string, leastS: number): void {
    const before = healthOf(key)
    const failures = before.failures + (before.restsUntil > now() ? 0 : 1)
    const restS = Math.min(LONGEST_REST_S, Math.max(leastS, FIRST_REST_S * 2 ** (failures - 1)))
    remember(key, { failures, misses: 0, restsUntil: Math.max(before.restsUntil, now() + restS) })
  }

  function miss(key: string): void {
    const before = healthOf(key)
    if (before.misses + 1 >= maxMisses) rest(key, 0)
    else remember(key, { ...before, misses: before.misses + 1 })
  }

  return {
    awake: ({ publisherId, bases }) => bases.filter((base) => restsUntil(publisherId, base) <= now()),
    wakesAt: ({ publisherId, bases }) => Math.min(...bases.map((base) => restsUntil(publisherId, base))),
    tell(publisherId, base, given) {
      if (given.kind === 'sick') return rest(base, given.retryAfterS ?? 0)
      if (given.kind === 'miss') return miss(keyOf(publisherId, base))
      known.delete(base)
      known.delete(keyOf(publisherId, base))
    },
  }
}
