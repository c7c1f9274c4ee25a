/**
 * Frames of a candidate and of an original as vectors that can be compared by one product: both reduced to the same few cells of the original's frame,
 * as one layout lays the one over the other, with mean 0 and length 1. So brightness and contrast do not matter, and the product is their correlation.
 *
 * Pure: the same input gives the same answer.
 */
import type { Film, Plane } from '../fingerprint/index.ts'
import { type Affine, compose, invert, scaleOf, scaling } from './affine.ts'
import { FRAME_MS, type Run } from './film-path.ts'
import type { Clock, Tells } from './film-stretches.ts'
import { emptyGrid, type Grid, gridOf, halve, lendingGrids, sample } from './grid.ts'
import { kernels } from './kernels.ts'
import { FILM } from './thresholds.ts'

/** Cells of the longer side of a frame: a face in the middle distance has some of them, noise of compression is averaged away. */
const CELLS = 48

/** Vectors of equally many values, one after the other. */
export interface Sight {
  /** Values of one vector: cells that both show. */
  cells: number
  count: number
  vectors: Float32Array
  /** Contrast of each: standard deviation over its cells, grey levels. */
  contrast: Float32Array
  /** Of each, what the evidence lost may leave of its squared length. */
  noise: Float32Array
}

/** Which cells of the original's frame a candidate shows. */
export interface Window {
  width: number
  height: number
  /** Numbers of the cells. */
  shown: Int32Array
}

/** An original's frames, reduced. */
export interface Reduced {
  width: number
  height: number
  grids: Float32Array[]
  /** Of each, what the evidence lost: squared grey levels of a pixel. */
  losses: number[]
}

/** @param lumas of one size, of which one at a time is held. */
export function reduceFrames(lumas: Iterable<Plane>): Reduced {
  const all: Reduced = { width: 0, height: 0, grids: [], losses: [] }
  for (const luma of lumas) {
    const { width, height, data } = lendingGrids(() => reduced(gridOf(luma), CELLS))
    Object.assign(all, { width, height })
    all.grids.push(data)
    all.losses.push(lossOf(luma))
  }
  return all
}

/** Mean of what a picture lost as evidence, squared grey levels: the less, the more it shows. 0 of one that was not. */
export function lossOf({ losses }: Plane): number {
  const { variances } = losses ?? { variances: new Float32Array(1) }
  return variances.reduce((sum, value) => sum + value, 0) / variances.length
}

/** Halved until the longer side has at most so many. */
function reduced(grid: Grid, longest: number): Grid {
  let small = grid
  while (Math.max(small.width, small.height) > longest) small = halve(small)
  return { ...small, data: small.data.slice() }
}

/** Which cells of the original the candidate shows wholly. @param transform from the candidate to the original, both in their longer sides. */
export function windowOf(transform: Affine, original: { width: number; height: number }, film: Film): Window {
  const seen = lendingGrids(() => sampled(emptyGrid(film.width, film.height), transform, original))
  const shown: number[] = []
  for (let i = 0; i < seen.data.length; i++) if (!Number.isNaN(seen.data[i])) shown.push(i)
  return { width: original.width, height: original.height, shown: Int32Array.from(shown) }
}

/** The candidate's picture in the cells of the original's frame. */
function sampled(picture: Grid, transform: Affine, { width, height }: { width: number; height: number }): Grid {
  const own = Math.max(picture.width, picture.height)
  let map = compose(scaling(own), compose(invert(transform), scaling(1 / Math.max(width, height))))
  let from = picture
  for (; scaleOf(map) > 1.5 && Math.min(from.width, from.height) > 2; map = compose(scaling(0.5), map))
    from = halve(from)
  return sample(from, map, width, height)
}

export function sightOfFilm(film: Film, transform: Affine, window: Window): Sight {
  const sight = emptySight(window.shown.length, film.timesMs.length)
  for (let i = 0; i < sight.count; i++)
    lendingGrids(() => put(sight, i, sampled(gridOf(pictureAt(film, i)), transform, window).data, window))
  return sight
}

export function sightOfFrames({ grids, losses }: Reduced, window: Window): Sight {
  const sight = emptySight(window.shown.length, grids.length)
  for (const [n, grid] of grids.entries()) {
    put(sight, n, grid, window)
    sight.noise[n] = (FILM.lossKept * losses[n]!) / Math.max(1, sight.contrast[n]! ** 2)
  }
  return sight
}

function emptySight(cells: number, count: number): Sight {
  const [contrast, noise] = [new Float32Array(count), new Float32Array(count)]
  return { cells, count, vectors: new Float32Array(cells * count), contrast, noise }
}

