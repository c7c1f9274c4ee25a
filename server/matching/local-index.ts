/**
 * Which registered pictures share local hashes with a candidate: the first step of the second tier. It settles what is worth comparing, and nothing
 * else; `fitFeatures` decides.
 *
 * A feature is filed under 24 bits of its hash, with 64 others as a signature. A candidate's feature looks under its own key and those
 * that differ in one bit; where the signature is near, it gives the record a vote, one for each feature. A vote weighs the
 * more the nearer the signature is and the fewer records the feature votes for (inverse document frequency: Sivic and Zisserman, "Video Google",
 * 2003): a straight edge votes for half the registry and tells nothing. Features of the candidate that are alike share one vote's weight (bursts: Jégou, Douze, Schmid,
 * 2009): those along a frame would outvote the picture in it.
 */
import type { LocalFeatures } from '../fingerprint/index.ts'
import type { Way } from './fit.ts'
import { BUCKETS, createEntries, emptyNear, type Near } from './local-entries.ts'
import { bucketOf, KEY_MASKS, type Key, keysOf } from './local-key.ts'
import { mirroredWords } from './local-matches.ts'
import { LOCAL_VOTE } from './thresholds.ts'

export interface Voted {
  /** What was given to `add`. */
  value: number
  /** Whether the candidate is nearer to it as it is or mirrored. */
  way: Way
  /** Features of the candidate that vote for it. */
  votes: number
  weight: number
  /** Of the weight of a record with all features of the candidate, 0 to 1. A flood of records makes all weights less, and changes no share. */
  share: number
}

/** Chooses among records, the largest share first. */
export type ChooseVoted = (largestFirst: Iterable<Voted>) => Voted[]

/** Those that are chosen. @param chosen asked for each way by itself, and of what it chose for both. */
export type Election = (chosen: ChooseVoted) => Voted[]

export interface LocalIndex {
  /** Adds the features of a record under a value (0 to 2³² − 1), or replaces those that it has. */
  add(features: LocalFeatures, value: number): void
  remove(value: number): void
  /** The records that the candidate's features vote for, at most `most`, by share. */
  query(candidate: LocalFeatures, most: number): Voted[]
  /** What they vote for, as the index is now. */
  elect(candidate: LocalFeatures): Election
  size(): { records: number; entries: number; bytes: number }
}

/** Buckets from which removed records are dropped with each change, until none is left: no change takes long, and 512 changes are enough. */
const SWEPT_AT_ONCE = 1_024

export function createLocalIndex(): LocalIndex {
  const entries = createEntries()
  const numbers = new Map<number, number>()
  /** By number of a record. */
  let values = new Uint32Array(1_024)
  let alive = new Uint8Array(1_024)
  /** Numbers given out, and those of them that are free again: no entry has them. */
  let given = 0
  const free: number[] = []
  /** Numbers of records that were removed in the round of sweeping before this one, and in this one. */
  let [before, lately]: [number[], number[]] = [[], []]
  let sweepFrom = 0
  let tally = createTally(1_024)

  function add(features: LocalFeatures, value: number): void {
    remove(value)
    const number = free.pop() ?? newNumber()
    numbers.set(value, number)
    values[number] = value
    alive[number] = 1
    for (const { key, low, high } of keysOf(features.words)) entries.add(bucketOf(key), number, low, high)
  }

  function newNumber(): number {
    if (given === values.length) grow()
    return given++
  }

  function grow(): void {
    const [moreValues, moreAlive] = [new Uint32Array(2 * given), new Uint8Array(2 * given)]
    moreValues.set(values)
    moreAlive.set(alive)
    values = moreValues
    alive = moreAlive
    tally = createTally(2 * given)
  }

  function remove(value: number): void {
    const number = numbers.get(value)
    if (number !== undefined) {
      numbers.delete(value)
      alive[number] = 0
      lately.push(number)
    }
    if (before.length + lately.length > 0) sweep()
  }

  function sweep(): void {
    entries.sweep(sweepFrom, SWEPT_AT_ONCE, alive)
    sweepFrom = (sweepFrom + SWEPT_AT_ONCE) % BUCKETS
    if (sweepFrom > 0) return
    // A whole round has passed since these were removed.
    for (const number of before) free.push(number)
    before = lately
    lately = []
  }

  function elect({ words }: LocalFeatures): Election {
    const ways = [
      { way: 'plain', ...votesOf(words) },
      { way: 'mirrored', ...votesOf(mirroredWords(words)) },
    ] as const
    return (chosen) => chosen(strongest(ways.flatMap((votes) => chosen(votedOf(votes)))))
  }

  function votesOf(words: LocalFeatures['words']): Votes {
    tally.clear()
    vote(keysOf(words))
    return { heaviestFirst: tally.heaviestFirst(), attainable: tally.attainable() }
  }

  function* votedOf({ heaviestFirst, attainable, way }: Votes & { way: Way }): Iterable<Voted> {
    for (const { number, ...rest } of heaviestFirst)
      yield { value: values[number]!, way, ...rest, share: rest.weight / attainable }
  }

  /** What is rare is looked up first. Who floods the registry with one key, or asks with it, comes last, and only as far as there is time. */
  function vote(keys: readonly Key[]): void {
    const looks = looksOf(keys)
      .map((look) => ({ ...look, count: look.buckets.reduce((sum, bucket) => sum + entries.count(bucket), 0) }))
      .sort((a, b) => a.count - b.count)
    const near = emptyNear()
    let budget = LOCAL_VOTE.lookedAt * numbers.size + LOCAL_VOTE.lookedAtAnyway
    for (const { low, high, buckets, alike, count } of looks) {
      budget -= count
      if (budget < 0) return
      near.count = 0
      for (const bucket of buckets) entries.scan(bucket, low, high, LOCAL_VOTE.maxBits, near)
      tally.count(near, alive, numbers.size, alike)
    }
  }

  function size() {
    const { entries: held, bytes } = entries.size()
    return { records: numbers.size, entries: held, bytes: bytes + values.byteLength + alive.byteLength + tally.bytes }
  }

  return {
    add,
    remove,
    elect,
    query: (candidate, most) => elect(candidate)((largestFirst) => Iterator.from(largestFirst).take(most).toArray()),
    size,
  }
}

