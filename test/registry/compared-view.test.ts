import { expect } from 'chai'
import { presentFinding, presentSegment } from '../../server/registry/compared-view.ts'

const stretch = { candidate: { startMs: 500, endMs: 2_000 }, original: { startMs: 12_250, endMs: 14_125 } }
const whole = { x: 0, y: 0, w: 1, h: 1 }

describe('what a comparison found, in the answer', () => {
  it('is told in seconds, with the speed and the placement of each stretch', () => {
    const corner = { x: 0, y: 0 }
    const placement = {
      candidate: whole,
      original: whole,
      corners: [corner, corner, corner] as [typeof corner, typeof corner, typeof corner],
    }
    expect(presentSegment({ ...stretch, speed: 1.25, placement })).to.deep.equal({
      candidate: { startS: 0.5, endS: 2 },
      original: { startS: 12.25, endS: 14.125 },
      speed: 1.25,
      placement,
    })
  })

  it('tells channel, time and place of a finding, and what a picture has none of as null', () => {
    const score = 0.99
    expect(
      presentFinding({ channel: 'audio', kind: 'muted', span: { startMs: 1, endMs: 2 }, region: null, score }),
    ).to.deep.equal({ channel: 'audio', kind: 'muted', span: { startS: 0.001, endS: 0.002 }, region: null, score })
    expect(presentFinding({ kind: 'region', region: whole, score })).to.deep.equal({
      channel: 'video',
      kind: 'region',
      span: null,
      region: whole,
      score,
    })
  })
})