function put({ cells, vectors, contrast }: Sight, n: number, data: Float32Array, { shown }: Window): void {
  let [sum, squares] = [0, 0]
  for (let k = 0; k < cells; k++) sum += data[shown[k]!]!
  const mean = sum / cells
  for (let k = 0, at = n * cells; k < cells; k++, at++) {
    const value = data[shown[k]!]! - mean
    vectors[at] = value
    squares += value * value
  }
  const length = Math.sqrt(squares)
  contrast[n] = length / Math.sqrt(cells)
  if (length > 0) for (let k = 0, at = n * cells; k < cells; k++, at++) vectors[at]! /= length
}

/** Correlation of two of them, −1 to 1. */
export function product(a: Sight, i: number, b: Sight, j: number): number {
  const { cells } = a
  let sum = 0
  for (let k = 0, p = i * cells, q = j * cells; k < cells; k++, p++, q++) sum += a.vectors[p]! * b.vectors[q]!
  return sum
}

/** As `product`, to six digits, of some with all of another: in each round with one of the first, whose number is the n-th of `which`.
 * @param see is lent the products, by number of the other. */
export function eachProducts(
  a: Sight,
  which: readonly number[],
  b: Sight,
  see: (products: Float32Array, n: number) => void,
): void {
  const { run, memory } = kernels()
  memory.clear()
  const [one, all, to] = [memory.take(4 * a.cells), memory.put(b.vectors), memory.take(4 * b.count)]
  for (const [n, i] of which.entries()) {
    memory.floats(one, a.cells).set(a.vectors.subarray(i * a.cells, (i + 1) * a.cells))
    run.products(one, all, b.count, a.cells, to)
    see(memory.floats(to, b.count), n)
  }
}

/** The candidate's own course: where it changes at once, and where it stands still. @param momentsMs of the original, in order. */
export function createFilmClock(film: Film, durationMs: number, momentsMs: readonly number[]): Clock {
  const frames = reduceFrames(film.timesMs.map((_, i) => pictureAt(film, i)))
  const { width, height } = frames
  const sight = sightOfFrames(frames, {
    width,
    height,
    shown: Int32Array.from({ length: width * height }, (_, i) => i),
  })
  return {
    timesMs: film.timesMs,
    durationMs,
    tells: tellsOf(film, durationMs),
    cutBetween(from, to) {
      let [cut, least] = [(from + to + 1) >> 1, CUT]
      for (let i = from + 1; i <= to; i++) {
        // Pictures that show nothing are alike, whatever their noise is.
        if (Math.max(sight.contrast[i - 1]!, sight.contrast[i]!) < FILM.leastContrast) continue
        const like = product(sight, i - 1, sight, i)
        if (like < least) [cut, least] = [i, like]
      }
      return cut
    },
    isBlind: (run, from, to) =>
      isThinned(film) && shownBetween(run, film.timesMs.slice(from + 1, to), momentsMs) <= FILM.thinned.missed,
    isStill: (from, to) =>
      product(sight, from, sight, to) > STILL && product(sight, from, sight, (from + to) >> 1) > STILL,
  }
}

/** How many pictures show a moment if they are on a run's line. */
function shownBetween({ offsetMs, speed }: Run, timesMs: readonly number[], momentsMs: readonly number[]): number {
  let at = 0
  return timesMs.filter((ms) => {
    const shownMs = offsetMs + speed * ms
    while (at + 1 < momentsMs.length && momentsMs[at + 1]! <= shownMs) at++
    return [at, at + 1].some((n) => Math.abs((momentsMs[n] ?? Number.POSITIVE_INFINITY) - shownMs) <= FRAME_MS)
  }).length
}

/** Milliseconds from picture to picture up to which one of them is near enough to each moment. */
const DENSE_MS = 200

/** Whether so many pictures were dropped that what was shown between two of them may be another thing. */
export const isThinned = ({ stepMs = 0 }: Film): boolean => stepMs > DENSE_MS

/** Milliseconds for which something must differ in a film whose pictures were thinned out, to be told. */
export const toldFromMs = ({ timesMs }: Film, durationMs: number): number =>
  (FILM.thinned.pictures * durationMs) / timesMs.length

function tellsOf(film: Film, durationMs: number): Tells {
  const { gapMs, edgeMs, sameLineMs, cutMs, repeatedMs, nearMs } = FILM
  if (!isThinned(film)) return { gapMs, edgeMs, sameLineMs, cutMs, repeatedMs, regionMs: 0, nearMs }
  const { apartMs } = FILM.thinned
  const longMs = toldFromMs(film, durationMs)
  return {
    gapMs: longMs,
    edgeMs: longMs,
    sameLineMs: apartMs,
    cutMs: apartMs,
    repeatedMs: apartMs,
    regionMs: longMs,
    nearMs: Math.max(nearMs, 2 * longMs),
  }
}

/** Correlation of neighbours below which a picture is cut to another, and above which nothing has moved. */
const CUT = 0.98
const STILL = 0.9995

/** One picture of a film. */
export function pictureAt({ width, height, samples }: Film, i: number): Plane {
  return { width, height, samples: samples.subarray(i * width * height, (i + 1) * width * height) }
}
