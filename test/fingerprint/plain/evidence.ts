/** Evidence, one number after the other: what the kernels must equal, byte for byte. */
import type { PixelPlane } from '../../../server/fingerprint/area.ts'
import type { Evidence } from '../../../server/fingerprint/evidence.ts'
import { type Plane, planesOf, quarter } from '../../../server/fingerprint/planes.ts'
import { BLOCK } from '../../../server/fingerprint/transform.ts'
import { codePlane, emptyLevels, type LevelPlane, MAX_LEVEL, PLANE_CONTEXTS } from './levels.ts'
import { createBitReader, createBitWriter } from './range-coder.ts'
import { forward, inverse } from './transform.ts'

/** The one that this page writes. */
const VERSION = 1
const HEADER_BYTES = 7
/** Steps, in 1/16 of a grey level of an orthonormal coefficient: half an octave in two. */
const STEPS = Array.from({ length: 25 }, (_, i) => [48, 57, 68, 81][i & 3]! << (i >> 2))

/** Levels of luminance that are not 0, which decide how many bytes it takes: the step is the smallest one that leaves no more. */
const MAX_LEVELS = 27_000

/** Evidence of a picture.
 * @param view the picture reduced in its true aspect, at most 1,024 a side.
 * @throws RangeError if its sizes do not agree. */
export function encodeEvidence(view: PixelPlane): Uint8Array {
  const { width, height } = view
  const { luma, colour } = planesOf(view)
  const luminance = coefficientsOf(luma)
  const step = stepFor(luminance, MAX_LEVELS)
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
  const [, count, a, b, c, d, at] = bytes as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [width, height, step] = [a * 256 + b, c * 256 + d, STEPS[at]!]
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
