/**
 * Planes of numbers: reducing, blurring, sampling. The tools of the comparison of pictures.
 *
 * A position is continuous: pixel i covers i to i + 1, and its value stands at its middle. So reducing by two halves every position and nothing else.
 * Only + − × ÷ and roots, in 32-bit floats where values are kept: the same input gives the same output everywhere.
 */

import { type Affine, apply } from './affine.ts'

export interface Grid {
  width: number
  height: number
  /** Rows from the top. */
  data: Float32Array
}

export function emptyGrid(width: number, height: number): Grid {
  return { width, height, data: lending ? lend(width * height) : new Float32Array(width * height) }
}

export function gridOf({ width, height, samples }: { width: number; height: number; samples: Uint8Array }): Grid {
  const to = emptyGrid(width, height)
  to.data.set(samples)
  return to
}

/** Memory of all grids of one comparison, used again for the next: some fifty of them fresh from the system each time cost as much as all that
 * is reckoned in them. In pieces, for the first ones are lent out when more is needed. */
const PIECE = 1 << 20
const pieces: Float32Array[] = []
let lending = false
let [piece, used] = [0, 0]

/** Grids that are made within `work` last until it returns. */
export function lendingGrids<T>(work: () => T): T {
  if (lending) return work()
  lending = true
  ;[piece, used] = [0, 0]
  try {
    return work()
  } finally {
    lending = false
    pieces.length = Math.min(pieces.length, MAX_KEPT)
  }
}

/** Pieces that are kept between two comparisons: 96 MB. */
const MAX_KEPT = 24

function lend(length: number): Float32Array {
  if (length > PIECE) return new Float32Array(length)
  if (used + length > PIECE) {
    piece++
    used = 0
  }
  pieces[piece] ??= new Float32Array(PIECE)
  const data = pieces[piece]!.subarray(used, used + length)
  used += length
  return data.fill(0)
}

export function minus(a: Grid, b: Grid): Grid {
  const to = emptyGrid(a.width, a.height)
  for (let i = 0; i < to.data.length; i++) to.data[i] = a.data[i]! - b.data[i]!
  return to
}

/** Means of 2×2 pixels; of an odd side the last ones stand alone. */
export function halve({ width, height, data }: Grid): Grid {
  const to = emptyGrid((width + 1) >> 1, (height + 1) >> 1)
  for (let y = 0, i = 0; y < to.height; y++) {
    const upper = 2 * y * width
    const lower = Math.min(2 * y + 1, height - 1) * width
    for (let x = 0; x < to.width; x++, i++) {
      const [left, right] = [2 * x, Math.min(2 * x + 1, width - 1)]
      to.data[i] = (data[upper + left]! + data[upper + right]! + data[lower + left]! + data[lower + right]!) / 4
    }
  }
  return to
}

/** The grid itself, then halves of halves, until one is at most `smallest` a side. */
export function pyramid(grid: Grid, smallest: number): Grid[] {
  const levels = [grid]
  while (Math.max(levels.at(-1)!.width, levels.at(-1)!.height) > smallest) levels.push(halve(levels.at(-1)!))
  return levels
}

/** Means over (2·radius + 1)² pixels, fewer at the border. */
export function boxBlur({ width, height, data }: Grid, radius: number): Grid {
  const to = emptyGrid(width, height)
  const across = partsOf(width, radius)
  const down = partsOf(height, radius)
  // Of each column the sum of the rows in the window.
  const sums = new Float64Array(width)
  for (let y = -radius; y < height; y++) {
    if (y + radius < height) for (let x = 0, p = (y + radius) * width; x < width; x++, p++) sums[x]! += data[p]!
    if (y > radius) for (let x = 0, p = (y - radius - 1) * width; x < width; x++, p++) sums[x]! -= data[p]!
    if (y >= 0) blurRow(sums, radius, across, down[y]!, to.data.subarray(y * width, (y + 1) * width))
  }
  return to
}

