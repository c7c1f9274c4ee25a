/** Where each point of a whole copy lies in its original, by what was done to it. */
import type { Size } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'

/** Of `ORIENTATIONS`: quarter turns clockwise, after mirroring left to right or not. In parts of width and height, a point (u, v) of the copy lies
 *  at (a·u + b·v + c, d·u + e·v + f) of the original. */
const BACK: readonly Affine[] = [
  [1, 0, 0, 0, 1, 0],
  [0, 1, 0, -1, 0, 1],
  [-1, 0, 1, 0, -1, 1],
  [0, -1, 1, 1, 0, 0],
  [-1, 0, 1, 0, 1, 0],
  [0, -1, 1, -1, 0, 1],
  [1, 0, 0, 0, -1, 1],
  [0, 1, 0, 1, 0, 0],
]

/** @param orientation a number of `ORIENTATIONS`.
 * @returns from the candidate to the original, both in their longer sides. */
export function turnOver(orientation: number, candidate: Size, original: Size): Affine {
  const [a, b, c, d, e, f] = BACK[orientation]!
  const ours = sides(candidate)
  const theirs = sides(original)
  return [
    (a * theirs.width) / ours.width,
    (b * theirs.width) / ours.height,
    c * theirs.width,
    (d * theirs.height) / ours.width,
    (e * theirs.height) / ours.height,
    f * theirs.height,
  ]
}

function sides({ width, height }: Size): Size {
  const longer = Math.max(width, height)
  return { width: width / longer, height: height / longer }
}
