/**
 * Finer alignment of a copy with its original: Gauss–Newton from coarse to fine, over an affine map.
 *
 * Source: S. Baker, I. Matthews, "Lucas-Kanade 20 Years On" (2004), §3.2, the inverse compositional algorithm: gradients are those of
 * the original and stay. Both pictures are first freed of their tone (mean and contrast around each pixel), and each pixel counts the less the
 * worse it fits (Cauchy), so that neither another grading nor an altered region pulls.
 */
import { type Affine, compose, invert, scaling } from './affine.ts'
import { boxBlur, emptyGrid, type Grid, placeOf, quantile } from './grid.ts'
import { kernels } from './kernels.ts'
import { equations, solve } from './solve.ts'

/** Pixels around a pixel from which its mean and contrast are taken. */
const RADIUS = 4
/** Grey levels. Contrast under this is noise. */
const CONTRAST_FLOOR = 4
const STEPS = 6
/** Weight, in pixels, of a step of half a side. */
const HELD = 40_000
/** Pixels. A step that moves the corners less than this is the last one. */
const SMALL_STEP = 0.02

/** Mean 0 and contrast 1 around each pixel. */
export function withoutTone(grid: Grid): Grid {
  const { run } = kernels()
  const [data, mean] = [placeOf(grid.data), placeOf(boxBlur(grid, RADIUS).data)]
  const to = emptyGrid(grid.width, grid.height)
  const [count, out] = [grid.data.length, placeOf(to.data)]
  run.squaresOff(data, mean, count, out)
  const variance = placeOf(boxBlur(to, RADIUS).data)
  run.withoutTone(data, mean, variance, count, CONTRAST_FLOOR, out)
  return to
}

/** One level of both pictures, of about the same scale. */
export interface Pair {
  original: Grid
  candidate: Grid
  /** Pixels of this level to a pixel of the finest. */
  originalScale: number
  candidateScale: number
}

/** @param pairs from coarse to fine; each map below is in pixels of the pair at hand, so `map` takes positions of the finest pair.
 *  @param map from the original's finest grid to the candidate's finest. @returns the same, finer. */
export function refine(pairs: readonly Pair[], map: Affine): Affine {
  let found = map
  for (const pair of pairs) {
    const original = scaling(pair.originalScale)
    const candidate = scaling(pair.candidateScale)
    const level = refineLevel(pair, compose(candidate, compose(found, invert(original))))
    const next = compose(invert(candidate), compose(level, original))
    // Waves and bricks fit in many places: the map that was given is known to a hundredth.
    if (strayed(map, next, pair) <= MAX_STRAY) found = next
  }
  return found
}

/** Pixels of the original that say where it lies: those with the steepest slopes. Their places, slopes and values are lists one behind the other. */
interface Marks {
  count: number
  at: number
  /** Floats of each list. */
  most: number
  /** Room for the image at each. */
  image: number
}

/** The last fraction of a pixel, once the original has the copy's tone and sharpness. @param map from the prediction to the image. */
export function polish(prediction: Grid, image: Grid, map: Affine): Affine {
  const marks = marksOf(prediction)
  let found = map
  for (let i = 0; i < POLISHES; i++) {
    sampleAt(image, found, marks)
    const step = stepOf(marks, prediction)
    // A longer step has lost its way.
    if (!step || cornersMoved(step, prediction) > 4) return found
    found = compose(found, invert(step))
  }
  return found
}

const POLISHES = 3

/** Of the original's longer side. */
const MAX_STRAY = 0.025

/** How far a corner went from where it was given, in the original's longer side. */
function strayed(from: Affine, to: Affine, { original, originalScale }: Pair): number {
  const size = { width: original.width / originalScale, height: original.height / originalScale }
  return cornersMoved(compose(invert(from), to), size) / Math.max(size.width, size.height)
}

function refineLevel({ original, candidate }: Pair, start: Affine): Affine {
  const marks = marksOf(withoutTone(original))
  const image = withoutTone(candidate)
  let map = start
  for (let i = 0; i < STEPS; i++) {
    sampleAt(image, map, marks)
    const step = stepOf(marks, original)
    if (!step) return map
    map = compose(map, invert(step))
    if (cornersMoved(step, original) < SMALL_STEP) return map
  }
  return map
}

/** At most this many: more do not place it better. */
const MAX_MARKS = 10_000

function marksOf({ width, height, data }: Grid): Marks {
  const { run, memory } = kernels()
  const [from, slopes] = [placeOf(data), emptyGrid(width, height).data]
  run.slopesOf(from, width, height, placeOf(slopes))
  const least = quantile(slopes, Math.max(0.3, 1 - MAX_MARKS / slopes.length))
  const most = Math.min(slopes.length, 2 * MAX_MARKS)
  const at = memory.take(20 * most)
  const count = run.findMarks(from, placeOf(slopes), width, height, least, most, at)
  return { count, at, most, image: memory.take(4 * count) }
}

/** The image at the marks; NaN outside. */
function sampleAt({ width, height, data }: Grid, map: Affine, { at, most, count, image }: Marks): void {
  kernels().run.sampleAt(placeOf(data), width, height, ...map, at, at + 4 * most, count, image)
}

/** The affine step of the original's pixels that would bring it to the candidate, as it is at the marks, or null if nothing determines it. */
function stepOf(marks: Marks, { width, height }: { width: number; height: number }): Affine | null {
  const scale = spreadOf(marks)
  if (!scale) return null
  const { run, memory } = kernels()
  const half = Math.max(width, height) / 2
  const to = equations(6, 1)
  const matrix = memory.take(8 * 42)
  const sums = memory.doubles(matrix, 42).fill(0)
  run.collectStep(marks.at, marks.most, marks.count, marks.image, width, height, half, scale, matrix)
  to.matrix.set(sums.subarray(0, 36))
  to.sides[0]!.set(sums.subarray(36))
  // Towards no step, as far as pixels of this level are known beforehand.
  const held = (HELD * scale * scale) / (half * half)
  for (let i = 0; i < 6; i++) to.matrix[i * 7]! += 1e-3 * to.matrix[i * 7]! + held
  const p = solve(to)?.[0]
  return p ? centred(p, width, height, half) : null
}

/** Half of the differences are smaller. */
function spreadOf({ at, most, count, image }: Marks): number {
  const { memory } = kernels()
  const [a, b] = [memory.floats(at + 16 * most, count), memory.floats(image, count)]
  const some: number[] = []
  const stride = Math.max(1, Math.floor(b.length / 1000))
  for (let i = 0; i < b.length; i += stride) if (!Number.isNaN(b[i])) some.push(Math.abs(a[i]! - b[i]!))
  return some.length < 30 ? 0 : Math.max(0.05, 1.5 * quantile(some, 0.5))
}

/** From unknowns around the middle, in half sides, to pixels. */
function centred(p: Float64Array, width: number, height: number, half: number): Affine {
  const [a, b, c, d, e, f] = [p[0]! / half, p[1]! / half, p[2]!, p[3]! / half, p[4]! / half, p[5]!]
  const [cx, cy] = [width / 2, height / 2]
  return [1 + a, b, c - a * cx - b * cy, d, 1 + e, f - d * cx - e * cy]
}

function cornersMoved([a, b, c, d, e, f]: Affine, { width, height }: { width: number; height: number }): number {
  let most = 0
  for (const [x, y] of [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const)
    most = Math.max(most, Math.abs(a * x + b * y + c - x), Math.abs(d * x + e * y + f - y))
  return most
}
