/** A candidate video as small grey pictures, in bounded memory: where it gets too long every second one is dropped, and again. */
import type { Film } from './fingerprint.ts'
import type { PixelPlane } from './pdq.ts'
import type { Planes } from './planes.ts'
import type { Size } from './view.ts'

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
  let size: Size | null = null
  let timesMs: number[] = []
  // No memory before something is written to it, and then no second copy of it.
  const samples = new Uint8Array(maxBytes)
  let stepMs = 0
  const wants = (timeMs: number) => timesMs.length === 0 || timeMs - timesMs.at(-1)! >= stepMs

  function add(timeMs: number, { width, height, data }: PixelPlane): void {
    size ??= { width, height }
    if (!wants(timeMs) || width !== size.width || height !== size.height || data.length > maxBytes) return
    samples.set(data, timesMs.length * data.length)
    timesMs.push(timeMs)
    if ((timesMs.length + 1) * data.length > maxBytes) thinOut(data.length)
  }

  function thinOut(bytes: number): void {
    for (let i = 2; i < timesMs.length; i += 2) samples.copyWithin((i / 2) * bytes, i * bytes, (i + 1) * bytes)
    timesMs = timesMs.filter((_, i) => i % 2 === 0)
    stepMs = Math.max(2 * stepMs, 2 * FILM_STEP_MS)
  }

  function finish(): Film | null {
    if (!size || timesMs.length === 0) return null
    const used = samples.subarray(0, timesMs.length * size.width * size.height)
    return { ...size, timesMs, samples: used, ...(stepMs > DENSE_MS && { thinned: true }) }
  }

  return { wants, add, finish }
}

/** Milliseconds from picture to picture up to which one of them is near enough to each moment. */
const DENSE_MS = 200

/** The picture of a film that is nearest to a time. */
export function pictureOf({ width, height, timesMs, samples }: Film, ms: number): Planes {
  const off = timesMs.map((time) => Math.abs(time - ms))
  const at = off.indexOf(Math.min(...off)) * width * height
  return { luma: { width, height, samples: samples.subarray(at, at + width * height) }, colour: null }
}
