/** Where a copy differs from its original more than noise, detail and the evidence's own losses explain. */
import { boxBlur, emptyGrid, type Grid } from './grid.ts'
import type { Laid } from './lay.ts'
import { CELL, cellMeans, expectedEnergy, type Least, squaredDifferences, squaredSlopes } from './residual.ts'
import { COMPARE } from './thresholds.ts'
import { raised } from './tone.ts'

export interface Differences {
  /** For each cell how often more remains than is expected, mean over 3×3 cells; NaN where nothing is compared. The strongest of three ways to
   * differ: luminance, luminance smoothed over 3×3 pixels (in which a face stands out from the losses of the evidence), colour. */
  strength: Grid
  /** The same of each cell alone. */
  sharp: Grid
  /** The three ways apart, means over 3×3 cells. */
  ways: { fine: Grid; soft: Grid; hue: Grid }
  /** Energy expected, luminance. */
  expected: Grid
}

const FINE: Least = { floor: 1, slope: 0.03, loss: 0.5 }
/** Of differences that are the mean over 3×3 pixels. */
const SMOOTH: Least = { floor: 1, slope: 0.015, loss: 0.08 }

export function differencesOf({ copy, prediction, cells, tone, ...laid }: Laid): Differences {
  const lost = raised(cells.original, tone, laid.lost)
  const seen = within(cells.copy.luma)
  const remaining = only(cellMeans(squaredDifferences(copy, prediction)), seen)
  const slopes = boxBlur(cellMeans(squaredSlopes(prediction)), 1)
  const smoothed = only(cellMeans(smoothSquares(copy, prediction)), seen)
  const smooth = expectedEnergy(smoothed, slopes, boxBlur(lost.luma, 1), SMOOTH)
  const luma = expectedEnergy(remaining, slopes, boxBlur(lost.luma, 1), FINE)
  const blue = squaredDifferences(cells.copy.blue, cells.expected.blue)
  const red = squaredDifferences(cells.copy.red, cells.expected.red)
  const colours = only({ ...blue, data: blue.data.map((value, i) => value + red.data[i]!) }, seen)
  const colourSlopes = sum(squaredSlopes(cells.expected.blue), squaredSlopes(cells.expected.red))
  const colour = expectedEnergy(
    colours,
    boxBlur(sum(colourSlopes, { ...slopes, data: slopes.data.map((s) => s / 8) }), 1),
    boxBlur(lost.colour, 1),
    FINE,
  )
  const ratios = [ratio(remaining, luma), ratio(smoothed, smooth), ratio(colours, colour)] as const
  const [fine, soft, hue] = ratios.map(meanOfNine) as [Grid, Grid, Grid]
  return {
    strength: strongest(fine, soft, hue),
    sharp: strongest(...ratios),
    ways: { fine, soft, hue },
    expected: luma,
  }
}

/** In the measure of the first. */
function strongest(fine: Grid, soft: Grid, hue: Grid): Grid {
  const { smoothPart, colourPart } = COMPARE
  return {
    ...fine,
    data: fine.data.map((value, i) => Math.max(value, smoothPart * soft.data[i]!, colourPart * hue.data[i]!)),
  }
}

/** Squares of the differences, each the mean over 3×3 pixels: what the step took away is finer than that and cancels. */
function smoothSquares(a: Grid, b: Grid): Grid {
  const off = boxBlur({ ...a, data: a.data.map((value, i) => (Number.isNaN(value) ? 0 : value - b.data[i]!)) }, 1)
  return { ...off, data: off.data.map((value, i) => (Number.isNaN(a.data[i]!) ? Number.NaN : value * value)) }
}

const sum = (a: Grid, b: Grid): Grid => ({ ...a, data: a.data.map((value, i) => value + b.data[i]!) })
const ratio = (a: Grid, b: Grid): Grid => ({ ...a, data: a.data.map((value, i) => value / b.data[i]!) })

/** Cells that lie wholly within both pictures, and not at the rim of either, where resampling mixes in what is beside. */
function within({ width, height, data }: Grid): Uint8Array {
  const inside = new Uint8Array(data.length)
  for (let y = 1; y < height - 1; y++)
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) {
      let sum = 0
      for (let v = -width; v <= width; v += width) sum += data[i + v - 1]! + data[i + v]! + data[i + v + 1]!
      inside[i] = !Number.isNaN(sum) ? 1 : 0
    }
  return inside
}

const only = (grid: Grid, seen: Uint8Array): Grid => ({
  ...grid,
  data: grid.data.map((value, i) => (seen[i] ? value : Number.NaN)),
})

/** Mean over a cell and those around it that are compared. */
function meanOfNine({ width, height, data }: Grid): Grid {
  const to = emptyGrid(width, height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (Number.isNaN(data[i])) {
        to.data[i] = Number.NaN
        continue
      }
      let [sum, count] = [0, 0]
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const value = data[v * width + u]!
          if (Number.isNaN(value)) continue
          sum += value
          count++
        }
      to.data[i] = sum / count
    }
  return to
}

export { CELL }
