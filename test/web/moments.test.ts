import { expect } from 'chai'
import { comesFrom, leftOutAt, momentOfCopy, momentOfOriginal } from '../../server/web/client/moments.ts'
import { timelineOf } from '../../server/web/client/timeline.ts'
import type { Match, Segment } from '../../server/web/client/wire.ts'
import { FILMS } from './films.ts'

const made = (scenario: string, changes: Partial<Match> = {}) =>
  timelineOf([{ ...FILMS[scenario]!.matches![0]!, ...changes }], 12)!
const segment = (startS: number, endS: number, originalS: number, speed = 1): Segment => ({
  candidate: { startS, endS },
  original: { startS: originalS, endS: originalS + speed * (endS - startS) },
  speed,
})
/** What the original's side has of a moment, and whether the copy replaces it. */
const fromCopy = (timeline: ReturnType<typeof made>, copyS: number) => {
  const { original, replaced } = momentOfCopy(timeline, copyS)
  return [original && Number(original.originalS.toFixed(6)), replaced]
}
const fromOriginal = (timeline: ReturnType<typeof made>, originalS: number, nearS = 0) => {
  const { copyS, replaced } = momentOfOriginal(timeline, { lane: timeline.lanes[0]!, originalS }, nearS)
  return [copyS === null ? null : Number(copyS.toFixed(6)), replaced]
}

describe('a moment of both sides', () => {
  const sides = made('film_sides')

  it('is the same one way and the other, at whatever speed', () => {
    expect(fromCopy(sides, 3)).to.deep.equal([4, false])
    expect(fromOriginal(sides, 4)).to.deep.equal([3, false])
    const fast = made('film_plain')
    expect(fromCopy(fast, 4)).to.deep.equal([905, false])
    for (const copyS of [0, 0.4, 3.7, 11.999])
      expect(fromOriginal(fast, comesFrom(fast, copyS)!.originalS)).to.deep.equal([copyS, false])
  })

  it('has nothing of the original where something is inserted, and nothing of the copy where something is missing', () => {
    expect(fromCopy(sides, 4.5)).to.deep.equal([null, false])
    expect(fromOriginal(sides, 8)).to.deep.equal([null, false])
    expect(fromOriginal(sides, 0.5)).to.deep.equal([null, false])
  })

  it('goes to the edge of the cut from what the copy leaves out', () => {
    expect([0.5, 7.2, 8.8].map((at) => leftOutAt(sides.lanes[0]!, at))).to.deep.equal([0, 7, 7])
  })

  it('belongs to what begins where a stretch ends, and to nothing where nothing does', () => {
    expect(fromCopy(sides, 7)).to.deep.equal([9, false])
    expect(fromCopy(sides, 4)).to.deep.equal([null, false])
    expect(fromOriginal(sides, 11)).to.deep.equal([null, false])
  })

  it('is still of the end of a file that goes on for some frames after what was measured of it', () => {
    const whole = made('film', { segments: [segment(0, 12, 12)] })
    expect(fromCopy(whole, 12.04)).to.deep.equal([24, false])
    expect(fromOriginal(whole, 24)).to.deep.equal([12, false])
  })

  it('has, of what is replaced, what it stands in the place of', () => {
    const between = made('film_sides', {
      segments: [segment(0, 4, 1), segment(6, 9, 7.2)],
      findings: [{ channel: 'audio', kind: 'replaced', span: { startS: 4.1, endS: 5.8 }, region: null, score: 0.9 }],
    })
    expect(fromCopy(between, 5)).to.deep.equal([6.1, true])
    expect(fromOriginal(between, 6.1)).to.deep.equal([5, true])
    expect(fromCopy(sides, 9.5), 'after the last stretch').to.deep.equal([null, false])
    const whole = { channel: 'video', kind: 'replaced', span: { startS: 9, endS: 12 }, region: null, score: 0.9 }
    expect(fromCopy(made('film_sides', { findings: [whole] }), 9.5)).to.deep.equal([11.5, true])
    const first = { ...whole, span: { startS: 0, endS: 2 } }
    const late = made('film_sides', { segments: [segment(2, 9, 1)], findings: [first] })
    expect(fromCopy(late, 1.5)).to.deep.equal([0.5, true])
    expect(fromCopy(late, 0.5), 'before the original begins').to.deep.equal([null, false])
  })

  it('has no place in what is much longer or shorter, nor where the order is another', () => {
    const findings = [{ channel: 'video', kind: 'replaced', span: { startS: 4, endS: 6 }, region: null, score: 0.9 }]
    for (const originalS of [5.5, 10, 2]) {
      const timeline = made('film_sides', { segments: [segment(0, 4, 1), segment(6, 9, originalS)], findings })
      expect(fromCopy(timeline, 5), String(originalS)).to.deep.equal([null, false])
    }
  })

  it('is the nearer one of those at which the copy repeats it', () => {
    const twice = made('film_sides', { segments: [segment(0, 3, 4), segment(5, 8, 4)], findings: [] })
    expect(fromOriginal(twice, 5, 0)).to.deep.equal([1, false])
    expect(fromOriginal(twice, 5, 7)).to.deep.equal([6, false])
  })

  it('is a number or nothing, whatever the answer says', () => {
    const timeline = made('film_hostile')
    for (const at of [-3, 0, 4, 12, 1e300]) {
      const { original } = momentOfCopy(timeline, at)
      if (original) expect(original.originalS).to.satisfy((value: number) => Number.isFinite(value) && value >= 0)
      const { copyS } = momentOfOriginal(timeline, { lane: timeline.lanes[0]!, originalS: at }, 0)
      if (copyS !== null) expect(copyS).to.satisfy((value: number) => Number.isFinite(value) && value >= 0)
      expect(Number.isFinite(leftOutAt(timeline.lanes[0]!, at))).to.equal(true)
    }
  })
})
