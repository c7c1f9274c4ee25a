/** What is taken of the frames that were chosen: hashes of what lies between bars; of an original evidence, and of a candidate a film, both whole. */
import type { Frame as AvFrame } from 'node-av/lib'
import { BAR_FRAMES, type Bars, createBarFinder } from './bars.ts'
import { createFilm, FILM_SIDE } from './film.ts'
import type { Film, Frame } from './fingerprint.ts'
import { createFrameHasher, frameEvidence, LONG_MS } from './frame-hash.ts'
import type { Detail } from './local.ts'
import type { PixelPlane } from './pdq.ts'
import type { Rasteriser } from './raster.ts'
import type { Size } from './view.ts'

/** Milliseconds of the stretches of a candidate of which the first frame is hashed: of fast footage half a second shows another thing. */
const CANDIDATE_STEP_MS = 240
/** Bytes of frames that wait until bars are known, about: twenty of 1080p, five of 2160p. */
const HELD_BYTES = 64 << 20
/** Frames that wait, some of which show nothing. */
const MAX_HELD = 3 * BAR_FRAMES

/** Milliseconds from hashed frame to hashed frame, at least: those of an original were chosen for it. */
const stepAt = (detail: Detail, timeMs: number) =>
  detail === 'original' ? 0 : timeMs < LONG_MS ? CANDIDATE_STEP_MS : 2 * CANDIDATE_STEP_MS

export interface Take {
  /** @returns how large the first frame is shown, of a later one anything. */
  frame(timeMs: number, frame: AvFrame): Promise<Size>
  finish(): Promise<{ frames: Frame[]; film: Film | null; bars: Bars | null }>
}

/** @param expectedMs how long the video says that it is; 0 where it says nothing. */
export function createTake(detail: Detail, rasteriser: Rasteriser, expectedMs = 0): Take {
  /** Of an original's frames that are not hashed yet. */
  const miniatures = new Map<number, PixelPlane>()
  const withEvidence = (frame: Frame): Frame => {
    const miniature = miniatures.get(frame.timeMs)
    miniatures.delete(frame.timeMs)
    return miniature ? { ...frame, evidence: frameEvidence(frame, miniature) } : frame
  }
  const hashes = createHashes(detail, rasteriser, withEvidence)
  const film = createFilm({ expectedMs })
  let size: Size = { width: 0, height: 0 }
  let lastMs = -Infinity

  async function frame(timeMs: number, of: AvFrame): Promise<Size> {
    const miniature = () => rasteriser.miniature(of, FILM_SIDE)
    if (detail === 'original') miniatures.set(timeMs, await miniature())
    else if (film.wants(timeMs)) film.add(timeMs, await miniature())
    if (timeMs - lastMs < stepAt(detail, timeMs)) return size
    lastMs = timeMs
    size = await hashes.add(timeMs, of)
    return size
  }

  async function finish() {
    const { frames, bars } = await hashes.finish()
    return { frames, film: detail === 'candidate' ? film.finish() : null, bars }
  }

  return { frame, finish }
}

/** Hashes frames, the first ones when it is known whether there are bars. @param completed of each that was hashed. */
function createHashes(detail: Detail, rasteriser: Rasteriser, completed: (frame: Frame) => Frame) {
  const hasher = createFrameHasher(detail)
  const finder = createBarFinder()
  const frames: Frame[] = []
  const held: { timeMs: number; frame: AvFrame }[] = []
  let bars: Bars | null = null
  let known = false

  async function add(timeMs: number, frame: AvFrame): Promise<Size> {
    if (known) return hash(timeMs, frame)
    const { pixels, ...size } = await rasteriser.render(frame)
    const shows = finder.look(pixels)
    // What comes before anything is shown, black for the most part, waits for nothing.
    if (!shows && held.length === 0) frames.push(completed(hasher.hash(timeMs, pixels, size)))
    else held.push({ timeMs, frame: frame.clone()! })
    const room = Math.max(1, Math.floor(HELD_BYTES / (3 * frame.width * frame.height)))
    if (finder.seen >= BAR_FRAMES || held.length >= Math.min(room, MAX_HELD)) await decide()
    return size
  }

  async function decide(): Promise<void> {
    bars = finder.found()
    known = true
    for (const { timeMs, frame } of held) {
      await hash(timeMs, frame)
      frame.free()
    }
  }

  async function hash(timeMs: number, frame: AvFrame): Promise<Size> {
    const { pixels, ...size } = await rasteriser.render(frame, bars)
    bars &&= finder.shrunk(bars, pixels)
    frames.push(completed(hasher.hash(timeMs, pixels, size, bars)))
    return size
  }

  async function finish() {
    if (!known) await decide()
    return { frames, bars }
  }

  return { add, finish }
}
