/**
 * An exact index of 256-bit hashes by Hamming distance: multi-index hashing.
 *
 * Source: Norouzi, Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing" (2014), §3. A hash is cut into 16 slots of 16
 * bits. Of two hashes at most d bits apart, some slot differs in at most ⌊d / 16⌋ bits: looking up the query's slot values and
 * their neighbours to that radius finds every candidate, and the full distance decides. Nothing within d is ever missed.
 *
 * At d = 31 that is 17 buckets in each of 16 slots. The buckets are flat arrays made anew as the index grows ("sorted part"); what
 * came after is compared one by one ("tail"), so an insertion costs little and never blocks for long.
 */

const SLOTS = 16
const BUCKETS = 65_536
const WORDS = 8
export const HASH_BYTES = 32

/** Hashes in the tail before the sorted part is made anew; it also may grow to an eighth of the sorted part, so that
 *  building costs a constant number of passes over each hash. */
const MIN_TAIL = 4_096

/** The sorted part does not pay beyond this radius a slot: 697 buckets of 16 bits already, most of them full. */
const MAX_SLOT_RADIUS = 2

export interface Hit {
  /** What was given to `add`. */
  value: number
  distanceBits: number
}

export interface HammingIndex {
  /** Adds a hash of 32 bytes under a value (0 to 2³² − 1), which need not be unique. */
  add(hash: Uint8Array, value: number): void
  /** Removes every hash of this value. It is gone later, with others: to add something under it before costs a pass over everything. */
  remove(value: number): void
  /** Whether nothing is left of what was removed of a value. */
  isGone(value: number): boolean
  /** Visits each hash at most `maxDistance` bits from `hash` once, in no particular order. */
  visit(hash: Uint8Array, maxDistance: number, found: (value: number, distanceBits: number) => void): void
  /** The same as a list. */
  query(hash: Uint8Array, maxDistance: number): Hit[]
  /** Hashes held, removed ones apart. */
  size(): number
}

export function createHammingIndex(): HammingIndex {
  let words = new Uint32Array(MIN_TAIL * WORDS)
  let values = new Uint32Array(MIN_TAIL)
  let [count, sorted] = [0, 0]
  let buckets = buildBuckets(words, 0)
  const removed = new Set<number>()
  /** The number of the last query that saw an entry, so that one found by two slots is compared once. */
  let seen = new Uint32Array(MIN_TAIL)
  let queries = 0

  function add(hash: Uint8Array, value: number): void {
    if (hash.length !== HASH_BYTES) throw new RangeError(`"hash" expected ${HASH_BYTES} bytes, got ${hash.length}`)
    if (removed.has(value)) compact()
    if (count === values.length) grow(count * 2)
    words.set(wordsOf(hash), count * WORDS)
    values[count++] = value
    if (count - sorted > Math.max(MIN_TAIL, sorted / 8)) sortAll()
  }

  function grow(capacity: number): void {
    words = resized(words, capacity * WORDS)
    values = resized(values, capacity)
    seen = resized(seen, capacity)
  }

  function sortAll(): void {
    if (removed.size > 0) compact()
    buckets = buildBuckets(words, count)
    sorted = count
  }

  /** Drops what was removed; everything is tail until sorted again. */
  function compact(): void {
    let kept = 0
    for (let i = 0; i < count; i++) {
      if (removed.has(values[i]!)) continue
      words.copyWithin(kept * WORDS, i * WORDS, (i + 1) * WORDS)
      values[kept++] = values[i]!
    }
    removed.clear()
    count = kept
    buckets = buildBuckets(words, count)
    sorted = count
  }

  function query(hash: Uint8Array, maxDistance: number): Hit[] {
    const hits: Hit[] = []
    visit(hash, maxDistance, (value, distanceBits) => hits.push({ value, distanceBits }))
    return hits
  }

  function visit(hash: Uint8Array, maxDistance: number, found: (value: number, distanceBits: number) => void): void {
    if (hash.length !== HASH_BYTES) throw new RangeError(`"hash" expected ${HASH_BYTES} bytes, got ${hash.length}`)
    const q = wordsOf(hash)
    const consider = (entry: number) => {
      const distance = distanceTo(words, entry * WORDS, q)
      if (distance <= maxDistance && !removed.has(values[entry]!)) found(values[entry]!, distance)
    }
    const radius = Math.floor(maxDistance / SLOTS)
    if (radius > MAX_SLOT_RADIUS) for (let i = 0; i < sorted; i++) consider(i)
    else searchBuckets(q, radius, consider)
    for (let i = sorted; i < count; i++) consider(i)
  }

  function searchBuckets(q: Uint32Array, radius: number, consider: (entry: number) => void): void {
    queries = (queries + 1) >>> 0 || resetSeen()
    for (let slot = 0; slot < SLOTS; slot++) {
      const near = slotValue(q, 0, slot)
      const base = slot * (BUCKETS + 1)
      for (const mask of MASKS[radius]!) {
        const bucket = base + (near ^ mask)
        for (let i = buckets.starts[bucket]!; i < buckets.starts[bucket + 1]!; i++) {
          const entry = buckets.entries[slot * buckets.count + i]!
          if (seen[entry] === queries) continue
          seen[entry] = queries
          consider(entry)
        }
      }
    }
  }

  function resetSeen(): number {
    seen.fill(0)
    return 1
  }

  function remove(value: number): void {
    removed.add(value)
    // Removal is rare (a reorganisation): the set stays small, and a full pass is only made when it does not.
    if (removed.size > 1_000) compact()
  }

  return {
    add,
    remove,
    isGone: (value) => !removed.has(value),
    visit,
    query,
    size: () => liveCount(values, count, removed),
  }
}

