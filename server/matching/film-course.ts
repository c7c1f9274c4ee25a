/**
 * In which order a candidate runs through an original, under one layout: gains of pairs of its pictures with the original's moments, the best path
 * through them at the right speed, and whether what moves there moves in both.
 *
 * The last is what makes a copy: the same camera shows the same street a minute later, and every frame is like every other; what passes is not.
 */
import type { Film } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import { evenly } from './film-layouts.ts'
import { isStill, type Seen, verified } from './film-movement.ts'
import { bestPath, FRAME_MS, GAIN_UNIT, type Observations, PATH, type Pair, type Run } from './film-path.ts'
import {
  eachProducts,
  isThinned,
  product,
  type Reduced,
  type Sight,
  sightOfFilm,
  sightOfFrames,
  type Window,
  windowOf,
} from './film-sight.ts'
import { exactOffset, type Shown, straightened } from './film-straight.ts'
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
    thinned: isThinned(film),
    dropped: film.stepMs !== undefined,
    nearMs: isThinned(film) ? FRAME_MS : Number.POSITIVE_INFINITY,
    momentsMs: timesMs,
  }
}

/** Pairs that are most alike, in which cells are judged. */
const JUDGING = 25

/** Cells, by their place in the window, without those that differ much more than others even where all is most alike. Null where these are none, or most of
 * what moves in the original is in them: another second of the same shot differs in just that. */
function agreeingCells({ candidate, original, picturesMs }: Sights): Int32Array | null {
  const pairs = Array.from({ length: original.count }, (_, moment) => ({ picture: 0, moment, like: -1 }))
  const some = spaced(picturesMs)
  eachProducts(candidate, some, original, (likes, n) => {
    for (const best of pairs) {
      const like = likes[best.moment]!
      if (like > best.like) [best.picture, best.like] = [some[n]!, like]
    }
  })
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

interface Sights extends Seen {
  nearMs: number
  /** Whether pictures of the candidate were dropped. */
  dropped: boolean
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
function observe(
  { candidate, original, picturesMs, momentsMs, nearMs }: Sights,
  which: readonly number[],
): Observations {
  const gains = new Float32Array(which.length * original.count)
  eachProducts(candidate, which, original, (likes, n) => {
    const contrast = candidate.contrast[which[n]!]!
    for (let j = 0, at = n * original.count; j < original.count; j++, at++)
      // Two that show nothing tell nothing; one that shows something is not shown by nothing.
      if (Math.max(contrast, original.contrast[j]!) >= FILM.leastContrast)
        gains[at] = GAIN_UNIT * Math.round(gainOf(likes[j]!) / GAIN_UNIT)
  })
  return { pictures: which, picturesMs: which.map((i) => picturesMs[i]!), momentsMs, nearMs, gains }
}

function shownBy({ candidate, original, picturesMs, momentsMs }: Sights): Shown {
  const likeOf = (picture: number, moment: number) => product(candidate, picture, original, moment)
  return { picturesMs, momentsMs, likeOf, gainOf }
}

/** For each moment of a run the picture that shows it best, of all that are near: at 30 a second it is mostly the same frame. */
function sharpened(run: Run, sights: Sights): Run {
  const { candidate, original, picturesMs, momentsMs } = sights
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
  const offsetMs = offsets.sort((a, b) => a - b)[offsets.length >> 1] ?? run.offsetMs
  const sharp = { ...run, pairs: kept, gain, offsetMs }
  return sights.dropped ? { ...sharp, offsetMs: exactOffset(sharp, shownBy(sights)) } : sharp
}

const NEAR_MS = 100
/** From half to twice, a fortieth apart: lines forgive a percent. */
const SPEEDS = Array.from({ length: 28 }, (_, i) => 1.025 ** (i + 1)).flatMap((speed) => [speed, 1 / speed])

/** The best path at the original's own speed, unless it leaves much of the candidate and another speed does not. What hardly moves fits at any, so
 * only what moves alike counts. */
function fastest(of: Observations, sights: Sights): Course {
  const at = (speed: number): Course => {
    const path = bestPath(of, speed).runs
    const runs = verified(
      sights.thinned ? straightened(path, shownBy(sights)) : path.map((run) => sharpened(run, sights)),
      sights,
    )
    const { picturesMs } = sights
    const followedMs = runs.reduce((sum, { from, to }) => sum + picturesMs[to]! - picturesMs[from]!, 0)
    const followed = followedMs / Math.max(1, picturesMs.at(-1)! - picturesMs[0]!)
    return { speed, runs, gain: runs.reduce((sum, run) => sum + run.gain - FILM.anotherRun, 0), followed }
  }
  const plain = at(1)
  if (plain.followed >= FILM.followed && !slips(plain.runs)) return plain
  const some = thinned(of)
  const likely = SPEEDS.map((speed) => ({ speed, gain: bestPath(some, speed).gain })).sort((a, b) => b.gain - a.gain)
  const best = likely
    .slice(0, FILM.speeds)
    .map(({ speed }) => at(speed))
    .reduce((a, b) => (b.gain > a.gain ? b : a))
  if (best.followed < FILM.followedElse || !isBetter(best, plain)) return plain
  const exact = at(slopeOf(best, sights))
  return exact.runs.length > 0 && exact.gain >= FILM.better.nearly * best.gain ? exact : best
}

/** Pictures by which speeds are told apart before the likely ones are tried on all: half a minute of every one. */
const MOST_TRIED = 500

/** Some of the pictures, evenly, where there are many. */
function thinned(of: Observations): Observations {
  const { pictures, picturesMs, momentsMs, gains } = of
  if (pictures.length <= MOST_TRIED) return of
  const which = evenly([...pictures.keys()], MOST_TRIED)
  const wide = momentsMs.length
  const kept = new Float32Array(which.length * wide)
  for (const [n, i] of which.entries()) kept.set(gains.subarray(i * wide, (i + 1) * wide), n * wide)
  return {
    ...of,
    pictures: which.map((i) => pictures[i]!),
    picturesMs: which.map((i) => picturesMs[i]!),
    gains: kept,
  }
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
