/** Videos made by arithmetic, without a codec: footage is a picture for each millisecond, and a copy is footage made of footage. */
import { createFilm, FILM_SIDE, FILM_STEP_MS } from '../../server/fingerprint/film.ts'
import type { Film, Frame } from '../../server/fingerprint/fingerprint.ts'
import { createFrameHasher, frameEvidence } from '../../server/fingerprint/frame-hash.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { greyView, sizeWithin } from '../../server/fingerprint/view.ts'
import { seeded } from '../random.ts'
import { scene } from './scene.ts'

/** Grey, all of one size. */
export type Footage = (ms: number) => PixelPlane

export const SIZE = { width: 192, height: 108 }
/** The ground is larger, for a camera that moves. */
const GROUND = { width: 288, height: 108 }

export interface ShotOptions {
  /** Pixels by which the camera swings to the right and back; 0 where it stands. */
  pan?: number
  /** Things that move about. */
  movers?: number
}

/** One camera: a ground with things before it that move about and never come to the same places again. */
export function shot(seed: number, { pan = 0, movers = 3 }: ShotOptions = {}): Footage {
  const ground = greyScene(GROUND, seed, 40)
  const things = moversOf(seed, movers)
  return remembered((ms) => {
    const shift = pan * (0.5 - 0.5 * Math.cos(ms / 2_900))
    const picture = drawn((x, y) => between(ground, x + shift, y))
    for (const { side, skin, at } of things) {
      const place = at(ms)
      paste(picture, skin, { x: place.x, y: place.y, width: side, height: side })
    }
    return picture
  })
}

/** Many copies are made of the same pictures. They are not to be changed. */
function remembered(of: Footage): Footage {
  const known = new Map<number, PixelPlane>()
  return (ms) => {
    const picture = known.get(ms) ?? of(ms)
    known.set(ms, picture)
    return picture
  }
}

function moversOf(seed: number, count: number) {
  const random = seeded(seed + 1_000)
  return Array.from({ length: count }, (_, i) => {
    const side = 24 + Math.floor(16 * random())
    const [p, q, r, s] = [random(), random(), random(), random()].map((value) => 0.4 + value)
    const wave = (ms: number, a: number, b: number) =>
      0.5 + 0.28 * Math.sin(a * (ms / 700) + 6 * a) + 0.22 * Math.sin(b * (ms / 1_900) + 9 * b)
    return {
      side,
      skin: greyScene({ width: side, height: side }, 77 * seed + i, 9),
      at: (ms: number) => ({
        x: Math.round((SIZE.width - side) * wave(ms, p!, q!)),
        y: Math.round((SIZE.height - side) * wave(ms, r!, s!)),
      }),
    }
  })
}

function greyScene(size: { width: number; height: number }, seed: number, shapes: number): PixelPlane {
  const { data } = scene({ ...size, seed, shapes })
  return { ...size, channels: 1, data: data.filter((_, i) => i % 3 === 1) }
}

function between({ width, data }: PixelPlane, x: number, y: number): number {
  const [left, part] = [Math.floor(x), x - Math.floor(x)]
  const at = y * width + left
  return part === 0 ? data[at]! : (1 - part) * data[at]! + part * data[at + 1]!
}

function drawn(value: (x: number, y: number) => number, size = SIZE): PixelPlane {
  const data = new Uint8Array(size.width * size.height)
  for (let y = 0, i = 0; y < size.height; y++) for (let x = 0; x < size.width; x++, i++) data[i] = value(x, y)
  return { ...size, channels: 1, data }
}

/** Pixels of the frame. */
export interface Place {
  x: number
  y: number
  width: number
  height: number
}

/** Lays one picture into a box of another. */
function paste(onto: PixelPlane, skin: PixelPlane, { x, y, width, height }: Place): void {
  for (let v = 0; v < height; v++)
    onto.data.set(skin.data.subarray(v * skin.width, v * skin.width + width), (y + v) * onto.width + x)
}

/** Shots of so many seconds, one after the other. */
export const edited = (shotMs: number, ...shots: Footage[]): Footage => {
  return (ms) => shots[Math.min(shots.length - 1, Math.floor(ms / shotMs))]!(ms)
}

export const black: Footage = () => drawn(() => 16)
export const from =
  (of: Footage, startMs: number): Footage =>
  (ms) =>
    of(ms + startMs)
export const atSpeed =
  (of: Footage, speed: number): Footage =>
  (ms) =>
    of(speed * ms)

/** Pieces of footage, each played for so long from a moment of its own. */
export function joined(...pieces: { of: Footage; startMs: number; ms: number }[]): Footage {
  return (ms) => {
    let left = ms
    for (const { of, startMs, ms: length } of pieces) {
      if (left < length) return of(startMs + left)
      left -= length
    }
    const last = pieces.at(-1)!
    return last.of(last.startMs + last.ms)
  }
}

