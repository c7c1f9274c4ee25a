/** How a candidate follows an original, over all of its length: under which layout (film-layouts.ts), and along which course (film-course.ts). Pure. */
import { decodeEvidence, type Evidence, type Film, type Frame, type Plane, type Size } from '../fingerprint/index.ts'
import { type Course, courseOf, type Moments } from './film-course.ts'
import { type FrameVote, type Layout, layoutsOf } from './film-layouts.ts'
import type { Run } from './film-path.ts'
import { reduceFrames } from './film-sight.ts'
import { type FilmWindow, spokenFor, windowsOf } from './film-windows.ts'
import type { Region } from './geometry.ts'
import { FILM } from './thresholds.ts'

export interface FilmCandidate {
  durationMs: number
  film: Film
  /** The part of its frame that is no bar; null where all of it is. */
  bars?: Region | null
  /** Those with local hashes matter. */
  frames: readonly Pick<Frame, 'timeMs' | 'local'>[]
}

export interface FilmOriginal {
  key: string
  durationMs: number
  /** As of the candidate. */
  bars?: Region | null
  /** With evidence, in order of time: only those that might be shown. */
  frames: readonly Pick<Frame, 'timeMs' | 'evidence'>[]
  /** Frames with local hashes. */
  keys: readonly Pick<Frame, 'timeMs' | 'local'>[]
  votes: readonly FrameVote[]
}

export interface Followed {
  /** Of the window that gains most. */
  layout: Layout
  speed: number
  /** In order of the candidate's time, with numbers of its pictures and of the original's frames. */
  runs: Run[]
  /** Of the original's pictures. */
  size: Size
}

/** Null where it does not. */
export function follow(candidate: FilmCandidate, original: FilmOriginal): Followed | null {
  const size = sizeOf(original.frames)
  if (!size) return null
  const layouts = layoutsOf(
    { size: candidate.film, bars: candidate.bars ?? null, frames: candidate.frames },
    { size, bars: original.bars ?? null, frames: original.keys },
    original.votes,
  )
  const laid = windowsOf(candidate.durationMs, original.votes)
    .map((window, _, { length }) => {
      const shown = length === 1 ? [...original.frames.keys()] : framesFor(window, original.frames)
      return followWindow(candidate.film, window, { frames: original.frames, shown, size }, layouts)
    })
    .filter((one) => one !== null)
  if (laid.length === 0) return null
  const { layout, course } = laid.reduce((best, one) => (one.course.gain > best.course.gain ? one : best))
  return { layout, speed: course.speed, runs: laid.flatMap((one) => one.course.runs), size }
}

/** Of the first frame that has evidence: the others have the same, for they are of one video. */
function sizeOf(frames: FilmOriginal['frames']): Size | null {
  for (const { evidence } of frames) {
    const read = unpack(evidence)
    if (read) return { width: read.width, height: read.height }
  }
  return null
}

/** Null for what is none: it was written by anybody. */
export function unpack(bytes: Uint8Array | null | undefined): Evidence | null {
  try {
    return bytes ? decodeEvidence(bytes) : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Milliseconds of the frames that are chosen together. */
const TOGETHER_MS = 20_000

/** Numbers of the frames that a window may show. */
function framesFor(window: FilmWindow, frames: FilmOriginal['frames']): number[] {
  const groups = Map.groupBy(frames.keys(), (i) => Math.floor(frames[i]!.timeMs / TOGETHER_MS))
  const spans = [...groups].map(([n, which]) => ({ startMs: n * TOGETHER_MS, endMs: (n + 1) * TOGETHER_MS, which }))
  return spokenFor(spans, window).flatMap(({ which }) => which)
}

interface Laid {
  layout: Layout
  course: Course
}

function followWindow(
  film: Film,
  window: FilmWindow,
  { frames, shown, size }: { frames: FilmOriginal['frames']; shown: readonly number[]; size: Size },
  layouts: readonly Layout[],
): Laid | null {
  const part = partOf(film, window)
  const known: number[] = []
  const reduced = reduceFrames(unpackedInTurn(frames, shown, size, known))
  if (part.film.timesMs.length === 0 || known.length === 0) return null
  const moments = { timesMs: known.map((n) => frames[n]!.timeMs), reduced }
  const best = bestCourse(part.film, moments, layouts)
  return (
    best && {
      ...best,
      course: { ...best.course, runs: best.course.runs.map((run) => renumbered(run, part.first, known)) },
    }
  )
}

/** One after the other: half an hour of evidence unpacked is as large as a film. @param known is told the numbers of those that are evidence. */
function* unpackedInTurn(
  frames: FilmOriginal['frames'],
  shown: readonly number[],
  { width, height }: Size,
  known: number[],
): Generator<Plane> {
  for (const n of shown) {
    const read = unpack(frames[n]!.evidence)
    if (!read || read.width !== width || read.height !== height) continue
    known.push(n)
    yield read.luma
  }
}

/** The pictures of a window, and the number of the first. */
function partOf(film: Film, { holds }: FilmWindow): { film: Film; first: number } {
  const timesMs = film.timesMs.filter(holds)
  const first = film.timesMs.findIndex(holds)
  const bytes = film.width * film.height
  const samples = film.samples.subarray(first * bytes, (first + timesMs.length) * bytes)
  return { first, film: { ...film, timesMs, samples } }
}

/** The layout by which most of the window follows the original; the first that all of it does. */
function bestCourse(film: Film, moments: Moments, layouts: readonly Layout[]): Laid | null {
  let best: Laid | null = null
  for (const layout of layouts) {
    const course = courseOf(film, moments, layout.transform)
    if (course && course.runs.length > 0 && course.gain > (best?.course.gain ?? -Infinity)) best = { layout, course }
    if (best && best.course.followed >= FILM.settled && best.layout.weight > 0) break
  }
  return best
}

/** @param first number of the window's first picture; @param known of its moments. */
const renumbered = (run: Run, first: number, known: readonly number[]): Run => ({
  ...run,
  from: run.from + first,
  to: run.to + first,
  pairs: run.pairs.map(({ picture, moment, gain }) => ({ picture: picture + first, moment: known[moment]!, gain })),
})
