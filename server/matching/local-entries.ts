/**
 * Where an index keeps what it knows of each feature: the record's number and 64 bits of its hash, in the bucket of its key. Twelve
 * bytes a feature, and one or two for the pages that hold them.
 *
 * A bucket is a chain of pages, the newest first; all but the newest are full. Adding moves nothing that is there, so it costs the same at ten
 * records and at a million, and nothing is ever made anew. What is dropped leaves its place to the latest entry of its bucket, and a page that
 * is empty then is given to any bucket that needs one of its size: what was taken once for so many entries is enough for as many.
 */
import { popcount } from './hamming.ts'

/** At 100,000 pictures some hundred entries each. */
export const BUCKETS = 1 << 18

/** 32-bit words of an entry: record, two of signature. */
const ENTRY_WORDS = 3
/** Entries of the first, the second and each further page of a chain: short chains waste little, long ones are read in long runs. */
const CAPACITIES = [5, 10, 21] as const
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
  const counts = new Uint32Array(BUCKETS)
  const pieces: Uint32Array[] = []
  /** Units given out; unit 0 is none. */
  let units = 1
  /** The first page that is free again of each size, in units; each names the one after it. */
  const free = [0, 0, 0, 0, 0]
  let entries = 0

  const pieceOf = (page: number) => pieces[Math.floor(page / PIECE_UNITS)]!
  const offsetOf = (page: number) => (page % PIECE_UNITS) * UNIT_WORDS

  function add(bucket: number, record: number, low: number, high: number): void {
    const page = isFull(counts[bucket]!) ? addPage(bucket) : heads[bucket]!
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

  function addPage(bucket: number): number {
    const size = unitsAfter(counts[bucket]!)
    const page = free[size]! === 0 ? newPage(size) : freePage(size)
    pieceOf(page)[offsetOf(page)] = heads[bucket]! << FILL_BITS
    heads[bucket] = page
    return page
  }

  function newPage(size: number): number {
    // A page lies in one piece.
    if ((units % PIECE_UNITS) + size > PIECE_UNITS) units += PIECE_UNITS - (units % PIECE_UNITS)
    const page = units
    units += size
    if (pieces.length * PIECE_UNITS < units) pieces.push(new Uint32Array(PIECE_UNITS * UNIT_WORDS))
    return page
  }

  function freePage(size: number): number {
    const page = free[size]!
    free[size] = afterPage(page)
    return page
  }

  const afterPage = (page: number) => pieceOf(page)[offsetOf(page)]! >>> FILL_BITS

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
      for (let page = heads[bucket]!; page !== 0; ) {
        const after = afterPage(page)
        sweepPage(bucket, page, alive)
        page = after
      }
  }

  /** Pages before it were swept: what takes the place of an entry that is dropped is alive, but where it comes from this page itself. */
  function sweepPage(bucket: number, page: number, alive: Uint8Array): void {
    const [words, header] = [pieceOf(page), offsetOf(page)]
    let at = header + 1
    while (at < header + 1 + (words[header]! & FILL) * ENTRY_WORDS)
      if (alive[words[at]!] === 1) at += ENTRY_WORDS
      else if (drop(bucket, words, at) === page) return
  }

  /** The latest entry of the bucket takes the place of one. @returns the page that this made empty, which is free now, or 0. */
  function drop(bucket: number, words: Uint32Array, at: number): number {
    const page = heads[bucket]!
    const [from, header] = [pieceOf(page), offsetOf(page)]
    const fill = (from[header]! & FILL) - 1
    const last = header + 1 + fill * ENTRY_WORDS
    for (let i = 0; i < ENTRY_WORDS; i++) words[at + i] = from[last + i]!
    from[header]!--
    counts[bucket]!--
    entries--
    if (fill > 0) return 0
    heads[bucket] = afterPage(page)
    // With one entry less, that page would be the next to be added.
    const size = unitsAfter(counts[bucket]!)
    from[header] = free[size]! << FILL_BITS
    free[size] = page
    return page
  }

  return {
    add,
    scan,
    count: (bucket) => counts[bucket]!,
    sweep,
    size: () => ({
      entries,
      bytes: heads.byteLength + counts.byteLength + pieces.length * PIECE_UNITS * UNIT_WORDS * 4,
    }),
  }
}

const [FIRST, SECOND, FURTHER] = CAPACITIES

/** Whether so many entries leave no room in the newest page of their bucket. */
function isFull(count: number): boolean {
  return count <= FIRST + SECOND
    ? count === 0 || count === FIRST || count === FIRST + SECOND
    : (count - FIRST - SECOND) % FURTHER === 0
}

/** Units of the page that comes after pages with so many entries. */
const unitsAfter = (count: number) => (count === 0 ? 1 : count === FIRST ? 2 : 4)

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
