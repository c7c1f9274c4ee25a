/**
 * Luminance of a picture, reduced by area to several sizes in one pass.
 *
 * Pure, and free of anything that only Node has; rounded to 32 bits as the reference hasher of PDQ does, for bits of a hash hang on it.
 */

/** Rows of interleaved samples, 8 bits each, upright. `data.length` is `width · height · channels`. */
export interface PixelPlane {
  width: number
  height: number
  /** 1 grey, 3 RGB. */
  channels: 1 | 3
  data: Uint8Array
}

const fround = Math.fround

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
  /** Means of the row at hand. */
  line: Float32Array
}

export function grid(pixels: PixelPlane, columns: number, rows: number, shift: number): Grid {
  const ends = { pixel: new Int32Array(columns), part: new Float64Array(columns), perPixel: new Float64Array(columns) }
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
  return { columns, rows, shift, means: new Float32Array(columns * rows), ends, line: new Float32Array(columns) }
}

/** Fills the grids in one pass over the picture, row by row: it is never copied whole. */
export function reduceByArea(pixels: PixelPlane, grids: readonly Grid[]): void {
  checkPlane(pixels)
  const { width, height } = pixels
  const line = new Float32Array(width)
  const sums = new Float64Array(width + 1)
  for (let y = 0; y < height; y++) {
    luminanceOfRow(pixels, y, line, sums)
    for (const to of grids) addRow(to, to.columns === width ? line : meansOfRow(line, sums, to), y, height)
  }
}

/** @throws RangeError if the sizes do not agree. */
export function checkPlane({ width, height, channels, data }: PixelPlane): void {
  if (!(width > 0 && height > 0) || data.length !== width * height * channels)
    throw new RangeError(`"data" expected ${width}×${height}×${channels} values, got ${data.length}`)
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
function meansOfRow(line: Float32Array, sums: Float64Array, { ends, line: means }: Grid): Float32Array {
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
