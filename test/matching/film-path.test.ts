import { expect } from 'chai'
import fc from 'fast-check'
import { bestPath, type Observations, PATH } from '../../server/matching/film-path.ts'
import { seeded } from '../random.ts'

const [PICTURE_MS, MOMENT_MS] = [33, 500]

/** @param shown the millisecond of the original that a picture shows; null for something else. What is within two pictures of a moment speaks for it. */
function observed(pictures: number, moments: number, shown: (ms: number) => number | null): Observations {
  const picturesMs = Array.from({ length: pictures }, (_, i) => i * PICTURE_MS)
  const momentsMs = Array.from({ length: moments }, (_, i) => i * MOMENT_MS)
  const gains = picturesMs.flatMap((ms) => {
    const at = shown(ms)
    return momentsMs.map((moment) => (at !== null && Math.abs(at - moment) <= 2 * PICTURE_MS ? 3 : -1.5))
  })
  return { pictures: picturesMs.map((_, i) => 2 * i), picturesMs, momentsMs, gains: Float32Array.from(gains) }
}

const seconds = (s: number) => Math.round((s * 1000) / PICTURE_MS)
const lines = (of: Observations, speed = 1) =>
  bestPath(of, speed).runs.map(({ offsetMs, pairs }) => [offsetMs, pairs.length])

describe('the path of a candidate through an original', () => {
  it('is one line where it follows the original', () => {
    const of = observed(seconds(10), 40, (ms) => ms + 4_000)
    const { runs, gain } = bestPath(of, 1)
    expect(runs).to.have.length(1)
    expect(runs[0]!.offsetMs).to.be.closeTo(4_000, 20)
    expect(runs[0]!.pairs).to.have.length(20)
    expect(gain).to.equal(20 * 3 - PATH.start)
  })

  it('names pictures by their numbers in the film, and not in the list of those that are looked at', () => {
    const { pairs } = bestPath(
      observed(seconds(5), 10, (ms) => ms),
      1,
    ).runs[0]!
    expect(pairs.map(({ picture }) => picture % 2)).to.not.include(1)
    expect(pairs.at(-1)!.picture).to.be.above(seconds(5))
  })

  it('takes up another line where something is cut out, or comes again', () => {
    const cut = lines(observed(seconds(10), 40, (ms) => (ms < 5_000 ? ms : ms + 2_000)))
    expect(cut.map(([offset]) => Math.round(offset! / 100) * 100)).to.deep.equal([0, 2_000])
    const again = lines(observed(seconds(10), 40, (ms) => (ms < 5_000 ? ms : ms - 3_000)))
    expect(again.map(([offset]) => Math.round(offset! / 100) * 100)).to.deep.equal([0, -3_000])
  })

  it('leaves its line where something else is shown, and comes back to it', () => {
    const runs = lines(observed(seconds(12), 40, (ms) => (ms < 4_250 || ms > 7_750 ? ms : null)))
    expect(runs.map(([, pairs]) => pairs)).to.deep.equal([9, 8])
  })

  it('does not leave it for one moment that is not met', () => {
    const runs = lines(observed(seconds(10), 40, (ms) => (Math.abs(ms - 5_000) < 150 ? null : ms)))
    expect(runs).to.have.length(1)
  })

  it('follows what runs faster or slower at that speed, with most gain there', () => {
    for (const speed of [0.8, 1.25]) {
      const of = observed(seconds(12), 40, (ms) => speed * ms)
      const { runs, gain } = bestPath(of, speed)
      expect(runs).to.have.length(1)
      expect(runs[0]!.speed).to.equal(speed)
      for (const other of [1, speed * 1.1, speed / 1.1]) expect(bestPath(of, other).gain).to.be.below(gain)
    }
  })

  it('is one line in a scene that stands still, in which every picture shows every moment', () => {
    const of = observed(seconds(5), 10, (ms) => ms)
    expect(bestPath({ ...of, gains: of.gains.fill(PATH.most) }, 1).runs).to.have.length(1)
    // A clock that is not quite even is no reason to leap.
    const uneven = of.picturesMs.map((ms, i) => ms + (i % 3 === 1 ? 1 : 0))
    expect(bestPath({ ...of, picturesMs: uneven }, 1).runs).to.have.length(1)
  })

  it('is none where nothing speaks for one', () => {
    expect(
      bestPath(
        observed(seconds(5), 20, () => null),
        1,
      ),
    ).to.deep.equal({ runs: [], gain: 0 })
    const nothing = { pictures: [], picturesMs: [], momentsMs: [], gains: new Float32Array() }
    expect(bestPath(nothing, 1)).to.deep.equal({ runs: [], gain: 0 })
  })

  const anything = fc
    .record({
      pictures: fc.integer({ min: 1, max: 80 }),
      moments: fc.integer({ min: 1, max: 12 }),
      seed: fc.integer(),
      speed: fc.constantFrom(0.5, 0.8, 1, 1.25, 2),
    })
    .map(({ pictures, moments, seed, speed }) => {
      const random = seeded(seed)
      const of = observed(pictures, moments, () => null)
      return { of: { ...of, gains: of.gains.map(() => 6 * random() - 2) }, speed }
    })

  it('has runs in order of the candidate that never overlap, and pairs within them', () => {
    fc.assert(
      fc.property(anything, ({ of, speed }) => {
        const { runs } = bestPath(of, speed)
        for (const [i, { from, to, pairs }] of runs.entries()) {
          expect(from).to.be.at.most(to)
          if (i > 0) expect(from).to.be.above(runs[i - 1]!.to)
          expect(pairs.length).to.be.above(0)
          for (const { picture } of pairs) expect(picture).to.be.within(from, to)
        }
      }),
    )
  })

  it('is worth what its runs are together, never less than nothing, and each run what its pairs are less what it costs', () => {
    fc.assert(
      fc.property(anything, ({ of, speed }) => {
        const { runs, gain } = bestPath(of, speed)
        expect(gain).to.be.at.least(0)
        expect(runs.reduce((sum, run) => sum + run.gain, 0)).to.be.closeTo(gain, 1e-3)
        for (const run of runs) expect(run.gain).to.be.at.most(run.pairs.reduce((sum, pair) => sum + pair.gain, 0))
      }),
    )
  })
})