/** Each picture by a rule. */
export const each = (of: Footage, rule: (picture: PixelPlane, ms: number) => PixelPlane): Footage => {
  return (ms) => rule(of(ms), ms)
}

export const mirrored = ({ width, height, data }: PixelPlane) =>
  drawn((x, y) => data[y * width + width - 1 - x]!, { width, height })

export const cropped = ({ width, data }: PixelPlane, { x, y, ...size }: Place) =>
  drawn((u, v) => data[(y + v) * width + x + u]!, size)

export const scaled = (picture: PixelPlane, side: number) => greyView(picture, sizeWithin(picture, side))

/** Out of focus. */
export function blurred({ width, height, data }: PixelPlane): PixelPlane {
  const at = (x: number, y: number) =>
    data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!
  const reach = Array.from({ length: 9 }, (_, i) => i - 4)
  const mean = (x: number, y: number) =>
    reach.reduce((sum, v) => sum + reach.reduce((a, u) => a + at(x + u, y + v), 0), 0) / 81
  return drawn(mean, { width, height })
}

/** With bars above and below, to a square. */
export function barred({ width, height, data }: PixelPlane): PixelPlane {
  const bar = (width - height) >> 1
  const inside = (y: number) => y >= bar && y < bar + height
  return drawn((x, y) => (inside(y) ? data[(y - bar) * width + x]! : 16), { width, height: width })
}

/** With something else in a box of it. */
export function patched(picture: PixelPlane, other: PixelPlane, { x, y, width, height }: Place): PixelPlane {
  const copy = { ...picture, data: picture.data.slice() }
  paste(copy, cropped(other, { x, y, width, height }), { x, y, width, height })
  return copy
}

/** With a white bar on a dark plate drawn over it, in the manner of a caption. */
export function captioned(picture: PixelPlane, { x, y, width, height }: Place): PixelPlane {
  const { data } = picture
  return drawn((u, v) => {
    const [s, t] = [u - x, v - y]
    if (s < 0 || t < 0 || s >= width || t >= height) return data[v * picture.width + u]!
    const letter = t > height / 4 && t < (3 * height) / 4 && s % 10 < 6 && s > 6 && s < width - 8
    return letter ? 245 : 20
  }, picture)
}

/** As a camera and a codec leave it: noise that is another one in each picture. */
export function noisy(of: Footage, deviation = 2): Footage {
  const random = seeded(5)
  const noise = Float32Array.from({ length: 1 << 17 }, () => deviation * 1.7 * (random() + random() + random() - 1.5))
  return each(of, (picture, ms) => {
    const start = (Math.round(ms) * 7_919) % 50_000
    return { ...picture, data: picture.data.map((value, i) => clipped(value + noise[(start + i) & 0x1ffff]!)) }
  })
}

const clipped = (value: number) => Math.min(255, Math.max(0, Math.round(value)))

/** Milliseconds. */
const FRAME_MS = 1_000 / 30
const SAMPLE_MS = 500
const CANDIDATE_MS = 240

/** What is registered of footage: frames with hashes, local hashes and evidence, two a second. */
export function originalFrames(of: Footage, durationMs: number): Frame[] {
  const hasher = createFrameHasher('original')
  return timesOf(durationMs, SAMPLE_MS).map((timeMs) => {
    const picture = of(timeMs)
    const frame = hasher.hash(timeMs, picture, picture)
    return { ...frame, evidence: frameEvidence(frame, scaled(picture, FILM_SIDE)) }
  })
}

export interface Candidate {
  durationMs: number
  frames: Frame[]
  film: Film
}

/** What is looked up: a film of all pictures, 30 a second, and hashes of some. */
export function candidateOf(of: Footage, durationMs: number): Candidate {
  const hasher = createFrameHasher('candidate')
  const film = createFilm()
  const frames: Frame[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const timeMs of timesOf(durationMs, FRAME_MS)) {
    if (timeMs - last < FILM_STEP_MS) continue
    last = timeMs
    const picture = of(timeMs)
    film.add(timeMs, scaled(picture, FILM_SIDE))
    if (frames.length === 0 || timeMs - frames.at(-1)!.timeMs >= CANDIDATE_MS)
      frames.push(hasher.hash(timeMs, picture, picture))
  }
  return { durationMs, frames, film: film.finish()! }
}

const timesOf = (durationMs: number, stepMs: number) =>
  Array.from({ length: Math.ceil(durationMs / stepMs) }, (_, i) => Math.round(i * stepMs))
