/**
 * Finer alignment of a copy with its original: Gauss–Newton from coarse to fine, over an affine map.
 *
 * Source: S. Baker, I. Matthews, "Lucas-Kanade 20 Years On" (2004), §3.2, the inverse compositional algorithm: gradients are those of
 * the original and stay. Both pictures are first freed of their tone (mean and contrast around each pixel), and each pixel counts the less the
 * worse it fits (Cauchy), so that neither another grading nor an altered region pulls.
 */
import { type Affine, compose, invert, scaling } from './affine.ts'
import { boxBlur, emptyGrid, type Grid, quantile } from './grid.ts'
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
  const mean = boxBlur(grid, RADIUS)
  const squares = emptyGrid(grid.width, grid.height)
  for (let i = 0; i < grid.data.length; i++) squares.data[i] = (grid.data[i]! - mean.data[i]!) ** 2
  const variance = boxBlur(squares, RADIUS)
  for (let i = 0; i < grid.data.length; i++)
    squares.data[i] = (grid.data[i]! - mean.data[i]!) / (Math.sqrt(Math.max(0, variance.data[i]!)) + CONTRAST_FLOOR)
  return squares
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

/** Pixels of the original that say where it lies: those with the steepest slopes, spread by the stride. */
interface Marks {
  count: number
  x: Float32Array
  y: Float32Array
  slopeX: Float32Array
  slopeY: Float32Array
  value: Float32Array
}

/** The last fraction of a pixel, once the original has the copy's tone and sharpness. @param map from the prediction to the image. */
export function polish(prediction: Grid, image: Grid, map: Affine): Affine {
  const marks = marksOf(prediction)
  let found = map
  for (let i = 0; i < POLISHES; i++) {
    const step = stepOf(marks, prediction, sampleAt(image, found, marks))
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
    const step = stepOf(marks, original, sampleAt(image, map, marks))
    if (!step) return map
    map = compose(map, invert(step))
    if (cornersMoved(step, original) < SMALL_STEP) return map
  }
  return map
}

/** At most this many: more do not place it better. */
const MAX_MARKS = 10_000

function marksOf({ width, height, data }: Grid): Marks {
  const slopes = new Float32Array(width * height)
  for (let y = 1; y < height - 1; y++)
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++)
      slopes[i] = Math.abs(data[i + 1]! - data[i - 1]!) + Math.abs(data[i + width]! - data[i - width]!)
  const least = quantile(slopes, Math.max(0.3, 1 - MAX_MARKS / slopes.length))
  const marks = emptyMarks(slopes.length)
  for (let i = width; i < slopes.length - width && marks.count < 2 * MAX_MARKS; i++) {
    if (!(slopes[i]! > least)) continue
    const n = marks.count++
    marks.x[n] = (i % width) + 0.5
    marks.y[n] = Math.floor(i / width) + 0.5
    marks.slopeX[n] = (data[i + 1]! - data[i - 1]!) / 2
    marks.slopeY[n] = (data[i + width]! - data[i - width]!) / 2
    marks.value[n] = data[i]!
  }
  return marks
}

function emptyMarks(pixels: number): Marks {
  const [x, y, slopeX, slopeY, value] = Array.from(
    { length: 5 },
    () => new Float32Array(Math.min(pixels, 2 * MAX_MARKS)),
  )
  return { count: 0, x: x!, y: y!, slopeX: slopeX!, slopeY: slopeY!, value: value! }
}

/** The image at the marks; NaN outside. */
function sampleAt({ width, height, data }: Grid, [a, b, c, d, e, f]: Affine, marks: Marks): Float32Array {
  const out = new Float32Array(marks.count).fill(Number.NaN)
  for (let n = 0; n < marks.count; n++) {
    const [x, y] = [marks.x[n]!, marks.y[n]!]
    const u = a * x + b * y + c - 0.5
    const v = d * x + e * y + f - 0.5
    if (!(u >= 0 && v >= 0 && u < width - 1 && v < height - 1)) continue
    const x0 = u | 0
    const y0 = v | 0
    const p = y0 * width + x0
    const upper = data[p]! + (u - x0) * (data[p + 1]! - data[p]!)
    const lower = data[p + width]! + (u - x0) * (data[p + width + 1]! - data[p + width]!)
    out[n] = upper + (v - y0) * (lower - upper)
  }
  return out
}

/** The affine step of the original's pixels that would bring it to the candidate, or null if nothing determines it. */
function stepOf(marks: Marks, { width, height }: Grid, image: Float32Array): Affine | null {
  const scale = spreadOf(marks.value, image)
  if (!scale) return null
  const half = Math.max(width, height) / 2
  const to = equations(6, 1)
  const parts = new Float64Array(6)
  const side = to.sides[0]!
  for (let n = 0; n < marks.count; n++) {
    const difference = image[n]! - marks.value[n]!
    if (Number.isNaN(difference)) continue
    const weight = 1 / (1 + (difference / scale) * (difference / scale))
    const u = (marks.x[n]! - width / 2) / half
    const v = (marks.y[n]! - height / 2) / half
    parts[2] = marks.slopeX[n]!
    parts[0] = parts[2] * u
    parts[1] = parts[2] * v
    parts[5] = marks.slopeY[n]!
    parts[3] = parts[5] * u
    parts[4] = parts[5] * v
    for (let i = 0; i < 6; i++) {
      const part = weight * parts[i]!
      for (let j = 0; j <= i; j++) to.matrix[6 * i + j]! += part * parts[j]!
      side[i]! += part * difference
    }
  }
  // Towards no step, as far as pixels of this level are known beforehand.
  const held = (HELD * scale * scale) / (half * half)
  for (let i = 0; i < 6; i++) to.matrix[i * 7]! += 1e-3 * to.matrix[i * 7]! + held
  const p = solve(to)?.[0]
  return p ? centred(p, width, height, half) : null
}

/** Half of the differences are smaller. */
function spreadOf(a: Float32Array, b: Float32Array): number {
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
