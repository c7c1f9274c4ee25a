/**
 * Differences that are not strong, and that a picture which agrees so well everywhere else does not have by accident: a small face that a
 * network changed and whose outline it kept.
 *
 * What is expected of noise, detail and losses is an upper bound for most copies, so how much remains is also measured against what remains
 * of this very copy elsewhere; over 5×5 cells, in which strokes and edges that compression moved are few and a face is whole.
 */
import type { Differences } from './differences.ts'
import { boxBlur, type Grid, quantile } from './grid.ts'
import { type CellRegion, heartOf, regionsOf } from './regions.ts'
import { COMPARE } from './thresholds.ts'

/** Regions that stand out in this picture only, in the measure of its strengths.
 * @param clear regions that were found by their strength. What is near them belongs to them: a halo, the rest of a logo. */
export function faintRegions(found: Differences, clear: readonly CellRegion[]): CellRegion[] {
  const { region: least, apart, breadth } = COMPARE.faint
  const { sharp } = found
  return regionsOf(standingOut(found), least).filter(
    (region) => !clear.some((one) => near(one, region, apart)) && breadthOf(heartOf(region, sharp), sharp) >= breadth,
  )
}

/** For each cell how much more remains around it than elsewhere in this picture, in the measure of its strengths. */
export function standingOut({ strength, sharp }: Pick<Differences, 'strength' | 'sharp'>): Grid {
  const { radius, part, usual } = COMPARE.faint
  const measured = strength.data.filter((value) => !Number.isNaN(value))
  const elsewhere = Math.min(usual.most, Math.max(usual.least, quantile(measured, usual.quantile)))
  const wide = meanAround(sharp, radius)
  return { ...wide, data: wide.data.map((value) => (value * part) / elsewhere) }
}

/** The shorter side of the box around cells. */
function breadthOf(cells: number[], { width }: Grid): number {
  let [left, top, right, bottom] = [width, Number.POSITIVE_INFINITY, -1, -1]
  for (const cell of cells) {
    left = Math.min(left, cell % width)
    right = Math.max(right, cell % width)
    top = Math.min(top, Math.floor(cell / width))
    bottom = Math.max(bottom, Math.floor(cell / width))
  }
  return Math.min(right - left, bottom - top) + 1
}

/** Of less than so much of a window a mean says nothing. */
const LEAST_SEEN = 0.6

/** Means over (2·radius + 1)² cells, of those that are compared; NaN where these are too few. */
function meanAround(grid: Grid, radius: number): Grid {
  const seen = boxBlur({ ...grid, data: grid.data.map((value) => (Number.isNaN(value) ? 0 : 1)) }, radius)
  const sums = boxBlur({ ...grid, data: grid.data.map((value) => (Number.isNaN(value) ? 0 : value)) }, radius)
  const data = sums.data.map((sum, i) => (seen.data[i]! < LEAST_SEEN ? Number.NaN : sum / seen.data[i]!))
  return { ...grid, data }
}

const near = (a: CellRegion, b: CellRegion, apart: number): boolean =>
  a.x0 - apart < b.x1 && b.x0 - apart < a.x1 && a.y0 - apart < b.y1 && b.y0 - apart < a.y1
