/** Levels through a coder, one function for both ways: what kernels/fingerprint/levels.ts must equal. */
import { BLOCK, ZIGZAG } from '../../../server/fingerprint/transform.ts'
import { type BitCoder, EVEN } from './range-coder.ts'

/** Coefficients of a plane divided by the step, block by block, 64 each in rows. */
export interface LevelPlane {
  columns: number
  rows: number
  levels: Int16Array
  /** For each block how much of it the levels do not hold: see `lossOf`. 0 to 15. */
  losses: Uint8Array
}

export function emptyLevels(width: number, height: number): LevelPlane {
  const [columns, rows] = [(width + 7) >> 3, (height + 7) >> 3]
  return { columns, rows, levels: new Int16Array(columns * rows * BLOCK), losses: new Uint8Array(columns * rows) }
}

/** Larger ones cannot come from samples of 8 bits: 16·8·255 over a step of at least 16. */
export const MAX_LEVEL = 2047

/** First contexts of each kind. */
const LOSS = 1
const LAST = LOSS + 16 * 16
const LAST_CLASSES = 7
const DC_ZERO = LAST + LAST_CLASSES * 64
const DC_SIGN = DC_ZERO + 3
const DC_SIZE = DC_SIGN + 3
const SIZES = 24
const ZERO = DC_SIZE + 3 * SIZES
const NEARS = 9
const SIZE = ZERO + 64 * NEARS
/** One plane's contexts; the planes of a picture learn apart. */
export const PLANE_CONTEXTS = SIZE + 3 * NEARS * SIZES

/** Codes a plane.
 * @param base the first context of the plane.
 * @throws RangeError if what is read is no plane. */
export function codePlane(coder: BitCoder, { columns, rows, levels, losses }: LevelPlane, base: number): void {
  const lasts = new Uint8Array(columns * rows)
  for (let block = 0; block < columns * rows; block++) {
    const left = block % columns ? block - 1 : -1
    const above = block - columns
    const near = ((losses[left < 0 ? above : left] ?? 0) + (losses[above < 0 ? left : above] ?? 0)) >> 1
    losses[block] = codeTree(coder, losses[block]!, 4, base + LOSS + 16 * near)
    codeConstant(coder, levels, { block, left, above }, base)
    const before = ((left < 0 ? 0 : lasts[left]!) + (above < 0 ? 0 : lasts[above]!)) >> (left < 0 || above < 0 ? 0 : 1)
    const last = codeTree(coder, lastOf(levels, block), 6, base + LAST + classOf(before) * 64)
    lasts[block] = last
    codeRest(coder, levels, { block, left, above }, last, base)
  }
}

interface Place {
  block: number
  /** Blocks; negative where there is none. */
  left: number
  above: number
}

/** How many coefficients after the constant one there are until only zeros follow, 0 to 63. */
function lastOf(levels: Int16Array, block: number): number {
  for (let i = 63; i > 0; i--) if (levels[block * BLOCK + ZIGZAG[i]!] !== 0) return i
  return 0
}

/** 0, 1, 2–3, 4–7, …, 32–63. */
const classOf = (last: number) => 32 - Math.clz32(last)

/** Codes a number of so many bits, the highest first; each stands in the context of those before it. */
function codeTree(coder: BitCoder, value: number, bits: number, context: number): number {
  let tree = 1
  for (let bit = bits - 1; bit >= 0; bit--) tree = 2 * tree + coder.bit(context + tree - 1, (value >> bit) & 1)
  return tree - (1 << bits)
}

function codeConstant(coder: BitCoder, levels: Int16Array, { block, left, above }: Place, base: number): void {
  const [a, b] = [levels[(left < 0 ? above : left) * BLOCK] ?? 0, levels[(above < 0 ? left : above) * BLOCK] ?? 0]
  const expected = (a + b) >> 1
  const spread = Math.abs(a - b)
  const near = spread < 2 ? 0 : spread < 8 ? 1 : 2
  const difference = levels[block * BLOCK]! - expected
  let value = 0
  if (coder.bit(base + DC_ZERO + near, difference ? 1 : 0)) {
    const negative = coder.bit(base + DC_SIGN + near, difference < 0 ? 1 : 0)
    const size = codeSize(coder, Math.abs(difference), base + DC_SIZE + near * SIZES)
    value = negative ? -size : size
  }
  levels[block * BLOCK] = expected + value
}

function codeRest(coder: BitCoder, levels: Int16Array, place: Place, last: number, base: number): void {
  const [at, left, above] = [place.block * BLOCK, place.left * BLOCK, place.above * BLOCK]
  let [before, earlier] = [0, 0]
  for (let i = 1; i <= last; i++) {
    const k = ZIGZAG[i]!
    const beside = (left < 0 ? 0 : Math.abs(levels[left + k]!)) + (above < 0 ? 0 : Math.abs(levels[above + k]!))
    const near = 3 * upTo2(beside) + upTo2(2 * before + earlier > 2 ? 2 : before + earlier)
    const value = levels[at + k]!
    let size = 0
    // The last one is none of the zeros.
    if (i === last || coder.bit(base + ZERO + 64 * near + i, value ? 1 : 0)) {
      const band = i < 4 ? 0 : i < 16 ? 1 : 2
      size = codeSize(coder, Math.abs(value), base + SIZE + (3 * near + band) * SIZES)
      levels[at + k] = coder.bit(EVEN, value < 0 ? 1 : 0) ? -size : size
    }
    earlier = before
    before = size
  }
}

const upTo2 = (n: number) => (n < 2 ? n : 2)

/** Codes a number from 1 on: up to 12 by one bit each, more by their number of bits (Exp-Golomb). */
function codeSize(coder: BitCoder, size: number, context: number): number {
  for (let n = 1; n < 12; n++) if (!coder.bit(context + n - 1, size > n ? 1 : 0)) return n
  const rest = size - 11
  const length = 32 - Math.clz32(rest)
  let bits = 1
  while (coder.bit(context + 11 + Math.min(bits, 12), length > bits ? 1 : 0)) {
    if (bits > 11) throw new RangeError(`"size" expected at most ${MAX_LEVEL}, got more`)
    bits++
  }
  let value = 1
  for (let bit = bits - 2; bit >= 0; bit--) value = 2 * value + coder.bit(EVEN, (rest >> bit) & 1)
  return value + 11
}
