/** All that is computed of the pixels of a picture. Pure, and free of anything that only Node has: a browser computes the same. */
import { EVIDENCE_SIDE, encodeEvidence } from './evidence.ts'
import type { PictureHash } from './fingerprint.ts'
import { type Detail, featuresOf, localGrids } from './local.ts'
import { encodeLocal } from './local-code.ts'
import { hashPicture, type PixelPlane } from './pdq.ts'
import { colourView, type Size, sizeWithin } from './view.ts'

/** @param pixels each side reduced for itself, as decoders give them. @param size what the picture measures. */
export function hashWhole(pixels: PixelPlane, size: Size, detail: Detail = 'original'): PictureHash {
  const grids = localGrids(pixels, size, detail)
  return {
    ...hashPicture(pixels, grids),
    local: encodeLocal(featuresOf(grids)),
    evidence: encodeEvidence(viewOf(pixels, size, EVIDENCE_SIDE)),
  }
}

/** The picture at its true proportions, at most so large. */
export function viewOf(pixels: PixelPlane, size: Size, side: number): PixelPlane {
  return colourView(pixels, sizeWithin(size, Math.min(side, Math.max(size.width, size.height))))
}