function blurRow(sums: Float64Array, radius: number, across: Float64Array, down: number, to: Float32Array): void {
  const width = sums.length
  let sum = 0
  for (let x = 0; x < Math.min(radius, width); x++) sum += sums[x]!
  const inner = Math.max(0, width - radius)
  let x = 0
  for (const end = Math.min(radius + 1, inner); x < end; x++) {
    sum += sums[x + radius]!
    to[x] = sum * across[x]! * down
  }
  for (; x < inner; x++) {
    sum += sums[x + radius]! - sums[x - radius - 1]!
    to[x] = sum * across[x]! * down
  }
  for (; x < width; x++) {
    if (x > radius) sum -= sums[x - radius - 1]!
    to[x] = sum * across[x]! * down
  }
}

/** For each place along a side one over how many places are in its window. */
function partsOf(side: number, radius: number): Float64Array {
  return Float64Array.from(
    { length: side },
    (_, x) => 1 / (Math.min(side - 1, x + radius) - Math.max(0, x - radius) + 1),
  )
}

/** Values at the positions to which `to` takes the middles of a grid of that size, between the four pixels around; NaN outside. */
export function sample(from: Grid, to: Affine, width: number, height: number): Grid {
  const { width: w, height: h, data } = from
  const out = emptyGrid(width, height)
  for (let y = 0, i = 0; y < height; y++) {
    const start = apply(to, { x: 0.5, y: y + 0.5 })
    let u = start.x - 0.5
    let v = start.y - 0.5
    for (let x = 0; x < width; x++, i++, u += to[0], v += to[3]) {
      if (u >= 0 && v >= 0 && u < w - 1 && v < h - 1) {
        const x0 = u | 0
        const y0 = v | 0
        const p = y0 * w + x0
        const upper = data[p]! + (u - x0) * (data[p + 1]! - data[p]!)
        const lower = data[p + w]! + (u - x0) * (data[p + w + 1]! - data[p + w]!)
        out.data[i] = upper + (v - y0) * (lower - upper)
      } else out.data[i] = valueAtRim(from, u, v)
    }
  }
  return out
}

/** Half a pixel beyond the outermost middles there is still picture; then there is none. */
function valueAtRim({ width: w, height: h, data }: Grid, u: number, v: number): number {
  if (!(u >= -0.5 && v >= -0.5 && u <= w - 0.5 && v <= h - 0.5)) return Number.NaN
  const cu = u < 0 ? 0 : u > w - 1 ? w - 1 : u
  const cv = v < 0 ? 0 : v > h - 1 ? h - 1 : v
  const x0 = cu | 0
  const y0 = cv | 0
  const p = y0 * w + x0
  const right = x0 + 1 < w ? 1 : 0
  const below = y0 + 1 < h ? w : 0
  const upper = data[p]! + (cu - x0) * (data[p + right]! - data[p]!)
  const lower = data[p + below]! + (cu - x0) * (data[p + below + right]! - data[p + below]!)
  return upper + (cv - y0) * (lower - upper)
}

/** Values that are looked at, at most: of more, every n-th says as much. */
const MAX_RANKED = 4000

/** The value below which a part of the values lies, 0 to 1; NaN of none.
 * @param values without NaN. */
export function quantile(values: ArrayLike<number>, part: number): number {
  const stride = Math.ceil(values.length / MAX_RANKED)
  const some = new Float32Array(Math.ceil(values.length / Math.max(1, stride)))
  for (let i = 0, n = 0; i < values.length; i += stride) some[n++] = values[i]!
  return some.length === 0 ? Number.NaN : ranked(some, Math.min(some.length - 1, Math.floor(part * some.length)))
}

/** The value that would stand at `rank` if all were sorted (quickselect; Hoare 1961). Moves the values. */
function ranked(values: Float32Array, rank: number): number {
  let [from, to] = [0, values.length - 1]
  while (from < to) {
    const pivot = values[rank]!
    let [i, j] = [from, to]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const value = values[i]!
      values[i++] = values[j]!
      values[j--] = value
    }
    if (j < rank) from = i
    if (i > rank) to = j
  }
  return values[rank]!
}
