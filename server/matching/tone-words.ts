/** What was done to the colours of a copy, in words. */

import type { Channels } from './curves.ts'
import type { Grid } from './grid.ts'

/** Grey levels of colour in the mean, under which a picture is grey, and from which it is not. */
const GREY = 1.5
const COLOURED = 4
/** Grey levels by which luminance or colour must have changed in the mean: compression and rounding change them by one. */
const RECOLOURED = 5

export function toneWords({
  original,
  expected,
  copy,
}: {
  original: Channels
  expected: Channels
  copy: Channels
}): string[] {
  const seen = (i: number) => !Number.isNaN(copy.luma.data[i])
  const colour = (of: Channels) => mean(of.luma, seen, (i) => Math.abs(of.blue.data[i]!) + Math.abs(of.red.data[i]!))
  const changed = mean(copy.luma, seen, (i) => Math.abs(expected.luma.data[i]! - original.luma.data[i]!))
  const shifted = mean(
    copy.luma,
    seen,
    (i) =>
      Math.abs(expected.blue.data[i]! - original.blue.data[i]!) +
      Math.abs(expected.red.data[i]! - original.red.data[i]!),
  )
  if (colour(copy) < GREY && colour(original) > COLOURED)
    return ['greyscale', ...(changed > 2 * RECOLOURED ? ['recoloured'] : [])]
  return changed > RECOLOURED || shifted > RECOLOURED ? ['recoloured'] : []
}

/** Cells that are looked at, at most. */
const MAX_CELLS = 1500

function mean({ data }: Grid, seen: (i: number) => boolean, value: (i: number) => number): number {
  let [sum, count] = [0, 0]
  for (let i = 0; i < data.length; i += Math.ceil(data.length / MAX_CELLS))
    if (seen(i)) {
      sum += value(i)
      count++
    }
  return sum / Math.max(1, count)
}
