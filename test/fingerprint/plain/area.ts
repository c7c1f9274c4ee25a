/** Luminance reduced by area, one number after the other: what kernels/fingerprint/area.ts must equal, bit for bit. */
import type { Grid, PixelPlane } from '../../../server/fingerprint/area.ts'

const fround = Math.fround

export function reduceByArea(pixels: PixelPlane, grids: readonly Grid[]): void {
  const { width, height } = pixels
  const line = new Float32Array(width)
  const sums = new Float64Array(width + 1)
  for (let y = 0; y < height; y++) {
    luminanceOfRow(pixels, y, line, sums)
    for (const to of grids) addRow(to, to.columns === width ? line : meansOfRow(line, sums, to), y, height)
  }
}

/** Products of each weight with each value: three looks are faster than three products to be rounded. */
const [REDS, GREENS, BLUES] = [0.299, 0.587, 0.114].map((weight) => {
  const part = fround(weight)
  return Float32Array.from({ length: 256 }, (_, value) => part * value)
}) as [Float32Array, Float32Array, Float32Array]

/** @param sums to be filled: sums[x] is the sum of the x first pixels. */
function luminanceOfRow(
  { channels, data, width }: PixelPlane,
  y: number,
  line: Float32Array,
  sums: Float64Array,
): void {
  // A grey picture is R = G = B: the three weights, rounded one by one, do not add up to exactly 1.
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0]
  let sum = 0
  for (let x = 0, p = y * width * channels; x < width; x++, p += channels) {
    const luminance = fround(fround(REDS[data[p]!]! + GREENS[data[p + green]!]!) + BLUES[data[p + blue]!]!)
    line[x] = luminance
    sum += luminance
    sums[x + 1] = sum
  }
}

/** Means of a row over a grid's columns. From running sums: a cell costs two looks, however many pixels it has.
 * @param sums sums[x] is the sum of the x first pixels. */
function meansOfRow(line: Float32Array, sums: Float64Array, { ends, columns }: Grid): Float32Array {
  const means = new Float32Array(columns)
  const { pixel, part, perPixel } = ends
  let before = 0
  for (let cell = 0; cell < means.length; cell++) {
    const at = pixel[cell]!
    const sum = sums[at]! + part[cell]! * line[at]!
    means[cell] = (sum - before) * perPixel[cell]!
    before = sum
  }
  return means
}

/** Adds row y of the picture to the grid's rows in which it lies, by its parts. */
function addRow({ columns, rows, shift, means }: Grid, line: Float32Array, y: number, height: number): void {
  const by = rows < height ? shift : 0
  const [from, to] = [(y * rows) / height + by, ((y + 1) * rows) / height + by]
  for (let row = Math.floor(from); row < Math.min(to, rows); row++) {
    const weight = (Math.min(to, row + 1) - Math.max(from, row)) / (row === 0 ? 1 - by : 1)
    for (let x = 0, p = row * columns; x < columns; x++, p++) means[p] = means[p]! + weight * line[x]!
  }
}
