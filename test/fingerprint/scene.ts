/** Pictures made by arithmetic that are a little like photographs: light, shapes with edges, texture. */
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { seeded } from '../random.ts'

interface Shape {
  x: number
  y: number
  /** Half sizes. */
  w: number
  h: number
  round: boolean
  colour: number[]
  grain: number
}

export interface SceneOptions {
  width: number
  height: number
  seed: number
  shapes?: number
}

/** A scene in RGB: the same for the same seed at every size, so that one can be laid over another. */
export function scene({ width, height, seed, shapes = 26 }: SceneOptions): PixelPlane {
  const random = seeded(seed)
  const list: Shape[] = Array.from({ length: shapes }, () => ({
    x: random(),
    y: random(),
    w: 0.03 + 0.15 * random(),
    h: 0.03 + 0.15 * random(),
    round: random() < 0.5,
    colour: [0, 1, 2].map(() => 30 + 200 * random()),
    grain: 15 + 45 * random(),
  }))
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = [(x + 0.5) / width, (y + 0.5) / height]
      const shape = list.findLast((one) => within(one, u, v))
      for (let k = 0; k < 3; k++, i++) {
        const base = shape ? shape.colour[k]! : 90 + 80 * v + 30 * (k - 1) * u
        data[i] = Math.min(
          255,
          Math.max(
            0,
            base + grainAt(u, v, shape?.grain ?? 12) + 20 * (u - v) + (shape ? (50 * (u - shape.x)) / shape.w : 0),
          ),
        )
      }
    }
  return { width, height, channels: 3, data }
}

function within({ x, y, w, h, round }: Shape, u: number, v: number): boolean {
  const [dx, dy] = [(u - x) / w, (v - y) / h]
  return round ? dx * dx + dy * dy < 1 : Math.abs(dx) < 1 && Math.abs(dy) < 1
}

/** Three waves that do not fit together. */
function grainAt(u: number, v: number, height: number): number {
  const wave = (phase: number) => Math.abs((phase - Math.floor(phase)) * 4 - 2) - 1
  return (height * (wave(31 * u + 7 * v) + wave(17 * v - 23 * u + 0.3) + wave(11 * u * v * 8))) / 3
}
