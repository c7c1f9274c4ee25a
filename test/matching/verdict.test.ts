import { expect } from 'chai'
import fc from 'fast-check'
import { type Ranked, RELATIONS, rank } from '../../server/matching/verdict.ts'

const HOUR = 3_600
let sequence = 0

function match(change: Partial<Ranked> & { name?: string }): Ranked & { name?: string } {
  return {
    relation: 'same_content',
    disowned: false,
    publisherId: 1,
    trust: 0,
    registeredAt: 1_000_000,
    sequence: sequence++,
    explained: 1,
    distanceBits: 4,
    fits: true,
    passedOver: false,
    onlySound: false,
    ...change,
  }
}

const names = (matches: readonly { name?: string }[]) => matches.map(({ name }) => name)

describe('rank', () => {
  it('of nothing leads to nothing', () => {
    expect(rank([])).to.deep.equal({ matches: [], conflict: null })
  })

  it('puts what is disowned after all else, whatever its trust and age, and names it where it explains better', () => {
    const disowned = match({ name: 'disowned', disowned: true, trust: 9, registeredAt: 0, relation: 'identical' })
    const late = match({ name: 'late', registeredAt: 99 * HOUR, explained: 0.5 })
    const { matches, conflict } = rank([disowned, late])
    expect(names(matches)).to.deep.equal(['late', 'disowned'])
    expect(conflict).to.equal(disowned)
  })

  it('puts trust before age, and age before explanation', () => {
    const trusted = match({ name: 'trusted', trust: 2, registeredAt: 9 * HOUR, explained: 0.5 })
    const old = match({ name: 'old', registeredAt: 0, explained: 0.6 })
    const young = match({ name: 'young', registeredAt: 2 * HOUR, relation: 'identical' })
    expect(names(rank([young, old, trusted]).matches)).to.deep.equal(['trusted', 'old', 'young'])
  })

  it('takes less than an hour apart for equally old: then explanation decides', () => {
    const first = match({ name: 'first', registeredAt: 0, explained: 0.6 })
    const better = (registeredAt: number) => match({ name: 'better', registeredAt, explained: 0.9 })
    expect(names(rank([first, better(HOUR - 1)]).matches)).to.deep.equal(['better', 'first'])
    expect(names(rank([first, better(HOUR)]).matches)).to.deep.equal(['first', 'better'])
  })

  it('measures the hour from the oldest: many small steps make no young record old', () => {
    const chain = [0, 50, 100, 150].map((minutes) =>
      match({ name: `${minutes}`, registeredAt: minutes * 60, explained: 0.5 + minutes / 400 }),
    )
    expect(names(rank(chain).matches)).to.deep.equal(['50', '0', '150', '100'])
  })

  it('takes equal bytes for the best explanation, then a clearly larger share', () => {
    const ordered = [
      match({ name: 'same bytes', relation: 'identical', distanceBits: 0, sequence: 903 }),
      match({ name: 'the whole', explained: 0.95, sequence: 902 }),
      match({ name: 'a part', relation: 'excerpt', explained: 0.7, distanceBits: 0, sequence: 901 }),
    ]
    expect(names(rank(ordered.toReversed()).matches)).to.deep.equal(names(ordered))
  })

  it('goes by the order of the chain, not by numbers that a stranger can choose, where two explain as much', () => {
    const original = match({ name: 'original', relation: 'altered', explained: 0.95, distanceBits: 12 })
    const copy = match({ name: 'copy', publisherId: 2, registeredAt: 1_000_060, explained: 1, distanceBits: 0 })
    const { matches, conflict } = rank([copy, original])
    expect(names(matches)).to.deep.equal(['original', 'copy'])
    expect(conflict).to.equal(copy)
  })

  it('takes of one publisher’s frames the one that the candidate does not differ from, then the nearest', () => {
    const frames = [
      match({ name: 'next', distanceBits: 9 }),
      match({ name: 'this', distanceBits: 2 }),
      match({ name: 'another', relation: 'altered', distanceBits: 0 }),
      match({ name: 'a stranger’s', publisherId: 2, distanceBits: 0 }),
    ]
    expect(names(rank(frames).matches)).to.deep.equal(['this', 'next', 'another', 'a stranger’s'])
  })

  it('puts what was passed over after what was compared, and names it in no conflict', () => {
    const compared = match({ name: 'compared', relation: 'altered', registeredAt: 9 * HOUR })
    const passed = match({ name: 'passed', passedOver: true, registeredAt: 0, trust: 1, publisherId: 2 })
    const { matches, conflict } = rank([passed, compared])
    expect(names(matches)).to.deep.equal(['compared', 'passed'])
    expect(conflict).to.equal(null)
  })
})

