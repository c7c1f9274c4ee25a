/**
 * A picture at its true proportions and at a known size, reduced by area: what local hashes and evidence look at.
 *
 * Decoders reduce each side of a picture for itself, as PDQ wants it; here the proportions come back. Each sample is the mean of the
 * part of the picture that it covers, so nothing aliases and nothing rings. Pure, and free of anything that only Node has: sums,
 * products and quotients in a fixed order, the same in every engine.
 */
import { checkPlane, type Grid, grid, type PixelPlane, reduceByArea } from './area.ts'
import { kernels } from './kernels.ts'

/** Pixels of the longer side of the view of a picture, at the most. */
export const VIEW_SIDE = 1024

/** Pixels. */
export interface Size {
  width: number
  height: number
}

/** The size of which the longer side is `longerSide`, in proportion; no side is less than 1. */
export function sizeWithin({ width, height }: Size, longerSide: number): Size {
  const longer = Math.max(width, height)
  const side = (length: number) => Math.max(1, Math.round((length * longerSide) / longer))
  return { width: side(width), height: side(height) }
}

/** Luminance, of `size`.
 * @throws RangeError if the plane's sizes do not agree. */
export function greyView(pixels: PixelPlane, size: Size): PixelPlane {
  const to = viewGrid(pixels, size)
  reduceByArea(pixels, [to])
  return greyOf(to)
}

/** The same in two steps, so that `hashPicture` can fill the grid on its way. */
export function viewGrid(pixels: PixelPlane, { width, height }: Size): Grid {
  return grid(pixels, width, height, 0)
}

/** A filled grid as grey values, to the nearest. */
export function greyOf({ columns, rows, means }: Grid): PixelPlane {
  const { run, memory } = kernels()
  memory.clear()
  const [from, to] = [memory.put(means), memory.take(means.length)]
  run.rounded(from, means.length, to)
  return { width: columns, height: rows, channels: 1, data: memory.bytes(to, means.length).slice() }
}

/** Grey or RGB, as the plane is, of `size`, which is no larger.
 * @throws RangeError if the plane's sizes do not agree. */
export function colourView(pixels: PixelPlane, { width, height }: Size): PixelPlane {
  const { channels } = pixels
  if (channels === 1) return greyView(pixels, { width, height })
  checkPlane(pixels)
  if (pixels.width === width && pixels.height === height) return pixels
  const { run, memory } = kernels()
  memory.clear()
  const stride = pixels.width * channels
  const [source, data] = [memory.put(pixels.data), memory.take(width * height * channels)]
  const { pixel, part, perPixel } = cellEnds(pixels.width, width)
  const ends = [memory.put(pixel), memory.put(part), perPixel] as const
  const line = memory.take(8 * stride)
  const sums = memory.doubles(line, stride).fill(0)
  const perRow = height / pixels.height
  for (let y = 0, row = 0; y < pixels.height; y++) {
    const samples = source + y * stride
    // The last one ends where the view ends, whatever was rounded on the way.
    const to = y + 1 < pixels.height ? (y + 1) * perRow : height
    let from = y * perRow
    // Rows first: of these there are most, and they lie in one piece.
    for (; row + 1 <= to; row++, from = row) {
      run.addLine(line, samples, stride, row + 1 - from)
      run.writeRow(line, ...ends, width, data + row * width * channels)
      sums.fill(0)
    }
    if (to > from) run.addLine(line, samples, stride, to - from)
  }
  return { width, height, channels, data: memory.bytes(data, width * height * channels).slice() }
}

/** For each cell of a row: the pixel in which it ends, how much of that pixel is its, and one over its width. */
interface CellEnds {
  pixel: Int32Array
  part: Float64Array
  perPixel: number
}

function cellEnds(pixels: number, cells: number): CellEnds {
  const ends = { pixel: new Int32Array(cells), part: new Float64Array(cells), perPixel: cells / pixels }
  for (let cell = 0; cell < cells; cell++) {
    const to = ((cell + 1) * pixels) / cells
    ends.pixel[cell] = Math.min(Math.floor(to), pixels - 1)
    ends.part[cell] = to - ends.pixel[cell]!
  }
  return ends
}