interface Look {
  /** Signature. */
  low: number
  high: number
  /** Of its key and those that differ in one bit. */
  buckets: number[]
  /** Features of the candidate that look like it, itself among them. */
  alike: number
}

function looksOf(keys: readonly Key[]): Look[] {
  const own = new Map<number, number>()
  for (const { key } of keys) own.set(bucketOf(key), (own.get(bucketOf(key)) ?? 0) + 1)
  return keys.map(({ key, low, high }) => {
    const buckets = KEY_MASKS.map((mask) => bucketOf(key ^ mask))
    return { low, high, buckets, alike: buckets.reduce((sum, bucket) => sum + (own.get(bucket) ?? 0), 0) }
  })
}

/** The best of each value, the largest share first. Weights of the two ways cannot be compared: records that flood the registry make those of
 *  their own way less. */
function strongest(voted: Voted[]): Voted[] {
  const best = new Map<number, Voted>()
  for (const one of voted) if (!((best.get(one.value)?.share ?? 0) >= one.share)) best.set(one.value, one)
  return [...best.values()].sort((a, b) => b.share - a.share || a.value - b.value)
}

interface Votes {
  heaviestFirst: readonly Counted[]
  attainable: number
}

interface Counted {
  number: number
  votes: number
  weight: number
}

/** Votes by number of a record. */
function createTally(capacity: number) {
  const [votes, weights] = [new Uint16Array(capacity), new Float32Array(capacity)]
  /** The nearest signature for each record that the feature at hand votes for, plus 1; 0 for none. */
  const nearest = new Uint8Array(capacity)
  const voted: number[] = []
  let attainable = 0

  /** Counts the votes of one feature, of which so many of the candidate's are alike. */
  function count(near: Near, alive: Uint8Array, records: number, alike: number): void {
    const elected: number[] = []
    for (let i = 0; i < near.count; i++) {
      const [record, mark] = [near.record[i]!, near.distanceBits[i]! + 1]
      if (alive[record] === 0) continue
      if (nearest[record] === 0) elected.push(record)
      if (nearest[record] === 0 || mark < nearest[record]!) nearest[record] = mark
    }
    const rarity = Math.log2((records + 1) / Math.max(1, elected.length)) / alike
    attainable += rarity
    for (const record of elected) {
      if (votes[record] === 0) voted.push(record)
      votes[record]!++
      weights[record]! += rarity * (1 - (nearest[record]! - 1) / (LOCAL_VOTE.maxBits + 1))
      nearest[record] = 0
    }
  }

  function heaviestFirst(): Counted[] {
    const counted = voted.map((number) => ({ number, votes: votes[number]!, weight: weights[number]! }))
    return counted.sort((a, b) => b.weight - a.weight || a.number - b.number)
  }

  function clear(): void {
    votes.fill(0)
    weights.fill(0)
    voted.length = 0
    attainable = 0
  }

  return {
    count,
    heaviestFirst,
    attainable: () => attainable,
    clear,
    bytes: votes.byteLength + weights.byteLength + nearest.byteLength,
  }
}
