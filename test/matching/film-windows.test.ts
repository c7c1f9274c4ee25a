import { expect } from 'chai'
import type { FrameVote } from '../../server/matching/film-layouts.ts'
import { spokenForByAny, windowsOf } from '../../server/matching/film-windows.ts'

const MINUTE = 60_000

const vote = (candidateMs: number, originalMs: number, share = 1): FrameVote => ({
  candidateMs,
  originalMs,
  way: 'plain',
  whole: true,
  share,
})

/** Stretches of 20 s. */
const stretches = (minutes: number) =>
  Array.from({ length: 3 * minutes }, (_, i) => ({ startMs: 20_000 * i, endMs: 20_000 * (i + 1) }))

describe('windows of a candidate', () => {
  it('are all of it, none longer than half an hour, and hold each vote once', () => {
    const votes = [0, 20, 29, 44, 60, 61, 89, 90].map((at) => vote(at * MINUTE, 0))
    for (const minutes of [1, 30, 31, 90, 240]) {
      const windows = windowsOf(minutes * MINUTE, votes)
      expect(windows).to.have.length(Math.ceil(minutes / 30))
      expect(windows.flatMap((window) => window.votes)).to.deep.equal(votes)
      expect(windows.map(({ startMs, endMs }) => endMs - startMs).every((ms) => ms <= 30 * MINUTE)).to.equal(true)
      for (const ms of [0, minutes * MINUTE]) expect(windows.filter(({ holds }) => holds(ms))).to.have.length(1)
    }
  })

  it('are shown by the stretches for which their votes speak, to either side of them', () => {
    const found = spokenForByAny(stretches(60), [vote(30_000, 10 * MINUTE)], MINUTE)
    expect(found.map(({ startMs }) => startMs / 1000)).to.deep.equal([560, 580, 600, 620])
  })

  it('are each given what they may show: a film of two hours all of its two hours', () => {
    const votes = Array.from({ length: 120 }, (_, i) => vote(i * MINUTE, i * MINUTE))
    expect(spokenForByAny(stretches(120), votes, 120 * MINUTE)).to.have.length(360)
  })

  it('take what most votes speak for, where they speak for more than can be compared', () => {
    const strong = Array.from({ length: 10 }, (_, i) => vote(i * 1_000, 5 * MINUTE + i * 1_000))
    const weak = Array.from({ length: 300 }, (_, i) => vote(0, 20 * MINUTE + i * 20_000, 0.01))
    const found = spokenForByAny(stretches(180), [...weak, ...strong], 20_000)
    expect(found).to.have.length(6)
    expect(found.map(({ startMs }) => startMs)).to.include.members([300_000])
  })
})
