import { expect } from 'chai'
import * as fc from 'fast-check'
import { createEntries, emptyNear } from '../../server/matching/local-entries.ts'
import { seeded } from '../random.ts'

interface Entry {
  bucket: number
  record: number
  low: number
  high: number
}

const BUCKETS = 3
const RECORDS = 12

/** Entries beside a plain list of them. */
function both() {
  const entries = createEntries()
  let list: Entry[] = []

  function add(entry: Entry): void {
    entries.add(entry.bucket, entry.record, entry.low, entry.high)
    list.push(entry)
  }

  /** Drops those of these records. */
  function drop(records: ReadonlySet<number>): void {
    const alive = Uint8Array.from({ length: RECORDS }, (_, record) => (records.has(record) ? 0 : 1))
    entries.sweep(0, BUCKETS, alive)
    list = list.filter(({ record }) => !records.has(record))
  }

  function expectSame(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const own = list.filter((one) => one.bucket === bucket)
      expect(entries.count(bucket)).to.equal(own.length)
      expect(scanned(bucket)).to.deep.equal(own.map((one) => `${one.record} ${bits(one)}`).sort())
    }
    expect(entries.size().entries).to.equal(list.length)
  }

  /** Record and distance from nothing of all in a bucket. */
  function scanned(bucket: number): string[] {
    const near = emptyNear(1)
    entries.scan(bucket, 0, 0, 64, near)
    return Array.from({ length: near.count }, (_, i) => `${near.record[i]} ${near.distanceBits[i]}`).sort()
  }

  return { add, drop, expectSame, bytes: () => entries.size().bytes, count: () => list.length }
}

const bits = ({ low, high }: Entry) => (low.toString(2) + high.toString(2)).replaceAll('0', '').length
const word = fc.nat(0xffff)
const entry = fc.record({ bucket: fc.nat(BUCKETS - 1), record: fc.nat(RECORDS - 1), low: word, high: word })
const dropped = fc.uniqueArray(fc.nat(RECORDS - 1), { maxLength: RECORDS })

describe('entries of an index', () => {
  it('are those that were added and not dropped, whatever the order', () => {
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: fc.array(entry, { maxLength: 60 }) }, dropped), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(steps, (all) => {
        const held = both()
        for (const step of all)
          if (step.every((one) => typeof one === 'number')) held.drop(new Set(step as number[]))
          else for (const one of step) held.add(one as Entry)
        held.expectSame()
      }),
      { numRuns: 60 },
    )
  })

  it('take no more memory than the most that were there at a time', () => {
    const random = seeded(5)
    const draw = (below: number) => Math.floor(random() * below)
    const held = both()
    const fill = () => {
      while (held.count() < 100_000)
        held.add({ bucket: draw(BUCKETS), record: draw(RECORDS), low: draw(65_536), high: draw(65_536) })
    }
    fill()
    const once = held.bytes()
    for (let round = 0; round < 40; round++) {
      held.drop(new Set([draw(RECORDS), draw(RECORDS), draw(RECORDS)]))
      fill()
    }
    expect(held.bytes()).to.equal(once)
    held.drop(new Set(Array.from({ length: RECORDS }, (_, record) => record)))
    held.expectSame()
    fill()
    expect(held.bytes()).to.equal(once)
    held.expectSame()
  })
})
