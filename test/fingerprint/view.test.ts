import { expect } from 'chai'
import fc from 'fast-check'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { colourView, greyView, sizeWithin } from '../../server/fingerprint/view.ts'

const side = fc.integer({ min: 1, max: 12 })
const plane = fc
  .tuple(side, side, fc.constantFrom(1 as const, 3 as const))
  .chain(([width, height, channels]) =>
    fc
      .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
      .map((data): PixelPlane => ({ width, height, channels, data })),
  )

/** Mean of a channel over a cell, by laying `width` × `height` equal pieces into each pixel, so that cells hold whole pieces. */
function meanOfCell(from: PixelPlane, to: PixelPlane, column: number, row: number, channel: number): number {
  let sum = 0
  for (let y = row * from.height; y < (row + 1) * from.height; y++)
    for (let x = column * from.width; x < (column + 1) * from.width; x++) {
      const pixel = Math.floor(y / to.height) * from.width + Math.floor(x / to.width)
      sum += from.data[pixel * from.channels + channel]!
    }
  return sum / (from.width * from.height)
}

describe('a view', () => {
  it('holds in each sample the mean of the part of the picture that it covers, reduced or enlarged', () => {
    fc.assert(
      fc.property(plane, side, side, (from, width, height) => {
        const to = colourView(from, { width, height })
        for (let row = 0; row < height; row++)
          for (let column = 0; column < width; column++)
            for (let channel = 0; channel < from.channels; channel++) {
              const mean = meanOfCell(from, to, column, row, channel)
              expect(to.data[(row * width + column) * from.channels + channel]).to.be.closeTo(mean, 0.5 + 1e-9)
            }
      }),
      { numRuns: 60 },
    )
  })

  it('in grey is the luminance of the one in colour', () => {
    fc.assert(
      fc.property(plane, (from) => {
        const grey = greyView(from, from)
        for (let i = 0; i < grey.data.length; i++) {
          const [r, g, b] = from.channels === 1 ? [0, 1, 2].map(() => from.data[i]!) : [...from.data.subarray(3 * i)]
          expect(grey.data[i]).to.be.closeTo(0.299 * r! + 0.587 * g! + 0.114 * b!, 0.5 + 1e-4)
        }
      }),
    )
  })

  it('has the proportions of the picture, whatever those of the plane', () => {
    expect(sizeWithin({ width: 4000, height: 1000 }, 400)).to.deep.equal({ width: 400, height: 100 })
    expect(sizeWithin({ width: 30, height: 60 }, 400)).to.deep.equal({ width: 200, height: 400 })
    expect(sizeWithin({ width: 100_000, height: 3 }, 400)).to.deep.equal({ width: 400, height: 1 })
  })

  it('is refused of a plane that does not hold what it says', () => {
    const wrong: PixelPlane = { width: 2, height: 2, channels: 3, data: new Uint8Array(11) }
    expect(() => greyView(wrong, { width: 1, height: 1 })).to.throw(RangeError, 'expected 2×2×3 values, got 11')
    expect(() => greyView({ width: 0, height: 0, channels: 1, data: new Uint8Array(0) }, wrong)).to.throw(RangeError)
  })
})
