/**
 * Luminance of a picture, reduced by area to several sizes in one pass.
 *
 * Pure, and free of anything that only Node has; rounded to 32 bits as the reference hasher of PDQ does, for bits of a hash hang on it.
 */
import type { Memory } from '../kernels/index.ts'
import { kernels } from './kernels.ts'

/** Rows of interleaved samples, 8 bits each, upright. `data.length` is `width · height · channels`. */
export interface PixelPlane {
  width: number
  height: number
  /** 1 grey, 3 RGB. */
  channels: 1 | 3
  data: Uint8Array
}

/** Equal cells over a picture, each to hold the mean of its luminance. */
export interface Grid {
  columns: number
  rows: number
  /** In cells: how far they lie up and left of where they would share the picture evenly. The first ones are cut short. */
  shift: number
  /** Row-major. */
  means: Float32Array
  /** For each column: the pixel in which it ends, how much of that pixel is its, and one over its width. Reckoned once, not once a row. */
  ends: { pixel: Int32Array; part: Float64Array; perPixel: Float64Array }
}

export function grid(pixels: PixelPlane, columns: number, rows: number, shift: number): Grid {
  // Cells are reckoned two at a time: of an odd number the last one has a neighbour that counts for nothing.
  const even = columns + (columns & 1)
  const ends = { pixel: new Int32Array(even), part: new Float64Array(even), perPixel: new Float64Array(even) }
  const size = pixels.width / columns
  // Cells smaller than a pixel are not shifted: the reference's pixel is the one that they lie in.
  const by = size > 1 ? shift : 0
  for (let cell = 0, from = 0; cell < columns; cell++) {
    const to = Math.min((cell + 1 - by) * size, pixels.width)
    ends.pixel[cell] = Math.min(Math.floor(to), pixels.width - 1)
    ends.part[cell] = to - ends.pixel[cell]!
    ends.perPixel[cell] = 1 / (to - from)
    from = to
  }
  return { columns, rows, shift, means: new Float32Array(columns * rows), ends }
}

/** Fills the grids in one pass over the picture, row by row. */
export function reduceByArea(pixels: PixelPlane, grids: readonly Grid[]): void {
  checkPlane(pixels)
  const { width, height, channels } = pixels
  const { run, memory } = kernels()
  memory.clear()
  const [data, line, sums] = [memory.put(pixels.data), memory.take(4 * width), memory.take(8 * (width + 1))]
  const placed = grids.map((to) => place(memory, to))
  for (let y = 0; y < height; y++) {
    run.luminanceOfRow(data + y * width * channels, channels, width, line, sums)
    for (const { grid, pixel, part, perPixel, means, row } of placed) {
      const { columns } = grid
      if (columns !== width) run.meansOfRow(line, sums, columns, pixel, part, perPixel, row)
      addRow(grid, means, columns === width ? line : row, y, height)
    }
  }
  for (const { grid, means } of placed) grid.means.set(memory.floats(means, grid.means.length))
}

/** A grid in memory: its ends, its means, and those of the row at hand. */
interface Placed {
  grid: Grid
  pixel: number
  part: number
  perPixel: number
  means: number
  row: number
}

function place(memory: Memory, grid: Grid): Placed {
  const [pixel, part, perPixel] = [grid.ends.pixel, grid.ends.part, grid.ends.perPixel].map(memory.put)
  return {
    grid,
    pixel: pixel!,
    part: part!,
    perPixel: perPixel!,
    means: memory.put(grid.means),
    row: memory.take(4 * grid.columns),
  }
}

/** @throws RangeError if the sizes do not agree. */
export function checkPlane({ width, height, channels, data }: PixelPlane): void {
  if (!(width > 0 && height > 0) || data.length !== width * height * channels)
    throw new RangeError(`"data" expected ${width}×${height}×${channels} values, got ${data.length}`)
}

/** Adds row y of the picture to the grid's rows in which it lies, by its parts. */
function addRow({ columns, rows, shift }: Grid, means: number, line: number, y: number, height: number): void {
  const by = rows < height ? shift : 0
  const [from, to] = [(y * rows) / height + by, ((y + 1) * rows) / height + by]
  for (let row = Math.floor(from); row < Math.min(to, rows); row++) {
    const weight = (Math.min(to, row + 1) - Math.max(from, row)) / (row === 0 ? 1 - by : 1)
    kernels().run.addRow(means + 4 * row * columns, line, columns, weight)
  }
}
