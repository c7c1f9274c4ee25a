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

/** Milliseconds from moment to moment of what is registered, as `STEP_MS` of the timeline, which cannot be had from here: it builds upon this. */
const MOMENT_MS = 500
/** Parts of a moment by which pictures that are spread advance: powers of the golden section. */
const GOLDEN = [0.618 ** 4, 0.618 ** 3, 0.618 ** 2, 0.618]

/** Takes pictures of one size; one of another size, where a stream changes it on the way, is left out.
 * @param options.expectedMs how long the video says that it is: pictures of a long one are taken from the start as far apart as they will be. */
export function createFilm({ maxBytes = MAX_FILM_BYTES, expectedMs = 0 } = {}): FilmWriter {
  let size: Size | null = null
  let timesMs: number[] = []
  // Once for all pictures, so that there is never a second copy; of an original, which has no film, never.
  let samples = new Uint8Array(0)
  let stepMs = 0
  let spread = false
  const nextMs = (lastMs: number) => (spread ? (Math.floor(lastMs / stepMs) + 1) * stepMs : lastMs + stepMs)
  const wants = (timeMs: number) => timesMs.length === 0 || timeMs >= nextMs(timesMs.at(-1)!)

  function add(timeMs: number, { width, height, data }: PixelPlane): void {
    if (!size) begin({ width, height })
    if (!wants(timeMs) || width !== size!.width || height !== size!.height || data.length > maxBytes) return
    samples.set(data, timesMs.length * data.length)
    timesMs.push(timeMs)
    if ((timesMs.length + 1) * data.length > maxBytes) thinOut(data.length)
  }

  function begin(first: Size): void {
    size = first
    samples = new Uint8Array(maxBytes)
    const bytes = first.width * first.height
    // It may last a little longer than it says.
    const apartMs = (expectedMs * bytes) / Math.max(bytes, maxBytes - SPARE_PICTURES * bytes)
    spread = apartMs > SPREAD_MS
    if (spread) stepMs = spreadStep(apartMs)
  }

  function thinOut(bytes: number): void {
    for (let i = 2; i < timesMs.length; i += 2) samples.copyWithin((i / 2) * bytes, i * bytes, (i + 1) * bytes)
    timesMs = timesMs.filter((_, i) => i % 2 === 0)
    stepMs = Math.max(2 * stepMs, 2 * FILM_STEP_MS)
  }

  function finish(): Film | null {
    if (!size || timesMs.length === 0) return null
    const used = samples.subarray(0, timesMs.length * size.width * size.height)
    return { ...size, timesMs, samples: used, ...(stepMs > 0 && { stepMs }) }
  }

  return { wants, add, finish }
}

const SPARE_PICTURES = 8

/** Milliseconds from picture to picture from which on they are spread: more than a frame of most videos. */
const SPREAD_MS = 1.5 * FILM_STEP_MS

/** By a part of a moment each picture lies elsewhere between two moments than those before it, so that of any twenty one shows what is registered:
 *  of a step that is a whole number of frames, as every second of every second, some of a video none ever would. */
function spreadStep(leastMs: number): number {
  const moments = Math.floor(leastMs / MOMENT_MS)
  const steps = [moments, moments + 1].flatMap((whole) =>
    (whole === 0 ? GOLDEN : GOLDEN.slice(-2)).map((part) => Math.round((whole + part) * MOMENT_MS)),
  )
  return steps.find((step) => step >= leastMs)!
}

/** The picture of a film that is nearest to a time. */
export function pictureOf({ width, height, timesMs, samples }: Film, ms: number): Planes {
  const off = timesMs.map((time) => Math.abs(time - ms))
  const at = off.indexOf(Math.min(...off)) * width * height
  return { luma: { width, height, samples: samples.subarray(at, at + width * height) }, colour: null }
}
