/** Of what a copy's tone is made: see tone.ts. */
import type { Grid } from './grid.ts'

/** The three channels of a picture, of one size. `blue` and `red` are colour differences around 0. */
export interface Channels {
  luma: Grid
  blue: Grid
  red: Grid
}

/** Grey levels at which a curve may bend: close together in the dark, where a gamma is steep, and where it is light, for copies are clipped
 * there. */
export const BENDS = [0, 4, 9, 16, 26, 40, 58, 80, 104, 128, 152, 172, 188, 200, 210, 220, 230, 239, 247, 255]
export const KNOTS = BENDS.length
/** For each grey level the bend at or before it. */
const BEND_BEFORE = Uint8Array.from({ length: 256 }, (_, value) =>
  Math.min(
    KNOTS - 2,
    BENDS.findLastIndex((bend) => bend <= value),
  ),
)

/** Unknowns: three curves, then what is plain (1, luminance, blue, red), then fields (x, y, x², xy, y² and the same times luminance). */
export const CURVES = 3 * KNOTS
const PLAIN = 4
export const FIELDS = CURVES + PLAIN
const FIELD = 5
export const UNKNOWNS = FIELDS + 2 * FIELD
/** Of which a cell has so many: two points of each curve, and the others. */
export const PARTS = 6 + PLAIN + 2 * FIELD

const clamp = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value)
export const redOf = (luma: number, red: number) => clamp(luma + 1.402 * red)
export const greenOf = (luma: number, blue: number, red: number) => clamp(luma - 0.344 * blue - 0.714 * red)
export const blueOf = (luma: number, blue: number) => clamp(luma + 1.772 * blue)

/** From 0 at one bend to 1 at the next. */
const placeIn = (knot: number, value: number) => (value - BENDS[knot]!) / (BENDS[knot + 1]! - BENDS[knot]!)

/** Puts the parts of cell i, and which unknowns they are of, from `p` on. */
export function describe(
  { luma, blue, red }: Channels,
  i: number,
  at: Int32Array,
  parts: Float64Array,
  p: number,
): void {
  const l = luma.data[i]!
  const b = blue.data[i]!
  const r = red.data[i]!
  describePoint(0, redOf(l, r), at, parts, p)
  describePoint(1, greenOf(l, b, r), at, parts, p + 2)
  describePoint(2, blueOf(l, b), at, parts, p + 4)
  const x = i % luma.width
  const u = (2 * x + 1) / luma.width - 1
  const v = (2 * ((i - x) / luma.width) + 1) / luma.height - 1
  const light = (l - 128) / 128
  for (let k = 6; k < PARTS; k++) at[p + k] = CURVES + k - 6
  parts[p + 6] = 1
  parts[p + 7] = light
  parts[p + 8] = b / 128
  parts[p + 9] = r / 128
  parts[p + 10] = u
  parts[p + 11] = v
  parts[p + 12] = u * u - 1 / 3
  parts[p + 13] = u * v
  parts[p + 14] = v * v - 1 / 3
  for (let k = 0; k < FIELD; k++) parts[p + 15 + k] = parts[p + 10 + k]! * light
}

function describePoint(channel: number, value: number, at: Int32Array, parts: Float64Array, p: number): void {
  const knot = BEND_BEFORE[value | 0]!
  at[p] = channel * KNOTS + knot
  at[p + 1] = channel * KNOTS + knot + 1
  parts[p + 1] = placeIn(knot, value)
  parts[p] = 1 - parts[p + 1]!
}

/** One channel's unknowns, ready to be used: curves as tables for 0 to 255. */
export interface Curve {
  tables: [red: Float32Array, green: Float32Array, blue: Float32Array]
  /** 1; a grey level of luminance, of blue, of red. */
  plain: [constant: number, light: number, blue: number, red: number]
  /** The fields. */
  field: Float64Array
}

export function curveOf(unknowns: Float64Array): Curve {
  const plain = unknowns.subarray(CURVES, FIELDS)
  return {
    tables: [tableOf(unknowns, 0), tableOf(unknowns, 1), tableOf(unknowns, 2)],
    plain: [plain[0]!, plain[1]! / 128, plain[2]! / 128, plain[3]! / 128],
    field: unknowns.subarray(FIELDS),
  }
}

function tableOf(unknowns: Float64Array, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => {
    const knot = BEND_BEFORE[value]!
    const [a, b] = [unknowns[channel * KNOTS + knot]!, unknowns[channel * KNOTS + knot + 1]!]
    return a + placeIn(knot, value) * (b - a)
  })
}
