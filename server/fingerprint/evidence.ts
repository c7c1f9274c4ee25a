/**
 * Evidence of a still picture, `evidence1`: a small copy of it, from which a later copy can be compared region by region.
 *
 * Luminance at the size of the view, colour at a quarter of it each way, in blocks of 8×8 through an integer DCT, divided by a step that is chosen
 * so that the whole stays small, and coded by an adaptive binary coder. It is what JPEG does, without its tables and with a third less
 * bytes; and it is ours because the same pixels must give the same bytes in a server and in every browser: integers only.
 *
 * docs/protocol.md §4 has it byte by byte. What can be found by it: docs/accuracy.md.
 */
import type { PixelPlane } from './area.ts'
import { codePlane, emptyLevels, type LevelPlane, MAX_LEVEL, PLANE_CONTEXTS } from './levels.ts'
import { type Plane, type Planes, planesOf, quarter } from './planes.ts'
import { createBitReader, createBitWriter } from './range-coder.ts'
import { BLOCK, forward, inverse } from './transform.ts'

/** Pixels. Longest side of the view that evidence is made of: see docs/accuracy.md for what other sizes find. */
export const EVIDENCE_SIDE = 512
/** Evidence of other sizes is not read: what compares it need not be ready for any. */
const MAX_SIDE = 1024

/** The one that this page writes. */
const VERSION = 1
const HEADER_BYTES = 7
/** Bytes that are read at the most; pictures have about 17,000, noise 70,000. */
export const MAX_EVIDENCE_BYTES = 131_072

/** Steps, in 1/16 of a grey level of an orthonormal coefficient: half an octave in two. */
const STEPS = Array.from({ length: 25 }, (_, i) => [48, 57, 68, 81][i & 3]! << (i >> 2))

/** Levels of luminance that are not 0, which decide how many bytes it takes: the step is the smallest one that leaves no more. */
const MAX_LEVELS = 27_000

export interface Evidence extends Planes {
  /** Pixels of luminance. */
  width: number
  height: number
}

/** Evidence of a picture.
 * @param view the picture reduced in its true aspect, at most 1,024 a side.
 * @param most levels of luminance that are not 0, which decide how many bytes it takes.
 * @throws RangeError if its sizes do not agree. */
export function encodeEvidence(view: PixelPlane, most = MAX_LEVELS): Uint8Array {
  const { width, height, channels, data } = view
  if (!(width > 0 && height > 0) || Math.max(width, height) > MAX_SIDE || data.length !== width * height * channels)
    throw new RangeError(
      `"view" expected at most ${MAX_SIDE} a side, got ${width}×${height}×${channels}, ${data.length}`,
    )
  const { luma, colour } = planesOf(view)
  const luminance = coefficientsOf(luma)
  const step = stepFor(luminance, most)
  const planes = colour ? [luminance, coefficientsOf(colour.blue), coefficientsOf(colour.red)] : [luminance]
  const coder = createBitWriter(planes.length * PLANE_CONTEXTS)
  for (const [i, plane] of planes.entries()) codePlane(coder, quantise(plane, step), i * PLANE_CONTEXTS)
  const head = Uint8Array.of(
    VERSION,
    planes.length,
    width >> 8,
    width & 255,
    height >> 8,
    height & 255,
    STEPS.indexOf(step),
  )
  const body = coder.finish()
  const bytes = new Uint8Array(HEADER_BYTES + body.length)
  bytes.set(head)
  bytes.set(body, HEADER_BYTES)
  return bytes
}

/** Reads evidence. Costs at most what a picture of 1,024 a side costs, whatever the bytes.
 * @throws RangeError if it is not what `encodeEvidence` writes. */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const [version, count, a, b, c, d, at] = bytes
  if (bytes.length < HEADER_BYTES || version !== VERSION)
    throw new RangeError(`"bytes" expected evidence1, got ${version}`)
  const [width, height, step] = [a! * 256 + b!, c! * 256 + d!, STEPS[at!]]
  if ((count !== 1 && count !== 3) || !width || !height || Math.max(width, height) > MAX_SIDE || !step)
    throw new RangeError(
      `"bytes" expected 1 or 3 planes of at most ${MAX_SIDE} a side, got ${count} of ${width}×${height}`,
    )
  const coder = createBitReader(count * PLANE_CONTEXTS, bytes.subarray(HEADER_BYTES))
  const sizes = [[width, height] as const, quarter(width, height), quarter(width, height)].slice(0, count)
  const planes = sizes.map(([columns, rows], i) => {
    const plane = emptyLevels(columns, rows)
    codePlane(coder, plane, i * PLANE_CONTEXTS)
    return samplesOf(plane, step, columns, rows)
  })
  if (!coder.atEnd()) throw new RangeError('"bytes" go on after the last plane')
  const [luma, blue, red] = planes as [Plane, Plane?, Plane?]
  return { width, height, luma, colour: blue && red ? { blue, red } : null }
}

