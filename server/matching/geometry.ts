/** How a copy was reframed: what the map between two pictures says in words and shares. */
import { type Affine, apply, distortion, invert, type Point } from './affine.ts'

/** Fractions of a picture's width and height. */
export interface Region {
  x: number
  y: number
  w: number
  h: number
}

export interface Framing {
  /** Share of the candidate's area that lies within the original. */
  explained: number
  /** Share of the original's area that the candidate shows. */
  seen: number
}

/** Length and breadth, in the picture's longer side. */
export interface Frame {
  w: number
  h: number
}

export const frameOf = ({ width, height }: { width: number; height: number }): Frame => ({
  w: width / Math.max(width, height),
  h: height / Math.max(width, height),
})

/** @param transform from the candidate to the original, both in their longer sides. */
export function framing(candidate: Frame, original: Frame, transform: Affine): Framing {
  const back = invert(transform)
  const shown = corners(original).map((corner) => apply(back, corner))
  const common = areaOf(clip(shown, candidate))
  return { explained: share(common, candidate.w * candidate.h), seen: share(common, areaOf(shown)) }
}

const share = (part: number, whole: number) => Math.min(1, part / whole)
const corners = ({ w, h }: Frame): Point[] => [
  { x: 0, y: 0 },
  { x: w, y: 0 },
  { x: w, y: h },
  { x: 0, y: h },
]

/** What is left of a convex polygon within a frame (Sutherland and Hodgman 1974). */
function clip(polygon: readonly Point[], { w, h }: Frame): Point[] {
  const sides: ((p: Point) => number)[] = [({ x }) => x, ({ x }) => w - x, ({ y }) => y, ({ y }) => h - y]
  return sides.reduce<Point[]>((left, side) => cut(left, side), [...polygon])
}

function cut(polygon: Point[], side: (p: Point) => number): Point[] {
  return polygon.flatMap((to, i) => {
    const from = polygon.at(i - 1)!
    const [a, b] = [side(from), side(to)]
    if (a >= 0 === b >= 0) return b >= 0 ? [to] : []
    const part = a / (a - b)
    const crossing = { x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y) }
    return b >= 0 ? [crossing, to] : [crossing]
  })
}

function areaOf(polygon: readonly Point[]): number {
  let twice = 0
  for (const [i, { x, y }] of polygon.entries()) {
    const before = polygon.at(i - 1)!
    twice += before.x * y - x * before.y
  }
  return Math.abs(twice) / 2
}

/** Degrees. A smaller turn is not worth a word. */
const LEAST_TURN = 1
/** Part by which one side must have changed more than the other. */
const LEAST_STRETCH = 0.03

/** Words for how the copy was turned, mirrored and stretched, as in `ORIENTATIONS`: mirrored first, then turned clockwise. */
export function turnsOf(transform: Affine): string[] {
  const [a, b, , d, e] = invert(transform)
  const mirrored = a * e - b * d < 0
  const [p, q, r, s] = mirrored ? [-a, b, -d, e] : [a, b, d, e]
  const degrees = Math.round((Math.atan2(r - q, p + s) * 180) / Math.PI)
  const turn = (degrees + 360) % 360
  const shown = turn > 315 ? turn - 360 : turn
  const words = mirrored ? ['mirrored'] : []
  if (Math.abs(shown) >= LEAST_TURN) words.push(`rotated ${shown}`)
  return distortion(transform) > 1 + LEAST_STRETCH ? [...words, 'stretched'] : words
}
