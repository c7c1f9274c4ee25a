/**
 * In which order a candidate runs through an original, under one layout: gains of pairs of its pictures with the original's moments, the best path
 * through them at the right speed, and whether what moves there moves in both.
 *
 * The last is what makes a copy: the same camera shows the same street a minute later, and every frame is like every other; what passes is not.
 */
import type { Film } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import { evenly } from './film-layouts.ts'
import { bestPath, type Observations, PATH, type Pair, type Run } from './film-path.ts'
import { product, type Reduced, type Sight, sightOfFilm, sightOfFrames, type Window, windowOf } from './film-sight.ts'
import { quantile } from './grid.ts'
import { FILM } from './thresholds.ts'

export interface Course {
  runs: Run[]
  speed: number
  gain: number
  /** Share of the candidate that is on a run. */
  followed: number
}

/** An original's moments as they are compared. */
export interface Moments {
  timesMs: readonly number[]
  reduced: Reduced
}

/** The candidate's course through the original's moments under a layout; null where too little of it is laid on the original. Where not all of it
 * follows, it is tried again without the cells in which even what is most alike differs: a banner stays as long as the video. */
export function courseOf(film: Film, moments: Moments, transform: Affine): Course | null {
  const window = windowOf(transform, moments.reduced, film)
  if (window.shown.length < FILM.leastCells) return null
  const sights = sightsOf(film, moments, transform, window)
  const course = fastest(observe(sights, spaced(film.timesMs)), sights)
  if (course.followed >= FILM.settled) return course
  const shown = agreeingCells(sights)
  if (!shown || shown.length < FILM.leastCells) return course
  // Where what moves was left out, nothing does.
  const agreeing = { ...window, shown: shown.map((cell) => window.shown[cell]!) }
  const fewer = { ...sightsOf(film, moments, transform, agreeing), still: sights.still }
  const again = fastest(observe(fewer, spaced(film.timesMs)), fewer)
  return again.gain > course.gain ? again : course
}

function sightsOf(film: Film, { timesMs, reduced }: Moments, transform: Affine, window: Window): Sights {
  const candidate = sightOfFilm(film, transform, window)
  return {
    candidate,
    still: isStill(candidate),
    original: sightOfFrames(reduced, window),
    picturesMs: film.timesMs,
    momentsMs: timesMs,
  }
}

/** Pairs that are most alike, in which cells are judged. */
const JUDGING = 25

/** Cells, by their place in the window, without those that differ much more than others even where all is most alike. Null where these are none, or most of
 * what moves in the original is in them: another second of the same shot differs in just that. */
function agreeingCells({ candidate, original, picturesMs }: Sights): Int32Array | null {
  const pairs: { picture: number; moment: number; like: number }[] = []
  const some = spaced(picturesMs)
  for (let moment = 0; moment < original.count; moment++) {
    let best = { picture: 0, moment, like: -1 }
    for (const picture of some) {
      const like = product(candidate, picture, original, moment)
      if (like > best.like) best = { picture, moment, like }
    }
    pairs.push(best)
  }
  const likest = pairs.sort((a, b) => b.like - a.like).slice(0, JUDGING)
  const { cells } = candidate
  const off = new Float32Array(cells)
  for (let k = 0; k < cells; k++)
    off[k] = quantile(
      Float32Array.from(likest, ({ picture, moment }) =>
        Math.abs(candidate.vectors[picture * cells + k]! - original.vectors[moment * cells + k]!),
      ),
      0.5,
    )
  const most = FILM.muchOff * quantile(off, 0.5)
  const kept = Int32Array.from(off.keys().filter((cell) => off[cell]! <= most))
  const moving = movingOf(original)
  const sum = (values: Iterable<number>) => Iterator.from(values).reduce((total, value) => total + value, 0)
  const keeps = sum(kept.values().map((cell) => moving[cell]!)) >= FILM.leastMovementKept * sum(moving)
  return kept.length < cells && keeps ? kept : null
}

