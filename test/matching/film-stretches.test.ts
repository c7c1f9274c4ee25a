import { expect } from 'chai'
import fc from 'fast-check'
import type { Run } from '../../server/matching/film-path.ts'
import { type Clock, stretchesOf, timeFindings } from '../../server/matching/film-stretches.ts'
import { FILM } from '../../server/matching/thresholds.ts'

const PICTURE_MS = 100
const MOMENT_MS = 500

/** A candidate of ten pictures a second that cuts at these milliseconds, and stands still between those. */
function clockOf(durationMs: number, cutsMs: number[] = [], still?: [number, number]): Clock {
  const timesMs = Array.from({ length: durationMs / PICTURE_MS }, (_, i) => i * PICTURE_MS)
  return {
    timesMs,
    durationMs,
    tells: { ...FILM, regionMs: 0 },
    cutBetween(from, to) {
      const cut = cutsMs.find((ms) => ms > timesMs[from]! && ms <= timesMs[to]!)
      return cut === undefined ? (from + to + 1) >> 1 : timesMs.indexOf(cut)
    },
    isBlind: () => false,
    isStill: (from, to) => !!still && timesMs[from]! >= still[0] && timesMs[to]! <= still[1],
  }
}

/** The candidate's milliseconds from `fromMs` on and before `toMs` show the original from `atMs` on; a moment each half second. */
function run(fromMs: number, toMs: number, atMs: number, speed = 1): Run {
  const offsetMs = atMs - speed * fromMs
  const pairs = []
  for (let moment = Math.ceil(atMs / MOMENT_MS); moment * MOMENT_MS < atMs + speed * (toMs - fromMs); moment++) {
    const picture = Math.round((moment * MOMENT_MS - offsetMs) / speed / PICTURE_MS)
    pairs.push({ picture, moment, gain: 3 })
  }
  return { from: pairs[0]!.picture, to: pairs.at(-1)!.picture, offsetMs, speed, pairs, gain: 3 * pairs.length }
}

const told = (runs: Run[], clock: Clock) => {
  const stretches = stretchesOf(runs, clock)
  return {
    stretches: stretches.map(({ candidate, original }) => [
      candidate.startMs,
      candidate.endMs,
      original.startMs,
      original.endMs,
    ]),
    findings: timeFindings(stretches, clock).map(({ kind, span }) => [kind, span.startMs, span.endMs]),
  }
}

describe('stretches of a candidate', () => {
  it('reach to its ends where they begin and end near them', () => {
    expect(told([run(0, 6_000, 2_300)], clockOf(6_000))).to.deep.equal({
      stretches: [[0, 6_000, 2_300, 8_300]],
      findings: [],
    })
  })

  it('go on over what nothing tells of, and not over what shows something else', () => {
    const runs = [run(0, 6_000, 2_300), run(16_000, 30_000, 18_300)]
    const blind = { ...clockOf(30_000), isBlind: () => true }
    expect(told(runs, blind)).to.deep.equal({ stretches: [[0, 30_000, 2_300, 32_300]], findings: [] })
    expect(told(runs, clockOf(30_000)).findings.map(([kind]) => kind)).to.deep.equal(['replaced'])
  })

  it('end where it cuts to something else before and behind', () => {
    expect(told([run(2_000, 8_000, 1_700)], clockOf(11_000, [2_000, 8_000])).stretches).to.deep.equal([
      [2_000, 8_000, 1_700, 7_700],
    ])
  })

  it('show nothing from before the original begins', () => {
    expect(told([run(400, 6_000, 0)], clockOf(6_000)).stretches).to.deep.equal([[400, 6_000, 0, 5_600]])
  })

  it('are one where a run is broken off and goes on along the same line', () => {
    const broken = [run(0, 3_000, 0), run(3_100, 8_000, 3_180)]
    expect(told(broken, clockOf(8_000)).stretches).to.have.length(1)
  })

  it('run at the speed of their runs', () => {
    expect(told([run(0, 8_000, 1_000, 1.25)], clockOf(8_000)).stretches).to.deep.equal([[0, 8_000, 1_000, 11_000]])
  })

  it('do not hang on how long a run stays on its line without a moment to tell', () => {
    const [a, b] = [run(0, 5_000, 0), run(5_000, 9_000, 7_000)]
    const late = [
      { ...a, to: a.to + 3 },
      { ...b, from: a.to + 4 },
    ]
    expect(told(late, clockOf(9_000, [5_000]))).to.deep.equal(told([a, b], clockOf(9_000, [5_000])))
  })
})

