/** Whether what moves in a candidate moves in the original too, along a run. Pure. */
import { evenly } from './film-layouts.ts'
import { PATH, type Run } from './film-path.ts'
import type { Sight } from './film-sight.ts'
import { quantile } from './grid.ts'
import { FILM } from './thresholds.ts'

/** What is compared. */
export interface Seen {
  candidate: Sight
  /** Whether nothing moves in all of the candidate. */
  still: boolean
  original: Sight
  /** Whether most pictures of the candidate were dropped. */
  thinned: boolean
}

/** Runs along which what moves does so in both. Where that is sure of some, less is asked of others: it is the same original. Where nothing moves at
 * all, the pictures have to do; where something does, but not here, nothing is known: so empty is the street at other times, too. */
export function verified(runs: readonly Run[], sights: Seen): Run[] {
  const agreements = new Map(runs.map((run) => [run, agreementOf(run, sights)]))
  const sure = runs.some((run) => agreements.get(run)! >= FILM.leastAgreement)
  const least = sure ? FILM.leastBeside : FILM.leastAgreement
  const still = sure || sights.still
  const moves = (run: Run) => (agreements.get(run) ?? (still && agrees(run) ? 1 : 0)) >= least
  const known = runs.filter(moves)
  return sights.thinned ? runs.filter((run) => moves(run) || isAmid(run, known)) : known
}

/** Whether it lies between two runs on its own line. Where most pictures were dropped the few that are left may be a frame off, and what moves fast with them. */
function isAmid(run: Run, known: readonly Run[]): boolean {
  const beside = known.filter(({ offsetMs }) => Math.abs(offsetMs - run.offsetMs) <= PATH.lineMs)
  return beside.some(({ to }) => to < run.from) && beside.some(({ from }) => from > run.to)
}

const agrees = ({ pairs }: Run) => pairs.length >= FILM.leastPairs && pairs.every(({ gain }) => gain > 0)

/** The median correlation of what moves along a run; null where too little does. */
function agreementOf({ pairs }: Run, { candidate, original }: Seen): number | null {
  if (pairs.length < FILM.leastPairs) return 0
  const agreements = movements(pairs, candidate, original)
  if (agreements.length < FILM.leastMoving) return null
  // Of few the lower one: two that agree by chance are not half of four.
  return agreements.sort((a, b) => a - b)[(agreements.length - 1) >> 1]!
}

/** Whether nothing moves in all of a candidate. */
export function isStill(candidate: Sight): boolean {
  const some = Array.from({ length: 24 }, (_, i) => Math.floor((i * candidate.count) / 24))
  const middle = middleOf(candidate, some)
  return some.every((picture) => apart(candidate, picture, middle) < FILM.moving)
}

function apart({ cells, vectors }: Sight, picture: number, middle: Float32Array): number {
  let sum = 0
  for (let k = 0, at = picture * cells; k < cells; k++, at++) sum += (vectors[at]! - middle[k]!) ** 2
  return sum
}

/** For each pair in which something moved the correlation of what did: of the differences from the middle of the run, which what passes does not reach. */
function movements(pairs: Run['pairs'], candidate: Sight, original: Sight): number[] {
  const which = evenly(pairs, MOST_IN_MIDDLE)
  const a = middleOf(
    candidate,
    which.map(({ picture }) => picture),
  )
  const b = middleOf(
    original,
    which.map(({ moment }) => moment),
  )
  const found: { energy: number; agreement: number }[] = []
  for (const { picture, moment } of pairs) {
    let [aa, bb, ab] = [0, 0, 0]
    for (let k = 0, p = picture * a.length, q = moment * b.length; k < a.length; k++, p++, q++) {
      const [x, y] = [candidate.vectors[p]! - a[k]!, original.vectors[q]! - b[k]!]
      aa += x * x
      bb += y * y
      ab += x * y
    }
    // What rough evidence lost differs from what fine evidence lost, where nothing moves, too.
    const moved = bb - original.noise[moment]!
    if (Math.min(aa, bb) > FILM.moving || Math.max(aa, moved) > FILM.movingMuch)
      found.push({ energy: Math.min(aa, bb), agreement: ab / Math.sqrt(aa * bb || 1) })
  }
  return ofEvents(found)
}

/** Of the pairs in which much more happens than in most, where there are such: the rest is noise. */
function ofEvents(found: readonly { energy: number; agreement: number }[]): number[] {
  const usual = quantile(
    Float32Array.from(found, ({ energy }) => energy),
    0.25,
  )
  const events = found.filter(({ energy }) => energy > FILM.event * usual)
  return (events.length < FILM.leastMoving ? found : events).map(({ agreement }) => agreement)
}

/** Pairs of which the middle is taken: of more it is the same. */
const MOST_IN_MIDDLE = 61

/** The middle value of each cell. */
function middleOf({ cells, vectors }: Sight, which: readonly number[]): Float32Array {
  const middle = new Float32Array(cells)
  const values = new Float32Array(which.length)
  for (let k = 0; k < cells; k++) {
    for (const [n, one] of which.entries()) values[n] = vectors[one * cells + k]!
    middle[k] = values.sort()[values.length >> 1]!
  }
  return middle
}
