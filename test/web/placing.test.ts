import { expect } from 'chai'
import fc from 'fast-check'
import { boxFor, layOn, windowAround, within } from '../../server/web/client/placing.ts'
import type { Placement, Point } from '../../server/web/client/wire.ts'

const numbers = (css: string) => [...css.matchAll(/-?\d+(?:\.\d+)?/g)].map(([one]) => Number(one))
const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const point = fc.record({ x: between(-3, 3), y: between(-3, 3) })
const aspects = between(0.2, 5)
const regions = fc
  .tuple(between(0, 1), between(0, 1), between(0, 1), between(0, 1))
  .map(([x, y, u, v]) => ({ x, y, w: u * (1 - x), h: v * (1 - y) }))

/** Where the browser puts a point of the box, which is given in its pixels. */
function put(css: string, { x, y }: Point, size: { width: number; height: number }): Point {
  const [left, top, a, b, c, d, e, f] = numbers(css) as [number, number, number, number, number, number, number, number]
  return {
    x: a * x + c * y + e + (left / 100) * size.width,
    y: b * x + d * y + f + (top / 100) * size.height,
  }
}

describe('placing', () => {
  it('lays the corners of the original where they lie in the candidate, at every size', () => {
    fc.assert(
      fc.property(fc.tuple(point, point, point), aspects, between(50, 2000), (corners, aspect, width) => {
        const size = { width, height: width / aspect }
        const css = layOn(corners as Placement['corners'], aspect)
        const ofBox = [
          { x: 0, y: 0 },
          { x: size.width, y: 0 },
          { x: 0, y: size.height },
        ]
        for (const [i, from] of ofBox.entries()) {
          const { x, y } = put(css, from, size)
          expect(x).to.be.closeTo(corners[i]!.x * size.width, 0.05)
          expect(y).to.be.closeTo(corners[i]!.y * size.height, 0.05)
        }
      }),
    )
  })

  it('shows a region with what is around it, in the picture, and as neither slit nor ribbon', () => {
    fc.assert(
      fc.property(regions, aspects, (region, aspect) => {
        const { x, y, w, h } = windowAround(region, aspect)
        expect(x).to.be.at.least(0).and.at.most(region.x)
        expect(y).to.be.at.least(0).and.at.most(region.y)
        expect(x + w).to.be.at.most(1 + 1e-9)
        expect(y + h).to.be.at.most(1 + 1e-9)
        expect(x + w).to.be.at.least(region.x + region.w - 1e-9)
        expect(y + h).to.be.at.least(region.y + region.h - 1e-9)
        const shape = (w * aspect) / h
        // Where the picture itself is a slit nothing is wider.
        if (h < 1) expect(shape).to.be.at.most(1.5 + 1e-9)
        if (w < 1) expect(shape).to.be.at.least(0.75 - 1e-9)
      }),
    )
  })

  it('fills a frame with a window of the picture', () => {
    const window = { x: 0.25, y: 0.5, w: 0.5, h: 0.25 }
    expect(boxFor(window)).to.deep.equal({ left: '-50%', top: '-200%', width: '200%', height: '400%' })
    expect(within({ x: 0.5, y: 0.5 }, window)).to.deep.equal({ x: 0.5, y: 0 })
  })
})
