/**
 * What remains of a copy when the original, laid over it with its tone and sharpness, is taken away; cell by cell, measured against what
 * noise, detail and the step of the evidence leave there.
 */
import { boxBlur, emptyGrid, type Grid, placeOf, quantile } from './grid.ts'
import { kernels } from './kernels.ts'
import { type Equations, equations, solve } from './solve.ts'

/** Pixels a side of a cell. */
export const CELL = 4

/** The prediction as sharp as the copy: a sum of it and of blurred ones, fitted. Negative parts sharpen.
 * @returns null where too little is there to say. */
export function sharpened(prediction: Grid, copy: Grid): Grid | null {
  const once = boxBlur(prediction, 1)
  const twice = boxBlur(once, 1)
  const soft = boxBlur(boxBlur(prediction, 2), 2)
  const narrow = [prediction, once, twice, soft]
  const parts = fitParts(narrow, copy)
  if (!parts) return null
  // A copy that is mostly of the softest is softer still, or may be.
  if (parts[3]! < SOFT_PART) return mixture(narrow, parts)
  const wide = [twice, soft, boxBlur(boxBlur(prediction, 4), 3), boxBlur(boxBlur(prediction, 6), 6)]
  return mixture(wide, fitParts(wide, copy)!)
}

const SOFT_PART = 0.5

function mixture(blurred: Grid[], parts: Float64Array): Grid {
  const { run, memory } = kernels()
  const to = emptyGrid(blurred[0]!.width, blurred[0]!.height)
  const pictures = blurred.map(({ data }) => placeOf(data)) as [number, number, number, number]
  run.mixture(...pictures, memory.put(parts), to.data.length, placeOf(to.data))
  return to
}

/** Pixels that are looked at, at most. */
const MAX_PIXELS = 12_000

/** Squared grey levels a pixel. */
const HELD = 0.01

function fitParts(blurred: Grid[], { data }: Grid): Float64Array | null {
  const { run, memory } = kernels()
  const pictures = blurred.map((one) => placeOf(one.data)) as [number, number, number, number]
  const stride = 2 * Math.ceil(data.length / MAX_PIXELS / 2) + 1
  const [copy, off] = [placeOf(data), memory.take(4 * Math.ceil(data.length / stride))]
  const [matrix, before] = [memory.take(8 * 36), memory.take(8 * 5)]
  const sums = memory.doubles(matrix, 36)
  let found: Float64Array | null = null
  let scale = 1e9
  for (let round = 0; round < 4; round++) {
    sums.fill(0)
    if (found) memory.doubles(before, 5).set(found)
    const last = found ? before : 0
    const seen = run.collectParts(...pictures, copy, data.length, stride, last, scale, matrix, off)
    if (seen < 100) return null
    const to = equations(5, 1)
    for (let k = 0; k < 5; k++) to.matrix.set(sums.subarray(6 * k, 6 * k + 5), 5 * k)
    to.sides[0]!.set(sums.subarray(30, 35))
    // Towards the first as it is, where a picture has too little detail to say.
    for (let k = 0; k < 4; k++) {
      to.matrix[k * 6]! += HELD * seen
      if (k === 0) to.sides[0]![0]! += HELD * seen
    }
    found = solve(to)?.[0] ?? null
    if (!found) return null
    scale = round === 0 ? 12 : Math.max(1, 2 * quantile(memory.floats(off, seen), 0.5))
  }
  return found
}

/** Means over cells of 4×4, which may be cut short at the border; NaN as soon as one pixel is NaN. */
export function cellMeans(grid: Grid): Grid {
  return meansOf(grid, false)
}

/** Means of the squares. */
export function cellMeanSquares(grid: Grid): Grid {
  return meansOf(grid, true)
}

function meansOf({ width, height, data }: Grid, squares: boolean): Grid {
  const to = emptyGrid(Math.ceil(width / CELL), Math.ceil(height / CELL))
  kernels().run.cellSums(placeOf(data), width, height, squares, placeOf(to.data))
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
export function expectedEnergy(remaining: Grid, slopes: Grid, lost: Grid, least: Least): Grid {
  const seen = some(remaining)
  const typical = quantile(
    seen.map((i) => remaining.data[i]!),
    0.5,
  )
  const guess: Expectation = { noise: Math.max(least.floor, typical / 2), slope: least.slope, loss: least.loss }
  let found = guess
  const shares = sharesOf(seen, (i) => guess.noise + guess.slope * slopes.data[i]! + guess.loss * lost.data[i]!)
  const { run, memory } = kernels()
  const cells = [remaining, slopes, lost].map((grid) => placeOf(grid.data)) as [number, number, number]
  const at = [memory.put(seen), memory.put(shares), seen.length] as const
  const matrix = memory.take(8 * 16)
  const sums = memory.doubles(matrix, 16)
  for (let round = 0; round < ROUNDS; round++) {
    sums.fill(0)
    run.collectEnergies(...cells, ...at, found.noise, found.slope, found.loss, matrix)
    const to = equations(3, 1)
    for (let k = 0; k < 3; k++) to.matrix.set(sums.subarray(4 * k, 4 * k + 3), 3 * k)
    to.sides[0]!.set(sums.subarray(12, 15))
    const solved = solve(held(to, guess, shares))?.[0]
    if (!solved) break
    found = limited(solved, least)
  }
  const { noise, slope, loss } = found
  return { ...remaining, data: slopes.data.map((value, i) => noise + slope * value + loss * lost.data[i]!) }
}

interface Expectation {
  /** Squared grey levels everywhere. */
  noise: number
  /** Of the squared slopes. */
  slope: number
  /** Of what the evidence lost. */
  loss: number
}

const ROUNDS = 6

function some({ data }: Grid): Int32Array {
  const seen: number[] = []
  const stride = Math.ceil(data.length / MAX_CELLS)
  for (let i = 0; i < data.length; i += stride) if (!Number.isNaN(data[i])) seen.push(i)
  return Int32Array.from(seen)
}

/** Near where one starts: a picture without slopes or losses does not say what they leave. */
function held(to: Equations, { noise, slope, loss }: Expectation, shares: Float64Array): Equations {
  const weight = 0.002 * shares.reduce((sum, share) => sum + share, 0)
  for (const [k, guess] of [noise, slope, loss].entries()) {
    to.matrix[k * 4]! += weight / (guess * guess)
    to.sides[0]![k]! += weight / guess
  }
  return to
}

function limited([noise, slope, loss]: Float64Array, least: Least): Expectation {
  return {
    noise: Math.max(least.floor, noise!),
    slope: Math.min(MAX_SLOPE_PART, Math.max(least.slope, slope!)),
    loss: Math.min(MAX_LOSS_PART, Math.max(least.loss, loss!)),
  }
}

/** Cells that are looked at, at most. */
const MAX_CELLS = 3000

/** Weights by which plain cells, of which most pictures have most, do not outvote those with detail: the root of one over how many cells there are
 * of as much expected energy, to the next power of two. */
function sharesOf(cells: Int32Array, energyOf: (cell: number) => number): Float64Array {
  const classes = Array.from(cells, (cell) => 32 - Math.clz32(Math.min(1 << 30, 16 * energyOf(cell))))
  const counts = new Int32Array(33)
  for (const one of classes) counts[one]!++
  return Float64Array.from(classes, (one) => 1 / Math.sqrt(counts[one]!))
}

/** Of the squared slope: at most half a pixel off, everywhere. */
const MAX_SLOPE_PART = 0.25
/** Of what the evidence lost: the tone may raise it, blur may take it away. */
const MAX_LOSS_PART = 4
