/**
 * Where a picture has detail that a copy will have too, and how large that detail is: extrema of the Hessian's determinant over
 * position and scale.
 *
 * Source: Lindeberg, "Feature Detection with Automatic Scale Selection" (1998), §5; that the determinant finds again more of its points
 * than corners or Laplacians do: Bay, Tuytelaars, Van Gool, "SURF" (2006), §3. Both signs are taken: blobs and saddles.
 *
 * The picture is reduced by 5:4 again and again and smoothed a little each time, so that each level has a blur of about 1.25 of its
 * own pixels, and one 3×3 stencil serves all scales. Whole numbers throughout: the same in every engine.
 */
import type { Memory } from '../kernels/index.ts'
import type { PixelPlane } from './area.ts'
import { kernels } from './kernels.ts'

/** From one level to the next. */
export const STEP = 5 / 4

/** STEP to the power of each level, exactly: by products, for engines may round a power. */
export const POWERS: readonly number[] = Array.from({ length: 18 }).reduce<number[]>(
  (powers) => [...powers, powers.at(-1)! * STEP],
  [1],
)

export interface Level {
  width: number
  height: number
  /** Grey values in 1/16, smoothed: derivatives of faint detail are not lost in rounding, products stay within 31 bits. */
  data: Int16Array
  /** Where they lie in memory, and room for a response to each. */
  at: number
  response: number
}

/** A point where the response is larger than at all 26 neighbours in position and scale. */
export interface Extremum {
  level: number
  /** Pixels of the level. */
  x: number
  y: number
  /** Fraction of a level, −0.5 to 0.5: how much larger the detail is. */
  offset: number
  response: number
}

/** All levels together have less than this many times the pixels of the first: 1 + 0.64 + 0.64² + …. */
const ALL_LEVELS = 2.8
/** A level's numbers and its response, with what lies behind each. */
const bytesOf = (pixels: number) => 6 * pixels + 160

/** Bytes for what extrema are kept in, and behind each piece. */
const FURTHER = 4096

/** Levels of a grey picture, from the largest on, down to a shorter side of 8 pixels. They hold until something else is computed. */
export function scaleSpace(grey: PixelPlane, levels: number): Level[] {
  const { width, height } = grey
  const { run, memory } = kernels()
  const pixels = width * height
  memory.clear(bytesOf(ALL_LEVELS * pixels) + 160 * levels + pixels + 6 * width + FURTHER)
  const [data, lines] = [memory.put(grey.data), memory.take(6 * width + 96)]
  const first = emptyLevel(memory, width, height)
  run.sixteenths(data, pixels, first.at)
  // Twice on the first level, for its pixels are as sharp as the decoder's.
  run.smooth(first.at, width, height, lines)
  run.smooth(first.at, width, height, lines)
  const space: Level[] = [first]
  while (space.length < levels) {
    const last = space.at(-1)!
    // Four pixels where there were five, each way; what is left over at the right and below is dropped, so that the ratio is exact.
    const [width, height] = [Math.floor(last.width / 5) * 4, Math.floor(last.height / 5) * 4]
    if (Math.min(width, height) < 8) break
    const next = emptyLevel(memory, width, height)
    run.reduce(last.at, last.width, next.at, width, height)
    run.smooth(next.at, width, height, lines)
    space.push(next)
  }
  return space
}

function emptyLevel(memory: Memory, width: number, height: number): Level {
  const [at, response] = [memory.take(2 * width * height), memory.take(4 * width * height)]
  return { width, height, data: memory.words(at, width * height), at, response }
}

/** Cells of the grid over a level's longer side, over which extrema are spread. */
export const CELLS = 5

/** The strongest extrema of each cell of each level.
 *  @param levels how many of the space are searched.
 *  @param floor smallest response that counts.
 *  @returns cell by cell, the strongest of each first. */
