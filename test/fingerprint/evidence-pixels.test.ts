import { expect } from 'chai'
import { decodeEvidence, encodeEvidence } from '../../server/fingerprint/evidence.ts'
import { pixelsOf } from '../../server/fingerprint/evidence-pixels.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { scenePlane } from './planes.ts'

const shown = (view: PixelPlane) => pixelsOf(decodeEvidence(encodeEvidence(view)))

function flat(width: number, height: number, colour: number[]): PixelPlane {
  const channels = colour.length as 1 | 3
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => colour[i % channels]!)
  return { width, height, channels, data }
}

const meanDifference = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length

describe('evidence as a picture', () => {
  it('looks like what it was made of', () => {
    const view = scenePlane(210, 140)
    const { data, ...size } = shown(view)
    expect(size).to.deep.equal({ width: 210, height: 140, channels: 3 })
    expect(meanDifference(data, view.data)).to.be.below(6)
  })

  for (const colour of [
    [220, 30, 40],
    [20, 160, 60],
    [30, 60, 210],
    [255, 255, 255],
  ])
    it(`has the colour ${colour.join(' ')} where that had it, also where sides are no multiple of a cell`, () => {
      const { data } = shown(flat(13, 9, colour))
      expect(Math.max(...data.map((value, i) => Math.abs(value - colour[i % 3]!)))).to.be.below(5)
    })

  it('is grey where that was grey', () => {
    const { channels, data } = shown(flat(10, 10, [90]))
    expect(channels).to.equal(1)
    expect([...new Set(data)]).to.deep.equal([90])
  })
})
