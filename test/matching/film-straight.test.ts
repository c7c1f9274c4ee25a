import { expect } from 'chai'
import type { Run } from '../../server/matching/film-path.ts'
import { type Shown, straightened } from '../../server/matching/film-straight.ts'

/** Pictures 809 ms apart and a moment each half second, of a copy at an offset: where something moves only the frame itself is alike. */
const picturesMs = Array.from({ length: 600 }, (_, i) => 809 * i)
const momentsMs = Array.from({ length: 1_200 }, (_, i) => 500 * i)

const copyAt = (offsetMs: (ms: number) => number, stillFrom = Infinity, stillUntil = 0): Shown => ({
  picturesMs,
  momentsMs,
  likeOf(picture, moment) {
    const ms = picturesMs[picture]!
    if (ms >= stillFrom && ms < stillUntil) return 0.999
    return Math.max(0, 0.999 - Math.abs(momentsMs[moment]! - ms - offsetMs(ms)) / 2_000)
  },
  gainOf: (like) => (like > 0.9 ? 4 : -1),
})

const run = (from: number, to: number, offsetMs: number, pairs: number): Run => ({
  from,
  to,
  offsetMs,
  speed: 1,
  pairs: Array.from({ length: pairs }, (_, i) => ({ picture: from + i, moment: 0, gain: 4 })),
  gain: 4 * pairs,
})

const linesOf = (runs: readonly Run[]) =>
  runs.map(({ from, to, offsetMs }) => [from, to, Math.round(offsetMs / 20) * 20])

describe('runs of a candidate of which most pictures were dropped', () => {
  it('lie on the line on which what moves is most alike, told to a frame', () => {
    const [one] = straightened(
      [run(0, 300, 2_960, 40)],
      copyAt(() => 3_040),
    )
    expect(one!.offsetMs).to.be.closeTo(3_040, 15)
    expect(one!.pairs.length).to.be.greaterThan(30)
    for (const { picture, moment, gain } of one!.pairs) {
      expect(Math.abs(momentsMs[moment]! - picturesMs[picture]! - one!.offsetMs)).to.be.at.most(40)
      expect(gain).to.equal(4)
    }
  })

  it('lie on a longer neighbour’s line where they show what lies on it as well', () => {
    const runs = [run(0, 200, 0, 40), run(201, 240, 400, 8), run(241, 500, 0, 60)]
    const still = copyAt(() => 0, 809 * 201, 809 * 241)
    expect(linesOf(straightened(runs, still)).map(([, , offset]) => offset)).to.deep.equal([0, 0, 0])
  })

  it('stay on their own line where the other does not show it', () => {
    const moved = copyAt((ms) => (ms >= 809 * 201 && ms < 809 * 321 ? 30_000 : 0))
    const runs = [run(0, 200, 0, 40), run(201, 320, 30_000, 20), run(321, 500, 0, 60)]
    expect(linesOf(straightened(runs, moved))).to.deep.equal([
      [0, 200, 0],
      [201, 320, 30_000],
      [321, 500, 0],
    ])
  })

  it('of less than can be told lie on the line that goes on behind them', () => {
    const moved = copyAt((ms) => (ms >= 809 * 201 && ms < 809 * 211 ? 30_000 : 0))
    const runs = [run(0, 200, 0, 40), run(201, 210, 30_000, 4), run(211, 500, 0, 60)]
    expect(linesOf(straightened(runs, moved)).map(([, , offset]) => offset)).to.deep.equal([0, 0, 0])
  })
})
