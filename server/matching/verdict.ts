/** From matches to a verdict: which record leads, and whether another one contradicts it (docs/protocol.md §5). Pure. */
import { SAME_AGE_S } from './thresholds.ts'

/** In the order in which one match is called: the first that holds. */
export const RELATIONS = ['identical', 'altered', 'composite', 'excerpt', 'same_content'] as const
export type Relation = (typeof RELATIONS)[number]
export const VERDICTS = [...RELATIONS, 'not_registered', 'inconclusive'] as const
export type Verdict = (typeof VERDICTS)[number]

/** What the order of matches looks at. */
export interface Ranked {
  relation: Relation
  /** Whether the publisher has disowned it: then it comes after all that are not. */
  disowned: boolean
  publisherId: number
  /** Higher is more trusted. */
  trust: number
  /** Seconds since 1970. */
  registeredAt: number
  /** Place in the order of the chain: decides where nothing else does, so that an answer never depends on the order of a search. */
  sequence: number
  /** Share of the candidate that the record explains, 0 to 1. */
  explained: number
  /** Bits; null where no pair of hashes was needed. */
  distanceBits: number | null
  /** Whether the candidate could be laid over its evidence; null where that was not tried. */
  fits: boolean | null
}

/** Orders matches by trust, then age, then how much they explain, disowned ones after all others. Otherwise whoever registers a copy would lead with it.
 * @returns matches, best first; conflict: the record that contradicts the leading one, or null: it explains the candidate better though it is
 *  less trusted or younger, or another publisher made it before and it says the same of the bytes or another thing of the content. */
export function rank<T extends Ranked>(matches: readonly T[]): { matches: T[]; conflict: T | null } {
  const byTrust = matches.toSorted(
    (a, b) =>
      Number(a.disowned) - Number(b.disowned) ||
      b.trust - a.trust ||
      a.registeredAt - b.registeredAt ||
      a.sequence - b.sequence,
  )
  const ordered = Map.groupBy(byTrust, ({ disowned, trust }) => `${disowned} ${trust}`)
    .values()
    .flatMap((equals) => sameAge(equals))
    .toArray()
  const [first, ...others] = ordered
  const better = others.filter((other) => explainsBetter(other, first!)).sort(byExplanation)
  return { matches: ordered, conflict: better[0] ?? others.find((other) => claimsBefore(other, first!)) ?? null }
}

/** Groups of records less than an hour younger than the oldest of their group; within a group by explanation. A chain of small
 *  steps must not make an old record as young as a new one, so a group is measured from its oldest. */
function sameAge<T extends Ranked>(oldestFirst: T[]): T[] {
  const groups: T[][] = []
  for (const match of oldestFirst) {
    const group = groups.at(-1)
    if (group && match.registeredAt - group[0]!.registeredAt < SAME_AGE_S) group.push(match)
    else groups.push([match])
  }
  return groups.flatMap((group) => group.toSorted(byExplanation))
}

function byExplanation(a: Ranked, b: Ranked): number {
  return (
    Number(b.relation === 'identical') - Number(a.relation === 'identical') ||
    b.explained - a.explained ||
    (a.distanceBits ?? 0) - (b.distanceBits ?? 0)
  )
}

/** Another publisher's older record, which comes second only because its publisher is less trusted: it has these bytes too, or shows the same with a
 *  difference, or has the hashes and evidence of something else. */
function claimsBefore(other: Ranked, first: Ranked): boolean {
  if (other.publisherId === first.publisherId || other.disowned || other.sequence > first.sequence) return false
  if (first.relation === 'identical') return other.relation === 'identical'
  if (first.fits && other.fits === false) return true
  return other.relation === 'altered' && first.relation !== 'altered' && other.explained > first.explained - 0.1
}

/** Equal bytes explain better than any likeness, and an original of which nothing was altered better than one of which something was; otherwise
 *  only a clear difference counts, for hashes of copies vary by bits. */
function explainsBetter(other: Ranked, first: Ranked): boolean {
  if (first.relation === 'identical') return false
  if (other.relation === 'identical') return true
  if (first.relation === 'altered' && other.relation !== 'altered') return other.explained > first.explained - 0.1
  return other.explained > first.explained + 0.1
}
