/**
 * What was done to the colours of a copy: luminance and colour of the copy as a function of the original's.
 *
 * Each of the copy's three channels is a sum of a curve of red, one of green and one of blue of the original (so gamma, contrast,
 * clipping, saturation, sepia and grey are in it), and of a smooth field over the picture, added and multiplied (vignettes, light). Curves are broken lines,
 * held straight where few pixels speak. Fitted by least squares on cells of 4×4 pixels, so that neither sharpness nor a shift of a pixel
 * matters, again and again with less weight for the cells that fit badly, so that altered regions and what is laid over do not pull.
 */
import type { Grid } from './grid.ts'
import { quantile } from './grid.ts'
import { CELL } from './residual.ts'
import { type Equations, equations, observe, solve } from './solve.ts'

/** The three channels of a picture, of one size. `blue` and `red` are colour differences around 0. */
export interface Channels {
  luma: Grid
  blue: Grid
  red: Grid
}

/** Grey levels at which a curve may bend: close together in the dark, where a gamma is steep, and where
 * it is light, for copies are clipped there. */
const BENDS = [0, 4, 9, 16, 26, 40, 58, 80, 104, 128, 152, 172, 188, 200, 210, 220, 230, 239, 247, 255]
const KNOTS = BENDS.length
/** For each grey level the bend at or before it. */
const BEND_BEFORE = Uint8Array.from({ length: 256 }, (_, value) =>
  Math.min(
    KNOTS - 2,
    BENDS.findLastIndex((bend) => bend <= value),
  ),
)
const CURVES = 3 * KNOTS
/** x, y, x², xy, y² and the same times luminance. */
const FIELD = 5
/** 1, luminance, blue, red: what curves bend away from. */
const PLAIN = 4
const FIELDS = CURVES + PLAIN
const UNKNOWNS = FIELDS + 2 * FIELD
const ROUNDS = 6
/** Grey levels. Where most of a picture is plain, half of the residuals say nothing of the rest: what is off by less is never held for altered. */
const FINEST = 4
/** Grey levels. Scale of the first round: what is far off then may still turn out to follow a curve. */
const COARSE = 40

export interface Tone {
  /** For luma, blue and red: the unknowns. */
  curves: Float64Array[]
  /** Grey levels by which half of the cells are off, of luma and of colour. */
  spread: { luma: number; colour: number }
}

const clamp = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value)

/** Red, green and blue of one pixel. */
export function rgbOf(luma: number, blue: number, red: number, to: Float64Array): void {
  to[0] = clamp(luma + 1.402 * red)
  to[1] = clamp(luma - 0.344 * blue - 0.714 * red)
  to[2] = clamp(luma + 1.772 * blue)
}

/** Fits the copy's cells to the original's.
 * @param copy NaN where there is none. @returns null where too little is there to say. */
export function fitTone(original: Channels, copy: Channels): Tone | null {
  const { width, height } = original.luma
  const rows = describe(original)
  const seen = indexes(copy.luma.data, MAX_CELLS)
  if (seen.length < 60) return null
  const weights = new Float64Array(width * height).fill(1)
  let curves: Float64Array[] | null = null
  let scale = 0
  for (let round = 0; round < ROUNDS; round++) {
    curves = solve(collect(rows, copy, seen, weights))
    if (!curves) return null
    const off = residuals(rows, copy, seen, curves)
    scale = Math.max(FINEST, 1.5 * quantile(off, 0.5), COARSE / 2 ** round)
    for (const [n, i] of seen.entries()) weights[i] = 1 / (1 + (off[n]! / scale) ** 2)
  }
  return { curves: curves!, spread: { luma: scale, colour: scale } }
}

/** Cells that are looked at, at most. */
const MAX_CELLS = 4000

/** Every n-th index with a value, so that at most so many are left. */
function indexes(data: Float32Array, most: number): number[] {
  const seen: number[] = []
  const stride = Math.ceil(data.length / most)
  for (let i = 0; i < data.length; i += stride) if (!Number.isNaN(data[i])) seen.push(i)
  return seen
}

/** For each cell its parts: two points of each curve, the plain ones, and the field. */
interface Rows {
  at: Int32Array
  parts: Float64Array
}
const PARTS = 6 + PLAIN + 2 * FIELD

function describe({ luma, blue, red }: Channels): Rows {
  const { width, height } = luma
  const at = new Int32Array(width * height * PARTS)
  const parts = new Float64Array(width * height * PARTS)
  const rgb = new Float64Array(3)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      rgbOf(luma.data[i]!, blue.data[i]!, red.data[i]!, rgb)
      const plain = [1, (luma.data[i]! - 128) / 128, blue.data[i]! / 128, red.data[i]! / 128]
      describeCell(rgb, plain, (2 * x + 1) / width - 1, (2 * y + 1) / height - 1, at, parts, i * PARTS)
    }
  return { at, parts }
}

/** From 0 at one bend to 1 at the next. */
const placeIn = (knot: number, value: number) => (value - BENDS[knot]!) / (BENDS[knot + 1]! - BENDS[knot]!)