/** For each cell how much it changes from moment to moment. */
function movingOf({ cells, count, vectors }: Sight): Float32Array {
  const change = new Float32Array(cells)
  for (let n = 1; n < count; n++)
    for (let k = 0, p = (n - 1) * cells, q = n * cells; k < cells; k++)
      change[k]! += (vectors[q + k]! - vectors[p + k]!) ** 2
  return change
}

interface Sights {
  candidate: Sight
  /** Whether nothing moves in all of the candidate. */
  still: boolean
  original: Sight
  picturesMs: readonly number[]
  momentsMs: readonly number[]
}

/** Numbers of pictures nearly as far apart as lines. */
function spaced(timesMs: readonly number[]): number[] {
  const which: number[] = []
  for (const [i, ms] of timesMs.entries())
    if (which.length === 0 || ms - timesMs[which.at(-1)!]! >= LEAST_SPACE_MS) which.push(i)
  return which
}

const LEAST_SPACE_MS = 60

/** @param which pictures are looked at. */
function observe({ candidate, original, picturesMs, momentsMs }: Sights, which: readonly number[]): Observations {
  const gains = new Float32Array(which.length * original.count)
  let at = 0
  for (const i of which)
    for (let j = 0; j < original.count; j++, at++)
      gains[at] =
        // Two that show nothing tell nothing; one that shows something is not shown by nothing.
        Math.max(candidate.contrast[i]!, original.contrast[j]!) < FILM.leastContrast
          ? 0
          : gainOf(product(candidate, i, original, j))
  return { pictures: which, picturesMs: which.map((i) => picturesMs[i]!), momentsMs, gains }
}

/** For each moment of a run the picture that shows it best, of all that are near: at 30 a second it is mostly the same frame. */
function sharpened(run: Run, { candidate, original, picturesMs, momentsMs }: Sights): Run {
  const seen = [...new Set(run.pairs.map(({ moment }) => moment))]
  const pairs = seen.map((moment) => {
    const atMs = (momentsMs[moment]! - run.offsetMs) / run.speed
    let best = { picture: -1, moment, gain: Number.NEGATIVE_INFINITY }
    for (const [picture, ms] of picturesMs.entries()) {
      if (Math.abs(ms - atMs) > NEAR_MS) continue
      const like = product(candidate, picture, original, moment)
      if (like > best.gain) best = { picture, moment, gain: like }
    }
    return { ...best, gain: gainOf(best.gain) }
  })
  const kept = pairs.filter(({ picture }) => picture >= 0).sort((a, b) => a.picture - b.picture)
  const offsets = kept.map(({ picture, moment }) => momentsMs[moment]! - run.speed * picturesMs[picture]!)
  const gain = kept.reduce((sum, pair) => sum + pair.gain, 0) / run.speed
  return { ...run, pairs: kept, gain, offsetMs: offsets.sort((a, b) => a - b)[offsets.length >> 1] ?? run.offsetMs }
}

const NEAR_MS = 100

/** From half to twice, a fortieth apart: lines forgive a percent. */
const SPEEDS = Array.from({ length: 28 }, (_, i) => 1.025 ** (i + 1)).flatMap((speed) => [speed, 1 / speed])

/** The best path at the original's own speed, unless it leaves much of the candidate and another speed does not. What hardly moves fits at any, so
 * only what moves alike counts. */
