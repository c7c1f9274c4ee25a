/** Where a picture lies in an element that shows it whole, with bars at two of its sides (`object-fit: contain`). Pure. */
import type { Region } from './wire.ts'

export interface Extent {
  width: number
  height: number
}

/** In the units of the box. All of the box where either has no extent. */
export function contentBox(box: Extent, picture: Extent): Region {
  const scale = Math.min(box.width / picture.width, box.height / picture.height)
  if (!Number.isFinite(scale) || scale <= 0) return { x: 0, y: 0, w: box.width, h: box.height }
  const [w, h] = [picture.width * scale, picture.height * scale]
  return { x: (box.width - w) / 2, y: (box.height - h) / 2, w, h }
}
