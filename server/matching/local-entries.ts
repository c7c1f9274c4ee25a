/**
 * Where an index keeps what it knows of each feature: the record's number and 64 bits of its hash, in the bucket of its key. Twelve
 * bytes a feature, and one or two for the pages that hold them.
 *
 * A bucket is a chain of pages, the newest first. Adding moves nothing that is there, so it costs the same at ten records and at a
 * million, and nothing is ever made anew.
 */
import { popcount } from './hamming.ts'

/** At 100,000 pictures some hundred entries each. */
export const BUCKETS = 1 << 18

/** 32-bit words of an entry: record, two of signature. */
const ENTRY_WORDS = 3
/** Entries of the first, the second and each further page of a chain: short chains waste little, long ones are read in long runs. */
const CAPACITIES = [5, 10, 21]
/** Pages are laid out in units of 64 bytes, a line of the processor's cache: 1, 2 or 4. The first word is (page after it, entries in it). */
const UNIT_WORDS = 16
const FILL_BITS = 5
const FILL = (1 << FILL_BITS) - 1
/** Units of a piece of memory: 4 MiB. */
const PIECE_UNITS = 1 << 16

/** Records whose signature is near, as a scan finds them; a record as often as it has such entries. */
export interface Near {
  count: number
  record: Uint32Array
  distanceBits: Uint8Array
}

export interface Entries {
  add(bucket: number, record: number, low: number, high: number): void
  /** Appends to `near` what lies in the bucket at most `maxBits` from a signature. */
  scan(bucket: number, low: number, high: number, maxBits: number, near: Near): void
  /** Entries in a bucket. */
  count(bucket: number): number
  /** Drops entries of records that are not alive from `count` buckets. */
  sweep(bucket: number, count: number, alive: Uint8Array): void
  size(): { entries: number; bytes: number }
}

export function emptyNear(capacity = 4_096): Near {
  return { count: 0, record: new Uint32Array(capacity), distanceBits: new Uint8Array(capacity) }
}

export function createEntries(): Entries {
  const heads = new Uint32Array(BUCKETS)
  const depths = new Uint8Array(BUCKETS)
  const counts = new Uint32Array(BUCKETS)
  const pieces: Uint32Array[] = []
  /** Units given out; unit 0 is none. */
  let units = 1
  let entries = 0

  const pieceOf = (page: number) => pieces[Math.floor(page / PIECE_UNITS)]!
  const offsetOf = (page: number) => (page % PIECE_UNITS) * UNIT_WORDS

  function add(bucket: number, record: number, low: number, high: number): void {
    let page = heads[bucket]!
    if (page === 0 || fillOf(page) === capacityAt(depths[bucket]!)) page = addPage(bucket)
    const words = pieceOf(page)
    const header = offsetOf(page)
    const at = header + 1 + (words[header]! & FILL) * ENTRY_WORDS
    words[header]!++
    words[at] = record
    words[at + 1] = low
    words[at + 2] = high
    counts[bucket]!++
    entries++
  }

  const fillOf = (page: number) => pieceOf(page)[offsetOf(page)]! & FILL

  function addPage(bucket: number): number {
    const depth = Math.min(depths[bucket]! + 1, CAPACITIES.length)
    const size = 1 << (depth - 1)
    // A page lies in one piece.
    if ((units % PIECE_UNITS) + size > PIECE_UNITS) units += PIECE_UNITS - (units % PIECE_UNITS)
    const page = units
    units += size
    if (pieces.length * PIECE_UNITS < units) pieces.push(new Uint32Array(PIECE_UNITS * UNIT_WORDS))
    pieceOf(page)[offsetOf(page)] = heads[bucket]! << FILL_BITS
    heads[bucket] = page
    depths[bucket] = depth
    return page
  }

  function scan(bucket: number, low: number, high: number, maxBits: number, near: Near): void {
    for (let page = heads[bucket]!; page !== 0; ) {
      const words = pieceOf(page)
      const header = offsetOf(page)
      const end = header + 1 + (words[header]! & FILL) * ENTRY_WORDS
      for (let at = header + 1; at < end; at += ENTRY_WORDS) {
        // Of strangers most are too far after the first word.
        const first = popcount(words[at + 1]! ^ low)
        if (first > maxBits) continue
        const bits = first + popcount(words[at + 2]! ^ high)
        if (bits <= maxBits) push(near, words[at]!, bits)
      }
      page = words[header]! >>> FILL_BITS
    }
  }

  function sweep(first: number, count: number, alive: Uint8Array): void {
    for (let bucket = first; bucket < first + count; bucket++)
      for (let page = heads[bucket]!; page !== 0; page = pieceOf(page)[offsetOf(page)]! >>> FILL_BITS)
        sweepPage(bucket, pieceOf(page), offsetOf(page), alive)
  }

  /** The last entry of a page takes the place of one that is dropped; an empty page stays, and only the newest one is filled. */
  function sweepPage(bucket: number, words: Uint32Array, header: number, alive: Uint8Array): void {
    let at = header + 1
    for (let end = at + (words[header]! & FILL) * ENTRY_WORDS; at < end; ) {
      if (alive[words[at]!] === 1) {
        at += ENTRY_WORDS
        continue
      }
      end -= ENTRY_WORDS
      words.copyWithin(at, end, end + ENTRY_WORDS)
      words[header]!--
      counts[bucket]!--
      entries--
    }
  }

  return {
    add,
    scan,
    count: (bucket) => counts[bucket]!,
    sweep,
    size: () => ({
      entries,
      bytes: heads.byteLength + depths.byteLength + counts.byteLength + pieces.length * PIECE_UNITS * UNIT_WORDS * 4,
    }),
  }
}

const capacityAt = (depth: number) => CAPACITIES[depth - 1]!

function push(near: Near, record: number, bits: number): void {
  if (near.count === near.record.length) {
    const larger = emptyNear(2 * near.count)
    larger.record.set(near.record)
    larger.distanceBits.set(near.distanceBits)
    near.record = larger.record
    near.distanceBits = larger.distanceBits
  }
  near.record[near.count] = record
  near.distanceBits[near.count++] = bits
}
