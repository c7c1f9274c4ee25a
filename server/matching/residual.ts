/**
 * What remains of a copy when the original, laid over it with its tone and sharpness, is taken away; cell by cell, measured against what
 * noise, detail and the step of the evidence leave there.
 */
import { boxBlur, emptyGrid, type Grid, quantile } from './grid.ts'
import { equations, observe, solve } from './solve.ts'

/** Pixels a side of a cell. */
export const CELL = 4

/** The prediction as sharp as the copy: a sum of it and of blurred ones, fitted. Negative parts sharpen.
 * @returns null where too little is there to say. */
export function sharpened(prediction: Grid, copy: Grid): Grid | null {
  const once = boxBlur(prediction, 1)
  const blurred = [prediction, once, boxBlur(once, 1), boxBlur(boxBlur(once, 2), 2)]
  const parts = fitParts(blurred, copy)
  if (!parts) return null
  const to = emptyGrid(prediction.width, prediction.height)
  const [a, b, c, d, e] = parts as unknown as [number, number, number, number, number]
  const [p, q, r, s] = blurred.map(({ data }) => data) as [Float32Array, Float32Array, Float32Array, Float32Array]
  for (let i = 0; i < to.data.length; i++) to.data[i] = a * p[i]! + b * q[i]! + c * r[i]! + d * s[i]! + e
  return to
}

/** Pixels that are looked at, at most. */
const MAX_PIXELS = 12_000

function fitParts(blurred: Grid[], { data }: Grid): Float64Array | null {
  const at = Int32Array.of(0, 1, 2, 3, 4)
  const parts = new Float64Array(5)
  const value = new Float64Array(1)
  const stride = 2 * Math.ceil(data.length / MAX_PIXELS / 2) + 1
  let found: Float64Array | null = null
  let scale = 1e9
  for (let round = 0; round < 4; round++) {
    const to = equations(at.length, 1)
    const off: number[] = []
    for (let i = 0; i < data.length; i += stride) {
      value[0] = data[i]!
      if (Number.isNaN(value[0])) continue
      for (let k = 0; k < 4; k++) parts[k] = blurred[k]!.data[i]!
      parts[4] = 1
      const difference = found ? value[0] - dot(parts, found) : 0
      off.push(Math.abs(difference))
      observe(to, at, parts, value, 1 / (1 + (difference / scale) ** 2))
    }
    if (off.length < 100) return null
    // Towards the prediction as it is, with the weight of a few pixels.
    for (let k = 0; k < 4; k++) {
      to.matrix[k * 6]! += off.length
      if (k === 0) to.sides[0]![0]! += off.length
    }
    found = solve(to)?.[0] ?? null
    if (!found) return null
    scale = round === 0 ? 12 : Math.max(1, 2 * quantile(off, 0.5))
  }
  return found
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

/** Means over cells of 4×4, which may be cut short at the border; NaN as soon as one pixel is NaN. */
export function cellMeans({ width, height, data }: Grid): Grid {
  const to = emptyGrid(Math.ceil(width / CELL), Math.ceil(height / CELL))
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0, row = (y >> 2) * to.width; x < width; x++, i++) to.data[row + (x >> 2)]! += data[i]!
  for (let row = 0, n = 0; row < to.height; row++)
    for (let column = 0; column < to.width; column++, n++)
      to.data[n]! /= Math.min(CELL, width - CELL * column) * Math.min(CELL, height - CELL * row)
  return to
}

/** Squared differences of two grids. */
export function squaredDifferences(a: Grid, b: Grid): Grid {
  return { ...a, data: a.data.map((value, i) => (value - b.data[i]!) ** 2) }
}

/** Squared slopes, of both directions together. */
export function squaredSlopes({ width, height, data }: Grid): Grid {
  const to = emptyGrid(width, height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const across = (data[x + 1 < width ? i + 1 : i]! - data[x > 0 ? i - 1 : i]!) / 2
      const down = (data[y + 1 < height ? i + width : i]! - data[y > 0 ? i - width : i]!) / 2
      to.data[i] = across * across + down * down
    }
  return to
}

