/** Lookup in a million hashes, ours beside the linear scan that it replaces. */
import { createHammingIndex, distanceBits } from '../../server/matching/index.ts'
import { type Row, timed } from './table.ts'

const HASHES = 1_000_000
const QUERIES = 2_000
const SCANS = 5
const MAX_DISTANCE = 31

export function benchHamming(): Row[] {
  const random = generator(1)
  const hashes = Array.from({ length: HASHES }, () => randomHash(random))
  const index = createHammingIndex()
  const before = process.memoryUsage()
  const [buildS] = timed(() => {
    for (const [value, hash] of hashes.entries()) index.add(hash, value)
  })
  const after = process.memoryUsage()
  // Half of the queries are copies at 0 to 31 bits, half are strangers.
  const queries = Array.from({ length: QUERIES }, (_, i) =>
    i % 2 === 0 ? near(hashes[i * 400]!, i % 32, random) : randomHash(random),
  )
  const [indexS, found] = timed(() => queries.map((query) => index.query(query, MAX_DISTANCE).length))
  const [scanS, scanned] = timed(() =>
    queries
      .slice(0, SCANS)
      .map((query) => hashes.reduce((n, hash) => n + Number(distanceBits(hash, query) <= MAX_DISTANCE), 0)),
  )
  if (scanned.some((n, i) => n !== found[i])) throw new Error('the index and the linear scan disagree')
  const bytes = after.arrayBuffers - before.arrayBuffers
  return [
    {
      what: `lookup in ${HASHES.toLocaleString('en')} hashes at ${MAX_DISTANCE} bits`,
      ours: `${((1000 * indexS) / QUERIES).toFixed(2)} ms`,
      peer: `${((1000 * scanS) / SCANS).toFixed(0)} ms`,
      beside: 'linear scan, same run',
    },
    {
      what: 'building that index',
      ours: `${buildS.toFixed(1)} s, ${Math.round(bytes / HASHES)} bytes a hash`,
      peer: '32 bytes a hash',
      beside: 'the hashes alone',
    },
  ]
}

function randomHash(random: () => number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: 8 }, () => random() * 2 ** 32).buffer)
}

function near(hash: Uint8Array, bits: number, random: () => number): Uint8Array {
  const out = hash.slice()
  for (let i = 0; i < bits; i++) {
    const bit = Math.floor(random() * 256)
    out[bit >> 3]! ^= 1 << (bit & 7)
  }
  return out
}

/** xorshift32, seeded: every run measures the same. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
