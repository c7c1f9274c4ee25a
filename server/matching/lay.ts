/** Lays a copy over its original: the same place in the same pixel, the original with the copy's tone and sharpness. */
import type { Losses, Plane, Planes } from '../fingerprint/index.ts'
import { type Affine, apply, compose, invert, scaleOf, scaling } from './affine.ts'
import type { Channels } from './curves.ts'
import { emptyGrid, type Grid, gridOf, halve, minus, pyramid, sample } from './grid.ts'
import { type Pair, polish, refine } from './refine.ts'
import { CELL, cellMeanSquares, cellMeans, sharpened } from './residual.ts'
import { fitTone, type Tone } from './tone.ts'
import { type Lost, toned, tonedLuma } from './toned.ts'

export interface Laid {
  /** From pixels of the grids below to those of the candidate's luminance. */
  map: Affine
  /** Of the original's luminance, pixels to one of the grids below. */
  step: number
  /** The candidate; NaN outside it. */
  copy: Grid
  /** The original, with the copy's tone and sharpness. */
  prediction: Grid
  /** By how much sharpness changed the prediction: cells of squared grey levels. */
  resharpened: Grid
  /** Both in cells of 4×4 pixels. */
  cells: { copy: Channels; expected: Channels; original: Channels }
  lost: Lost
  tone: Tone
}

/** Pixels. Grids of this longest side are not reduced further. */
const COARSEST = 40
/** Levels of the pyramid on which the alignment is refined. */
const LEVELS = 4
/** Pixels. Larger grids are aligned at last, with the copy's tone: that needs no grids freed of theirs, which cost most. */
const FINEST_REFINED = 320
/** Pixels of the candidate to one of the original below which the original is reduced, for the copy does not show what it shows. */
const LEAST_SCALE = 0.6
/** And above which the candidate is reduced. */
const MOST_SCALE = 1.5

/** @param transform from the candidate to the original, both in their longer sides.
 * @param held whether it is known exactly: a frame that moved on must not pull the whole with it.
 * @returns null where too little of the candidate lies on the original. */
export function layOver(original: Planes, candidate: Planes, transform: Affine, held = false): Laid | null {
  const steps = pyramid(gridOf(original.luma), COARSEST)
  const looks = pyramid(gridOf(candidate.luma), COARSEST)
  const [ours, theirs] = [longerSide(original.luma), longerSide(candidate.luma)]
  const given = compose(scaling(theirs), compose(invert(transform), scaling(1 / ours)))
  const scale = scaleOf(given)
  const lookFor = (step: number) => levelFor(scale * 2 ** step, looks.length)
  let finest = 0
  while (scale * 2 ** finest < LEAST_SCALE && finest < steps.length - 1) finest++
  const pairs: Pair[] = []
  for (let step = Math.min(steps.length - 1, finest + LEVELS - 1); step >= finest; step--) {
    if (step < steps.length - 1 && longerSide(steps[step]!) > FINEST_REFINED) break
    pairs.push({
      original: steps[step]!,
      candidate: looks[lookFor(step)]!,
      originalScale: 2 ** -step,
      candidateScale: 2 ** -lookFor(step),
    })
  }
  const map = compose(held ? given : refine(pairs, given), scaling(2 ** finest))
  const look = looks[lookFor(finest)]!
  return comparable(original, candidate, {
    map,
    step: finest,
    luma: steps[finest]!,
    look,
    lookScale: 2 ** -lookFor(finest),
    held,
  })
}

const longerSide = ({ width, height }: { width: number; height: number }) => Math.max(width, height)

/** How often the candidate is halved so that it is not much finer than the grid. */
function levelFor(scale: number, levels: number): number {
  let level = 0
  while (scale / 2 ** level > MOST_SCALE && level < levels - 1) level++
  return level
}

interface Aligned {
  map: Affine
  step: number
  luma: Grid
  look: Grid
  lookScale: number
  held: boolean
}

function comparable(
  original: Planes,
  candidate: Planes,
  { map, step, luma, look, lookScale, held }: Aligned,
): Laid | null {
  const copy = sample(look, compose(scaling(lookScale), map), luma.width, luma.height)
  const own = scaling(2 ** step)
  const channels = { original: channelsOf(luma, original, own), copy: channelsOf(copy, candidate, map) }
  const tone = fitTone(channels.original, channels.copy)
  if (!tone) return null
  const plain = tonedLuma(luma, channels.original.blue, channels.original.red, tone)
  const prediction = sharpened(plain, copy)
  if (!prediction) return null
  const roughly = compose(scaling(lookScale), map)
  const toLook = held ? roughly : polish(prediction, look, roughly)
  return {
    map: compose(scaling(1 / lookScale), toLook),
    step,
    copy: sample(look, toLook, luma.width, luma.height),
    prediction,
    resharpened: cellMeanSquares(minus(plain, prediction)),
    cells: { ...channels, expected: toned(channels.original, tone) },
    lost: lostOf(channels.copy.luma, [
      { planes: original, map: own },
      { planes: candidate, map },
    ]),
    tone,
  }
}

/** Means over cells. @param map from pixels of the grid to those of the planes' luminance. */
function channelsOf(luma: Grid, { colour }: Planes, map: Affine): Channels {
  const means = cellMeans(luma)
  const channel = (plane: Plane | undefined) =>
    plane ? colourAt(plane, map, means) : emptyGrid(means.width, means.height)
  return { luma: means, blue: channel(colour?.blue), red: channel(colour?.red) }
}

/** A plane of colour at the middles of cells, as far as they have luminance. */
function colourAt(plane: Plane, map: Affine, cells: Grid): Grid {
  let grid = gridOf(plane)
  for (let i = 0; i < grid.data.length; i++) grid.data[i]! -= 128
  let scale = 1 / CELL
  for (; scaleOf(map) * CELL * scale > MOST_SCALE && grid.width > 1; scale /= 2) grid = halve(grid)
  const to = sample(grid, compose(scaling(scale), compose(map, scaling(CELL))), cells.width, cells.height)
  for (let i = 0; i < to.data.length; i++) if (Number.isNaN(to.data[i])) to.data[i] = 0
  return to
}

interface Placed {
  planes: Planes
  /** From pixels of the grid to those of the planes' luminance. */
  map: Affine
}

/** What evidence lost, cell by cell, of the original and of a candidate that is evidence too. */
function lostOf(cells: Grid, placed: Placed[]): Lost {
  const to = { luma: emptyGrid(cells.width, cells.height), colour: emptyGrid(cells.width, cells.height) }
  for (const { planes, map } of placed) {
    addLost(to.luma, planes.luma.losses, map, 8)
    addLost(to.colour, planes.colour?.blue.losses, map, 8 * CELL)
    addLost(to.colour, planes.colour?.red.losses, map, 8 * CELL)
  }
  return to
}

/** @param side of a block, in pixels of luminance. */
function addLost({ width, height, data }: Grid, losses: Losses | undefined, map: Affine, side: number): void {
  if (!losses) return
  // What is lost is fine detail, of which the mean over several pixels keeps one part in so many.
  const kept = Math.min(1, 1 / scaleOf(map) ** 2)
  const index = (position: number, blocks: number) => Math.min(blocks - 1, Math.max(0, Math.floor(position / side)))
  for (let row = 0, i = 0; row < height; row++)
    for (let column = 0; column < width; column++, i++) {
      const { x, y } = apply(map, { x: CELL * (column + 0.5), y: CELL * (row + 0.5) })
      data[i]! += kept * losses.variances[index(y, losses.rows) * losses.columns + index(x, losses.columns)]!
    }
}
