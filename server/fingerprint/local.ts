/**
 * Local perceptual hashes (`local1`): some 250 points of a picture, each with a place, a size, a direction and 256 bits of what its
 * surroundings look like.
 *
 * After Rublee, Rabaud, Konolige, Bradski, "ORB: an efficient alternative to SIFT or SURF" (2011): a direction by the intensity centroid (§3.2), bits
 * by comparing places in a turned pattern (§4). Instead of its corners, extrema of the Hessian in scale (scale-space.ts); instead of its points of one size,
 * rings of places that are blurred the more the farther out (local-pattern.ts). docs/protocol.md has the numbers.
 *
 * Robust to crops, frames, turns, mirroring, resizing to a quarter, blur, noise, tone. Blind where nothing has a shape: sky, fog, night.
 *
 * Pure, and free of anything that only Node has. Whole numbers, and doubles under + − × ÷ √ in a fixed order: the same bits in every engine.
 */
import { type Grid, type PixelPlane, reduceByArea } from './area.ts'
import { LOCAL_BITS, PLACE_UNIT, PLACES } from './local-pattern.ts'
import { TESTS } from './local-tests.ts'
import { type Extremum, findExtrema, type Level, POWERS, STEP, scaleSpace } from './scale-space.ts'
import { greyOf, type Size, sizeWithin, viewGrid } from './view.ts'

/** Features of an original, and of a candidate. */
export const MAX_FEATURES = 256
/** 32-bit words of a descriptor. */
export const LOCAL_WORDS = LOCAL_BITS / 32

/** How closely a picture is looked at: as an original, whose hashes are kept, or as a candidate, of which an original may fill a fraction only. A
 *  candidate has the features of an original, and smaller ones. */
export type Detail = 'original' | 'candidate'

interface Look {
  /** Pixels of the longer side of the picture that features are sought in. */
  side: number
  /** Its number among all levels. */
  level: number
  /** Levels searched, and features taken, at most. */
  levels: number
  most: number
}

/** From a side of 320 to one of 34. */
const ORIGINAL: Look = { side: 320, level: 2, levels: 11, most: MAX_FEATURES }
/** 500 and 400. */
const FINER: Look = { side: 500, level: 0, levels: 2, most: 144 }
export const MAX_CANDIDATE_FEATURES = ORIGINAL.most + FINER.most
/** Small pictures are enlarged by so much at most: beyond, there is nothing to be seen. */
const MAX_ENLARGEMENT = 2

/** Levels beyond those searched, which only blur the outer rings. */
const BEYOND = 4

/** Steps of a level in which sizes are told. */
export const SIZE_STEPS = 8
export const MAX_SIZE = (ORIGINAL.level + ORIGINAL.levels) * SIZE_STEPS - 1
/** From one step to the next. */
export const SIZE_RATIO = STEP ** (1 / SIZE_STEPS)
/** Parts of the picture's longer side in which places are told. */
export const PLACE_PARTS = 4096
/** Parts of a turn in which directions are told. */
export const DIRECTIONS = 256

/** Smallest response: a spot whose brightness bends by 0.27 grey values a pixel² each way (4,096 times the square of it). */
const FLOOR = 300
/** Twice that and more, 0.6 grey values: fainter ones are taken after all others, for noise may have made them. They are what a blurred
 *  picture has. */
const FAINT = 1_500

/** Pixels of a level: how far around a point the centroid is taken. */
const CENTROID_RADIUS = 7

export interface LocalFeatures {
  /** At most 256; the first ones matter most. */
  count: number
  /** In 1/4,096 of the picture's longer side, from its left and top. */
  x: Uint16Array
  y: Uint16Array
  /** 1/8 of a level of 5/4: a feature of size s covers 1.25^(s / 8) times as much as one of size 0. */
  size: Uint8Array
  /** 1/256 of a turn, from rightwards to downwards. */
  direction: Uint8Array
  /** Eight words each; bit b of a descriptor is bit b & 31 of word b >> 5. */
  words: Uint32Array
}

/** Local hashes of a picture.
 * @param pixels its pixels, each side reduced for itself, as decoders give them.
 * @param size what it measures. */
export function localFeatures(pixels: PixelPlane, size: Size, detail: Detail = 'original'): LocalFeatures {
  const grids = localGrids(pixels, size, detail)
  reduceByArea(pixels, grids)
  return featuresOf(grids)
}

