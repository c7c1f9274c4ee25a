/** Evidence as a picture that can be looked at. */
import type { Evidence } from './evidence.ts'
import type { PixelPlane } from './pdq.ts'
import { COLOUR_CELL, type Plane } from './planes.ts'

/** Red, green and blue of evidence, or grey where it has no colour. Colour is smoothed between its samples (BT.601, full range). */
export function pixelsOf({ width, height, luma, colour }: Evidence): PixelPlane {
  if (!colour) return { width, height, channels: 1, data: luma.samples }
  // Clamped as it is stored, and rounded to the nearest.
  const data = new Uint8ClampedArray(width * height * 3)
  const [across, down] = [tapsOf(width, colour.blue.width), tapsOf(height, colour.blue.height)]
  const [blues, reds] = [new Float32Array(colour.blue.width), new Float32Array(colour.red.width)]
  for (let y = 0, i = 0, at = 0; y < height; y++) {
    blend(colour.blue, down, y, blues)
    blend(colour.red, down, y, reds)
    for (let x = 0; x < width; x++, i++, at += 3) {
      const [before, after, share] = [across.before[x]!, across.after[x]!, across.share[x]!]
      const grey = luma.samples[i]!
      const blue = blues[before]! + share * (blues[after]! - blues[before]!)
      const red = reds[before]! + share * (reds[after]! - reds[before]!)
      data[at] = grey + 1.402 * red
      data[at + 1] = grey - 0.344136 * blue - 0.714136 * red
      data[at + 2] = grey + 1.772 * blue
    }
  }
  return { width, height, channels: 3, data: new Uint8Array(data.buffer) }
}

/** For each pixel the samples of colour on both sides of it, and the share of the latter. */
interface Taps {
  before: Int32Array
  after: Int32Array
  share: Float32Array
}

/** A sample stands in the middle of its cell; beyond the first and the last one nothing changes. */
function tapsOf(pixels: number, samples: number): Taps {
  const places = Float32Array.from({ length: pixels }, (_, i) =>
    Math.min(samples - 1, Math.max(0, (i + 0.5) / COLOUR_CELL - 0.5)),
  )
  const before = Int32Array.from(places, Math.floor)
  return {
    before,
    after: before.map((one) => Math.min(samples - 1, one + 1)),
    share: places.map((place, i) => place - before[i]!),
  }
}

/** The row of samples at the height of a row of pixels, as differences from grey. */
function blend({ width, samples }: Plane, { before, after, share }: Taps, y: number, row: Float32Array): void {
  const [upper, lower, part] = [before[y]! * width, after[y]! * width, share[y]!]
  for (let x = 0; x < width; x++)
    row[x] = samples[upper + x]! + part * (samples[lower + x]! - samples[upper + x]!) - 128
}
