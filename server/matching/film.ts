/**
 * Whether a video comes from an original, and what was done to it: how its frames lie on the original's (film-layouts.ts), in which order it runs through
 * them (film-course.ts, film-stretches.ts), and where they differ (film-regions.ts). Pure.
 */
import {
  decodeEvidence,
  type Evidence,
  type Film,
  type Frame,
  type Plane,
  type Planes,
  type Size,
} from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import { type Comparison, comparePictures } from './compare.ts'
import { type Course, courseOf, type Moments } from './film-course.ts'
import { evenly, type FrameVote, type Layout, layoutsOf, middleOf, snapped } from './film-layouts.ts'
import type { Pair } from './film-path.ts'
import { filmRegions, type Laying } from './film-regions.ts'
import { createFilmClock, pictureAt, reduceFrames } from './film-sight.ts'
import { type Stretch, stretchesOf, type TimeKind, timeFindings } from './film-stretches.ts'
import type { Region } from './geometry.ts'
import { type Placement, placementOf } from './placement.ts'
import { EXAMINE, FILM, scoreOf } from './thresholds.ts'
import type { Relation } from './verdict.ts'

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
  /** With evidence: only those that might be shown. */
  frames: readonly Pick<Frame, 'timeMs' | 'evidence'>[]
  /** Frames with local hashes. */
  keys: readonly Pick<Frame, 'timeMs' | 'local'>[]
  votes: readonly FrameVote[]
}

export interface FilmFinding {
  kind: TimeKind | 'region' | 'overlay'
  /** Milliseconds of the candidate; without length where something is missing. */
  span: { startMs: number; endMs: number }
  /** In the candidate's frame; null where it is the whole. */
  region: Region | null
  score: number
}

export interface ExaminedFilm {
  key: string
  relation: Exclude<Relation, 'identical'>
  /** Share of the candidate, in time and area, that the original explains, 0 to 1. */
  explained: number
  likeness: number
  transforms: string[]
  segments: (Pick<Stretch, 'candidate' | 'original' | 'speed'> & { placement: Placement })[]
  findings: FilmFinding[]
}

/** Originals that the candidate comes from. */
export function examineFilm(candidate: FilmCandidate, originals: readonly FilmOriginal[]): ExaminedFilm[] {
  return originals.map((original) => examineOne(candidate, original)).filter((one) => one !== null)
}

function examineOne(candidate: FilmCandidate, original: FilmOriginal): ExaminedFilm | null {
  const { moments, evidence, size } = momentsOf(original.frames)
  if (!size) return null
  const layouts = layoutsOf(
    { size: candidate.film, bars: candidate.bars ?? null, frames: candidate.frames },
    { size, bars: original.bars ?? null, frames: original.keys },
    original.votes,
  )
  const best = bestCourse(candidate.film, moments, layouts)
  return best && judge(candidate, original, { ...best, moments, evidence, size })
}

interface Packed {
  timesMs: number[]
  /** As it is stored: half an hour of it unpacked is as large as the film. */
  evidence: Uint8Array[]
  /** Of all; null where there is none. */
  size: Size | null
}

/** What is followed: each moment reduced, those of one size, for they are of one video. */
function momentsOf(frames: FilmOriginal['frames']) {
  const packed: Packed = { timesMs: [], evidence: [], size: null }
  const reduced = reduceFrames(unpackedInTurn(frames, packed))
  const moments: Moments = { timesMs: packed.timesMs, reduced }
  return { ...packed, moments }
}

/** @param packed is told which frames are evidence. */
function* unpackedInTurn(frames: FilmOriginal['frames'], packed: Packed): Generator<Plane> {
  for (const { timeMs, evidence } of frames) {
    const read = evidenceOf(evidence)
    if (!read || (packed.size && !sameSize(read, packed.size))) continue
    packed.timesMs.push(timeMs)
    packed.evidence.push(evidence!)
    packed.size = { width: read.width, height: read.height }
    yield read.luma
  }
}

const sameSize = (a: Size, b: Size) => a.width === b.width && a.height === b.height

