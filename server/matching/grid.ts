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
  return { width, height, data: new Float32Array(width * height) }
}

export function gridOf({ width, height, samples }: { width: number; height: number; samples: Uint8Array }): Grid {
  return { width, height, data: new Float32Array(samples) }
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
export function boxBlur(grid: Grid, radius: number): Grid {
  return boxColumns(boxRows(grid, radius), radius)
}

function boxRows({ width, height, data }: Grid, radius: number): Grid {
  const to = emptyGrid(width, height)
  const parts = partsOf(width, radius)
  for (let y = 0; y < height; y++) {
    const row = y * width
    let sum = 0
    for (let x = 0; x < Math.min(radius, width); x++) sum += data[row + x]!
    for (let x = 0; x < width; x++) {
      if (x + radius < width) sum += data[row + x + radius]!
      if (x > radius) sum -= data[row + x - radius - 1]!
      to.data[row + x] = sum * parts[x]!
    }
  }
  return to
}

function boxColumns({ width, height, data }: Grid, radius: number): Grid {
  const to = emptyGrid(width, height)
  const parts = partsOf(height, radius)
  const sums = new Float64Array(width)
  for (let y = -radius; y < height; y++) {
    if (y + radius < height) for (let x = 0, p = (y + radius) * width; x < width; x++, p++) sums[x]! += data[p]!
    if (y > radius) for (let x = 0, p = (y - radius - 1) * width; x < width; x++, p++) sums[x]! -= data[p]!
    if (y < 0) continue
    const part = parts[y]!
    for (let x = 0, p = y * width; x < width; x++, p++) to.data[p] = sums[x]! * part
  }
  return to
}

/** For each place along a side one over how many places are in its window. */
function partsOf(side: number, radius: number): Float64Array {
  return Float64Array.from(
    { length: side },
    (_, x) => 1 / (Math.min(side - 1, x + radius) - Math.max(0, x - radius) + 1),
  )
}

/** Values at the positions to which `to` takes the middles of a grid of that size, between the four pixels around; NaN outside. */
export function sample({ width: w, height: h, data }: Grid, to: Affine, width: number, height: number): Grid {
  const out = emptyGrid(width, height)
  for (let y = 0, i = 0; y < height; y++) {
    const start = apply(to, { x: 0.5, y: y + 0.5 })
    let u = start.x - 0.5
    let v = start.y - 0.5
    for (let x = 0; x < width; x++, i++, u += to[0], v += to[3]) {
      // Half a pixel beyond the outermost middles there is still picture.
      if (!(u >= -0.5 && v >= -0.5 && u <= w - 0.5 && v <= h - 0.5)) {
        out.data[i] = Number.NaN
        continue
      }
      const cu = u < 0 ? 0 : u > w - 1 ? w - 1 : u
      const cv = v < 0 ? 0 : v > h - 1 ? h - 1 : v
      const x0 = cu | 0
      const y0 = cv | 0
      const p = y0 * w + x0
      const right = x0 + 1 < w ? 1 : 0
      const below = y0 + 1 < h ? w : 0
      const upper = data[p]! + (cu - x0) * (data[p + right]! - data[p]!)
      const lower = data[p + below]! + (cu - x0) * (data[p + below + right]! - data[p + below]!)
      out.data[i] = upper + (cv - y0) * (lower - upper)
    }
  }
  return out
}

/** Values that are sorted, at most: of more, every n-th says as much. */
const MAX_SORTED = 4000

/** The value below which a part of the values lies, 0 to 1; NaN of none. */
export function quantile(values: ArrayLike<number>, part: number): number {
  const stride = Math.ceil(values.length / MAX_SORTED)
  const some = new Float32Array(Math.ceil(values.length / Math.max(1, stride)))
  for (let i = 0, n = 0; i < values.length; i += stride) some[n++] = values[i]!
  some.sort()
  return some[Math.min(some.length - 1, Math.floor(part * some.length))] ?? Number.NaN
}