function describeCell(
  rgb: Float64Array,
  plain: number[],
  u: number,
  v: number,
  at: Int32Array,
  parts: Float64Array,
  p: number,
): void {
  for (let channel = 0; channel < 3; channel++) {
    const knot = BEND_BEFORE[rgb[channel]! | 0]!
    const place = placeIn(knot, rgb[channel]!)
    at[p + 2 * channel] = channel * KNOTS + knot
    at[p + 2 * channel + 1] = channel * KNOTS + knot + 1
    parts[p + 2 * channel] = 1 - place
    parts[p + 2 * channel + 1] = place
  }
  for (let k = 0; k < PLAIN; k++) {
    at[p + 6 + k] = CURVES + k
    parts[p + 6 + k] = plain[k]!
  }
  const field = [u, v, u * u - 1 / 3, u * v, v * v - 1 / 3]
  for (let k = 0, q = p + 6 + PLAIN; k < FIELD; k++, q++) {
    at[q] = FIELDS + k
    at[q + FIELD] = FIELDS + FIELD + k
    parts[q] = field[k]!
    parts[q + FIELD] = field[k]! * plain[1]!
  }
}

function collect({ at, parts }: Rows, { luma, blue, red }: Channels, seen: number[], weights: Float64Array): Equations {
  const to = equations(UNKNOWNS, 3)
  const values = new Float64Array(3)
  const [here, its] = [new Int32Array(PARTS), new Float64Array(PARTS)]
  for (const i of seen) {
    values[0] = luma.data[i]!
    values[1] = blue.data[i]!
    values[2] = red.data[i]!
    for (let k = 0, p = i * PARTS; k < PARTS; k++, p++) {
      here[k] = at[p]!
      its[k] = parts[p]!
    }
    observe(to, here, its, values, weights[i]!)
  }
  hold(to, seen.length)
  return to
}

const ONE = Float64Array.of(1)
const NONE = new Float64Array(3)

/** Curves bend where pixels say so, and stay near 0 where none do: what is known of few pixels is that most copies are plain. */
function hold(to: Equations, cells: number): void {
  for (let channel = 0; channel < 3; channel++)
    for (let knot = 0; knot + 2 < KNOTS; knot++) {
      const first = channel * KNOTS + knot
      const part = (BENDS[knot + 1]! - BENDS[knot]!) / (BENDS[knot + 2]! - BENDS[knot]!)
      // How far the middle one lies off the line between its neighbours.
      observe(to, Int32Array.of(first, first + 1, first + 2), Float64Array.of(1 - part, -1, part), NONE, 0.005 * cells)
    }
  for (let k = 0; k < CURVES; k++) observe(to, Int32Array.of(k), ONE, NONE, 3e-4 * cells)
  // A grey picture does not say what colour becomes.
  for (let k = CURVES; k < FIELDS; k++) observe(to, Int32Array.of(k), ONE, NONE, 1e-6 * cells)
  for (let k = FIELDS; k < UNKNOWNS; k++) observe(to, Int32Array.of(k), ONE, NONE, 0.01 * cells)
}

/** Root of the summed squares of the three channels' residuals. */
function residuals(rows: Rows, copy: Channels, seen: number[], curves: Float64Array[]): Float32Array {
  const channels = [copy.luma.data, copy.blue.data, copy.red.data]
  return Float32Array.from(seen, (i) => {
    let sum = 0
    for (let k = 0; k < 3; k++) {
      const off = channels[k]![i]! - cellValue(rows, i, curves[k]!)
      sum += off * off
    }
    return Math.sqrt(sum)
  })
}

function cellValue({ at, parts }: Rows, i: number, curve: Float64Array): number {
  let sum = 0
  for (let p = i * PARTS; p < (i + 1) * PARTS; p++) sum += parts[p]! * curve[at[p]!]!
  return sum
}

/** The original's cells with the copy's tone. */
export function toned(original: Channels, { curves }: Tone): Channels {
  const { width, height } = original.luma
  const rows = describe(original)
  const channel = (k: number): Grid => ({
    width,
    height,
    data: Float32Array.from({ length: width * height }, (_, i) => cellValue(rows, i, curves[k]!)),
  })
  return { luma: channel(0), blue: channel(1), red: channel(2) }
}

