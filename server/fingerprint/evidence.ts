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
import { kernels } from './kernels.ts'
import { emptyLevels, type LevelPlane, MAX_LEVEL, readLevels, writeLevels } from './levels.ts'
import { type Plane, type Planes, planesOf, quarter } from './planes.ts'
import { BLOCK } from './transform.ts'

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
  kernels().memory.clear()
  const planes = (colour ? [luma, colour.blue, colour.red] : [luma]).map(coefficientsOf)
  const step = stepFor(planes[0]!, most)
  const head = Uint8Array.of(
    VERSION,
    planes.length,
    width >> 8,
    width & 255,
    height >> 8,
    height & 255,
    STEPS.indexOf(step),
  )
  const body = writeLevels(planes.map((plane) => quantise(plane, step)))
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
  const { memory } = kernels()
  memory.clear()
  const sizes = [[width, height] as const, quarter(width, height), quarter(width, height)].slice(0, count)
  const levels = sizes.map(([columns, rows]) => emptyLevels(memory, columns, rows))
  readLevels(bytes.subarray(HEADER_BYTES), levels)
  const planes = sizes.map(([columns, rows], i) => samplesOf(levels[i]!, step, columns, rows))
  const [luma, blue, red] = planes as [Plane, Plane?, Plane?]
  return { width, height, luma, colour: blue && red ? { blue, red } : null }
}

interface CoefficientPlane {
  width: number
  height: number
  /** Where they lie, 16 times those of the orthonormal DCT, of 16 bits, and how many there are. */
  coefficients: number
  count: number
}

/** Numbers that a kernel needs to turn a block over. */
const BLOCK_BYTES = 8 * BLOCK

/** Blocks over a plane; beyond its right and lower edge the last samples go on. */
function coefficientsOf({ width, height, samples }: Plane): CoefficientPlane {
  const { run, memory } = kernels()
  const count = BLOCK * ((width + 7) >> 3) * ((height + 7) >> 3)
  const [from, block, coefficients] = [memory.put(samples), memory.take(BLOCK_BYTES), memory.take(2 * count)]
  run.coefficientsOf(from, width, height, block, coefficients)
  return { width, height, coefficients, count }
}

/** Part of a step from which on a coefficient is not dropped to 0: a little more than half saves bytes and little is lost. */
const keepFrom = (step: number) => step - ((step * 3) >> 3)

/** The smallest step that leaves at most so many levels that are not 0. */
function stepFor({ coefficients, count }: CoefficientPlane, most: number): number {
  const { run, memory } = kernels()
  const at = memory.take(4 << 15)
  const counts = memory.integers(at, 1 << 15).fill(0)
  run.countSizes(coefficients, count, at)
  let [size, kept] = [counts.length, 0]
  // From the largest down: as long as no more are kept, the step may be smaller.
  for (let k = STEPS.length - 1; k >= 0; k--) {
    while (size > keepFrom(STEPS[k]!)) kept += counts[--size]!
    if (kept > most) return STEPS[Math.min(k + 1, STEPS.length - 1)]!
  }
  return STEPS[0]!
}

function quantise({ width, height, coefficients, count }: CoefficientPlane, step: number): LevelPlane {
  const { run, memory } = kernels()
  const to = emptyLevels(memory, width, height)
  run.quantise(coefficients, count / BLOCK, step, keepFrom(step), MAX_LEVEL, to.levels, to.losses)
  return to
}

/** The middle of what a class of losses stands for, in squared grey levels a sample: 0 under 1/16 of one, each further class twice as much, at most 15. */
const varianceOf = (loss: number) => (loss === 0 ? 1 / 32 : (3 * 2 ** loss) / 64)

function samplesOf({ columns, rows, levels, losses }: LevelPlane, step: number, width: number, height: number): Plane {
  const { run, memory } = kernels()
  const [block, to] = [memory.take(BLOCK_BYTES), memory.take(width * height)]
  run.samplesOf(levels, step, width, height, block, to)
  const variances = Float32Array.from(memory.bytes(losses, columns * rows), varianceOf)
  return { width, height, samples: memory.bytes(to, width * height).slice(), losses: { columns, rows, variances } }
}
