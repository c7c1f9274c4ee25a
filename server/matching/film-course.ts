/**
 * In which order a candidate runs through an original, under one layout: gains of pairs of its pictures with the original's moments, the best path
 * through them at the right speed, and whether what moves there moves in both.
 *
 * The last is what makes a copy: the same camera shows the same street a minute later, and every frame is like every other; what passes is not.
 */
import type { Film } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import { bestPath, type Observations, PATH, type Run } from './film-path.ts'
import { product, type Reduced, type Sight, sightOfFilm, sightOfFrames, windowOf } from './film-sight.ts'
import { FILM } from './thresholds.ts'

export interface Course {
  runs: Run[]
  speed: number
  gain: number
}

/** An original's moments as they are compared. */
export interface Moments {
  timesMs: readonly number[]
  reduced: Reduced
}

/** The candidate's course through the original's moments under a layout; null where too little of it is laid on the original. */
export function courseOf(film: Film, moments: Moments, transform: Affine): Course | null {
  const window = windowOf(transform, moments.reduced, film)
  if (window.shown.length < FILM.leastCells) return null
  const sights: Sights = {
    candidate: sightOfFilm(film, transform, window),
    original: sightOfFrames(moments.reduced, window),
    picturesMs: film.timesMs,
    momentsMs: moments.timesMs,
  }
  const course = fastest(observe(sights, spaced(film.timesMs)))
  const runs = course.runs.map((run) => sharpened(run, sights)).filter((run) => movesAlike(run, sights))
  return { ...course, runs }
}

interface Sights {
  candidate: Sight
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
        Math.min(candidate.contrast[i]!, original.contrast[j]!) < FILM.leastContrast
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
  return { ...run, pairs: pairs.filter(({ picture }) => picture >= 0).sort((a, b) => a.picture - b.picture) }
}

const NEAR_MS = 100

/** From half to twice, a fortieth apart: lines forgive a percent. */
const SPEEDS = Array.from({ length: 28 }, (_, i) => 1.025 ** (i + 1)).flatMap((speed) => [speed, 1 / speed])

/** The best path at the original's own speed, unless it leaves much of the candidate and another speed does not: what hardly moves fits at any. */
function fastest(of: Observations): Course {
  const plain = { speed: 1, ...bestPath(of, 1) }
  const { picturesMs } = of
  const followed = plain.runs.reduce((sum, { from, to }) => sum + picturesMs[to]! - picturesMs[from]!, 0)
  if (followed >= FILM.followed * (picturesMs.at(-1)! - picturesMs[0]!)) return plain
  const best = SPEEDS.map((speed) => ({ speed, ...bestPath(of, speed) })).reduce((a, b) => (b.gain > a.gain ? b : a))
  return best.gain > FILM.muchBetter * plain.gain + PATH.start ? best : plain
}

/** What is left of a picture when the other is taken away, against what would be left of a stranger's. */
function gainOf(correlation: number): number {
  const left = correlation > 0 ? 1 - correlation * correlation : 1
  return Math.min(PATH.most, Math.max(-FILM.mostAgainst, Math.log(FILM.strangers / (left + 1e-3))))
}

/** Whether what moves along a run moves in both; a run in which nothing does agrees by what it shows. */
function movesAlike({ pairs }: Run, { candidate, original }: Sights): boolean {
  if (pairs.length < FILM.leastPairs) return false
  const agreements = movements(pairs, candidate, original)
  if (agreements.length < FILM.leastMoving * pairs.length) return pairs.every(({ gain }) => gain > 0)
  return agreements.sort((a, b) => a - b)[agreements.length >> 1]! >= FILM.leastAgreement
}

/** For each pair in which something moved the correlation of what did: of the differences from the mean of the run. */
function movements(pairs: Run['pairs'], candidate: Sight, original: Sight): number[] {
  const [a, b] = [
    meanOf(
      candidate,
      pairs.map(({ picture }) => picture),
    ),
    meanOf(
      original,
      pairs.map(({ moment }) => moment),
    ),
  ]
  const found: number[] = []
  for (const { picture, moment } of pairs) {
    let [aa, bb, ab] = [0, 0, 0]
    for (let k = 0, p = picture * a.length, q = moment * b.length; k < a.length; k++, p++, q++) {
      const [x, y] = [candidate.vectors[p]! - a[k]!, original.vectors[q]! - b[k]!]
      aa += x * x
      bb += y * y
      ab += x * y
    }
    if (Math.max(aa, bb) > FILM.moving) found.push(ab / Math.sqrt(aa * bb || 1))
  }
  return found
}

function meanOf({ cells, vectors }: Sight, which: number[]): Float64Array {
  const mean = new Float64Array(cells)
  for (const one of which)
    for (let k = 0, at = one * cells; k < cells; k++, at++) mean[k]! += vectors[at]! / which.length
  return mean
}