describe('the order of stretches tells', () => {
  it('what is missing, where the candidate cuts', () => {
    expect(told([run(0, 5_000, 0), run(5_000, 9_000, 7_200)], clockOf(9_000, [5_000])).findings).to.deep.equal([
      ['missing', 5_000, 5_000],
    ])
  })

  it('nothing of a step of less than can be told', () => {
    expect(told([run(0, 5_000, 0), run(5_000, 9_000, 5_210)], clockOf(9_000, [5_000])).findings).to.deep.equal([])
  })

  it('what is inserted, and what is put in the place of something', () => {
    const clock = clockOf(12_000, [5_000, 7_500])
    expect(told([run(0, 5_000, 0), run(7_500, 12_000, 5_000)], clock).findings).to.deep.equal([
      ['inserted', 5_000, 7_500],
    ])
    expect(told([run(0, 5_000, 0), run(7_500, 12_000, 7_500)], clock).findings).to.deep.equal([
      ['replaced', 5_000, 7_500],
    ])
  })

  it('what stands still', () => {
    const [frozen] = told([run(0, 5_100, 0), run(7_500, 12_000, 5_100)], clockOf(12_000, [], [5_000, 7_900])).findings
    expect(frozen![0]).to.equal('frozen')
    expect(frozen![1]).to.be.closeTo(5_000, 500)
    expect(frozen![2]).to.be.closeTo(7_500, 500)
  })

  it('what comes again', () => {
    const clock = clockOf(12_000, [7_000])
    expect(told([run(0, 7_000, 0), run(7_000, 12_000, 5_000)], clock).findings).to.deep.equal([
      ['repeated', 7_000, 9_000],
    ])
    // Again and again: no second is said of what is not shown.
    expect(told([run(0, 9_000, 0), run(9_000, 12_000, 3_000)], clockOf(12_000, [9_000])).findings).to.deep.equal([
      ['repeated', 9_000, 12_000],
    ])
  })

  it('what stands in another order, and nothing of the cuts within it', () => {
    const pieces = [run(0, 3_000, 0), run(3_000, 6_000, 6_000), run(6_000, 9_000, 3_000), run(9_000, 12_000, 9_000)]
    expect(told(pieces, clockOf(12_000, [3_000, 6_000, 9_000])).findings).to.deep.equal([['reordered', 3_000, 9_000]])
  })

  it('nothing where there is one stretch, or none', () => {
    const clock = clockOf(6_000)
    expect(told([run(0, 6_000, 0)], clock).findings).to.deep.equal([])
    expect(told([], clock)).to.deep.equal({ stretches: [], findings: [] })
  })

  it('of any runs stretches that cover no time twice, in order, and spans that lie in the candidate', () => {
    const pieces = fc.array(
      fc.record({
        ms: fc.integer({ min: 20, max: 60 }),
        gap: fc.integer({ min: 0, max: 30 }),
        at: fc.integer({ min: 0, max: 300 }),
      }),
      { minLength: 1, maxLength: 6 },
    )
    fc.assert(
      fc.property(pieces, (parts) => {
        let now = 0
        const runs = parts.map(({ ms, gap, at }) => {
          const startMs = now + gap * PICTURE_MS
          now = startMs + ms * PICTURE_MS
          return run(startMs, now, at * PICTURE_MS)
        })
        const clock = clockOf(now)
        const stretches = stretchesOf(runs, clock)
        for (const [i, { candidate, original }] of stretches.entries()) {
          expect(candidate.startMs).to.be.at.least(i === 0 ? 0 : stretches[i - 1]!.candidate.endMs)
          expect(candidate.endMs).to.be.within(candidate.startMs, now)
          expect(original.startMs).to.be.within(0, original.endMs)
        }
        for (const { span } of timeFindings(stretches, clock)) {
          expect(span.startMs).to.be.at.least(0)
          expect(span.endMs).to.be.within(span.startMs, now)
        }
      }),
    )
  })
})
