/** From matches to a verdict: which record leads, and whether another one contradicts it (docs/protocol.md §5). Pure. */
import { CLEARLY, SAME_AGE_S } from './thresholds.ts'

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
  /** Whether there were too many as near to compare them all, and it was one of the others: nothing is known of it but its hash. */
  passedOver: boolean
  /** Whether it explains the sound of a video, and not its picture: music is heard in many videos, and was there before them. */
  onlySound: boolean
}

/** Orders matches by trust, then those that explain a picture, then age, then how much they explain; then those that were passed over, disowned ones, and those over whose evidence the
 *  candidate cannot be laid. Otherwise whoever registers a copy would lead with it.
 * @returns matches, best first; conflict: the record that contradicts the leading one, or null: it explains the candidate better though it is
 *  less trusted or younger, or another publisher made it before and it says the same of the bytes or another thing of the content. */
export function rank<T extends Ranked>(matches: readonly T[]): { matches: T[]; conflict: T | null } {
  const byTrust = matches.toSorted(
    (a, b) =>
      Number(a.fits === false) - Number(b.fits === false) ||
      Number(a.disowned) - Number(b.disowned) ||
      Number(a.passedOver) - Number(b.passedOver) ||
      b.trust - a.trust ||
      Number(a.onlySound) - Number(b.onlySound) ||
      a.registeredAt - b.registeredAt ||
      a.sequence - b.sequence,
  )
  // Hashes alone say what to compare: what does not agree with its evidence is a match beside one that does, as a claim, and none by itself.
  if (byTrust[0]?.fits === false) return { matches: [], conflict: null }
  const alike = ({ fits, disowned, passedOver, trust, onlySound }: T) =>
    `${fits === false} ${disowned} ${passedOver} ${trust} ${onlySound}`
  const ordered = Map.groupBy(byTrust, alike)
    .values()
    .flatMap((equals) => chunks(equals, ofOneAge).flatMap(byExplanation))
    .toArray()
  const [first, ...others] = ordered
  const known = others.filter(({ passedOver }) => !passedOver)
  const better = known.filter((other) => other.fits !== false && explainsBetter(other, first!))
  return {
    matches: ordered,
    conflict: byExplanation(better)[0] ?? known.find((other) => claimsBefore(other, first!)) ?? null,
  }
}

/** Runs of what belongs to the first of its run. A chain of small steps must not make an old record as young as a new one, so a run is
 *  measured from its first. */
function chunks<T>(ordered: readonly T[], together: (first: T, other: T) => boolean): T[][] {
  const runs: T[][] = []
  for (const one of ordered) {
    const run = runs.at(-1)
    if (run && together(run[0]!, one)) run.push(one)
    else runs.push([one])
  }
  return runs
}

const ofOneAge = (oldest: Ranked, other: Ranked) => other.registeredAt - oldest.registeredAt < SAME_AGE_S

/** Equal bytes, then what explains clearly more. What explains as much is in the order of the chain: shares and bits are numbers that whoever registers
 *  can choose. Only among records of one publisher, who has nothing to gain by it, do they tell which is nearer. */
function byExplanation<T extends Ranked>(matches: readonly T[]): T[] {
  const best = matches.toSorted((a, b) => bytes(b) - bytes(a) || b.explained - a.explained || a.sequence - b.sequence)
  return chunks(best, asGood).flatMap((equals) => {
    const inOrder = equals.toSorted((a, b) => a.sequence - b.sequence)
    const ofOne = Map.groupBy(inOrder, ({ publisherId }) => publisherId).values()
    return ofOne.flatMap((own) => own.toSorted(nearer)).toArray()
  })
}

const bytes = ({ relation }: Ranked) => Number(relation === 'identical')

const asGood = (best: Ranked, other: Ranked) =>
  bytes(best) === bytes(other) && best.explained - other.explained <= CLEARLY

/** Of two frames of one scene the one that the candidate does not differ from. */
function nearer(a: Ranked, b: Ranked): number {
  return (
    Number(a.relation === 'altered') - Number(b.relation === 'altered') ||
    (a.distanceBits ?? 0) - (b.distanceBits ?? 0) ||
    b.explained - a.explained ||
    a.sequence - b.sequence
  )
}

/** Another publisher's older record, which comes second because its publisher is less trusted, or by equal bytes within the hour: it has these bytes
 *  too, or shows the same with a difference, or has the hashes and evidence of something else. */
function claimsBefore(other: Ranked, first: Ranked): boolean {
  if (other.publisherId === first.publisherId || other.disowned || other.sequence > first.sequence) return false
  if (first.relation === 'identical') return other.relation === 'identical' || other.relation === 'altered'
  if (first.fits && other.fits === false) return true
  return other.relation === 'altered' && first.relation !== 'altered' && other.explained > first.explained - CLEARLY
}

/** Equal bytes explain better than any likeness, and an original of which nothing was altered better than one of which something was; otherwise
 *  only a clear difference counts, for hashes of copies vary by bits. */
function explainsBetter(other: Ranked, first: Ranked): boolean {
  if (first.relation === 'identical') return false
  if (other.relation === 'identical') return true
  if (first.relation === 'altered' && other.relation !== 'altered') return other.explained > first.explained - CLEARLY
  return other.explained > first.explained + CLEARLY
}
