/** Copies of made pictures: what is done to pictures in the wild, by arithmetic. */
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { seeded } from '../random.ts'

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** A picture of that size whose pixel is the given pixel of another one, or a colour of its own. */
function drawn(
  { width, height }: { width: number; height: number },
  pixel: (x: number, y: number) => ArrayLike<number>,
): PixelPlane {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 3) {
      const colour = pixel(x, y)
      for (let k = 0; k < 3; k++) data[i + k] = Math.min(255, Math.max(0, colour[k]!))
    }
  return { width, height, channels: 3, data }
}

const at = ({ width, data }: PixelPlane, x: number, y: number) =>
  data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)

export const cropped = (of: PixelPlane, { x, y, ...size }: Box) => drawn(size, (u, v) => at(of, x + u, y + v))

export const mirrored = (of: PixelPlane) => drawn(of, (x, y) => at(of, of.width - 1 - x, y))

/** By a quarter turn clockwise. */
export const turned = (of: PixelPlane) =>
  drawn({ width: of.height, height: of.width }, (x, y) => at(of, y, of.height - 1 - x))

/** Each sample by a rule. */
export const graded = (of: PixelPlane, rule: (value: number, channel: number) => number): PixelPlane => ({
  ...of,
  data: of.data.map((value, i) => Math.min(255, Math.max(0, Math.round(rule(value, i % 3))))),
})

export const grey = (of: PixelPlane) =>
  drawn(of, (x, y) => {
    const [r, g, b] = at(of, x, y) as unknown as [number, number, number]
    return Array(3).fill(0.3 * r + 0.59 * g + 0.11 * b)
  })

/** With noise as a camera or a strong compression leaves it. */
export function noisy(of: PixelPlane, deviation: number, seed: number): PixelPlane {
  const random = seeded(seed)
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3)
  return graded(of, (value) => value + deviation * normal())
}

/** Another picture in a box of this one, as large as it is. */
export function pasted(of: PixelPlane, other: PixelPlane, box: Box): PixelPlane {
  const inside = (x: number, y: number) => x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height
  return drawn(of, (x, y) => at(inside(x, y) ? other : of, x, y))
}

/** With a border of one colour. */
export function framed(of: PixelPlane, by: number, colour: number[]): PixelPlane {
  const size = { width: of.width + 2 * by, height: of.height + 2 * by }
  const inside = (x: number, y: number) => x >= by && y >= by && x < by + of.width && y < by + of.height
  return drawn(size, (x, y) => (inside(x, y) ? at(of, x - by, y - by) : colour))
}

/** A badge in the manner of a logo: a red disc with a white bar. */
export function badged(of: PixelPlane, { x, y, width }: Box): PixelPlane {
  const r = width / 2
  return drawn(of, (u, v) => {
    const [dx, dy] = [u + 0.5 - x - r, v + 0.5 - y - r]
    if (dx * dx + dy * dy > r * r) return at(of, u, v)
    return Math.abs(dy) < r / 4 && Math.abs(dx) < r / 1.6 ? [255, 255, 255] : [220, 30, 40]
  })
}
