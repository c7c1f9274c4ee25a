/** Connected regions of cells in which more remains than is expected. */
import type { Grid } from './grid.ts'
import { COMPARE } from './thresholds.ts'

/** Cells; the right and lower ends are outside. */
export interface CellRegion {
  x0: number
  y0: number
  x1: number
  y1: number
  /** Cells that belong to it. */
  cells: number[]
  /** Highest value. */
  peak: number
  /** Sum of the values. */
  mass: number
}

/** Regions of cells of at least `low` that hold one of at least `high`, joined where only `gap` cells lie between; strongest first. */
export function regionsOf(
  { width, height, data }: Grid,
  { low, high, gap }: { low: number; high: number; gap: number },
): CellRegion[] {
  const taken = new Uint8Array(data.length)
  const found: CellRegion[] = []
  for (let start = 0; start < data.length; start++) {
    if (taken[start] || !(data[start]! >= high)) continue
    found.push(grow(start, taken))
  }
  return found.sort((a, b) => b.mass - a.mass)

  function grow(start: number, taken: Uint8Array): CellRegion {
    const region: CellRegion = { x0: width, y0: height, x1: 0, y1: 0, cells: [start], peak: 0, mass: 0 }
    taken[start] = 1
    for (let n = 0; n < region.cells.length; n++) {
      const at = region.cells[n]!
      const [x, y] = [at % width, Math.floor(at / width)]
      include(region, x, y, data[at]!)
      for (let v = Math.max(0, y - gap); v <= Math.min(height - 1, y + gap); v++)
        for (let u = Math.max(0, x - gap); u <= Math.min(width - 1, x + gap); u++) {
          const next = v * width + u
          if (taken[next] || !(data[next]! >= low)) continue
          taken[next] = 1
          region.cells.push(next)
        }
    }
    return region
  }
}

function include(region: CellRegion, x: number, y: number, value: number): void {
  region.x0 = Math.min(region.x0, x)
  region.y0 = Math.min(region.y0, y)
  region.x1 = Math.max(region.x1, x + 1)
  region.y1 = Math.max(region.y1, y + 1)
  region.peak = Math.max(region.peak, value)
  region.mass += value
}

/** Cells of a region that differ by themselves: where it is strong, the mean of nine reaches a cell beyond it. */
export function heartOf({ cells, peak }: CellRegion, own: Grid): number[] {
  const least = Math.max(COMPARE.region.low, COMPARE.heartPart * peak)
  const heart = cells.filter((cell) => own.data[cell]! >= least)
  return heart.length > 0 ? heart : cells
}
