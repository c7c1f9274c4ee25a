import { expect } from 'chai'
import fc from 'fast-check'
import { distanceBits } from '../../server/bytes.ts'
import { createHammingIndex, type Hit } from '../../server/matching/hamming.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** A hash with `bits` of its bits flipped, chosen by `seed`. */
function flipped(of: Uint8Array, bits: number, seed: number): Uint8Array {
  const out = of.slice()
  const positions = Array.from({ length: 256 }, (_, i) => i).sort((a, b) => ((a * seed) % 257) - ((b * seed) % 257))
  for (const p of positions.slice(0, bits)) out[p >> 3]! ^= 1 << (p & 7)
  return out
}

const near = fc
  .tuple(hash, fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 256 })), { maxLength: 60 }))
  .map(([query, copies]) => ({ query, hashes: copies.map(([bits, seed]) => flipped(query, bits, seed)) }))

const sorted = (hits: Hit[]) => hits.toSorted((a, b) => a.value - b.value || a.distanceBits - b.distanceBits)

/** The oracle: every hash, one by one. */
function bruteForce(entries: { hash: Uint8Array; value: number }[], query: Uint8Array, maxDistance: number): Hit[] {
  return entries
    .map((e) => ({ value: e.value, distanceBits: distanceBits(e.hash, query) }))
    .filter((hit) => hit.distanceBits <= maxDistance)
}

describe('Hamming index', () => {
  it('finds exactly what a linear scan finds, whatever the distance', () => {
    fc.assert(
      fc.property(near, fc.integer({ min: 0, max: 80 }), ({ query, hashes }, maxDistance) => {
        const index = createHammingIndex()
        for (const [value, h] of hashes.entries()) index.add(h, value)
        const entries = hashes.map((h, value) => ({ hash: h, value }))
        expect(sorted(index.query(query, maxDistance))).to.deep.equal(bruteForce(entries, query, maxDistance))
      }),
    )
  })

  it('finds exactly what a linear scan finds when sorted, grown and thinned out', () => {
    const random = mulberry(1)
    const index = createHammingIndex()
    let entries: { hash: Uint8Array; value: number }[] = []
    const centre = randomHash(random)
    for (let value = 0; value < 20_000; value++) {
      const h = value % 7 === 0 ? flipped(centre, value % 50, 1 + (value % 256)) : randomHash(random)
      index.add(h, value)
      entries.push({ hash: h, value })
      if (value % 11 === 0) {
        const gone = Math.floor(random() * value)
        index.remove(gone)
        entries = entries.filter((e) => e.value !== gone)
      }
    }
    expect(index.size()).to.equal(entries.length)
    for (const maxDistance of [0, 15, 16, 31, 32, 47, 60])
      expect(sorted(index.query(centre, maxDistance)), `${maxDistance} bits`).to.deep.equal(
        bruteForce(entries, centre, maxDistance),
      )
  })

  it('holds several hashes under one value and removes them together', () => {
    const index = createHammingIndex()
    const a = new Uint8Array(32)
    index.add(a, 5)
    index.add(flipped(a, 3, 9), 5)
    index.add(a, 6)
    expect(index.query(a, 31)).to.have.length(3)
    index.remove(5)
    expect(index.query(a, 31)).to.deep.equal([{ value: 6, distanceBits: 0 }])
    index.add(a, 5)
    expect(sorted(index.query(a, 31)).map((hit) => hit.value)).to.deep.equal([5, 6])
  })

  it('refuses a hash of another length', () => {
    const index = createHammingIndex()
    expect(() => index.add(new Uint8Array(31), 0)).to.throw(RangeError, 'expected 32 bytes, got 31')
    expect(() => index.query(new Uint8Array(33), 31)).to.throw(RangeError, 'expected 32 bytes, got 33')
  })
})

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function randomHash(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256))
}