describe('a conflict', () => {
  const old = (change: Partial<Ranked> = {}) => match({ name: 'old', registeredAt: 0, ...change })
  const young = (change: Partial<Ranked> = {}) => match({ name: 'young', registeredAt: 9 * HOUR, ...change })
  const conflict = (...matches: (Ranked & { name?: string })[]) => rank(matches).conflict?.name ?? null

  it('is a younger record of exactly these bytes', () => {
    expect(conflict(old(), young({ relation: 'identical' }))).to.equal('young')
  })

  it('is a younger record that explains clearly more', () => {
    expect(conflict(old({ explained: 0.6 }), young({ explained: 0.8 }))).to.equal('young')
    expect(conflict(old({ explained: 0.6 }), young({ explained: 0.65 }))).to.equal(null)
  })

  it('is one from which the candidate does not differ, where it differs from the leading one', () => {
    const doctored = old({ relation: 'altered' })
    expect(rank([doctored, young()]).conflict).to.include({ name: 'young' })
    expect(rank([doctored, young({ relation: 'altered' })]).conflict).to.equal(null)
    expect(rank([doctored, young({ relation: 'excerpt', explained: 0.3 })]).conflict).to.equal(null)
  })

  it('is another publisher’s older record of these bytes, or of a version that differs', () => {
    const bytes = { relation: 'identical' as const }
    const stranger = old({ publisherId: 2, ...bytes })
    expect(rank([stranger, young({ trust: 1, ...bytes })]).conflict).to.include({ name: 'old' })
    expect(rank([{ ...stranger, publisherId: 1 }, young({ trust: 1, ...bytes })]).conflict).to.equal(null)
    const doctored = old({ publisherId: 2, relation: 'altered' })
    expect(rank([doctored, young({ trust: 1 })]).conflict).to.include({ name: 'old' })
    // Also where the leading one has these bytes: they may be those of the forgery.
    expect(rank([doctored, young({ trust: 1, ...bytes })]).conflict).to.include({ name: 'old' })
    expect(rank([doctored, match({ name: 'as old', registeredAt: 60, ...bytes })])).to.deep.include({
      conflict: doctored,
    })
    // A copy that was altered and registered later contradicts nothing.
    expect(rank([old({ trust: 1 }), young({ publisherId: 2, relation: 'altered' })]).conflict).to.equal(null)
  })

  it('is another publisher’s older record of these hashes, of which the evidence is of something else', () => {
    const stranger = old({ publisherId: 2, fits: false })
    expect(rank([stranger, young({ trust: 1 })]).conflict).to.include({ name: 'old' })
    // Where nothing was compared, nothing contradicts.
    expect(rank([stranger, young({ trust: 1, fits: null })]).conflict).to.equal(null)
    expect(rank([old({ publisherId: 2, fits: null }), young({ trust: 1 })]).conflict).to.equal(null)
    expect(rank([old({ trust: 1 }), young({ publisherId: 2, fits: false })]).conflict).to.equal(null)
  })

  it('is a less trusted record that is older and explains more', () => {
    expect(conflict(young({ trust: 1, explained: 0.6 }), old({ relation: 'identical' }))).to.equal('old')
  })

  it('is none with a leading record of equal bytes, or with one as old', () => {
    expect(conflict(old({ relation: 'identical' }), young({ relation: 'identical' }))).to.equal(null)
    expect(conflict(old({ explained: 0.5 }), match({ name: 'same age', registeredAt: 60 }))).to.equal(null)
  })

  it('is the best of several', () => {
    const better = match({ name: 'better', registeredAt: 20 * HOUR, relation: 'identical' })
    expect(conflict(old({ explained: 0.5 }), young({ explained: 0.9 }), better)).to.equal('better')
  })
})

