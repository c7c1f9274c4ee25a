/** Where things lie on a picture, as CSS says it. Pure: fractions in, text out, so that nothing is measured on the page. */
import type { Placement, Point, Region } from './wire.ts'

/** A region is shown with so much of what is around it, of its own sides, and never less than this part of the picture. */
const MARGIN = 0.2
const SMALLEST_WINDOW = 0.12
/** Width over height of an enlarged part, in pixels. */
const NARROWEST = 3 / 4
const WIDEST = 3 / 2

export const WHOLE_FRAME: Region = { x: 0, y: 0, w: 1, h: 1 }

/** The transform of a box as large as the candidate by which its corners come to lie where those of the original do.
 * Shares of the box only, so that it holds at every size. @param aspect width over height of the candidate. */
export function layOn([topLeft, topRight, bottomLeft]: Placement['corners'], aspect: number): string {
  const [right, down] = [minus(topRight, topLeft), minus(bottomLeft, topLeft)]
  const matrix = [right.x, right.y / aspect, down.x * aspect, down.y, 0, 0]
  return `translate(${percentOf(topLeft.x)}, ${percentOf(topLeft.y)}) matrix(${matrix.map(decimal).join(', ')})`
}

/** The part of a candidate that shows a region and what is around it: inside the frame, and neither a slit nor a ribbon. */
export function windowAround({ x, y, w, h }: Region, aspect: number): Region {
  let wide = Math.max(SMALLEST_WINDOW, w * (1 + 2 * MARGIN))
  let high = Math.max(SMALLEST_WINDOW, h * (1 + 2 * MARGIN))
  wide = Math.min(1, Math.max(wide, (high * NARROWEST) / aspect))
  high = Math.min(1, Math.max(high, (wide * aspect) / WIDEST))
  return { x: start(x + w / 2, wide), y: start(y + h / 2, high), w: wide, h: high }
}

/** Of the box that holds the whole candidate, so that of it the window fills the frame. */
export function boxFor({ x, y, w, h }: Region) {
  return { left: percentOf(-x / w), top: percentOf(-y / h), width: percentOf(1 / w), height: percentOf(1 / h) }
}

/** Of the place of a point in a window. */
export const within = ({ x, y }: Point, window: Region): Point => ({
  x: (x - window.x) / window.w,
  y: (y - window.y) / window.h,
})

const start = (middle: number, length: number) => Math.min(1 - length, Math.max(0, middle - length / 2))
const minus = (a: Point, b: Point): Point => ({ x: a.x - b.x, y: a.y - b.y })
export const percentOf = (fraction: number) => `${decimal(fraction * 100)}%`

/** Never in the notation with an exponent. */
const decimal = (value: number) => String(Number(value.toFixed(6)))
