/**
 * Bars: plain borders around the picture of a video, as a player or an editor adds them to fill another shape. What lies between them is hashed.
 *
 * Found from frames that show something, 16 at most, so that a night, a fade or a title on black is not taken for a bar: a bar is one plain colour in
 * all of them, ends at a straight line, and what it surrounds is full. Later it may shrink where a picture appears in it, and never grows. Blind to
 * bars that are blurred, patterned or written over, and to what lies on one side alone and is wide. Pure.
 */
import type { PixelPlane } from './pdq.ts'

/** The part of the frame that holds the picture, as fractions of the frame as it is shown, in 1/4,096. */
export interface Bars {
  x: number
  y: number
  w: number
  h: number
}

export const BAR_PARTS = 4_096

/** Levels by which a sample differs from plain: encoders ring beside edges. */
const PLAIN = 24
/** Share of a frame that differs from the colour of its edge, from which on it shows something: a title on black has less. */
const SHOWS = 0.1
/** Of the fullest line: lines of a bar have less, lines of the picture more, and there are at most so many between, part of the frame. */
const [EMPTY, FULL, EDGE] = [0.4, 0.7, 0.012]
/** Share of what bars surround that differs from them in some frame. */
const DENSE = 0.7
/** Parts of the frame: thinner ones are none, and wider ones have one on the other side, at least half as wide. */
const [LEAST, ONE_SIDED] = [0.01, 1 / 6]
/** Share of a line of a bar that differs from it, from which on a picture has appeared there. Subtitles have less. */
const APPEARS = 0.5
/** Frames that show something, until bars are told. */
export const BAR_FRAMES = 16

export interface BarFinder {
  /** Takes a frame in. @returns whether it shows something: then it counts. */
  look(frame: PixelPlane): boolean
  /** How many counted. */
  readonly seen: number
  /** What all of them have in common. */
  found(): Bars | null
  /** These bars as far as no picture has appeared in them in a later frame. */
  shrunk(bars: Bars, frame: PixelPlane): Bars | null
}

/** The colours of the four edges, from the middle of what stands there. */
interface Edges {
  top: number[]
  bottom: number[]
  left: number[]
  right: number[]
}

export function createBarFinder(): BarFinder {
  let [lowest, highest]: [Uint8Array, Uint8Array] = [new Uint8Array(), new Uint8Array()]
  let size = { width: 0, height: 0, channels: 3 as 1 | 3 }
  let edges: Edges = { top: [], bottom: [], left: [], right: [] }
  let seen = 0

  function look(frame: PixelPlane): boolean {
    if (!showsSomething(frame)) return false
    const { data, width, height, channels } = frame
    if (seen === 0) {
      size = { width, height, channels }
      lowest = data.slice()
      highest = data.slice()
    } else if (width === size.width && height === size.height) {
      for (let i = 0; i < data.length; i++) {
        const value = data[i]!
        if (value < lowest[i]!) lowest[i] = value
        if (value > highest[i]!) highest[i] = value
      }
    }
    seen++
    return true
  }

  function found(): Bars | null {
    if (seen === 0) return null
    edges = edgesOf({ ...size, data: lowest })
    const rows = { top: touchedBy(edges.top), bottom: touchedBy(edges.bottom) }
    const columns = { left: touchedBy(edges.left), right: touchedBy(edges.right) }
    const [top, bottom] = bothSides(rowsOf(rows.top, size), rowsOf(rows.bottom, size).reverse())
    const [left, right] = bothSides(columnsOf(columns.left, size), columnsOf(columns.right, size).reverse())
    if (top + bottom + left + right === 0) return null
    const inner = { x: left, y: top, w: size.width - left - right, h: size.height - top - bottom }
    const dense = top + bottom > 0 ? (top > 0 ? rows.top : rows.bottom) : left > 0 ? columns.left : columns.right
    return shareIn(dense, size.width, inner) < DENSE ? null : partsOf(inner, size)
  }

  /** Pixels that in some frame differ from a colour. */
  function touchedBy(colour: number[]): Uint8Array {
    const { width, height, channels } = size
    const touched = new Uint8Array(width * height)
    for (let p = 0, i = 0; p < touched.length; p++)
      for (let k = 0; k < channels; k++, i++)
        if (highest[i]! > colour[k]! + PLAIN || lowest[i]! < colour[k]! - PLAIN) touched[p] = 1
    return touched
  }

  return {
    look,
    found,
    shrunk: (bars, frame) => (showsSomething(frame) ? shrunk(bars, frame, edges) : bars),
    get seen() {
      return seen
    },
  }
}

interface Dimensions {
  width: number
  height: number
}

/** How many of the lines at one end, and at the other, are a bar's. @param to the same lines from the other end on. */
function bothSides(from: Float64Array, to: Float64Array): [number, number] {
  const [near, far] = [barOf(from), barOf(to)]
  const most = ONE_SIDED * from.length
  return [near > most && far < near / 2 ? 0 : near, far > most && near < far / 2 ? 0 : far]
}

/** Lines from the first on that are plain, if the picture begins at once behind them. @param shares of each line that is touched. */
function barOf(shares: Float64Array): number {
  const fullest = shares.reduce((most, share) => Math.max(most, share), 0)
  let line = 0
  while (line < shares.length && shares[line]! <= EMPTY * fullest) line++
  if (line < LEAST * shares.length || line === shares.length) return 0
  const edge = Math.max(2, Math.round(EDGE * shares.length))
  const begins = shares.subarray(line, line + edge).some((share) => share >= FULL * fullest)
  return begins ? line : 0
}

