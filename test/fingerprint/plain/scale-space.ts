/** Levels of a picture and their extrema, one number after the other: what kernels/fingerprint/scale-space.ts must equal, bit for bit. */
import type { PixelPlane } from '../../../server/fingerprint/area.ts'
import { CELLS, type Extremum, type Level as Placed, POWERS, STEP } from '../../../server/fingerprint/scale-space.ts'

type Level = Pick<Placed, 'width' | 'height' | 'data'>

const UNIT = 16

/** Memory of the levels and of their responses, used again for each picture: fresh memory for each costs 2 ms of collecting garbage. */
let [levelMemory, responseMemory] = [new Int16Array(0), new Int32Array(0)]

/** All levels together have less than this many times the pixels of the first: 1 + 0.64 + 0.64² + …. */
const ALL_LEVELS = 2.8

/** Levels of a grey picture, from the largest on, down to a shorter side of 8 pixels. They hold until the next call. */
export function scaleSpace(grey: PixelPlane, levels: number): Level[] {
  const { width, height } = grey
  const pixels = width * height
  if (levelMemory.length < ALL_LEVELS * pixels) {
    levelMemory = new Int16Array(Math.ceil(ALL_LEVELS * pixels))
    responseMemory = new Int32Array(levelMemory.length)
  }
  const first = { width, height, data: levelMemory.subarray(0, pixels) }
  for (let i = 0; i < pixels; i++) first.data[i] = grey.data[i]! * UNIT
  // Twice on the first level, for its pixels are as sharp as the decoder's.
  smooth(first)
  smooth(first)
  const space: Level[] = [first]
  while (space.length < levels) {
    const next = reduced(space.at(-1)!)
    if (Math.min(next.width, next.height) < 8) break
    smooth(next)
    space.push(next)
  }
  return space
}

/** Four pixels where there were five, each way; what is left over at the right and below is dropped, so that the ratio is exact. */
function reduced(from: Level): Level {
  const [width, height] = [Math.floor(from.width / 5) * 4, Math.floor(from.height / 5) * 4]
  const start = from.data.byteOffset / 2 + from.data.length
  const data = levelMemory.subarray(start, start + width * height)
  for (let y = 0, at = 0; y < height; y++) {
    // Sample k of four lies at 5(k + ½)/4 − ½ = k + (2k + 1)/8 of five.
    const v = 2 * (y & 3) + 1
    const row = ((y >> 2) * 5 + (y & 3)) * from.width
    for (let x = 0; x < width; x++, at++) {
      const u = 2 * (x & 3) + 1
      const p = row + (x >> 2) * 5 + (x & 3)
      const top = (8 - u) * from.data[p]! + u * from.data[p + 1]!
      const bottom = (8 - u) * from.data[p + from.width]! + u * from.data[p + from.width + 1]!
      data[at] = ((8 - v) * top + v * bottom + 32) >> 6
    }
  }
  return { width, height, data }
}

/** ¼ ½ ¼ each way, in place; the edge is repeated. */
function smooth({ width, height, data }: Level): void {
  const lines = [new Int16Array(width), new Int16Array(width), new Int16Array(width)]
  blurRow(data, 0, lines[1]!)
  lines[0]!.set(lines[1]!)
  for (let y = 0; y < height; y++) {
    const [above, here, below] = [lines[y % 3]!, lines[(y + 1) % 3]!, lines[(y + 2) % 3]!]
    if (y + 1 < height) blurRow(data, (y + 1) * width, below)
    else below.set(here)
    for (let x = 0, at = y * width; x < width; x++, at++) data[at] = (above[x]! + 2 * here[x]! + below[x]! + 8) >> 4
  }
}

/** Sums of 1 2 1, four times the mean. */
function blurRow(data: Int16Array, row: number, to: Int16Array): void {
  const last = to.length - 1
  let [left, here] = [data[row]!, data[row]!]
  for (let x = 0; x < last; x++) {
    const right = data[row + x + 1]!
    to[x] = left + 2 * here + right
    left = here
    here = right
  }
  to[last] = left + 3 * here
}

