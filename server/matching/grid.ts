/**
 * Planes of numbers: reducing, blurring, sampling. The tools of the comparison of pictures.
 *
 * A position is continuous: pixel i covers i to i + 1, and its value stands at its middle. So reducing by two halves every position and nothing else.
 * Only + − × ÷ and roots, in 32-bit floats where values are kept: the same input gives the same output everywhere.
 */

import type { Affine } from './affine.ts'
import { kernels } from './kernels.ts'

export interface Grid {
  width: number
  height: number
  /** Rows from the top. */
  data: Float32Array
}

/** All 0. @throws Error outside of `lendingGrids`. */
export function emptyGrid(width: number, height: number): Grid {
  if (!lending) throw new Error('a grid lies in memory that is lent')
  const { memory } = kernels()
  return { width, height, data: memory.floats(memory.take(4 * width * height), width * height).fill(0) }
}

export function gridOf({ width, height, samples }: { width: number; height: number; samples: Uint8Array }): Grid {
  const to = emptyGrid(width, height)
  to.data.set(samples)
  return to
}

let lending = false

/** Bytes of all grids of one comparison: two pictures of 1,024 a side take 95 MB, most take 25. What nothing is written to is no memory yet. */
const MOST_BYTES = 128 << 20

/** Grids that are made within `work` lie in the memory of the kernels, and last until grids are lent again: some fifty of them fresh from the system
 * each time would cost as much as all that is reckoned in them. */
export function lendingGrids<T>(work: () => T): T {
  if (lending) return work()
  kernels().memory.clear(MOST_BYTES)
  lending = true
  try {
    return work()
  } finally {
    lending = false
  }
}

/** Where an array lies in the memory of the kernels; a copy of it, if it lies elsewhere. */
export function placeOf(data: Float32Array): number {
  const { memory } = kernels()
  return memory.holds(data) ? data.byteOffset : memory.put(data)
}

export function minus(a: Grid, b: Grid): Grid {
  const to = emptyGrid(a.width, a.height)
  for (let i = 0; i < to.data.length; i++) to.data[i] = a.data[i]! - b.data[i]!
  return to
}

/** Means of 2×2 pixels; of an odd side the last ones stand alone. */
export function halve({ width, height, data }: Grid): Grid {
  const to = emptyGrid((width + 1) >> 1, (height + 1) >> 1)
  kernels().run.halve(placeOf(data), width, height, placeOf(to.data))
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
  const { run, memory } = kernels()
  const to = emptyGrid(width, height)
  const [across, down] = [memory.put(partsOf(width, radius)), memory.put(partsOf(height, radius))]
  const sums = memory.take(8 * (width + 2))
  run.boxBlur(placeOf(data), width, height, radius, across, down, sums, placeOf(to.data))
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
export function sample(from: Grid, to: Affine, width: number, height: number): Grid {
  const out = emptyGrid(width, height)
  kernels().run.sample(placeOf(from.data), from.width, from.height, ...to, width, height, placeOf(out.data))
  return out
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