function fastest(of: Observations, sights: Sights): Course {
  const at = (speed: number): Course => {
    const runs = verified(
      bestPath(of, speed).runs.map((run) => sharpened(run, sights)),
      sights,
    )
    const { picturesMs } = sights
    const followedMs = runs.reduce((sum, { from, to }) => sum + picturesMs[to]! - picturesMs[from]!, 0)
    const followed = followedMs / Math.max(1, picturesMs.at(-1)! - picturesMs[0]!)
    return { speed, runs, gain: runs.reduce((sum, run) => sum + run.gain - FILM.anotherRun, 0), followed }
  }
  const plain = at(1)
  if (plain.followed >= FILM.followed && !slips(plain.runs)) return plain
  const likely = SPEEDS.map((speed) => ({ speed, gain: bestPath(of, speed).gain })).sort((a, b) => b.gain - a.gain)
  const best = likely
    .slice(0, FILM.speeds)
    .map(({ speed }) => at(speed))
    .reduce((a, b) => (b.gain > a.gain ? b : a))
  if (best.followed < FILM.followedElse || !isBetter(best, plain)) return plain
  const exact = at(slopeOf(best, sights))
  return exact.runs.length > 0 && exact.gain >= FILM.better.nearly * best.gain ? exact : best
}

/** The speed of the longest run, by least squares over its pairs: those that are tried are a fortieth apart. */
function slopeOf({ runs, speed }: Course, { picturesMs, momentsMs }: Sights): number {
  const { pairs } = runs.reduce((longest, run) => (run.pairs.length > longest.pairs.length ? run : longest))
  const mean = (of: (pair: Pair) => number) => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length
  const [t, s] = [mean(({ picture }) => picturesMs[picture]!), mean(({ moment }) => momentsMs[moment]!)]
  const across = mean(({ picture, moment }) => (picturesMs[picture]! - t) * (momentsMs[moment]! - s))
  const along = mean(({ picture }) => (picturesMs[picture]! - t) ** 2)
  const slope = along > 0 ? across / along : speed
  return Math.abs(slope / speed - 1) < 0.05 ? slope : speed
}

/** Whether runs follow each other by small leaps one way, as those of another speed do. */
function slips(runs: readonly Run[]): boolean {
  const leaps = runs.slice(1).map((run, i) => run.offsetMs - runs[i]!.offsetMs)
  const [first] = leaps
  return first !== undefined && leaps.every((leap) => Math.abs(leap) < FILM.slipMs && leap * first > 0)
}

/** Much more, or nearly as much in fewer runs: at another speed all of one take is one run. */
function isBetter(other: Course, plain: Course): boolean {
  const { much, nearly } = FILM.better
  if (other.gain > much * plain.gain + PATH.start) return true
  return other.runs.length > 0 && other.runs.length < plain.runs.length && other.gain >= nearly * plain.gain
}

/** What is left of a picture when the other is taken away, against what would be left of a stranger's. */
function gainOf(correlation: number): number {
  const left = correlation > 0 ? 1 - correlation * correlation : 1
  return Math.min(PATH.most, Math.max(-FILM.mostAgainst, Math.log(FILM.strangers / (left + 1e-3))))
}

/** Runs along which what moves does so in both. Where that is sure of some, less is asked of others: it is the same original. Where nothing moves at
 * all, the pictures have to do; where something does, but not here, nothing is known: so empty is the street at other times, too. */
function verified(runs: readonly Run[], sights: Sights): Run[] {
  const agreements = new Map(runs.map((run) => [run, agreementOf(run, sights)]))
  const sure = runs.some((run) => agreements.get(run)! >= FILM.leastAgreement)
  const least = sure ? FILM.leastBeside : FILM.leastAgreement
  const still = sure || sights.still
  return runs.filter((run) => (agreements.get(run) ?? (still && agrees(run) ? 1 : 0)) >= least)
}

const agrees = ({ pairs }: Run) => pairs.length >= FILM.leastPairs && pairs.every(({ gain }) => gain > 0)

/** The median correlation of what moves along a run; null where too little does. */
function agreementOf({ pairs }: Run, { candidate, original }: Sights): number | null {
  if (pairs.length < FILM.leastPairs) return 0
  const agreements = movements(pairs, candidate, original)
  if (agreements.length < FILM.leastMoving) return null
  // Of few the lower one: two that agree by chance are not half of four.
  return agreements.sort((a, b) => a - b)[(agreements.length - 1) >> 1]!
}

/** Whether nothing moves in all of a candidate. */
function isStill(candidate: Sight): boolean {
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
