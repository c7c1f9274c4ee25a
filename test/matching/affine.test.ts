import { expect } from 'chai'
import fc from 'fast-check'
import {
  type Affine,
  apply,
  determinant,
  distortion,
  fitAffine,
  fitSimilarity,
  similarityOfTwo,
} from '../../server/matching/affine.ts'
import { expectedByChance } from '../../server/matching/chance.ts'

const number = fc.double({ min: -2, max: 2, noNaN: true })
const point = fc.record({ x: number, y: number })
const close = (a: Affine | null, b: Affine) => {
  expect(a).not.to.equal(null)
  for (const [i, value] of b.entries()) expect(a![i]).to.be.closeTo(value, 1e-6)
}

describe('affine maps', () => {
  it('are found again from points that they moved', () => {
    const corners = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 0, y: 1 },
      { x: 0.7, y: 0.9 },
    ]
    fc.assert(
      fc.property(number, number, number, number, number, number, (a, b, c, d, e, f) => {
        const map: Affine = [a, b, c, d, e, f]
        close(fitAffine(corners.map((from) => ({ from, to: apply(map, from) }))), map)
        const alike: Affine = [a, -b, c, b, a, f]
        const pairs = corners.map((from) => ({ from, to: apply(alike, from) }))
        close(fitSimilarity(pairs), alike)
        close(similarityOfTwo(pairs[1]!, pairs[2]!), alike)
      }),
    )
  })

  it('are not told by points at one place or, where proportions change, on one line', () => {
    fc.assert(
      fc.property(point, point, (from, to) => {
        expect(
          fitSimilarity([
            { from, to },
            { from, to },
          ]),
        ).to.equal(null)
        expect(similarityOfTwo({ from, to }, { from, to })).to.equal(null)
        const line = [0, 1, 2, 3].map((k) => ({ from: { x: k * 0.3, y: k * 0.2 }, to }))
        expect(fitAffine(line)).to.equal(null)
      }),
    )
  })

  it('have a distortion of 1 when all lengths change alike, and of the quotient otherwise', () => {
    expect(distortion([0, -3, 5, 3, 0, 7])).to.be.closeTo(1, 1e-9)
    expect(distortion([2, 0, 0, 0, -0.5, 0])).to.be.closeTo(4, 1e-9)
    expect(determinant([2, 0, 0, 0, -0.5, 0])).to.equal(-1)
  })
})

describe('what chance would do', () => {
  it('is the number of maps times the tail of the binomial distribution', () => {
    // Of 6 links 4 agree, two of which tell the map: 2 or more of 4 at 0.1 are 0.0523.
    expect(10 ** expectedByChance(6, 4, 0.1)).to.be.closeTo(36 * 0.0523, 1e-6)
    expect(expectedByChance(10, 2, 0.1)).to.be.closeTo(2, 1e-9)
    expect(expectedByChance(200, 100, 1e-4)).to.be.below(-300)
  })
})