/** Written by anybody. */
function evidenceOf(bytes: Uint8Array | null | undefined): Evidence | null {
  try {
    return bytes ? decodeEvidence(bytes) : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

interface Laid {
  layout: Layout
  course: Course
}

/** The layout by which most of the candidate follows the original; the first that all of it does. */
function bestCourse(film: Film, moments: Moments, layouts: readonly Layout[]): Laid | null {
  let best: Laid | null = null
  for (const layout of layouts) {
    const course = courseOf(film, moments, layout.transform)
    if (course && course.runs.length > 0 && course.gain > (best?.course.gain ?? -Infinity)) best = { layout, course }
    if (best && best.course.followed >= FILM.settled && best.layout.weight > 0) break
  }
  return best
}

interface Known extends Laid {
  moments: Moments
  /** Of each moment, as it is stored. */
  evidence: readonly Uint8Array[]
  /** Of the original's pictures. */
  size: Size
}

const unpacked = ({ evidence }: Known, moment: number): Evidence => decodeEvidence(evidence[moment]!)

function judge(candidate: FilmCandidate, original: FilmOriginal, known: Known): ExaminedFilm | null {
  const { film, durationMs } = candidate
  const clock = createFilmClock(film, durationMs)
  const stretches = stretchesOf(known.course.runs, clock)
  const pairs = stretches.flatMap(({ runs }) => pairsOf(runs.flatMap((run) => run.pairs)))
  const comparisons = comparisonsOf(film, known, pairs)
  if (comparisons.length === 0) return null
  const middle = comparisons[comparisons.length >> 1]!
  // A video is reframed once, and single frames are laid a little off.
  const transform = snapped(
    middleOf(comparisons.map((one) => one.transform)),
    { size: film, bars: candidate.bars ?? null },
    { size: known.size, bars: original.bars ?? null },
  )
  const layings = finest(film.thinned ? sameFrames(known, film) : pairs, known).map((pair) =>
    layingOf(film, known, pair, transform),
  )
  const stepMs = FINE_MS / known.course.speed
  const findings: FilmFinding[] = [
    ...timeFindings(stretches, clock).map((finding) => ({ ...finding, region: null, score: 0.99 })),
    ...filmRegions(layings, stepMs)
      .filter(({ span }) => span.endMs - span.startMs >= clock.tells.regionMs)
      .map(({ strength, ...finding }) => ({ ...finding, strength, score: scoreOf(strength) })),
  ]
  const placement = placementOf(transform, film, known.size)
  const followed = stretches.reduce((sum, { candidate: { startMs, endMs } }) => sum + endMs - startMs, 0)
  const seen = stretches.reduce((sum, { original: { startMs, endMs } }) => sum + endMs - startMs, 0)
  const shares = { inTime: followed / durationMs, whole: seen / original.durationMs }
  return {
    key: original.key,
    relation: relationOf(findings, middle, shares),
    explained: Math.min(1, shares.inTime) * middle.explained,
    likeness: Math.max(0, middle.likeness),
    transforms: transformsOf(comparisons, known.course.speed),
    segments: stretches.map(({ candidate, original, speed }) => ({ candidate, original, speed, placement })),
    findings,
  }
}

/** One picture for each moment, the one that shows it best. */
function pairsOf(pairs: readonly Pair[]): Pair[] {
  const best = new Map<number, Pair>()
  for (const pair of pairs) if (pair.gain > (best.get(pair.moment)?.gain ?? -Infinity)) best.set(pair.moment, pair)
  return [...best.values()].sort((a, b) => a.picture - b.picture)
}

/** Milliseconds of the original of which one moment is compared for what differs. */
const FINE_MS = 1_000

/** Of each second the moment whose evidence shows most: it has most bytes. */
function finest(pairs: readonly Pair[], { moments, evidence }: Known): Pair[] {
  const best = new Map<string, Pair>()
  for (const pair of pairs) {
    const key = `${Math.floor(moments.timesMs[pair.moment]! / FINE_MS)}`
    const other = best.get(key)
    if (!other || evidence[pair.moment]!.length > evidence[other.moment]!.length) best.set(key, pair)
  }
  return [...best.values()]
}

/** Pairs of the same frame: what moves is off by more than noise in another one. Of a film that was not thinned out each moment has one, and those beside it. */
function sameFrames({ moments, course }: Known, { timesMs }: Film): Pair[] {
  return course.runs.flatMap(({ pairs, offsetMs, speed }) =>
    pairs.filter(
      ({ moment, picture }) =>
        Math.abs(moments.timesMs[moment]! - offsetMs - speed * timesMs[picture]!) <= SAME_FRAME_MS,
    ),
  )
}

const SAME_FRAME_MS = 15

/** Pairs that are compared as pictures, to see how the one lies in the other. */
const COMPARED = 7

function comparisonsOf(film: Film, known: Known, pairs: readonly Pair[]): Comparison[] {
  return evenly(pairs, COMPARED)
    .map(({ picture, moment }) =>
      comparePictures(unpacked(known, moment), pictureOf(film, picture), known.layout.transform),
    )
    .filter((one) => one.compared)
    .sort((a, b) => a.explained - b.explained)
}

const pictureOf = (film: Film, i: number): Planes => ({ luma: pictureAt(film, i), colour: null })

function layingOf(film: Film, known: Known, { picture, moment }: Pair, transform: Affine): Laying {
  return {
    timeMs: film.timesMs[picture]!,
    candidate: pictureOf(film, picture),
    around: [
      pictureAt(film, Math.max(0, picture - 1)),
      pictureAt(film, Math.min(film.timesMs.length - 1, picture + 1)),
    ],
    original: () => unpacked(known, moment),
    transform,
  }
}

/** Shares of the candidate's time that follows the original, and of the original that is shown. */
interface Shares {
  inTime: number
  whole: number
}

function relationOf(
  findings: readonly FilmFinding[],
  { around, seen, explained }: Comparison,
  { inTime, whole }: Shares,
) {
  if (findings.some(({ kind }) => kind !== 'overlay')) return 'altered'
  if (inTime < 1 - FILM.otherMaterial || (around === 'other' && explained < 1 - FILM.otherMaterial)) return 'composite'
  return seen < EXAMINE.whole || whole < FILM.whole ? 'excerpt' : 'same_content'
}

/** Words that more than half of the comparisons have. */
function transformsOf(comparisons: readonly Comparison[], speed: number): string[] {
  const words = new Set(comparisons.flatMap(({ transforms }) => transforms))
  const often = [...words].filter(
    (word) => 2 * comparisons.filter(({ transforms }) => transforms.includes(word)).length > comparisons.length,
  )
  return [...often, ...(speed > 1.015 ? ['sped up'] : speed < 0.985 ? ['slowed down'] : [])]
}
