/**
 * A picture at its true proportions and at a known size, reduced by area: what local hashes and evidence look at.
 *
 * Decoders reduce each side of a picture for itself, as PDQ wants it; here the proportions come back. Each sample is the mean of the
 * part of the picture that it covers, so nothing aliases and nothing rings. Pure, and free of anything that only Node has: sums,
 * products and quotients of doubles in a fixed order, the same in every engine.
 */
import type { PixelPlane } from './pdq.ts'

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

/** Luminance (BT.601, in 1/256), of `size`.
 * @throws RangeError if the plane's sizes do not agree. */
export function greyView(pixels: PixelPlane, size: Size): PixelPlane {
  return reduce(pixels, size, 1)
}

/** Grey or RGB, as the plane is, of `size`.
 * @throws RangeError if the plane's sizes do not agree. */
export function colourView(pixels: PixelPlane, size: Size): PixelPlane {
  return reduce(pixels, size, pixels.channels)
}

function reduce(pixels: PixelPlane, { width, height }: Size, channels: 1 | 3): PixelPlane {
  if (!(pixels.width > 0 && pixels.height > 0) || pixels.data.length !== pixels.width * pixels.height * pixels.channels)
    throw new RangeError(
      `"data" expected ${pixels.width}×${pixels.height}×${pixels.channels} values, got ${pixels.data.length}`,
    )
  const ends = cellEnds(pixels.width, width)
  const line = new Float64Array(width * channels)
  const sums = new Float64Array(line.length * height)
  const perRow = height / pixels.height
  for (let y = 0; y < pixels.height; y++) {
    for (let channel = 0; channel < channels; channel++) reduceRow(pixels, y, ends, { line, channel, channels })
    const [from, to] = [y * perRow, (y + 1) * perRow]
    for (let row = Math.floor(from); row < Math.min(to, height); row++)
      addRow(sums, row * line.length, line, Math.min(to, row + 1) - Math.max(from, row))
  }
  // 256 parts of a grey value in luminance, the value itself in a channel: both are whole, the mean is rounded to the nearest.
  const unit = channels === pixels.channels ? 1 : 256
  const data = new Uint8Array(sums.length)
  for (let i = 0; i < data.length; i++) data[i] = sums[i]! / unit + 0.5
  return { width, height, channels, data }
}

/** For each cell of a row: the pixel in which it ends, how much of that pixel is its, and one over its width. */
interface CellEnds {
  pixel: Int32Array
  part: Float64Array
  perPixel: Float64Array
}

function cellEnds(pixels: number, cells: number): CellEnds {
  const ends = { pixel: new Int32Array(cells), part: new Float64Array(cells), perPixel: new Float64Array(cells) }
  for (let cell = 0; cell < cells; cell++) {
    const to = ((cell + 1) * pixels) / cells
    ends.pixel[cell] = Math.min(Math.floor(to), pixels - 1)
    ends.part[cell] = to - ends.pixel[cell]!
    ends.perPixel[cell] = cells / pixels
  }
  return ends
}

interface Line {
  line: Float64Array
  channel: number
  channels: number
}

/** Means of a row's cells. What a pixel gives to the next cell is what it did not give to the one before. */
function reduceRow(pixels: PixelPlane, y: number, { pixel, part, perPixel }: CellEnds, to: Line): void {
  const { width, channels, data } = pixels
  const luminance = channels === 3 && to.channels === 1
  const first = y * width * channels + to.channel
  let rest = 0
  for (let cell = 0, from = 0, out = to.channel; cell < pixel.length; cell++, out += to.channels) {
    const last = pixel[cell]!
    const [at, end] = [first + from * channels, first + last * channels]
    const value = luminance ? luminanceAt(data, end) : data[end]!
    const whole = luminance ? luminanceSum(data, at, end) : sumOf(data, at, end, channels)
    to.line[out] = (rest + whole + value * part[cell]!) * perPixel[cell]!
    rest = -value * part[cell]!
    from = last
  }
}

/** In 1/256. */
function luminanceAt(data: Uint8Array, at: number): number {
  return 77 * data[at]! + 150 * data[at + 1]! + 29 * data[at + 2]!
}

/** Kept in 31 bits by `| 0`: a row of 32,767 pixels fits, and it takes half the time. */
function luminanceSum(data: Uint8Array, from: number, end: number): number {
  let sum = 0
  for (let at = from; at < end; at += 3) sum = (sum + 77 * data[at]! + 150 * data[at + 1]! + 29 * data[at + 2]!) | 0
  return sum
}

function sumOf(data: Uint8Array, from: number, end: number, stride: number): number {
  let sum = 0
  for (let at = from; at < end; at += stride) sum = (sum + data[at]!) | 0
  return sum
}

function addRow(sums: Float64Array, at: number, line: Float64Array, weight: number): void {
  for (let i = 0; i < line.length; i++) sums[at + i]! += weight * line[i]!
}
