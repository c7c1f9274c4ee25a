/** A picture reduced in colour, and its planes, one number after the other: what kernels/fingerprint/view.ts must equal, bit for bit. */
import type { PixelPlane } from '../../../server/fingerprint/area.ts'
import { type Plane, type Planes, quarter } from '../../../server/fingerprint/planes.ts'
import type { Size } from '../../../server/fingerprint/view.ts'

export function colourView(pixels: PixelPlane, { width, height }: Size): PixelPlane {
  const { channels } = pixels
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

/** Luminance and colour of pixels. */
export function planesOf({ width, height, channels, data }: PixelPlane): Planes {
  const luma: Plane = { width, height, samples: new Uint8Array(width * height) }
  if (channels === 1) {
    luma.samples.set(data)
    return { luma, colour: null }
  }
  const sums = cellSums(width, height)
  for (let y = 0, p = 0, i = 0; y < height; y++)
    for (let x = 0, row = (y >> 2) * sums.columns; x < width; x++, i++, p += 3) {
      const r = data[p]!
      const g = data[p + 1]!
      const b = data[p + 2]!
      const cell = row + (x >> 2)
      luma.samples[i] = (77 * r + 150 * g + 29 * b + 128) >> 8
      sums.blue[cell]! += -43 * r - 85 * g + 128 * b
      sums.red[cell]! += 128 * r - 107 * g - 21 * b
    }
  return { luma, colour: { blue: meansOf(sums.blue, width, height), red: meansOf(sums.red, width, height) } }
}

function cellSums(width: number, height: number) {
  const [columns, rows] = quarter(width, height)
  return { columns, blue: new Int32Array(columns * rows), red: new Int32Array(columns * rows) }
}

/** Sums of colour differences, in 1/256, become their means. */
function meansOf(sums: Int32Array, width: number, height: number): Plane {
  const [columns, rows] = quarter(width, height)
  const samples = new Uint8Array(columns * rows)
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++) {
      const pixels = Math.min(4, width - 4 * column) * Math.min(4, height - 4 * row)
      samples[i] = Math.min(255, Math.max(0, 128 + Math.floor(sums[i]! / (256 * pixels) + 0.5)))
    }
  return { width: columns, height: rows, samples }
}
