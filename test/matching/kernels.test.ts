/** What WebAssembly reckons for a comparison is what plain code reckons, one number after the other. */
import { expect } from 'chai'
import { eachProducts, product, type Sight } from '../../server/matching/film-sight.ts'
import { boxBlur, emptyGrid, type Grid, halve, lendingGrids, placeOf, sample } from '../../server/matching/grid.ts'
import { kernels } from '../../server/matching/kernels.ts'
import { type Marks, matchMarks } from '../../server/matching/local-matches.ts'
import { withoutTone } from '../../server/matching/refine.ts'
import { cellMeanSquares, cellMeans } from '../../server/matching/residual.ts'
import { type Equations, equations, observe } from '../../server/matching/solve.ts'
import { seeded } from '../random.ts'

const SIZES = [
  [64, 48],
  [1, 1],
  [37, 5],
  [2, 9],
  [50, 51],
] as const

/** Within the memory of grids, each size by itself. */
function forAll(check: (grid: Grid, at: (x: number, y: number) => number) => void): void {
  for (const [seed, [width, height]] of SIZES.entries())
    lendingGrids(() => {
      const random = seeded(seed)
      const grid = emptyGrid(width, height)
      grid.data.forEach((_, i) => {
        grid.data[i] = 255 * random()
      })
      check(grid, (x, y) => grid.data[y * width + x]!)
    })
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(value, most))

function expectEach(to: Grid, value: (x: number, y: number) => number, within = 1e-4): void {
  for (let y = 0, i = 0; y < to.height; y++)
    for (let x = 0; x < to.width; x++, i++) {
      const expected = value(x, y)
      if (Number.isNaN(expected)) expect(to.data[i], `${x}, ${y}`).to.be.NaN
      else expect(to.data[i], `${x}, ${y} of ${to.width}×${to.height}`).to.be.closeTo(expected, within)
    }
}

function meanOver([x0, x1]: number[], [y0, y1]: number[], value: (x: number, y: number) => number): number {
  let [sum, count] = [0, 0]
  for (let y = y0!; y < y1!; y++) for (let x = x0!; x < x1!; x++, count++) sum += value(x, y)
  return sum / count
}