/** What is always expected: a picture that is plain, or whose detail agrees by chance, does not say what detail leaves. */
export interface Least {
  /** Grey levels, squared: what no comparison is finer than. */
  floor: number
  /** Of the squared slopes. */
  slope: number
  /** Of what the evidence lost. */
  loss: number
}

/** What is expected to remain in a cell: a part everywhere, a part of the slopes (misplaced by a fraction of a pixel, less or more sharp) and
 * a part of what the evidence lost. Fitted over all cells, those with too much counting less and less: altered ones do not make room
 * for themselves.
 * @param remaining energy, NaN where nothing is compared. @returns expected energy. */
export function expectedEnergy(
  remaining: Grid,
  slopes: Grid,
  lost: Grid,
  { floor, slope: leastSlope, loss: leastLoss }: Least,
): Grid {
  const seen: number[] = []
  const stride = Math.ceil(remaining.data.length / MAX_CELLS)
  for (let i = 0; i < remaining.data.length; i += stride) if (!Number.isNaN(remaining.data[i]!)) seen.push(i)
  const typical = quantile(
    Float32Array.from(seen, (i) => remaining.data[i]!),
    0.5,
  )
  const guess = [Math.max(floor, typical / 2), leastSlope, leastLoss]
  let [noise, slope, loss] = guess as [number, number, number]
  const shares = sharesOf(seen, (i) => noise + slope * slopes.data[i]! + loss * lost.data[i]!)
  const at = Int32Array.of(0, 1, 2)
  const parts = new Float64Array(3)
  const value = new Float64Array(1)
  for (let round = 0; round < 8; round++) {
    const to = equations(3, 1)
    for (const [n, i] of seen.entries()) {
      const expected = noise + slope * slopes.data[i]! + loss * lost.data[i]!
      const ratio = remaining.data[i]! / expected
      parts[0] = 1
      parts[1] = slopes.data[i]!
      parts[2] = lost.data[i]!
      value[0] = remaining.data[i]!
      const off = ratio > 1 ? (ratio - 1) / 2 : 0
      observe(to, at, parts, value, shares[n]! / (expected * expected * (1 + off * off)))
    }
    // Held near where one starts: a picture without slopes or losses does not say what they leave.
    const held = 0.02 * shares.reduce((sum, share) => sum + share, 0)
    for (let k = 0; k < 3; k++) {
      const weight = (held / (guess[k]! * guess[k]!)) * 0.1
      to.matrix[k * 4]! += weight
      to.sides[0]![k]! += weight * guess[k]!
    }
    const found = solve(to)?.[0]
    if (!found) break
    noise = Math.max(floor, found[0]!)
    slope = Math.min(MAX_SLOPE_PART, Math.max(leastSlope, found[1]!))
    loss = Math.min(MAX_LOSS_PART, Math.max(leastLoss, found[2]!))
  }
  const energy = emptyGrid(remaining.width, remaining.height)
  for (let i = 0; i < energy.data.length; i++) energy.data[i] = noise + slope * slopes.data[i]! + loss * lost.data[i]!
  return energy
}

/** Cells that are looked at, at most. */
const MAX_CELLS = 4000

/** Weights by which plain cells, of which most pictures have most, do not outvote those with detail: the root of one over how many cells there are
 * of as much expected energy, to the next power of two. */
function sharesOf(cells: number[], energyOf: (cell: number) => number): Float64Array {
  const classes = cells.map((cell) => 32 - Math.clz32(Math.min(1 << 30, 16 * energyOf(cell))))
  const counts = new Int32Array(33)
  for (const one of classes) counts[one]!++
  return Float64Array.from(classes, (one) => 1 / Math.sqrt(counts[one]!))
}

/** Of the squared slope: at most half a pixel off, everywhere. */
const MAX_SLOPE_PART = 0.25
/** Of what the evidence lost: the tone may raise it, blur may take it away. */
const MAX_LOSS_PART = 4
