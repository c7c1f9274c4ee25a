/** How a candidate and its original lie on each other, in fractions of both. Pure. */
import type { Size } from '../fingerprint/index.ts'
import { type Affine, apply, determinant, type Point } from './affine.ts'
import type { Region } from './geometry.ts'

export interface Placement {
  /** The part of the candidate in which the original is. */
  candidate: Region
  /** The part of the original that the candidate shows. */
  original: Region
  /** Corners of the whole original in the candidate, beyond its edges too: top left, top right and bottom left. The fourth follows. */
  corners: [Point, Point, Point]
}

/** @param transform from the candidate to the original, both in their longer sides. */
export function placementOf(transform: Affine, candidate: Size, original: Size): Placement {
  const back = inverse(transform)
  const at = (map: Affine, from: Size, to: Size, u: number, v: number) => {
    const { x, y } = apply(map, { x: u * part(from, 'width'), y: v * part(from, 'height') })
    return { x: x / part(to, 'width'), y: y / part(to, 'height') }
  }
  const cornersOf = (map: Affine, from: Size, to: Size) => CORNERS.map(([u, v]) => at(map, from, to, u, v))
  const inCandidate = cornersOf(back, original, candidate)
  return {
    candidate: boxOf(inCandidate),
    original: boxOf(cornersOf(transform, candidate, original)),
    corners: [inCandidate[0]!, inCandidate[1]!, inCandidate[3]!],
  }
}

/** From top left, clockwise. */
const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const

/** A side in the longer side. */
const part = (size: Size, side: 'width' | 'height') => size[side] / Math.max(size.width, size.height)

function inverse(map: Affine): Affine {
  const [a, b, c, d, e, f] = map
  const by = 1 / determinant(map)
  return [e * by, -b * by, (b * f - c * e) * by, -d * by, a * by, (c * d - a * f) * by]
}

/** What of a frame lies between these points. */
function boxOf(points: Point[]): Region {
  const within = (value: number) => Math.min(1, Math.max(0, value))
  const [xs, ys] = [points.map(({ x }) => within(x)), points.map(({ y }) => within(y))]
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return { x, y, w: Math.max(...xs) - x, h: Math.max(...ys) - y }
}
