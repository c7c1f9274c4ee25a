/** What lies around the original in a candidate that is larger than it: something plain, or other material. */
import type { Plane } from '../fingerprint/index.ts'
import { type Affine, apply } from './affine.ts'

/** Samples along the longer side. */
const SAMPLES = 200
/** Grey levels on either side of a shade that still belong to it. */
const SHADE = 12
/** Grey levels from sample to sample that are still smooth: a blurred picture as a background is. */
const SMOOTH = 6
/** Share of what lies outside that must be of two shades: a page with some text around a picture, bars, borders. */
const PLAIN_SHARE = 0.6
/** Share that must be smooth. */
const SMOOTH_SHARE = 0.85

/** @param back from pixels of the candidate to pixels of a grid in which the original takes `width` × `height`. */
export function surroundings(
  { width, height, samples }: Plane,
  back: Affine,
  original: { width: number; height: number },
): 'nothing' | 'plain' | 'other' {
  const stride = Math.max(1, Math.floor(Math.max(width, height) / SAMPLES))
  const counts = new Int32Array(256)
  let [outside, smooth] = [0, 0]
  for (let y = 0; y + stride < height; y += stride)
    for (let x = 0; x + stride < width; x += stride) {
      const { x: u, y: v } = apply(back, { x: x + 0.5, y: y + 0.5 })
      if (u > 0 && v > 0 && u < original.width && v < original.height) continue
      const value = samples[y * width + x]!
      const across = Math.abs(samples[y * width + x + stride]! - value)
      const down = Math.abs(samples[(y + stride) * width + x]! - value)
      counts[value]!++
      outside++
      if (across < SMOOTH && down < SMOOTH) smooth++
    }
  if (outside === 0) return 'nothing'
  const shades = mostFrequent(counts) + mostFrequent(counts)
  return shades >= PLAIN_SHARE * outside || smooth >= SMOOTH_SHARE * outside ? 'plain' : 'other'
}

/** How many the most frequent shade has; takes them away. */
function mostFrequent(counts: Int32Array): number {
  let [most, at] = [0, 0]
  for (let v = 0; v < 256; v++) {
    const sum = counts.subarray(Math.max(0, v - SHADE), v + SHADE + 1).reduce((a, b) => a + b, 0)
    if (sum > most) [most, at] = [sum, v]
  }
  counts.fill(0, Math.max(0, at - SHADE), at + SHADE + 1)
  return most
}