export function findExtrema(space: readonly Level[], levels: number, floor: number): Extremum[][] {
  const responses = space.slice(0, levels + 1).map(responseOf)
  const kept = kernels().memory.take(8 * PER_CELL)
  const found: Extremum[][] = []
  for (let level = 0; level < Math.min(levels, space.length); level++) {
    const around = { level, finer: responses[level - 1], here: responses[level]!, coarser: responses[level + 1] }
    for (const cell of cellsOf(around.here)) found.push(peaks(around, cell, floor, kept))
  }
  return found
}

interface Cell {
  left: number
  top: number
  right: number
  bottom: number
}

/** Pixels from the edge of a level that hold no extremum: what a feature needs around it would be the edge, repeated. */
const MARGIN = 5

function cellsOf({ width, height }: Response): Cell[] {
  const side = Math.max(width, height) / CELLS
  const border = (k: number, length: number) => Math.max(MARGIN, Math.min(Math.ceil(k * side), length - MARGIN))
  return Array.from({ length: CELLS * CELLS }, (_, at) => {
    const [column, row] = [at % CELLS, Math.floor(at / CELLS)]
    return {
      left: border(column, width),
      right: border(column + 1, width),
      top: border(row, height),
      bottom: border(row + 1, height),
    }
  })
}

interface Response {
  width: number
  height: number
  data: Int32Array
  at: number
}

/** |∂xx ∂yy − ∂xy²| of a level, 16 times, in its units; 0 along the edge. */
function responseOf({ width, height, at, response }: Level): Response {
  const { run, memory } = kernels()
  run.respond(at, width, height, response)
  return { width, height, at: response, data: memory.integers(response, width * height) }
}

interface Around {
  level: number
  finer: Response | undefined
  here: Response
  coarser: Response | undefined
}

/** Extrema kept of one cell of the first level; of a level with half as many pixels a side half as many. */
const PER_CELL = 16

const NOWHERE = { at: 0, width: 0, height: 0 }

/** @param kept room for responses and places. */
function peaks(around: Around, { left, top, right, bottom }: Cell, floor: number, kept: number): Extremum[] {
  const { run, memory } = kernels()
  const { here, finer = NOWHERE, coarser = NOWHERE } = around
  const most = Math.ceil(PER_CELL / POWERS[around.level]!)
  const within = [left, top, right, bottom] as const
  const others = [finer.at, finer.width, finer.height, coarser.at, coarser.width, coarser.height] as const
  const count = run.peaks(here.at, here.width, ...within, floor, most, ...others, kept)
  return Array.from(memory.integers(kept + 4 * most, count), (at) => extremumAt(around, at))
}

const finerAt = ({ finer }: Around, x: number, y: number) =>
  finer ? largestNear(finer, STEP * (x + 0.5), STEP * (y + 0.5)) : 0

const coarserAt = ({ coarser }: Around, x: number, y: number) =>
  coarser ? largestNear(coarser, (x + 0.5) / STEP, (y + 0.5) / STEP) : 0

function extremumAt(around: Around, at: number): Extremum {
  const { width, data } = around.here
  const [x, y] = [at % width, Math.floor(at / width)]
  const offset = around.finer && around.coarser ? bend(finerAt(around, x, y), data[at]!, coarserAt(around, x, y)) : 0
  return {
    level: around.level,
    x: x + vertex(data, at, 1),
    y: y + vertex(data, at, width),
    offset,
    response: data[at]!,
  }
}

/** The largest of 3×3 around a point of another level. */
function largestNear({ width, height, data }: Response, x: number, y: number): number {
  const left = Math.max(0, Math.min(Math.floor(x) - 1, width - 3))
  const top = Math.max(0, Math.min(Math.floor(y) - 1, height - 3))
  let largest = 0
  for (let row = top; row < top + 3; row++)
    for (let at = row * width + left; at < row * width + left + 3; at++) if (data[at]! > largest) largest = data[at]!
  return largest
}

/** How far from its middle the parabola through three values has its top. */
function vertex(data: Int32Array, at: number, stride: number): number {
  return bend(data[at - stride]!, data[at]!, data[at + stride]!)
}

function bend(before: number, here: number, after: number): number {
  const curve = before + after - 2 * here
  return curve >= 0 ? 0 : Math.max(-0.5, Math.min(0.5, (before - after) / (2 * curve)))
}
