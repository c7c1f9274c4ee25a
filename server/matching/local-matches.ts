/** Which features of a candidate look like which of an original: nearest in both directions, by Hamming distance of their 256 bits. */
import type { LocalFeatures } from '../fingerprint/index.ts'
import { MIRRORED_BITS, PLACE_PARTS, SIZE_RATIO, WORDS_A_FEATURE } from '../fingerprint/index.ts'
import { popcount } from './hamming.ts'
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

/** The hashes that the features of the mirrored picture have. */
export function mirroredWords(words: Uint32Array): Uint32Array {
  const out = new Uint32Array(words.length)
  for (let at = 0; at < words.length; at += WORDS_A_FEATURE)
    for (const [bit, from] of MIRRORED_BITS.entries()) {
      const is = (words[at + (from.bit >> 5)]! >>> (from.bit & 31)) & 1
      out[at + (bit >> 5)]! |= (is ^ Number(from.inverted)) << (bit & 31)
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
  for (let i = 0; i < candidate.count; i++)
    for (let j = 0; j < original.count; j++) {
      const distance = distanceWithin(candidate.words, i * WORDS_A_FEATURE, original.words, j * WORDS_A_FEATURE)
      if (distance < rows.distance[i]!) note(rows, i, j, distance)
      if (distance < columns.distance[j]!) note(columns, j, i, distance)
    }
  const matches: Match[] = []
  for (const [i, j] of rows.other.entries())
    if (j >= 0 && columns.other[j] === i) matches.push({ candidate: i, original: j, distanceBits: rows.distance[i]! })
  return matches.sort((a, b) => a.distanceBits - b.distanceBits || a.candidate - b.candidate)
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

/** Bits in which two hashes differ, or as many as were counted when they were too many: most pairs are given up after half of them. */
function distanceWithin(a: Uint32Array, i: number, b: Uint32Array, j: number): number {
  let bits = 0
  for (let w = 0; w < WORDS_A_FEATURE; w += 2) {
    bits += popcount(a[i + w]! ^ b[j + w]!) + popcount(a[i + w + 1]! ^ b[j + w + 1]!)
    if (bits > MAX_LOCAL_BITS) return bits
  }
  return bits
}
