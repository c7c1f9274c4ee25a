/**
 * What was done to the colours of a copy: luminance and colour of the copy as a function of the original's.
 *
 * Each of the copy's three channels is a sum of what is plain (a constant, luminance, both colours), of a curve of red, one of green and one of
 * blue of the original (so gamma, contrast, clipping, saturation, sepia and grey are in it), and of a smooth field over the picture, added and
 * multiplied (vignettes, light). Curves are broken lines, held at 0 where few pixels speak. Fitted by least squares on cells of 4×4 pixels, so that
 * neither sharpness nor a shift of a pixel matters, again and again with less weight for the cells that fit badly, so that altered
 * regions and what is laid over do not pull.
 */
import { BENDS, type Channels, CURVES, describe, FIELDS, KNOTS, PARTS, UNKNOWNS } from './curves.ts'
import { quantile } from './grid.ts'
import { kernels } from './kernels.ts'
import { type Equations, equations, observe, solve } from './solve.ts'

/** Grey levels. What is off by more counts little, round by round: what is far off at first may still turn out to follow a curve. The last ones
 * are no smaller, for where most of a picture is plain, half of the residuals say nothing of the rest. */
const SCALES = [40, 20, 9, 4, 4]

/** Cells that are looked at, at most. */
const MAX_CELLS = 2000
/** Fewer say too little. */
const MIN_CELLS = 60

/** For luma, blue and red: the unknowns. */
export type Tone = Float64Array[]

/** Fits the copy's cells to the original's.
 * @param copy NaN where there is none. @returns null where too little is there to say. */
export function fitTone(original: Channels, copy: Channels): Tone | null {
  const rows = rowsOf(original, copy)
  if (rows.count < MIN_CELLS) return null
  const { run, memory } = kernels()
  const placed = [memory.put(rows.at), memory.put(rows.parts), memory.put(rows.values)] as const
  const [weighed, residuals] = [memory.take(8 * rows.count), memory.take(4 * rows.count)]
  const weights = memory.doubles(weighed, rows.count).fill(1)
  const off = memory.floats(residuals, rows.count)
  const unknowns = memory.take(24 * UNKNOWNS)
  let tone: Tone | null = null
  for (const least of SCALES) {
    tone = solve(collect(placed, weighed, rows.count))
    if (!tone) return null
    for (const [k, one] of tone.entries()) memory.doubles(unknowns, 3 * UNKNOWNS).set(one, k * UNKNOWNS)
    run.toneResiduals(...placed, rows.count, UNKNOWNS, unknowns, residuals)
    const scale = Math.max(least, 1.5 * quantile(off, 0.5))
    for (let n = 0; n < rows.count; n++) weights[n] = 1 / (1 + (off[n]! * off[n]!) / (scale * scale))
  }
  return tone
}

/** What some cells say: for each its parts, which unknowns they are of, and the copy's luma, blue and red. */
interface Rows {
  count: number
  at: Int32Array
  parts: Float64Array
  values: Float64Array
}

function rowsOf(original: Channels, { luma, blue, red }: Channels): Rows {
  const stride = Math.ceil(luma.data.length / MAX_CELLS)
  const most = Math.ceil(luma.data.length / stride)
  const rows = {
    count: 0,
    at: new Int32Array(most * PARTS),
    parts: new Float64Array(most * PARTS),
    values: new Float64Array(3 * most),
  }
  for (let i = 0; i < luma.data.length; i += stride) {
    if (Number.isNaN(luma.data[i])) continue
    const n = rows.count++
    describe(original, i, rows.at, rows.parts, n * PARTS)
    rows.values[3 * n] = luma.data[i]!
    rows.values[3 * n + 1] = blue.data[i]!
    rows.values[3 * n + 2] = red.data[i]!
  }
  return rows
}

/** @param rows places of `at`, `parts` and `values`. */
function collect(rows: readonly [number, number, number], weights: number, count: number): Equations {
  const { run, memory } = kernels()
  const to = equations(UNKNOWNS, 3)
  const [matrix, sides] = [memory.take(to.matrix.byteLength), memory.take(24 * UNKNOWNS)]
  const [sums, sideSums] = [memory.doubles(matrix, UNKNOWNS ** 2).fill(0), memory.doubles(sides, 3 * UNKNOWNS).fill(0)]
  run.collectTone(...rows, weights, count, UNKNOWNS, matrix, sides)
  to.matrix.set(sums)
  for (const [k, side] of to.sides.entries()) side.set(sideSums.subarray(k * UNKNOWNS, (k + 1) * UNKNOWNS))
  hold(to, count)
  return to
}

const NONE = new Float64Array(3)

/** Curves bend where pixels say so, and stay near 0 where none do: what is known of few pixels is that most copies are plain. */
function hold(to: Equations, cells: number): void {
  for (let channel = 0; channel < 3; channel++)
    for (let knot = 0; knot + 2 < KNOTS; knot++) {
      const first = channel * KNOTS + knot
      const part = (BENDS[knot + 1]! - BENDS[knot]!) / (BENDS[knot + 2]! - BENDS[knot]!)
      // How far the middle one lies off the line between its neighbours.
      const bend = { at: Int32Array.of(first, first + 1, first + 2), parts: Float64Array.of(1 - part, -1, part) }
      observe(to, bend, NONE, 0.005 * cells)
    }
  for (let k = 0; k < UNKNOWNS; k++) {
    // A grey picture does not say what colour becomes; otherwise what is plain is free.
    const weight = k < CURVES ? 3e-4 : k < FIELDS ? 1e-6 : 0.01
    to.matrix[k * UNKNOWNS + k]! += weight * cells
  }
}