function liveCount(values: Uint32Array, count: number, removed: ReadonlySet<number>): number {
  if (removed.size === 0) return count
  let live = 0
  for (let i = 0; i < count; i++) if (!removed.has(values[i]!)) live++
  return live
}

interface Buckets {
  /** For each slot, 65,537 offsets: where the entries of each 16-bit value begin. */
  starts: Uint32Array
  /** For each slot, all entries ordered by their value in it. */
  entries: Uint32Array
  count: number
}

/** A counting sort for each slot. */
function buildBuckets(words: Uint32Array, count: number): Buckets {
  const starts = new Uint32Array(SLOTS * (BUCKETS + 1))
  const entries = new Uint32Array(SLOTS * count)
  const next = new Uint32Array(BUCKETS)
  for (let slot = 0; slot < SLOTS; slot++) {
    const base = slot * (BUCKETS + 1)
    for (let i = 0; i < count; i++) starts[base + slotValue(words, i * WORDS, slot) + 1]!++
    for (let b = 0; b < BUCKETS; b++) starts[base + b + 1]! += starts[base + b]!
    next.set(starts.subarray(base, base + BUCKETS))
    for (let i = 0; i < count; i++) entries[slot * count + next[slotValue(words, i * WORDS, slot)]!++] = i
  }
  return { starts, entries, count }
}

/** The XOR masks of at most `radius` bits of 16: what to flip in a slot's value to reach its neighbours. */
const MASKS: readonly Uint16Array[] = Array.from({ length: MAX_SLOT_RADIUS + 1 }, (_, radius) =>
  Uint16Array.from(Array.from({ length: BUCKETS }, (_, mask) => mask).filter((mask) => popcount(mask) <= radius)),
)

function slotValue(words: Uint32Array, at: number, slot: number): number {
  return (words[at + (slot >> 1)]! >>> ((slot & 1) * 16)) & 0xffff
}

function wordsOf(hash: Uint8Array): Uint32Array {
  return new Uint32Array(hash.slice().buffer)
}

function distanceTo(words: Uint32Array, at: number, q: Uint32Array): number {
  let bits = 0
  for (let i = 0; i < WORDS; i++) bits += popcount(words[at + i]! ^ q[i]!)
  return bits
}

/** Bits set in 32; the sideways addition of Knuth, TAOCP 7.1.3 (62). */
export function popcount(x: number): number {
  x -= (x >>> 1) & 0x55555555
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

function resized(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(array)
  return larger
}
