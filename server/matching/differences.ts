/** Where a copy differs from its original more than noise, detail and the evidence's own losses explain. */
import type { Channels } from './curves.ts'
import { boxBlur, emptyGrid, type Grid, placeOf } from './grid.ts'
import { kernels } from './kernels.ts'
import type { Laid } from './lay.ts'
import { CELL, cellMeanSquares, expectedEnergy, type Least } from './residual.ts'
import { COMPARE } from './thresholds.ts'
import { raised } from './toned.ts'

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

const FINE: Least = { floor: 1, slope: 0.012, loss: 0.5 }
/** Of differences that are the mean over 3×3 pixels. */
const SMOOTH: Least = { floor: 1, slope: 0.012, loss: 0.08 }
/** Of both colours together. */
const COLOUR: Least = { floor: 2, slope: 0.03, loss: 0.5 }

/** How much a squared grey level that sharpness changed counts beside a squared slope: one does not know the blur of a copy exactly. */
const RESHARPENED = 2

/** @returns null where so few cells lie wholly within both that they say nothing. */
export function differencesOf({ copy, prediction, resharpened, cells, tone, ...laid }: Laid): Differences | null {
  const lost = raised(cells.original, tone, laid.lost)
  const seen = within(cells.copy.luma)
  if (seen.reduce((sum, one) => sum + one, 0) < MIN_CELLS) return null
  const { off, slopes } = measure(copy, prediction)
  const detail = boxBlur(
    { ...slopes, data: slopes.data.map((value, i) => value + RESHARPENED * resharpened.data[i]!) },
    1,
  )
  const lostLuma = boxBlur(lost.luma, 1)
  const remaining = only(cellMeanSquares(off), seen)
  const luma = expectedEnergy(remaining, detail, lostLuma, FINE)
  const smoothed = only(cellMeanSquares(boxBlur(off, 1)), seen)
  const smooth = expectedEnergy(smoothed, detail, lostLuma, SMOOTH)
  const colours = only(colourOff(cells.copy, cells.expected), seen)
  const colour = expectedEnergy(colours, colourDetail(cells.expected, detail), boxBlur(lost.colour, 1), COLOUR)
  const { light, hue: shade } = toneDoubts(cells.original, cells.expected)
  const ratios = [
    ratio(remaining, plus(luma, light)),
    ratio(smoothed, plus(smooth, light)),
    ratio(colours, plus(colour, shade)),
  ] as const
  const [fine, soft, hue] = ratios.map(meanOfNine) as [Grid, Grid, Grid]
  return {
    strength: strongest(fine, soft, hue),
    sharp: strongest(...ratios),
    ways: { fine, soft, hue },
    expected: luma,
  }
}

/** Cells of 4×4 pixels. */
const MIN_CELLS = 60

/** In the measure of the first. */
function strongest(fine: Grid, soft: Grid, hue: Grid): Grid {
  const { smoothPart, colourPart } = COMPARE
  return {
    ...fine,
    data: fine.data.map((value, i) => Math.max(value, smoothPart * soft.data[i]!, colourPart * hue.data[i]!)),
  }
}

/** Differences pixel by pixel, 0 where there is no copy, and squared slopes of the prediction as means over cells. */
function measure(copy: Grid, prediction: Grid): { off: Grid; slopes: Grid } {
  const { width, height } = copy
  const off = emptyGrid(width, height)
  const slopes = emptyGrid(Math.ceil(width / CELL), Math.ceil(height / CELL))
  const [from, expected] = [placeOf(copy.data), placeOf(prediction.data)]
  kernels().run.measure(from, expected, width, height, placeOf(off.data), placeOf(slopes.data))
  return { off, slopes }
}

/** Squared differences of colour. */
function colourOff(copy: Channels, expected: Channels): Grid {
  const { blue, red } = copy
  const square = (a: number, b: number) => (a - b) * (a - b)
  const data = blue.data.map(
    (value, i) => square(value, expected.blue.data[i]!) + square(red.data[i]!, expected.red.data[i]!),
  )
  return { ...blue, data }
}

/** Slopes of colour; where luminance has some, compression smears colours too. */
function colourDetail({ blue, red }: Channels, detail: Grid): Grid {
  const [ofBlue, ofRed] = [squaredSlopes(blue), squaredSlopes(red)]
  const data = detail.data.map((value, i) => ofBlue.data[i]! + ofRed.data[i]! + value / 8)
  return boxBlur({ ...detail, data }, 1)
}

function squaredSlopes({ width, height, data }: Grid): Grid {
  const to = emptyGrid(width, height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const across = (data[x + 1 < width ? i + 1 : i]! - data[x > 0 ? i - 1 : i]!) / 2
      const down = (data[y + 1 < height ? i + width : i]! - data[y > 0 ? i - width : i]!) / 2
      to.data[i] = across * across + down * down
    }
  return to
}

/** Of the square of what the tone changed: curves do not say all that programs do to colours, saturation beyond the limits least of all. */
const TONE_DOUBT = 0.004

/** What is left open of the tone: the more, the more it changed. */
function toneDoubts(original: Channels, expected: Channels): { light: Grid; hue: Grid } {
  const doubt = (a: Grid, b: Grid) => ({ ...a, data: a.data.map((value, i) => TONE_DOUBT * (value - b.data[i]!) ** 2) })
  const light = doubt(expected.luma, original.luma)
  return { light, hue: plus(light, plus(doubt(expected.blue, original.blue), doubt(expected.red, original.red))) }
}

const plus = (a: Grid, b: Grid): Grid => ({ ...a, data: a.data.map((value, i) => value + b.data[i]!) })
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
