/** All that is computed of the pixels of a picture. Pure, and free of anything that only Node has: a browser computes the same. */
import { EVIDENCE_SIDE, encodeEvidence } from './evidence.ts'
import type { PictureHash } from './fingerprint.ts'
import { type Detail, featuresOf, localGrids } from './local.ts'
import { encodeLocal } from './local-code.ts'
import { hashPicture, type PixelPlane } from './pdq.ts'
import { type Planes, planesOf } from './planes.ts'
import { colourView, type Size, sizeWithin, VIEW_SIDE } from './view.ts'

/** @param pixels each side reduced for itself, as decoders give them. @param size what the picture measures. */
export function hashWhole(pixels: PixelPlane, size: Size, detail: Detail = 'original'): PictureHash {
  return { ...hashesOf(pixels, size, detail), evidence: encodeEvidence(viewOf(pixels, size, EVIDENCE_SIDE)) }
}

/** Of a candidate that is compared at once: its view instead of evidence, which shows less. */
export function hashAndView(pixels: PixelPlane, size: Size): { picture: PictureHash; view: Planes } {
  const view = planesOf(viewOf(pixels, size, VIEW_SIDE))
  return { picture: { ...hashesOf(pixels, size, 'candidate'), evidence: null }, view }
}

function hashesOf(pixels: PixelPlane, size: Size, detail: Detail): Omit<PictureHash, 'evidence'> {
  const grids = localGrids(pixels, size, detail)
  return { ...hashPicture(pixels, grids), local: encodeLocal(featuresOf(grids)) }
}

/** The picture at its true proportions, at most so large. */
export function viewOf(pixels: PixelPlane, size: Size, side: number): PixelPlane {
  return colourView(pixels, sizeWithin(size, Math.min(side, Math.max(size.width, size.height))))
}