/** What local hashes look at, to be filled beside other grids (`hashPicture`). */
export function localGrids(pixels: PixelPlane, size: Size, detail: Detail): Grid[] {
  const longer = Math.max(size.width, size.height)
  let side = ORIGINAL.side
  // A small picture begins with a smaller level, so that sizes mean the same in all pictures.
  while (side > MAX_ENLARGEMENT * longer) side = nextSide(side)
  const own = viewGrid(pixels, sizeWithin(size, side))
  return detail === 'candidate' && longer >= FINER.side ? [own, viewGrid(pixels, sizeWithin(size, FINER.side))] : [own]
}

const nextSide = (side: number) => Math.max(1, Math.floor(side / 5) * 4)

/** @param grids filled, from `localGrids`. */
export function featuresOf(grids: readonly Grid[]): LocalFeatures {
  return joined(grids.map((grid, i) => seen(grid, i === 0 ? ORIGINAL : FINER)))
}

function seen(grid: Grid, { side, level, levels, most }: Look): LocalFeatures {
  const own = Math.max(grid.columns, grid.rows)
  let skipped = 0
  for (let larger = side; larger > own; larger = nextSide(larger)) skipped++
  const space = scaleSpace(greyOf(grid), levels + BEYOND - skipped)
  const chosen = choose(findExtrema(space, levels - skipped, FLOOR), most)
  return describe(chosen, space, { first: level + skipped, perPixel: PLACE_PARTS / own })
}

function joined(parts: readonly LocalFeatures[]): LocalFeatures {
  const all = noFeatures(parts.reduce((sum, { count }) => sum + count, 0))
  let at = 0
  for (const part of parts) {
    all.x.set(part.x, at)
    all.y.set(part.y, at)
    all.size.set(part.size, at)
    all.direction.set(part.direction, at)
    all.words.set(part.words, at * LOCAL_WORDS)
    at += part.count
  }
  return all
}

/** Some of the features, in their order. */
export function only(of: LocalFeatures, wanted: (feature: number) => boolean): LocalFeatures {
  const kept = Array.from({ length: of.count }, (_, i) => i).filter(wanted)
  const some = noFeatures(kept.length)
  for (const [to, from] of kept.entries()) {
    some.x[to] = of.x[from]!
    some.y[to] = of.y[from]!
    some.size[to] = of.size[from]!
    some.direction[to] = of.direction[from]!
    some.words.set(of.words.subarray(from * LOCAL_WORDS, (from + 1) * LOCAL_WORDS), to * LOCAL_WORDS)
  }
  return some
}

export function noFeatures(count = 0): LocalFeatures {
  return {
    count,
    x: new Uint16Array(count),
    y: new Uint16Array(count),
    size: new Uint8Array(count),
    direction: new Uint8Array(count),
    words: new Uint32Array(count * LOCAL_WORDS),
  }
}

/** So many of the extrema, the ones that matter most first: the strongest of each cell and level, then the second ones, and so on; of
 *  a level that has half as many pixels a side half as many. So a crop keeps its share, and so does a copy of a quarter of the size. */
function choose(cells: Extremum[][], most: number): Extremum[] {
  const all = cells.flatMap((kept) =>
    kept.map((one, rank) => ({ one, faint: Number(one.response < FAINT), turn: (rank + 0.5) * POWERS[one.level]! })),
  )
  all.sort((a, b) => a.faint - b.faint || a.turn - b.turn || b.one.response - a.one.response)
  return all.slice(0, most).map(({ one }) => one)
}

interface Frame {
  /** The level that the space begins with. */
  first: number
  /** Parts of the longer side in a pixel of the first level. */
  perPixel: number
}

function describe(chosen: Extremum[], space: readonly Level[], { first, perPixel }: Frame): LocalFeatures {
  const count = chosen.length
  const features = noFeatures(count)
  const values = new Float64Array(PLACES.length)
  for (const [i, { level, x, y, offset }] of chosen.entries()) {
    const step = Math.min(SIZE_STEPS - 1, Math.floor((offset + 0.5) * SIZE_STEPS))
    const axis = axisAt(space[level]!, x, y)
    const place = (at: number) => Math.min(PLACE_PARTS - 1, Math.floor((at + 0.5) * POWERS[level]! * perPixel))
    features.x[i] = place(x)
    features.y[i] = place(y)
    features.size[i] = (first + level) * SIZE_STEPS + step
    features.direction[i] = directionOf(axis)
    look(space, { level, x, y, scale: SCALES[step]! }, axis, values)
    writeBits(values, features.words, i * LOCAL_WORDS)
  }
  return features
}

