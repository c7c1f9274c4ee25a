/** Made pictures, and copies of them of which the geometry is known. */

import { renderScene } from '../../scripts/scene.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import type { Affine } from '../../server/matching/index.ts'

export function scenePlane(width: number, height: number, seed = 1): PixelPlane {
  return { ...renderScene(width, height, { seed }), channels: 3 }
}

/** What is seen at `map` of each pixel, between the four around; white beyond the edge. */
export function warped(from: PixelPlane, size: { width: number; height: number }, map: Affine): PixelPlane {
  const [a, b, c, d, e, f] = map
  const data = new Uint8Array(size.width * size.height * from.channels)
  for (let v = 0, at = 0; v < size.height; v++)
    for (let u = 0; u < size.width; u++, at += from.channels) {
      const [x, y] = [a * (u + 0.5) + b * (v + 0.5) + c - 0.5, d * (u + 0.5) + e * (v + 0.5) + f - 0.5]
      for (let channel = 0; channel < from.channels; channel++) data[at + channel] = valueAt(from, x, y, channel)
    }
  return { ...size, channels: from.channels, data }
}

function valueAt({ width, height, channels, data }: PixelPlane, x: number, y: number, channel: number): number {
  if (x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5) return 255
  const [left, top] = [clamp(Math.floor(x), width - 2), clamp(Math.floor(y), height - 2)]
  const [u, v] = [Math.max(0, Math.min(1, x - left)), Math.max(0, Math.min(1, y - top))]
  const value = (i: number, j: number) => data[((top + j) * width + left + i) * channels + channel]!
  const across = (j: number) => value(0, j) + u * (value(1, j) - value(0, j))
  return across(0) + v * (across(1) - across(0)) + 0.5
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(value, most))
