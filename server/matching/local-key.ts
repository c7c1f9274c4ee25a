/**
 * What an index knows of a feature: a key, by which it is looked up, and a signature, by which most of what has the same key is told from it.
 */
import { WORDS_A_FEATURE } from '../fingerprint/index.ts'
import { BUCKETS } from './local-entries.ts'

/** Bits of a hash that make its key. Chosen by trial, one after the other: the one that most divides features with the same key so far and that copies change
 *  least. Copies keep all 24 in 39 % of the features that match, all but one in 64 %; of strangers' features 0.03 % agree so far. */
const KEY_BITS = [1, 15, 18, 35, 68, 16, 112, 75, 67, 58, 21, 253, 134, 20, 0, 40, 255, 8, 84, 5, 97, 85, 4, 7]

/** The first 64 others: the tests stand in order of how well they tell features apart. */
const SIGNATURE_BITS = Array.from({ length: 256 }, (_, bit) => bit)
  .filter((bit) => !KEY_BITS.includes(bit))
  .slice(0, 64)

export interface Key {
  key: number
  /** Two words of signature. */
  low: number
  high: number
}

/** The keys of features, in their order. */
export function keysOf(words: Uint32Array): Key[] {
  return Array.from({ length: words.length / WORDS_A_FEATURE }, (_, feature) => {
    const at = feature * WORDS_A_FEATURE
    return {
      key: gather(words, at, KEY_BITS, 0, KEY_BITS.length),
      low: gather(words, at, SIGNATURE_BITS, 0, 32),
      high: gather(words, at, SIGNATURE_BITS, 32, 64),
    }
  })
}

function gather(words: Uint32Array, at: number, bits: readonly number[], from: number, to: number): number {
  let out = 0
  for (let i = from; i < to; i++) {
    const bit = bits[i]!
    out |= ((words[at + (bit >> 5)]! >>> (bit & 31)) & 1) << (i - from)
  }
  return out >>> 0
}

/** What to flip in a key to reach it and its neighbours: nothing, or one bit. */
export const KEY_MASKS = [0, ...KEY_BITS.map((_, i) => 1 << i)]

const BUCKET_SHIFT = 32 - Math.log2(BUCKETS)

/** Spreads keys over the buckets: multiplicative hashing, Knuth, TAOCP 6.4. */
export function bucketOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> BUCKET_SHIFT
}