/** The original's luminance, pixel by pixel, with the copy's tone. Colour is that of the cells, between their middles. */
export function tonedLuma(luma: Grid, blue: Grid, red: Grid, { curves }: Tone): Grid {
  const { width, height } = luma
  const curve = curves[0]!
  const [reds, greens, blues] = [0, 1, 2].map((channel) => tableOf(curve, channel)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const data = new Float32Array(width * height)
  const line = { blue: new Float32Array(width), red: new Float32Array(width) }
  const f = curve.subarray(FIELDS)
  const [constant, light, bluer, redder] = [...curve.subarray(CURVES, FIELDS)].map((part, k) =>
    k ? part / 128 : part,
  ) as [number, number, number, number]
  for (let y = 0, i = 0; y < height; y++) {
    fillLine(blue, y, line.blue)
    fillLine(red, y, line.red)
    const v = (2 * y + 1) / height - 1
    const vv = v * v - 1 / 3
    for (let x = 0; x < width; x++, i++) {
      const value = luma.data[i]!
      const u = (2 * x + 1) / width - 1
      const uu = u * u - 1 / 3
      const r = clamp(value + 1.402 * line.red[x]!)
      const g = clamp(value - 0.344 * line.blue[x]! - 0.714 * line.red[x]!)
      const b = clamp(value + 1.772 * line.blue[x]!)
      const plain = constant + light * (value - 128) + bluer * line.blue[x]! + redder * line.red[x]!
      const added = plain + f[0]! * u + f[1]! * v + f[2]! * uu + f[3]! * u * v + f[4]! * vv
      const times = f[5]! * u + f[6]! * v + f[7]! * uu + f[8]! * u * v + f[9]! * vv
      data[i] =
        reds[(r + 0.5) | 0]! + greens[(g + 0.5) | 0]! + blues[(b + 0.5) | 0]! + added + (times * (value - 128)) / 128
    }
  }
  return { width, height, data }
}

/** By how much the tone raises what the evidence lost: energy of luminance and of colour, cell by cell, after it. In the dark a gamma raises it
 * twentyfold. */
export function raised(
  original: Channels,
  { curves }: Tone,
  lost: { luma: Grid; colour: Grid },
): { luma: Grid; colour: Grid } {
  const { width, height } = original.luma
  const tables = curves.map((curve) => [0, 1, 2].map((channel) => tableOf(curve, channel)))
  const to = { luma: new Float32Array(width * height), colour: new Float32Array(width * height) }
  const rgb = new Float64Array(3)
  for (let i = 0; i < to.luma.length; i++) {
    rgbOf(original.luma.data[i]!, original.blue.data[i]!, original.red.data[i]!, rgb)
    const [luma, colour] = [lost.luma.data[i]!, lost.colour.data[i]!]
    const [far, near] = [Math.max(2, Math.sqrt(luma)), Math.max(2, Math.sqrt(colour))]
    // Light moves all three channels; a colour difference moves blue or red, and green a little the other way.
    const gain = (k: number, { plain, parts }: Direction, reach: number) =>
      parts.reduce(
        (sum, part, channel) => sum + part * steepness(tables[k]![channel]!, rgb[channel]!, reach),
        curves[k]![CURVES + plain]! / 128,
      )
    to.luma[i] = luma * gain(0, LIGHT, far) ** 2 + (colour * (gain(0, BLUE, near) ** 2 + gain(0, RED, near) ** 2)) / 2
    for (const k of [1, 2])
      to.colour[i]! +=
        (luma * gain(k, LIGHT, far) ** 2) / 4 + (colour * (gain(k, BLUE, near) ** 2 + gain(k, RED, near) ** 2)) / 2
  }
  return { luma: { width, height, data: to.luma }, colour: { width, height, data: to.colour } }
}

/** A way in which a pixel can be off: by which plain unknown, and how much of it in red, green and blue. */
interface Direction {
  plain: number
  parts: readonly number[]
}

const LIGHT: Direction = { plain: 1, parts: [1, 1, 1] }
const BLUE: Direction = { plain: 2, parts: [0, -0.344, 1.772] }
const RED: Direction = { plain: 3, parts: [1.402, -0.714, 0] }

/** Slope of a table around a value. */
function steepness(table: Float32Array, value: number, reach: number): number {
  const [low, high] = [Math.max(0, Math.round(value - reach)), Math.min(255, Math.round(value + reach))]
  return (table[high]! - table[low]!) / (high - low)
}

/** Values of one curve at 0 to 255. */
function tableOf(curve: Float64Array, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => {
    const knot = BEND_BEFORE[value]!
    const [a, b] = [curve[channel * KNOTS + knot]!, curve[channel * KNOTS + knot + 1]!]
    return a + placeIn(knot, value) * (b - a)
  })
}

/** A row of pixels, each between the middles of the four cells around it; at the border the cells' own values. */
function fillLine({ width, height, data }: Grid, y: number, line: Float32Array): void {
  const v = Math.min(height - 1, Math.max(0, (y + 0.5) / CELL - 0.5))
  const upper = (v | 0) * width
  const lower = Math.min(height - 1, (v | 0) + 1) * width
  const part = v - (v | 0)
  for (let x = 0; x < line.length; x++) {
    const u = Math.min(width - 1, Math.max(0, (x + 0.5) / CELL - 0.5))
    const left = u | 0
    const right = Math.min(width - 1, left + 1)
    const a = data[upper + left]! + (u - left) * (data[upper + right]! - data[upper + left]!)
    const b = data[lower + left]! + (u - left) * (data[lower + right]! - data[lower + left]!)
    line[x] = a + part * (b - a)
  }
}
