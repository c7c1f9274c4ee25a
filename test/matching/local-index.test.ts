import { expect } from 'chai'
import { type LocalFeatures, localFeatures } from '../../server/fingerprint/index.ts'
import { noFeatures } from '../../server/fingerprint/local.ts'
import { createLocalIndex, type Voted } from '../../server/matching/local-index.ts'
import { bucketOf, KEY_MASKS, type Key, keysOf } from '../../server/matching/local-key.ts'
import { mirroredWords } from '../../server/matching/local-matches.ts'
import { LOCAL_VOTE } from '../../server/matching/thresholds.ts'
import { scenePlane } from '../fingerprint/planes.ts'
import { seeded } from '../random.ts'

const random = seeded(11)
const scenes = [1, 2, 3, 4].map((seed) => {
  const plane = scenePlane(320, 240, seed)
  return localFeatures(plane, plane)
})

/** As real features are alike and unlike: every fourth of a picture, with bits flipped. */
function drawn(count: number, share: number): LocalFeatures {
  const of = scenes[Math.floor(random() * scenes.length)]!
  const words = Uint32Array.from({ length: 8 * count }, (_, w) => of.words[32 * (w >> 3) + (w & 7)]!)
  for (let w = 0; w < words.length; w++) for (let b = 0; b < 32; b++) if (random() < share) words[w]! ^= 1 << b
  return { ...noFeatures(count), words }
}

const known = new WeakMap<Uint32Array, Key[]>()

function keysOnce(words: Uint32Array): Key[] {
  const keys = known.get(words) ?? keysOf(words)
  known.set(words, keys)
  return keys
}

const popcount = (x: number) => x.toString(2).replaceAll('0', '').length

/** The nearest signature of a record's features that lie where the feature looks; null if there is none. */
function nearest(words: Uint32Array, feature: number, record: LocalFeatures): number | null {
  const own = keysOnce(words)[feature]!
  const buckets = new Set(KEY_MASKS.map((mask) => bucketOf(own.key ^ mask)))
  const near = keysOnce(record.words)
    .filter(({ key }) => buckets.has(bucketOf(key)))
    .map(({ low, high }) => popcount((low ^ own.low) >>> 0) + popcount((high ^ own.high) >>> 0))
  const least = Math.min(...near)
  return least <= LOCAL_VOTE.maxBits ? least : null
}

/** Features of which the key lies where this one looks. */
function alike(words: Uint32Array, feature: number): number {
  const keys = keysOnce(words)
  const buckets = KEY_MASKS.map((mask) => bucketOf(keys[feature]!.key ^ mask))
  return keys.filter(({ key }) => buckets.includes(bucketOf(key))).length
}

/** Every record's features beside every feature of the candidate. */
function bruteForce(candidate: LocalFeatures, records: Map<number, LocalFeatures>): Voted[] {
  const ways = (['plain', 'mirrored'] as const).map((way) => {
    const words = way === 'plain' ? candidate.words : mirroredWords(candidate.words)
    const weights = new Map<number, Voted>()
    let attainable = 0
    for (let i = 0; i < candidate.count; i++) {
      const votes = [...records]
        .map(([value, of]) => ({ value, bits: nearest(words, i, of) }))
        .filter((one) => one.bits !== null)
      const rarity = Math.log2((records.size + 1) / Math.max(1, votes.length)) / alike(words, i)
      attainable += rarity
      for (const { value, bits } of votes) {
        const own = weights.get(value) ?? { value, way, votes: 0, weight: 0, share: 0 }
        own.votes++
        own.weight += rarity * (1 - bits! / (LOCAL_VOTE.maxBits + 1))
        weights.set(value, own)
      }
    }
    for (const own of weights.values()) own.share = own.weight / attainable
    return weights
  })
  const values = [...records.keys()]
  return values
    .map((value) => ways.map((way) => way.get(value)).reduce((a, b) => ((b?.share ?? 0) > (a?.share ?? 0) ? b : a)))
    .filter((one) => one !== undefined)
    .sort((a, b) => b.share - a.share)
}

function expectSame(found: Voted[], expected: Voted[]): void {
  const byValue = (a: Voted, b: Voted) => a.value - b.value
  expect(found.toSorted(byValue).map(({ value, way, votes }) => ({ value, way, votes }))).to.deep.equal(
    expected.toSorted(byValue).map(({ value, way, votes }) => ({ value, way, votes })),
  )
  for (const [i, { weight, share }] of found.toSorted(byValue).entries()) {
    expect(weight).to.be.closeTo(expected.toSorted(byValue)[i]!.weight, 1e-3)
    expect(share).to.be.closeTo(expected.toSorted(byValue)[i]!.share, 1e-3)
  }
  expect(found.map(({ share }) => share)).to.deep.equal(found.map(({ share }) => share).sort((a, b) => b - a))
}