describe('a kernel of the comparison', () => {
  it('blurs: means over a window, smaller at the border', () => {
    forAll((grid, at) => {
      for (const radius of [1, 2, 6]) {
        const window = (x: number, side: number) => [Math.max(0, x - radius), Math.min(side, x + radius + 1)]
        expectEach(boxBlur(grid, radius), (x, y) => meanOver(window(x, grid.width), window(y, grid.height), at))
      }
    })
  })

  it('halves and makes cells: means of what lies in them, cut short at the border', () => {
    forAll((grid, at) => {
      const cell = (x: number, side: number, size: number) => [size * x, Math.min(side, size * x + size)]
      const mean = (size: number, value: typeof at) => (x: number, y: number) =>
        meanOver(cell(x, grid.width, size), cell(y, grid.height, size), value)
      expectEach(halve(grid), mean(2, at))
      expectEach(cellMeans(grid), mean(4, at), 1e-3)
      expectEach(
        cellMeanSquares(grid),
        mean(4, (x, y) => at(x, y) ** 2),
        0.1,
      )
    })
  })

  it('samples between four pixels, half a pixel beyond them, and nothing farther out', () => {
    forAll((grid, at) => {
      const { width, height } = grid
      const map = [0.9, -0.2, 1.3, 0.3, 1.1, -2] as const
      const [a, b, c, d, e, f] = map
      expectEach(sample(grid, map, 40, 30), (x, y) => {
        const [u, v] = [a * (x + 0.5) + b * (y + 0.5) + c - 0.5, d * (x + 0.5) + e * (y + 0.5) + f - 0.5]
        if (u < -0.5 || v < -0.5 || u > width - 0.5 || v > height - 0.5) return Number.NaN
        const [p, q] = [clamp(u, width - 1), clamp(v, height - 1)]
        const row = (y: number) => {
          const [left, right] = [Math.floor(p), Math.min(width - 1, Math.floor(p) + 1)]
          return at(left, y) + (p - left) * (at(right, y) - at(left, y))
        }
        const top = Math.floor(q)
        return row(top) + (q - top) * (row(Math.min(height - 1, top + 1)) - row(top))
      })
    })
  })

  it('frees of tone: mean 0 and contrast 1 around each pixel', () => {
    forAll((grid) => {
      const mean = boxBlur(grid, 4)
      const squares = emptyGrid(grid.width, grid.height)
      grid.data.forEach((value, i) => {
        squares.data[i] = (value - mean.data[i]!) ** 2
      })
      const variance = boxBlur(squares, 4)
      expectEach(withoutTone(grid), (x, y) => {
        const i = y * grid.width + x
        return (grid.data[i]! - mean.data[i]!) / (Math.sqrt(variance.data[i]!) + 4)
      })
    })
  })

  it('finds the pairs that are nearest both ways, by Hamming distance', () => {
    const random = seeded(7)
    const words = (count: number) => Uint32Array.from({ length: 8 * count }, () => random() * 2 ** 32)
    const [a, b] = [words(60), words(50)]
    // Copies with some bits flipped; two of them of one.
    for (const [i, j] of [
      [3, 5],
      [9, 0],
      [10, 49],
      [11, 49],
      [59, 20],
    ] as const)
      b.set(
        a.subarray(8 * i, 8 * i + 8).map((word, k) => (k === i % 8 ? word ^ (2 ** (i % 20) - 1) : word)),
        8 * j,
      )
    const marks = (of: Uint32Array) => ({ count: of.length / 8, words: of }) as Marks
    const found = matchMarks(marks(a), marks(b))
    const bits = (i: number, j: number) => {
      let sum = 0
      for (let k = 0; k < 8; k++) for (let x = a[8 * i + k]! ^ b[8 * j + k]!; x !== 0; x &= x - 1) sum++
      return sum
    }
    expect(found.map(({ candidate, original }) => [candidate, original])).to.have.deep.members([
      [3, 5],
      [9, 0],
      [11, 49],
      [59, 20],
    ])
    for (const { candidate, original, distanceBits } of found) expect(distanceBits).to.equal(bits(candidate, original))
  })

  it('multiplies vectors, of any length, with each of others', () => {
    const random = seeded(11)
    for (const cells of [1, 7, 16, 61, 1_296]) {
      const sightOf = (count: number): Sight => ({
        cells,
        count,
        vectors: Float32Array.from({ length: cells * count }, () => (2 * random() - 1) / Math.sqrt(cells)),
        contrast: new Float32Array(count),
        noise: new Float32Array(count),
      })
      const [a, b] = [sightOf(5), sightOf(9)]
      const which = [4, 0, 2]
      let rounds = 0
      eachProducts(a, which, b, (products, n) => {
        rounds++
        expect(products).to.have.length(9)
        for (const [j, value] of products.entries())
          expect(value, `${cells} cells`).to.be.closeTo(product(a, which[n]!, b, j), 1e-6)
      })
      expect(rounds).to.equal(3)
    }
  })

  it('collects the normal equations that observations make one by one', () => {
    const random = seeded(3)
    const [count, unknowns] = [200, 74]
    const at = Int32Array.from({ length: 20 * count }, (_, n) => {
      const k = n % 20
      return k < 6 ? 20 * (k >> 1) + 7 + (k & 1) : 60 + k - 6
    })
    const doubles = (length: number) => Float64Array.from({ length }, random)
    const [parts, values, weights] = [doubles(20 * count), doubles(3 * count), doubles(count)]
    const plain = equations(unknowns, 3)
    for (let n = 0; n < count; n++)
      observe(plain, { at, parts, from: 20 * n, count: 20 }, values.subarray(3 * n, 3 * n + 3), weights[n]!)
    const { run, memory } = kernels()
    memory.clear()
    const rows = [memory.put(at), memory.put(parts), memory.put(values), memory.put(weights)] as const
    const [matrix, sides] = [memory.put(new Float64Array(unknowns ** 2)), memory.put(new Float64Array(3 * unknowns))]
    run.collectTone(...rows, count, unknowns, matrix, sides)
    expect(lower({ ...plain, matrix: memory.doubles(matrix, unknowns ** 2) })).to.deep.equal(lower(plain))
    expect([...memory.doubles(sides, 3 * unknowns)]).to.deep.equal(plain.sides.flatMap((side) => [...side]))
  })

  it('refuses a grid outside of the memory of grids, and more than there is room for', () => {
    expect(() => emptyGrid(4, 4)).to.throw('a grid lies in memory that is lent')
    expect(() => lendingGrids(() => emptyGrid(1 << 13, 1 << 13))).to.throw(RangeError)
    lendingGrids(() => expect(placeOf(emptyGrid(4, 4).data) % 16).to.equal(0))
  })
})

function lower({ unknowns, matrix }: Equations): number[] {
  return [...matrix].filter((_, i) => i % unknowns <= Math.floor(i / unknowns))
}