interface CoefficientPlane {
  columns: number
  rows: number
  coefficients: Int16Array
}

/** Blocks over a plane; beyond its right and lower edge the last samples go on. */
function coefficientsOf({ width, height, samples }: Plane): CoefficientPlane {
  const [columns, rows] = [(width + 7) >> 3, (height + 7) >> 3]
  const coefficients = new Int16Array(columns * rows * BLOCK)
  const block = new Int32Array(BLOCK)
  for (let at = 0, y0 = 0; y0 < height; y0 += 8)
    for (let x0 = 0; x0 < width; x0 += 8, at += BLOCK) {
      for (let y = 0, k = 0; y < 8; y++) {
        const row = Math.min(y0 + y, height - 1) * width
        for (let x = 0; x < 8; x++, k++) block[k] = samples[row + Math.min(x0 + x, width - 1)]! - 128
      }
      forward(block)
      coefficients.set(block, at)
    }
  return { columns, rows, coefficients }
}

/** Part of a step from which on a coefficient is not dropped to 0: a little more than half saves bytes and little is lost. */
const keepFrom = (step: number) => step - ((step * 3) >> 3)

/** The smallest step that leaves at most so many levels that are not 0. */
function stepFor({ coefficients }: CoefficientPlane, most: number): number {
  const counts = new Int32Array(1 << 15)
  for (let i = 0; i < coefficients.length; i++) counts[Math.abs(coefficients[i]!)]!++
  let [size, kept] = [counts.length, 0]
  // From the largest down: as long as no more are kept, the step may be smaller.
  for (let k = STEPS.length - 1; k >= 0; k--) {
    while (size > keepFrom(STEPS[k]!)) kept += counts[--size]!
    if (kept > most) return STEPS[Math.min(k + 1, STEPS.length - 1)]!
  }
  return STEPS[0]!
}

function quantise({ columns, rows, coefficients }: CoefficientPlane, step: number): LevelPlane {
  const levels = new Int16Array(coefficients.length)
  const losses = new Uint8Array(columns * rows)
  const drop = keepFrom(step)
  for (let block = 0, i = 0; block < losses.length; block++) {
    let lost = 0
    for (const end = i + BLOCK; i < end; i++) {
      const value = coefficients[i]!
      const size = Math.abs(value)
      if (size < drop && i % BLOCK) {
        lost += size * size
        continue
      }
      // The constant part is rounded to the nearest; of the others less is kept.
      const level = Math.min(MAX_LEVEL, Math.floor((size + (i % BLOCK ? step - drop : step >> 1)) / step))
      levels[i] = value < 0 ? -level : level
      lost += (size - level * step) * (size - level * step)
    }
    losses[block] = lossOf(lost)
  }
  return { columns, rows, levels, losses }
}

/** Bits of the lost energy: 0 under 1/16 of a squared grey level, one more for each doubling, at most 15.
 * @param lost sum over the block of the squares of what is missing, in 1/16. */
const lossOf = (lost: number) => Math.min(15, 32 - Math.clz32(Math.min(0x7fffffff, lost) >> 10))

/** The middle of what a class stands for, in squared grey levels a sample. */
const varianceOf = (loss: number) => (loss === 0 ? 1 / 32 : (3 * 2 ** loss) / 64)

function samplesOf({ columns, rows, levels, losses }: LevelPlane, step: number, width: number, height: number): Plane {
  const samples = new Uint8Array(width * height)
  const block = new Int32Array(BLOCK)
  for (let at = 0; at < levels.length; at += BLOCK) {
    const [x0, y0] = [((at / BLOCK) % columns) * 8, Math.floor(at / BLOCK / columns) * 8]
    for (let k = 0; k < BLOCK; k++) block[k] = levels[at + k]! * step
    inverse(block)
    for (let y = 0; y < 8 && y0 + y < height; y++)
      for (let x = 0; x < 8 && x0 + x < width; x++)
        samples[(y0 + y) * width + x0 + x] = Math.min(255, Math.max(0, block[y * 8 + x]! + 128))
  }
  return { width, height, samples, losses: { columns, rows, variances: Float32Array.from(losses, varianceOf) } }
}
