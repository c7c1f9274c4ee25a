import { expect } from 'chai'
import { COMPARED } from '../../server/matching/index.ts'
import { named, nearCompared, proposedCompared } from '../../server/registry/compared.ts'

const [TRUSTED, ORIGINAL, STRANGER, OTHER] = [7, 1, 2, 3]
const trustOf = (publisherId: number) => Number(publisherId === TRUSTED)
let sequence = 0

const near = (publisherId: number, registeredAt: number, distanceBits: number, disowned = false) => ({
  distanceBits,
  disowned,
  standing: { publisherId, registeredAt, sequence: sequence++ },
})

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))

describe('of many near hashes', () => {
  it('all are compared while they are few', () => {
    const few = times(COMPARED.near.all, () => near(STRANGER, 0, 0))
    expect(nearCompared(few, trustOf)).to.have.members(few)
  })

  it('a trusted publisher’s is compared, however young and far', () => {
    const one = near(TRUSTED, 1_000, 31)
    expect(nearCompared([...times(8_192, () => near(STRANGER, 0, 0)), one], trustOf)[0]).to.equal(one)
  })

  it('the oldest is compared where nobody is trusted, however many are nearer', () => {
    const one = near(ORIGINAL, 0, 31)
    expect(nearCompared([...times(8_192, (i) => near(100 + i, 1, 0)), one], trustOf)).to.include(one)
  })

  it('another publisher’s is compared, however many of one are older and nearer', () => {
    const one = near(ORIGINAL, 9, 31)
    expect(nearCompared([...times(8_192, () => near(STRANGER, 1, 0)), one], trustOf)).to.include(one)
  })

  it('a nearer one is compared, however many older ones there are', () => {
    const one = near(ORIGINAL, 9, 1)
    expect(nearCompared([...times(100, (i) => near(100 + i, 1, 9)), one], trustOf)).to.include(one)
  })

  it('disowned ones give way', () => {
    const one = near(ORIGINAL, 9, 31)
    const disowned = times(100, (i) => near(TRUSTED + 10 * i, 0, 0, true))
    expect(nearCompared([...disowned, one], trustOf)[0]).to.equal(one)
  })

  it('no more are compared, and no more named, than there is room for', () => {
    const [one, nearest] = [near(TRUSTED, 9, 31), near(OTHER, 99, 0)]
    const many = [...times(5_000, () => near(STRANGER, 1, 9)), one, nearest]
    expect(nearCompared(many, trustOf)).to.have.length(COMPARED.near.all)
    expect(named(many, trustOf)).to.have.length(COMPARED.whole).and.to.include.members([one, nearest])
  })
})

describe('of many that share local hashes', () => {
  const shares = (publisherId: number, registeredAt: number, share: number) => ({
    key: `${sequence}`,
    way: 'plain' as const,
    share,
    standing: { publisherId, registeredAt, sequence: sequence++ },
  })
  type Shares = ReturnType<typeof shares>
  const wanted = () => true
  const chosen = (some: Shares[], explained = false) =>
    proposedCompared(
      some.toSorted((a, b) => b.share - a.share),
      { trustOf, wanted, explained },
    )

  it('the likeliest are compared, however little they share, and no more', () => {
    const some = times(20, (i) => shares(100 + i, 0, 0.004 - i / 10_000))
    expect(chosen(some)).to.deep.equal(some.slice(0, COMPARED.likeliest.all))
    expect(chosen(some, true)).to.deep.equal([])
    const more = times(20, (i) => shares(100 + i, 0, 0.02 - i / 10_000))
    expect(chosen(more, true)).to.deep.equal(more.slice(0, COMPARED.besides.all))
  })

  it('one publisher’s have all places where no other is there', () => {
    const some = times(20, () => shares(ORIGINAL, 0, 0.004))
    expect(chosen(some)).to.have.length(COMPARED.likeliest.all)
  })

  it('one publisher’s lures leave room for what shares less', () => {
    const one = shares(ORIGINAL, 0, 0.01)
    expect(chosen([...times(8_192, () => shares(STRANGER, 1, 1)), one])).to.include(one)
  })

  it('lures of many publishers leave room for what is older, or trusted', () => {
    const [old, trusted] = [shares(ORIGINAL, 0, 0.03), shares(TRUSTED, 9, 0.01)]
    for (const explained of [false, true]) {
      const some = chosen([...times(8_192, (i) => shares(100 + i, 1, 1)), old, trusted], explained)
      expect(some).to.include.members([old, trusted]).and.to.have.length(COMPARED.strong.all)
    }
  })

  it('those that are not wanted take no place', () => {
    const one = shares(ORIGINAL, 0, 0.001)
    const some = [...times(8_192, (i) => shares(100 + i, 0, 1)), one]
    const of = ({ standing }: Pick<Shares, 'standing'>) => standing.publisherId === ORIGINAL
    expect(proposedCompared(some, { trustOf, wanted: of, explained: false })).to.deep.equal([one])
  })
})
