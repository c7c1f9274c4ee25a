/** How well a copy and its original agree: whether they are copy and original at all. */
import { boxBlur, type Grid } from './grid.ts'
import type { Laid } from './lay.ts'

/** Cells around a cell from which its mean and contrast are taken. */
const RADIUS = 3
/** Grey levels. */
const CONTRAST_FLOOR = 3

/** Correlation of the luminance of cells, each against those around it, so that neither light nor a bright sky agrees by itself: −1 to 1. */
export function likenessOf({ cells: { copy, expected } }: Laid): number {
  // Outside the copy nothing is compared; the original's own values there keep the means of the cells beside it.
  const filled = {
    ...copy.luma,
    data: copy.luma.data.map((value, i) => (!Number.isNaN(value) ? value : expected.luma.data[i]!)),
  }
  const [a, b] = [relative(filled), relative(expected.luma)]
  let [aa, bb, ab] = [1e-9, 1e-9, 0]
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(copy.luma.data[i])) continue
    aa += a[i]! * a[i]!
    bb += b[i]! * b[i]!
    ab += a[i]! * b[i]!
  }
  return ab / Math.sqrt(aa * bb)
}

function relative(grid: Grid): Float32Array {
  const mean = boxBlur(grid, RADIUS)
  const off = { ...grid, data: grid.data.map((value, i) => value - mean.data[i]!) }
  const variance = boxBlur({ ...off, data: off.data.map((value) => value * value) }, RADIUS)
  return off.data.map((value, i) => value / (Math.sqrt(Math.max(0, variance.data[i]!)) + CONTRAST_FLOOR))
}