/** The strongest extrema of each cell of each level.
 *  @param levels how many of the space are searched.
 *  @param floor smallest response that counts.
 *  @returns cell by cell, the strongest of each first. */
export function findExtrema(space: readonly Level[], levels: number, floor: number): Extremum[][] {
  const responses = space.slice(0, levels + 1).map(responseOf)
  const found: Extremum[][] = []
  for (let level = 0; level < Math.min(levels, space.length); level++) {
    const around = { level, finer: responses[level - 1], here: responses[level]!, coarser: responses[level + 1] }
    for (const cell of cellsOf(around.here)) found.push(peaks(around, cell, floor))
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
}

/** |∂xx ∂yy − ∂xy²| of a level, 16 times, in its units; 0 along the edge. */
function responseOf({ width, height, data }: Level): Response {
  const start = data.byteOffset / 2
  const response = responseMemory.subarray(start, start + data.length)
  clearEdge(response, width)
  for (let y = 1; y < height - 1; y++) {
    // Three rows of three; each step loads a column of them only.
    const row = y * width
    let a = data[row - width]!
    let b = data[row - width + 1]!
    let d = data[row]!
    let e = data[row + 1]!
    let g = data[row + width]!
    let h = data[row + width + 1]!
    for (let at = row; at < row + width - 2; at++) {
      const c = data[at - width + 2]!
      const f = data[at + 2]!
      const i = data[at + width + 2]!
      const xy = a + i - c - g
      const det = (Math.imul(d + f - 2 * e, b + h - 2 * e) << 4) - Math.imul(xy, xy)
      response[at + 1] = det < 0 ? -det : det
      a = b
      b = c
      d = e
      e = f
      g = h
      h = i
    }
  }
  return { width, height, data: response }
}

function clearEdge(response: Int32Array, width: number): void {
  response.fill(0, 0, width)
  response.fill(0, response.length - width)
  for (let row = width; row < response.length; row += width) {
    response[row] = 0
    response[row - 1] = 0
  }
}

interface Around {
  level: number
  finer: Response | undefined
  here: Response
  coarser: Response | undefined
}

/** Extrema kept of one cell of the first level; of a level with half as many pixels a side half as many. */
const PER_CELL = 16

/** The strongest extrema of a cell, and where they are. */
const kept = { response: new Int32Array(PER_CELL), at: new Int32Array(PER_CELL) }

/** Most pixels are passed over by one comparison once a cell has its 16. */
function peaks(around: Around, { left, top, right, bottom }: Cell, floor: number): Extremum[] {
  const { width, data } = around.here
  const most = Math.ceil(PER_CELL / POWERS[around.level]!)
  let count = 0
  let least = floor
  for (let y = top; y < bottom; y++)
    for (let x = left, at = y * width + left; x < right; x++, at++) {
      const value = data[at]!
      if (value <= least || value <= data[at - 1]! || value < data[at + 1]! || !leadsRows(data, at, width, value))
        continue
      if (value < finerAt(around, x, y) || value < coarserAt(around, x, y)) continue
      insert(count, most, value, at)
      if (count < most) count++
      if (count === most) least = kept.response[most - 1]!
    }
  return Array.from({ length: count }, (_, i) => extremumAt(around, kept.at[i]!))
}

/** In order of response, the strongest first; of equals the first one. */
function insert(count: number, most: number, response: number, at: number): void {
  let i = Math.min(count, most - 1)
  for (; i > 0 && kept.response[i - 1]! < response; i--) {
    kept.response[i] = kept.response[i - 1]!
    kept.at[i] = kept.at[i - 1]!
  }
  kept.response[i] = response
  kept.at[i] = at
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

function leadsRows(data: Int32Array, at: number, width: number, value: number): boolean {
  const [above, below] = [at - width, at + width]
  if (value <= data[above - 1]! || value <= data[above]! || value <= data[above + 1]!) return false
  return value >= data[below - 1]! && value >= data[below]! && value >= data[below + 1]!
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