/** What the steps of a size mean at their middle, relative to their level. Rounded, so that all engines agree. */
const SCALES = Array.from(
  { length: SIZE_STEPS },
  (_, step) => Math.round(STEP ** ((step + 0.5) / SIZE_STEPS - 0.5) * 65_536) / 65_536,
)

/** A direction as a vector of length 1. */
interface Axis {
  x: number
  y: number
}

/** For each row of the disc, its half width. */
const DISC = Array.from({ length: 2 * CENTROID_RADIUS + 1 }, (_, row) =>
  Math.floor(Math.sqrt((CENTROID_RADIUS + 0.5) ** 2 - (row - CENTROID_RADIUS) ** 2)),
)

/** Towards the intensity centroid of a disc; the edge is repeated. */
function axisAt({ width, height, data }: Level, atX: number, atY: number): Axis {
  const [x, y] = [Math.round(atX), Math.round(atY)]
  let [mx, my] = [0, 0]
  for (let v = -CENTROID_RADIUS; v <= CENTROID_RADIUS; v++) {
    const row = Math.max(0, Math.min(y + v, height - 1)) * width
    const half = DISC[v + CENTROID_RADIUS]!
    let sum = 0
    for (let u = -half; u <= half; u++) {
      const value = data[row + Math.max(0, Math.min(x + u, width - 1))]!
      sum += value
      mx += u * value
    }
    my += v * sum
  }
  const length = Math.sqrt(mx * mx + my * my)
  return length === 0 ? { x: 1, y: 0 } : { x: mx / length, y: my / length }
}

/** Unit vectors half way between directions, in 1/65,536 and rounded: where one direction ends and the next begins. */
const BORDERS = Array.from({ length: DIRECTIONS }, (_, k) => {
  const angle = (2 * Math.PI * (k + 0.5)) / DIRECTIONS
  return { x: Math.round(65_536 * Math.cos(angle)), y: Math.round(65_536 * Math.sin(angle)) }
})

/** The nearest of 256 directions, by halving: an arc tangent may differ between engines. */
function directionOf({ x, y }: Axis): number {
  // Of the half turn from border 0 on, or of the other one.
  const isLeft = (k: number) => BORDERS[k]!.x * y - BORDERS[k]!.y * x >= 0
  let [from, steps] = isLeft(0) ? [0, DIRECTIONS / 2] : [DIRECTIONS / 2, DIRECTIONS / 2]
  while (steps > 1) {
    steps /= 2
    if (isLeft(from + steps)) from += steps
  }
  return (from + 1) % DIRECTIONS
}

interface Spot {
  level: number
  x: number
  y: number
  scale: number
}

/** What is seen at each place of the pattern, turned along the axis. */
function look(space: readonly Level[], { level, x, y, scale }: Spot, axis: Axis, values: Float64Array): void {
  const unit = scale / PLACE_UNIT
  for (const [i, place] of PLACES.entries()) {
    const u = x + (place.x * axis.x - place.y * axis.y) * unit
    const v = y + (place.x * axis.y + place.y * axis.x) * unit
    const coarser = Math.min(place.coarser, space.length - 1 - level)
    const ratio = 1 / POWERS[coarser]!
    values[i] = valueAt(space[level + coarser]!, (u + 0.5) * ratio - 0.5, (v + 0.5) * ratio - 0.5)
  }
}

/** Between the four pixels around; the edge is repeated. */
function valueAt({ width, height, data }: Level, atX: number, atY: number): number {
  const x = Math.max(0, Math.min(atX, width - 1.001))
  const y = Math.max(0, Math.min(atY, height - 1.001))
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [x - left, y - top]
  const at = top * width + left
  const above = data[at]! + u * (data[at + 1]! - data[at]!)
  const below = data[at + width]! + u * (data[at + width + 1]! - data[at + width]!)
  return above + v * (below - above)
}

function writeBits(values: Float64Array, words: Uint32Array, at: number): void {
  for (let bit = 0, t = 0; bit < LOCAL_BITS; bit++, t += 4)
    if (values[TESTS[t]!]! + values[TESTS[t + 1]!]! > values[TESTS[t + 2]!]! + values[TESTS[t + 3]!]!)
      words[at + (bit >> 5)]! |= 1 << (bit & 31)
}
