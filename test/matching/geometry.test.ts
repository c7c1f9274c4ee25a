import { expect } from 'chai'
import type { Affine } from '../../server/matching/affine.ts'
import { framing, turnsOf } from '../../server/matching/geometry.ts'
import { regionsOf } from '../../server/matching/regions.ts'
import { equations, observe, solve } from '../../server/matching/solve.ts'

const wide = { w: 1, h: 0.5 }

describe('how a copy was reframed', () => {
  it('is the share of both pictures that they have in common', () => {
    expect(framing(wide, wide, [1, 0, 0, 0, 1, 0])).to.deep.equal({ explained: 1, seen: 1 })
    // The candidate is the left upper quarter, twice as large.
    expect(framing(wide, wide, [0.5, 0, 0, 0, 0.5, 0])).to.deep.equal({ explained: 1, seen: 0.25 })
    // The original fills the candidate's left upper quarter.
    expect(framing(wide, wide, [2, 0, 0, 0, 2, 0])).to.deep.equal({ explained: 0.25, seen: 1 })
    expect(framing(wide, wide, [1, 0, 2, 0, 1, 0])).to.deep.equal({ explained: 0, seen: 0 })
  })

  it('is said as mirrored first and then turned clockwise', () => {
    const quarter: Affine = [0, 1, 0, -1, 0, 0.5]
    expect(turnsOf([1, 0, 0, 0, 1, 0])).to.deep.equal([])
    expect(turnsOf(quarter)).to.deep.equal(['rotated 90'])
    expect(turnsOf([-1, 0, 1, 0, 1, 0])).to.deep.equal(['mirrored'])
    expect(turnsOf([1, 0, 0, 0, -1, 0.5])).to.deep.equal(['mirrored', 'rotated 180'])
    expect(turnsOf([Math.cos(0.1), -Math.sin(0.1), 0, Math.sin(0.1), Math.cos(0.1), 0])).to.deep.equal(['rotated -6'])
    expect(turnsOf([0.85, 0, 0, 0, 1, 0])).to.deep.equal(['stretched'])
  })
})

describe('regions of cells', () => {
  const rows = ['.........', '.5.9.....', '.....5...', '........5', '9........']
  const data = Float32Array.from(rows.join(''), (one) => (one === '.' ? 0 : Number(one)))

  it('hold one strong cell and all near it that are not weak, the strongest first', () => {
    const found = regionsOf({ width: 9, height: 5, data }, { low: 4, high: 8, gap: 2 })
    expect(found.map(({ x0, y0, x1, y1, mass }) => [x0, y0, x1, y1, mass])).to.deep.equal([
      [1, 1, 6, 3, 19],
      [0, 4, 1, 5, 9],
    ])
  })

  it('end at cells that are not compared', () => {
    const holed = data.map((value, i) => (i === 9 + 3 ? Number.NaN : value))
    const found = regionsOf({ width: 9, height: 5, data: holed }, { low: 4, high: 8, gap: 2 })
    expect(found.map(({ cells }) => cells)).to.deep.equal([[36]])
  })
})

describe('least squares', () => {
  it('finds a line, and says nothing where nothing determines it', () => {
    const line = equations(2, 1)
    for (const x of [0, 1, 2, 5])
      observe(line, { at: Int32Array.of(0, 1), parts: Float64Array.of(1, x) }, Float64Array.of(3 - 2 * x), 1 + x)
    const [a, b] = solve(line)![0]!
    expect(a).to.be.closeTo(3, 1e-9)
    expect(b).to.be.closeTo(-2, 1e-9)
    expect(solve(equations(2, 1))).to.equal(null)
  })
})
