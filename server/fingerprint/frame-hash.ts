/** What is computed of a sampled frame: its hash; local hashes where it shows something new; and, of an original, evidence. Deterministic. */
import { distanceBits } from '../bytes.ts'
import { reduceByArea } from './area.ts'
import { type Bars, between } from './bars.ts'
import { encodeEvidence } from './evidence.ts'
import type { Frame } from './fingerprint.ts'
import { type Detail, featuresOf, type LocalFeatures, localGrids, only, PLACE_PARTS } from './local.ts'
import { encodeLocal, FEATURE_BYTES } from './local-code.ts'
import { hashFrame, MIN_QUALITY, type PixelPlane } from './pdq.ts'
import type { Size } from './view.ts'

/** Levels of a frame's evidence that are not 0. One that shows something new shows what a face is like, in some 3,000 bytes; of the others the first of
 * each second shows what stays of it, in 1,600, and the other only when it was, in 600. */
const FRAME_LEVELS = { close: 5_200, fine: 2_400, coarse: 900 } as const
/** Local hashes of an original's frame, the ones that matter most: fewer and more often find more than a picture's 256 each 8 s, in the same bytes
 * (docs/accuracy.md). */
export const FRAME_FEATURES = 56
/** A frame with fewer shows nothing that can be found again. */
const LEAST_FEATURES = 8

/** When a frame shows something new: bits by which it differs from the last one that did; milliseconds that lie between two at least, and at most. */
const NEW = {
  original: { bits: 40, leastMs: 2_000, mostMs: 4_000 },
  candidate: { bits: 40, leastMs: 500, mostMs: 4_000 },
} as const

/** Milliseconds of a candidate after which it is hashed as often as an original: of what is so long, enough is found. */
export const LONG_MS = 600_000

export interface FrameHasher {
  /** Of the next frame in order of time. @param pixels each side reduced for itself. @param size what the frame measures as it is shown.
   * @param bars what is left out of its hashes; places of local ones are those in the whole frame. */
  hash(timeMs: number, pixels: PixelPlane, size: Size, bars?: Bars | null): Frame
}

export function createFrameHasher(detail: Detail): FrameHasher {
  let last: { timeMs: number; hash: Uint8Array } | null = null

  /** Hashes of low quality differ by chance: then only time counts. */
  function isNew(timeMs: number, hash: Uint8Array, quality: number): boolean {
    if (!last) return true
    const { bits, leastMs, mostMs } = NEW[timeMs < LONG_MS ? detail : 'original']
    const apart = timeMs - last.timeMs
    return apart >= mostMs || (apart >= leastMs && quality >= MIN_QUALITY && distanceBits(hash, last.hash) >= bits)
  }

  function plain(timeMs: number, pixels: PixelPlane): Frame {
    const { hash, mirrored, quality } = hashFrame(pixels)
    return { timeMs, hash, quality, local: null, ...(detail === 'candidate' && { mirrored }) }
  }

  return {
    hash(timeMs, pixels, size, bars = null) {
      const frame = plain(timeMs, bars ? between(pixels, bars) : pixels)
      const { hash, quality } = frame
      if (!isNew(timeMs, hash, quality)) return frame
      const local = localOf(pixels, size, detail, bars)
      if (local.length < LEAST_FEATURES * FEATURE_BYTES) return frame
      last = { timeMs, hash }
      return { ...frame, local }
    },
  }
}

function localOf(pixels: PixelPlane, size: Size, detail: Detail, bars: Bars | null): Uint8Array {
  const grids = localGrids(pixels, size, detail)
  reduceByArea(pixels, grids)
  const features = featuresOf(grids)
  const bytes = encodeLocal(bars ? insideOf(features, bars, size) : features)
  return detail === 'candidate' ? bytes : bytes.subarray(0, FRAME_FEATURES * FEATURE_BYTES)
}

/** Parts of the frame's longer side: a feature nearer to a bar is of its edge. */
const EDGE_PARTS = PLACE_PARTS / 128

/** Without the features of bars. Those of the picture keep their size and place: enlarging it first would find more of them, at sizes that mean
 * something else. */
function insideOf(features: LocalFeatures, bars: Bars, { width, height }: Size): LocalFeatures {
  const parts = PLACE_PARTS / Math.max(width, height)
  const within = (place: number, from: number, length: number, side: number) =>
    (from === 0 || place > from * side * parts + EDGE_PARTS) &&
    (from + length >= 1 || place < (from + length) * side * parts - EDGE_PARTS)
  const { x, y, w, h } = bars
  return only(features, (i) => within(features.x[i]!, x, w, width) && within(features.y[i]!, y, h, height))
}

/** Evidence of a frame. @param picture of it, as a film has them. */
export function frameEvidence({ timeMs, local }: Pick<Frame, 'timeMs' | 'local'>, picture: PixelPlane): Uint8Array {
  const { close, fine, coarse } = FRAME_LEVELS
  return encodeEvidence(picture, local ? close : timeMs % 1_000 < 500 ? fine : coarse)
}
