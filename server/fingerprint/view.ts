/**
 * A picture at its true proportions and at a known size, reduced by area: what local hashes and evidence look at.
 *
 * Decoders reduce each side of a picture for itself, as PDQ wants it; here the proportions come back. Each sample is the mean of the
 * part of the picture that it covers, so nothing aliases and nothing rings. Pure, and free of anything that only Node has: sums,
 * products and quotients in a fixed order, the same in every engine.
 */
import { checkPlane, type Grid, grid, type PixelPlane, reduceByArea } from './area.ts'

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
  const data = new Uint8Array(means.length)
  for (let i = 0; i < data.length; i++) data[i] = means[i]! + 0.5
  return { width: columns, height: rows, channels: 1, data }
}

/** Grey or RGB, as the plane is, of `size`, which is no larger.
 * @throws RangeError if the plane's sizes do not agree. */
export function colourView(pixels: PixelPlane, { width, height }: Size): PixelPlane {
  const { channels } = pixels
  if (channels === 1) return greyView(pixels, { width, height })
  checkPlane(pixels)
  if (pixels.width === width && pixels.height === height) return pixels
  const ends = cellEnds(pixels.width, width)
  const stride = pixels.width * channels
  const line = new Float64Array(stride)
  const data = new Uint8Array(width * height * channels)
  const perRow = height / pixels.height
  for (let y = 0, row = 0; y < pixels.height; y++) {
    const source = pixels.data.subarray(y * stride, (y + 1) * stride)
    // The last one ends where the view ends, whatever was rounded on the way.
    const to = y + 1 < pixels.height ? (y + 1) * perRow : height
    let from = y * perRow
    for (; row + 1 <= to; row++, from = row) {
      addLine(line, source, row + 1 - from)
      writeRow(line, ends, data.subarray(row * width * channels))
      line.fill(0)
    }
    if (to > from) addLine(line, source, to - from)
  }
  return { width, height, channels, data }
}

/** Rows first: of these there are most, and they lie in one piece. */
function addLine(line: Float64Array, source: Uint8Array, weight: number): void {
  for (let i = 0; i < line.length; i++) line[i]! += weight * source[i]!
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

/** Means over a row's cells of three channels. What a pixel gives to the next cell is what it did not give to the one before. */
function writeRow(line: Float64Array, { pixel, part, perPixel }: CellEnds, to: Uint8Array): void {
  let [red, green, blue] = [0, 0, 0]
  for (let cell = 0, at = 0, out = 0; cell < pixel.length; cell++, out += 3) {
    for (const last = 3 * pixel[cell]!; at < last; at += 3) {
      red += line[at]!
      green += line[at + 1]!
      blue += line[at + 2]!
    }
    const share = part[cell]!
    to[out] = (red + share * line[at]!) * perPixel + 0.5
    to[out + 1] = (green + share * line[at + 1]!) * perPixel + 0.5
    to[out + 2] = (blue + share * line[at + 2]!) * perPixel + 0.5
    red = -share * line[at]!
    green = -share * line[at + 1]!
    blue = -share * line[at + 2]!
  }
}