describe('local index', () => {
  const index = createLocalIndex()
  const records = new Map<number, LocalFeatures>()
  for (let value = 0; value < 120; value++) {
    const features = drawn(60, 0.12)
    index.add(features, 1_000 * value)
    records.set(1_000 * value, features)
  }

  it('finds what looking at every feature of every record finds, with the same votes', () => {
    for (let i = 0; i < 6; i++) {
      const candidate = drawn(40, 0.04)
      expectSame(index.query(candidate, 1_000), bruteForce(candidate, records))
    }
  })

  it('finds mirrored copies by the hashes of the plain ones', () => {
    const one = records.get(7_000)!
    const [first] = index.query({ ...one, words: mirroredWords(one.words) }, 1)
    expect(first).to.include({ value: 7_000, way: 'mirrored', votes: one.count })
  })

  it('gives those with the largest share only, as many as are asked for', () => {
    const candidate = drawn(60, 0.02)
    const all = index.query(candidate, 1_000)
    expect(all.length).to.be.above(20)
    expect(index.query(candidate, 20)).to.deep.equal(all.slice(0, 20))
  })

  it('lets choose among all, the largest share first, as it is and mirrored', () => {
    const candidate = drawn(60, 0.02)
    const shown = index.query(candidate, 1_000).filter(({ value }) => value % 2_000 === 0)
    const even = index.elect(candidate)((all) => [...all].filter(({ value }) => value % 2_000 === 0))
    expect(even).to.deep.equal(shown)
  })

  it('tells the share of a record, which a flood of its like does not change', () => {
    const flooded = createLocalIndex()
    const [candidate, part] = [drawn(60, 0.12), drawn(60, 0.12)]
    part.words.set(candidate.words.subarray(0, 8 * 20))
    flooded.add(part, 1)
    for (let value = 0; value < 500; value++) flooded.add(drawn(60, 0.3), 10 + value)
    const before = flooded.query(candidate, 1_000).find(({ value }) => value === 1)!
    for (let value = 0; value < 500; value++) flooded.add(candidate, 1_000 + value)
    const [lure, ...others] = flooded.query(candidate, 1_000)
    const after = others.find(({ value }) => value === 1)!
    expect(lure!.share).to.be.above(0.9)
    expect(after.weight).to.be.below(before.weight / 4)
    expect(after.share).to.be.closeTo(before.share, 0.05)
    expect(after.share).to.be.closeTo(20 / 60, 0.05)
  })

  it('knows nothing more of what was removed or replaced, at once and after its places were given to others', () => {
    for (let value = 0; value < 60; value++) {
      index.remove(1_000 * value)
      records.delete(1_000 * value)
    }
    const again = drawn(60, 0.12)
    index.add(again, 70_000)
    records.set(70_000, again)
    const candidate = drawn(40, 0.04)
    expectSame(index.query(candidate, 1_000), bruteForce(candidate, records))
    for (let round = 0; round < 300; round++) index.remove(-1)
    expect(index.size()).to.include({ records: records.size, entries: 60 * records.size })
    expectSame(index.query(candidate, 1_000), bruteForce(candidate, records))
  })

  it('takes no more memory, and finds the same, however often records are replaced and come back', () => {
    const churned = createLocalIndex()
    const held = new Map<number, LocalFeatures>()
    const put = (value: number, features: LocalFeatures) => {
      churned.add(features, value)
      held.set(value, features)
    }
    const noise = () => ({ ...noFeatures(200), words: Uint32Array.from({ length: 8 * 200 }, () => random() * 2 ** 32) })
    for (let value = 0; value < 30; value++) put(value, drawn(200, 0.12))
    const sizes: number[] = []
    for (let round = 0; round < 6; round++) {
      for (let turn = 0; turn < 512; turn++) put(Math.floor(random() * 3), noise())
      for (let value = 3; value < 30; value++) churned.remove(value)
      for (let value = 3; value < 30; value++) put(value, drawn(200, 0.12))
      sizes.push(churned.size().bytes)
    }
    expect(sizes.slice(2)).to.deep.equal(Array(4).fill(sizes[1]))
    const candidate = drawn(40, 0.04)
    expectSame(churned.query(candidate, 1_000), bruteForce(candidate, held))
    for (let change = 0; change < 512; change++) churned.remove(-1)
    expect(churned.size()).to.include({ records: 30, entries: 30 * 200 })
    expectSame(churned.query(candidate, 1_000), bruteForce(candidate, held))
  })

  it('finds all records that have the same features, however many', () => {
    const crowded = createLocalIndex()
    const same = drawn(60, 0.12)
    for (let value = 0; value < 60; value++) crowded.add(same, value)
    for (let value = 0; value < 2_000; value++) crowded.add(drawn(1, 0.5), 1_000 + value)
    const found = crowded.query(same, 100).filter(({ votes }) => votes === 60)
    expect(found.map(({ value }) => value)).to.deep.equal(Array.from({ length: 60 }, (_, value) => value))
    expect(found.every(({ weight }) => weight > 60)).to.equal(true)
  })

  it('spends no more on one key than there is time for, and finds what is rare all the same', () => {
    const flooded = createLocalIndex()
    const one = drawn(60, 0.12)
    flooded.add(one, 1)
    const common = { ...one, words: Uint32Array.from({ length: 8 * 60 }, (_, w) => scenes[0]!.words[w & 7]!) }
    for (let value = 2; value < 4_000; value++) flooded.add(common, value)
    // Its last feature is the common one: 25 buckets, one of which holds all 239,880.
    const words = one.words.slice()
    words.set(common.words.subarray(0, 8), 8 * 59)
    const found = flooded.query({ ...one, words }, 10)
    expect(found.map(({ value }) => value)).to.deep.equal([1])
    expect(found[0]!.votes).to.be.at.least(50)
  })

  it('lets many features that are alike weigh no more than one', () => {
    const framed = createLocalIndex()
    const [edge, picture] = [drawn(1, 0.5), drawn(60, 0.12)]
    const edges = Uint32Array.from({ length: 8 * 60 }, (_, w) => edge.words[w & 7]!)
    framed.add({ ...picture, words: edges }, 1)
    framed.add(picture, 2)
    const words = new Uint32Array([...edges, ...picture.words.subarray(0, 8 * 10)])
    const found = framed.query({ ...drawn(70, 0), words }, 2)
    expect(found.map(({ value, votes }) => [value, votes])).to.deep.equal([
      [2, 10],
      [1, 60],
    ])
  })

  it('answers nothing before anything was added', () => {
    expect(createLocalIndex().query(scenes[0]!, 20)).to.deep.equal([])
  })
})
