/** A candidate video as small grey pictures, in bounded memory: where it gets too long every second one is dropped, and again. */
import type { Film } from './fingerprint.ts'
import type { PixelPlane } from './pdq.ts'
import type { Planes } from './planes.ts'

/** Milliseconds from picture to picture, of a candidate that is not too long: at 30 a second every frame. What moves is off by more than noise after 30. */
export const FILM_STEP_MS = 32
/** Pixels of the longer side of a picture of a film, and of an original's frame as evidence. */
export const FILM_SIDE = 192
/** Of all pictures: more than a minute at 16:9 and 30 a second, the double at half of that. */
export const MAX_FILM_BYTES = 48 << 20

export interface FilmWriter {
  /** Whether a picture of this time would be taken. */
  wants(timeMs: number): boolean
  add(timeMs: number, picture: PixelPlane): void
  /** @returns null without a picture. */
  finish(): Film | null
}

/** Takes pictures of one size; one of another size, where a stream changes it on the way, is left out. */
export function createFilm(maxBytes = MAX_FILM_BYTES): FilmWriter {
  let kept: { timeMs: number; picture: PixelPlane }[] = []
  let stepMs = 0
  const wants = (timeMs: number) => kept.length === 0 || timeMs - kept.at(-1)!.timeMs >= stepMs
  return {
    wants,
    add(timeMs, picture) {
      const [first] = kept
      if (!wants(timeMs) || (first && !sameSize(first.picture, picture))) return
      kept.push({ timeMs, picture })
      if ((kept.length + 1) * picture.data.length <= maxBytes) return
      kept = kept.filter((_, i) => i % 2 === 0)
      stepMs = Math.max(2 * stepMs, 2 * FILM_STEP_MS)
    },
    finish: () => (kept.length === 0 ? null : { ...joined(kept), ...(stepMs > DENSE_MS && { thinned: true }) }),
  }
}

/** Milliseconds from picture to picture up to which one of them is near enough to each moment. */
const DENSE_MS = 200

const sameSize = (a: PixelPlane, b: PixelPlane) => a.width === b.width && a.height === b.height

function joined(kept: { timeMs: number; picture: PixelPlane }[]): Film {
  const { width, height, data } = kept[0]!.picture
  const samples = new Uint8Array(kept.length * data.length)
  for (const [i, { picture }] of kept.entries()) samples.set(picture.data, i * data.length)
  return { width, height, timesMs: kept.map(({ timeMs }) => timeMs), samples }
}

/** The picture of a film that is nearest to a time. */
export function pictureOf({ width, height, timesMs, samples }: Film, ms: number): Planes {
  const off = timesMs.map((time) => Math.abs(time - ms))
  const at = off.indexOf(Math.min(...off)) * width * height
  return { luma: { width, height, samples: samples.subarray(at, at + width * height) }, colour: null }
}
