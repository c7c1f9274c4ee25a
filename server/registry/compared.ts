/** Which of too many records a picture is compared with. Anyone may register any number of lures, so it goes by who might lead, and no publisher
 * takes all places while others wait (docs/protocol.md §5). Pure. */
import { COMPARED, type Proposed, type ProposedFilm, type Standing } from '../matching/index.ts'

/** Of a publisher: higher is more trusted. */
export type TrustOf = (publisherId: number) => number

interface Near {
  distanceBits: number | null
  standing: Standing
}

/** Of records with a near hash those that an answer speaks of: those that might lead, and some that are nearest. */
export function named<T extends Near>(found: readonly T[], trustOf: TrustOf): T[] {
  return found.length <= COMPARED.whole ? [...found] : union(COMPARED.whole, nearest(found), byLead(found, trustOf))
}

/** Of these those that are compared. */
export function nearCompared<T extends Near & { disowned: boolean }>(found: readonly T[], trustOf: TrustOf): T[] {
  const { all, leading, ofOne } = COMPARED.near
  const first = byLead(found, trustOf).sort((a, b) => Number(a.disowned) - Number(b.disowned))
  return first.length <= all ? first : union(all, shared(first, leading, ofOne), nearest(found), first)
}

function nearest<T extends Near>(found: readonly T[]): T[] {
  const ordered = found.toSorted(
    (a, b) => a.distanceBits! - b.distanceBits! || a.standing.sequence - b.standing.sequence,
  )
  return shared(ordered, COMPARED.near.nearest, COMPARED.near.nearestOfOne)
}

/** Of records that share local hashes with the candidate those that are compared. @param explained whether something explains all of it already, though
 *  nothing that is known to lead: then it takes more to be worth it. */
export function proposedCompared<T extends Proposed>(
  likeliestFirst: Iterable<T>,
  { trustOf, wanted, explained }: { trustOf: TrustOf; wanted: (one: Proposed) => boolean; explained: boolean },
): T[] {
  const { all, ofOne, share: least } = explained ? COMPARED.besides : COMPARED.likeliest
  const likely = likelyOnes(likeliestFirst, wanted, all)
  const likeliest = likely.filter(({ share }) => share >= least)
  const trusted = likely.filter(({ standing }) => trustOf(standing.publisherId) > 0)
  const strong = likely.filter(({ share }) => share >= COMPARED.strong.share)
  return union(
    COMPARED.strong.all,
    union(all, shared(likeliest, all, ofOne), likeliest),
    trusted.slice(0, COMPARED.trusted.all),
    shared(byLead(strong, trustOf), COMPARED.strong.oldest, COMPARED.strong.ofOne),
    shared(strong, COMPARED.strong.all, COMPARED.strong.ofOne),
  )
}

/** Of videos that frames of the candidate propose, or of sounds, those that are compared. @param likeliestFirst by how much speaks for them. */
export function filmsCompared<T extends Pick<ProposedFilm, 'standing' | 'share'>>(
  likeliestFirst: readonly T[],
  trustOf: TrustOf,
): T[] {
  const { all, likeliest, ofOne, part, oldest } = COMPARED.films
  const most = likeliestFirst[0]?.share ?? 0
  const strong = likeliestFirst.filter(({ share }) => share >= part * most)
  const trusted = strong.filter(({ standing }) => trustOf(standing.publisherId) > 0)
  return union(
    all,
    shared(likeliestFirst, likeliest, ofOne),
    shared(byLead(trusted, trustOf), oldest, ofOne),
    shared(byLead(strong, trustOf), oldest, ofOne),
  )
}

/** Those that share enough to be chosen for whose they are, and some in any case. Most of a large registry share a feature or two. */
function likelyOnes<T extends Proposed>(likeliestFirst: Iterable<T>, wanted: (one: T) => boolean, least: number): T[] {
  const likely: T[] = []
  for (const one of likeliestFirst) {
    if (one.share < COMPARED.trusted.share && likely.length >= least) break
    if (wanted(one)) likely.push(one)
  }
  return likely
}

/** As `rank` orders what explains as much. */
function byLead<T extends { standing: Standing }>(some: readonly T[], trustOf: TrustOf): T[] {
  return some.toSorted(
    ({ standing: a }, { standing: b }) =>
      trustOf(b.publisherId) - trustOf(a.publisherId) || a.registeredAt - b.registeredAt || a.sequence - b.sequence,
  )
}

/** The first ones, at most so many of one publisher. */
function shared<T extends { standing: Standing }>(ordered: readonly T[], most: number, ofOne: number): T[] {
  const counts = new Map<number, number>()
  const taken: T[] = []
  for (const one of ordered) {
    if (taken.length === most) break
    const count = counts.get(one.standing.publisherId) ?? 0
    if (count === ofOne) continue
    counts.set(one.standing.publisherId, count + 1)
    taken.push(one)
  }
  return taken
}

/** The first `most` of all lists, each once. */
function union<T>(most: number, ...lists: (readonly T[])[]): T[] {
  const all = new Set<T>()
  for (const list of lists)
    for (const one of list) {
      if (all.size === most) return [...all]
      all.add(one)
    }
  return [...all]
}