describe('rank of what does not agree with its evidence', () => {
  it('leads to nothing by itself, whoever claims it', () => {
    expect(rank([match({ fits: false, trust: 2 })])).to.deep.equal({ matches: [], conflict: null })
  })

  it('of the sound of a video alone comes after what explains its picture, and before whom is trusted less', () => {
    const song = match({ name: 'song', onlySound: true, registeredAt: 0 })
    const footage = match({ name: 'footage' })
    expect(names(rank([song, footage]).matches)).to.deep.equal(['footage', 'song'])
    expect(names(rank([footage, { ...song, trust: 1 }]).matches)).to.deep.equal(['song', 'footage'])
  })

  it('comes after all that agree, or were not compared', () => {
    const claim = match({ name: 'claim', fits: false, trust: 2, registeredAt: 0 })
    expect(names(rank([claim, match({ name: 'right' })]).matches)).to.deep.equal(['right', 'claim'])
    expect(names(rank([claim, match({ name: 'unknown', fits: null })]).matches)).to.deep.equal(['unknown', 'claim'])
  })
})

describe('rank on any matches', () => {
  const any = fc.uniqueArray(
    fc.record({
      relation: fc.constantFrom(...RELATIONS),
      publisherId: fc.nat(2),
      trust: fc.nat(2),
      registeredAt: fc.nat(4).map((half) => half * (HOUR / 2)),
      sequence: fc.nat(1_000),
      explained: fc.nat(4).map((quarter) => quarter / 4),
      distanceBits: fc.option(fc.nat(2)),
      fits: fc.option(fc.boolean()),
      disowned: fc.boolean(),
      passedOver: fc.boolean(),
      onlySound: fc.boolean(),
    }),
    { selector: (m) => m.sequence, maxLength: 12 },
  )
  const shuffled = any.chain((matches) =>
    fc.tuple(fc.constant(matches), fc.shuffledSubarray(matches, { minLength: matches.length })),
  )

  it('does not depend on their order', () => {
    fc.assert(
      fc.property(shuffled, ([a, b]) => {
        expect(rank(a)).to.deep.equal(rank(b))
      }),
    )
  })

  it('keeps each one where one fits, never puts less trust first, nor one that is an hour younger', () => {
    fc.assert(
      fc.property(any, (matches) => {
        const ordered = rank(matches).matches
        expect(ordered).to.have.members(matches.every(({ fits }) => fits === false) ? [] : matches)
        for (const [i, a] of ordered.entries())
          for (const b of ordered.slice(i + 1)) {
            expect(Number(a.fits === false)).to.be.at.most(Number(b.fits === false))
            if ((a.fits === false) !== (b.fits === false)) continue
            expect(Number(a.disowned)).to.be.at.most(Number(b.disowned))
            if (a.disowned !== b.disowned) continue
            expect(Number(a.passedOver)).to.be.at.most(Number(b.passedOver))
            if (a.passedOver !== b.passedOver) continue
            expect(a.trust).to.be.at.least(b.trust)
            if (a.trust !== b.trust) continue
            expect(Number(a.onlySound)).to.be.at.most(Number(b.onlySound))
            if (a.onlySound === b.onlySound) expect(a.registeredAt - b.registeredAt).to.be.below(HOUR)
          }
      }),
    )
  })

  it('names no conflict that leads, or that neither explains more, nor contradicts', () => {
    fc.assert(
      fc.property(any, (matches) => {
        const { matches: ordered, conflict } = rank(matches)
        const [first] = ordered
        if (!conflict || !first) return
        expect(conflict).not.to.equal(first)
        expect(conflict.passedOver).to.equal(false)
        const more = conflict.relation === 'identical' || conflict.explained > first.explained
        const differs = (conflict.relation === 'altered') !== (first.relation === 'altered')
        const contradicts = differs || (first.fits === true && conflict.fits === false)
        expect(more || contradicts).to.equal(true)
        if (first.relation === 'identical') expect(conflict.publisherId).not.to.equal(first.publisherId)
      }),
    )
  })
})
