/** Which features of a candidate look like which of an original: nearest in both directions, by Hamming distance of their 256 bits. */
import type { LocalFeatures } from '../fingerprint/index.ts'
import { MIRRORED_BITS, PLACE_PARTS, SIZE_RATIO, WORDS_A_FEATURE } from '../fingerprint/index.ts'
import { kernels } from './kernels.ts'
import { MAX_LOCAL_BITS } from './thresholds.ts'

/** Features as the fit reckons with them. */
export interface Marks {
  count: number
  /** In longer sides of the picture. */
  x: Float64Array
  y: Float64Array
  /** Binary logarithm of the size, in longer sides. */
  size: Float64Array
  /** Radians, from rightwards to downwards. */
  direction: Float64Array
  words: Uint32Array
}

export function marksOf({ count, words, ...features }: LocalFeatures): Marks {
  const empty = () => new Float64Array(count)
  const marks = { count, x: empty(), y: empty(), size: empty(), direction: empty(), words }
  for (let i = 0; i < count; i++) {
    marks.x[i] = (features.x[i]! + 0.5) / PLACE_PARTS
    marks.y[i] = (features.y[i]! + 0.5) / PLACE_PARTS
    marks.size[i] = features.size[i]! * Math.log2(SIZE_RATIO)
    marks.direction[i] = (features.direction[i]! * Math.PI) / 128
  }
  return marks
}

/** The same of the picture mirrored left to right at x = 0: what lay at x lies at −x. */
export function mirrored(marks: Marks): Marks {
  return {
    ...marks,
    x: marks.x.map((x) => -x),
    direction: marks.direction.map((direction) => Math.PI - direction),
    words: mirroredWords(marks.words),
  }
}

const MIRROR_FROM = Uint8Array.from(MIRRORED_BITS, ({ bit }) => bit)
const MIRROR_INVERTED = Uint8Array.from(MIRRORED_BITS, ({ inverted }) => Number(inverted))

/** The hashes that the features of the mirrored picture have. */
export function mirroredWords(words: Uint32Array): Uint32Array {
  const out = new Uint32Array(words.length)
  for (let at = 0; at < words.length; at += WORDS_A_FEATURE)
    for (let bit = 0; bit < MIRROR_FROM.length; bit++) {
      const from = MIRROR_FROM[bit]!
      const is = ((words[at + (from >> 5)]! >>> (from & 31)) & 1) ^ MIRROR_INVERTED[bit]!
      out[at + (bit >> 5)]! |= is << (bit & 31)
    }
  return out
}

export interface Match {
  /** Numbers of the features. */
  candidate: number
  original: number
  distanceBits: number
}

/** Pairs of which each is the other's nearest, and near enough; the nearest pairs first. */
export function matchMarks(candidate: Marks, original: Marks): Match[] {
  const { run, memory } = kernels()
  memory.clear()
  const [a, b] = [memory.put(candidate.words), memory.put(original.words)]
  const [rows, columns] = [none(candidate.count), none(original.count)]
  run.nearest(a, candidate.count, b, original.count, FIRST_QUARTER, FIRST_HALF, rows, columns)
  const [nearest, distance] = readNearest(rows, candidate.count)
  const [back] = readNearest(columns, original.count)
  const matches: Match[] = []
  for (const [i, j] of nearest.entries())
    if (j >= 0 && back[j] === i) matches.push({ candidate: i, original: j, distanceBits: distance[i]! })
  return matches.sort((a, b) => a.distanceBits - b.distanceBits || a.candidate - b.candidate)
}

/** Room for the number of the nearest of each, and for distances, which begin where none is near enough. */
function none(count: number): number {
  const { memory } = kernels()
  const at = memory.take(8 * count)
  memory
    .integers(at, 2 * count)
    .fill(-1, 0, count)
    .fill(MAX_LOCAL_BITS + 1, count)
  return at
}

function readNearest(at: number, count: number): [number: Int32Array, distance: Int32Array] {
  const { memory } = kernels()
  return [memory.integers(at, count), memory.integers(at + 4 * count, count)]
}

/** Bits that may differ in the first quarter of two hashes, and in the first half, for the pair to be looked at further: of right pairs one in a
 *  thousand has more; of strangers' two in three are passed over after the first, and nine in ten after the second. */
const [FIRST_QUARTER, FIRST_HALF] = [28, 44]