function rowsOf(touched: Uint8Array, { width, height }: Dimensions): Float64Array {
  const shares = new Float64Array(height)
  for (let y = 0, p = 0; y < height; y++) for (let x = 0; x < width; x++, p++) shares[y]! += touched[p]! / width
  return shares
}

function columnsOf(touched: Uint8Array, { width, height }: Dimensions): Float64Array {
  const shares = new Float64Array(width)
  for (let y = 0, p = 0; y < height; y++) for (let x = 0; x < width; x++, p++) shares[x]! += touched[p]! / height
  return shares
}

function shareIn(touched: Uint8Array, width: number, { x, y, w, h }: Bars): number {
  let count = 0
  for (let v = y; v < y + h; v++) for (let u = x; u < x + w; u++) count += touched[v * width + u]!
  return count / (w * h)
}

const partsOf = ({ x, y, w, h }: Bars, { width, height }: Dimensions): Bars => {
  const part = (pixels: number, side: number) => Math.round((pixels * BAR_PARTS) / side) / BAR_PARTS
  return { x: part(x, width), y: part(y, height), w: part(w, width), h: part(h, height) }
}

function showsSomething(frame: PixelPlane): boolean {
  const { data, width, height, channels } = frame
  const { top } = edgesOf(frame)
  let count = 0
  for (let i = 0; i < data.length; i += channels)
    for (let k = 0; k < channels; k++)
      if (Math.abs(data[i + k]! - top[k]!) > PLAIN) {
        count++
        break
      }
  return count > SHOWS * width * height
}

function edgesOf({ data, width, height, channels }: PixelPlane): Edges {
  const colour = (from: number, step: number, count: number) =>
    Array.from({ length: channels }, (_, k) => medianOf(data, from + k, step, count))
  const row = width * channels
  return {
    top: colour(0, channels, width),
    bottom: colour((height - 1) * row, channels, width),
    left: colour(0, row, height),
    right: colour(row - channels, row, height),
  }
}

function medianOf(data: Uint8Array, from: number, step: number, count: number): number {
  const values = Uint8Array.from({ length: count }, (_, i) => data[from + i * step]!)
  return values.sort()[count >> 1]!
}

function shrunk(bars: Bars, frame: PixelPlane, edges: Edges): Bars | null {
  const { width, height } = frame
  const inner = innerOf(bars, frame)
  const row = (y: number, colour: number[]) => lineShare(frame, colour, { x: inner.x, y, w: inner.w, h: 1 })
  const column = (x: number, colour: number[]) => lineShare(frame, colour, { x, y: inner.y, w: 1, h: inner.h })
  const [right, bottom] = [width - inner.x - inner.w, height - inner.y - inner.h]
  const left = plainLines(inner.x, width, (i) => column(i, edges.left))
  const top = plainLines(inner.y, height, (i) => row(i, edges.top))
  const far = {
    right: plainLines(right, width, (i) => column(width - 1 - i, edges.right)),
    bottom: plainLines(bottom, height, (i) => row(height - 1 - i, edges.bottom)),
  }
  if (left === inner.x && top === inner.y && far.right === right && far.bottom === bottom) return bars
  const now = { x: left, y: top, w: width - left - far.right, h: height - top - far.bottom }
  return now.w === width && now.h === height ? null : partsOf(now, frame)
}

/** Of so many lines of a bar, from the outermost on, the ones before a picture. The last few may hold what rings. */
function plainLines(lines: number, side: number, shareOf: (line: number) => number): number {
  const end = lines - Math.max(2, Math.round(EDGE * side))
  for (let i = 0; i < end; i++) if (shareOf(i) > APPEARS) return i < LEAST * side ? 0 : i
  return lines
}

function lineShare({ data, width, channels }: PixelPlane, colour: number[], { x, y, w, h }: Bars): number {
  let count = 0
  for (let v = y; v < y + h; v++)
    for (let u = x; u < x + w; u++) {
      const p = (v * width + u) * channels
      for (let k = 0; k < channels; k++)
        if (Math.abs(data[p + k]! - colour[k]!) > PLAIN) {
          count++
          break
        }
    }
  return count / (w * h)
}

/** In pixels of a frame; at least one. */
export function innerOf({ x, y, w, h }: Bars, { width, height }: Dimensions): Bars {
  const [left, top] = [Math.min(width - 1, Math.round(x * width)), Math.min(height - 1, Math.round(y * height))]
  const [right, bottom] = [Math.round((x + w) * width), Math.round((y + h) * height)]
  return {
    x: left,
    y: top,
    w: Math.max(1, Math.min(right, width) - left),
    h: Math.max(1, Math.min(bottom, height) - top),
  }
}

/** What lies between the bars. */
export function between(frame: PixelPlane, bars: Bars): PixelPlane {
  const { width, channels } = frame
  const { x, y, w, h } = innerOf(bars, frame)
  const data = new Uint8Array(w * h * channels)
  for (let v = 0; v < h; v++) {
    const from = ((y + v) * width + x) * channels
    data.set(frame.data.subarray(from, from + w * channels), v * w * channels)
  }
  return { width: w, height: h, channels, data }
}
