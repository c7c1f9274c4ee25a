/** Which features of a candidate look like which of an original: nearest in both directions, by Hamming distance of their 256 bits. */
import type { LocalFeatures } from '../fingerprint/index.ts'
import { MIRRORED_BITS, PLACE_PARTS, SIZE_RATIO, WORDS_A_FEATURE } from '../fingerprint/index.ts'
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

export function marksOf(features: LocalFeatures): Marks {
  const place = (at: number) => (at + 0.5) / PLACE_PARTS
  return {
    count: features.count,
    x: Float64Array.from(features.x, place),
    y: Float64Array.from(features.y, place),
    size: Float64Array.from(features.size, (size) => size * Math.log2(SIZE_RATIO)),
    direction: Float64Array.from(features.direction, (direction) => (direction * Math.PI) / 128),
    words: features.words,
  }
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
  const [rows, columns] = [nearest(candidate.count), nearest(original.count)]
  for (let i = 0; i < candidate.count; i++) compareWithAll(candidate.words, i, original, rows, columns)
  const matches: Match[] = []
  for (const [i, j] of rows.other.entries())
    if (j >= 0 && columns.other[j] === i) matches.push({ candidate: i, original: j, distanceBits: rows.distance[i]! })
  return matches.sort((a, b) => a.distanceBits - b.distanceBits || a.candidate - b.candidate)
}

/** Bits that may differ in the first quarter of two hashes, and in the first half, for the pair to be looked at further: of right pairs one in a
 *  thousand has more; of strangers' two in three are passed over after the first, and nine in ten after the second. */
const [FIRST_QUARTER, FIRST_HALF] = [28, 44]

function compareWithAll(
  words: Uint32Array,
  i: number,
  { words: others, count }: Marks,
  rows: Nearest,
  columns: Nearest,
): void {
  const at = i * WORDS_A_FEATURE
  // Loaded once, not once a pair.
  const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!]
  const [e, f, g, h] = [words[at + 4]!, words[at + 5]!, words[at + 6]!, words[at + 7]!]
  for (let j = 0, k = 0; j < count; j++, k += WORDS_A_FEATURE) {
    let distance = bitsOfTwo(a ^ others[k]!, b ^ others[k + 1]!)
    if (distance > FIRST_QUARTER) continue
    distance += bitsOfTwo(c ^ others[k + 2]!, d ^ others[k + 3]!)
    if (distance > FIRST_HALF) continue
    distance += bitsOfTwo(e ^ others[k + 4]!, f ^ others[k + 5]!) + bitsOfTwo(g ^ others[k + 6]!, h ^ others[k + 7]!)
    if (distance < rows.distance[i]!) note(rows, i, j, distance)
    if (distance < columns.distance[j]!) note(columns, j, i, distance)
  }
}

interface Nearest {
  other: Int32Array
  distance: Int32Array
}

function nearest(count: number): Nearest {
  return { other: new Int32Array(count).fill(-1), distance: new Int32Array(count).fill(MAX_LOCAL_BITS + 1) }
}

function note(to: Nearest, at: number, other: number, distance: number): void {
  to.other[at] = other
  to.distance[at] = distance
}

/** Bits set in two words. Sideways addition as in `popcount`, of both together from the second step on. */
function bitsOfTwo(a: number, b: number): number {
  const fours = inFours(a) + inFours(b)
  return Math.imul((fours & 0x0f0f0f0f) + ((fours >>> 4) & 0x0f0f0f0f), 0x01010101) >>> 24
}

/** Bits set in each four of 32. */
function inFours(x: number): number {
  const twos = x - ((x >>> 1) & 0x55555555)
  return (twos & 0x33333333) + ((twos >>> 2) & 0x33333333)
}
