/**
 * Whether a video comes from an original, and what was done to it: how it follows the original (film-follow.ts), in which order its stretches
 * stand (film-stretches.ts), and where they differ (film-regions.ts). Pure.
 */
import type { Evidence, Film, Planes } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import { type Comparison, comparePictures } from './compare.ts'
import { type FilmCandidate, type FilmOriginal, type Followed, follow, unpack } from './film-follow.ts'
import { evenly, middleOf, snapped } from './film-layouts.ts'
import type { Pair } from './film-path.ts'
import { filmRegions, type Laying } from './film-regions.ts'
import { createFilmClock, pictureAt } from './film-sight.ts'
import { type Stretch, stretchesOf, type TimeKind, timeFindings } from './film-stretches.ts'
import type { Region } from './geometry.ts'
import { type Placement, placementOf } from './placement.ts'
import { EXAMINE, FILM, scoreOf } from './thresholds.ts'
import type { Relation } from './verdict.ts'

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
  const followed = follow(candidate, original)
  return followed && judge(candidate, original, { ...followed, frames: original.frames })
}

interface Known extends Followed {
  frames: FilmOriginal['frames']
}

/** Of a frame that was followed. */
const pictureAtMoment = ({ frames }: Known, moment: number): Evidence => unpack(frames[moment]!.evidence)!

function judge(candidate: FilmCandidate, original: FilmOriginal, known: Known): ExaminedFilm | null {
  const { film, durationMs } = candidate
  const clock = createFilmClock(
    film,
    durationMs,
    original.frames.map(({ timeMs }) => timeMs),
  )
  const stretches = stretchesOf(known.runs, clock)
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
  const layings = finest(film.stepMs ? sameFrames(known, film) : pairs, known).map((pair) =>
    layingOf(film, known, pair, transform),
  )
  const stepMs = FINE_MS / known.speed
  const findings: FilmFinding[] = [
    ...timeFindings(stretches, clock).map((finding) => ({ ...finding, region: null, score: 0.99 })),
    ...filmRegions(layings, stepMs, clock.tells.nearMs)
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
    transforms: transformsOf(comparisons, known.speed),
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
function finest(pairs: readonly Pair[], { frames }: Known): Pair[] {
  const bytesOf = ({ moment }: Pair) => frames[moment]!.evidence!.length
  const best = new Map<string, Pair>()
  for (const pair of pairs) {
    const key = `${Math.floor(frames[pair.moment]!.timeMs / FINE_MS)}`
    const other = best.get(key)
    if (!other || bytesOf(pair) > bytesOf(other)) best.set(key, pair)
  }
  return [...best.values()]
}

/** Pairs of the same frame: what moves is off by more than noise in another one. Of a film of all pictures each moment has one, and those beside it. */
function sameFrames({ frames, runs }: Known, { timesMs }: Film): Pair[] {
  return runs.flatMap(({ pairs, offsetMs, speed }) =>
    pairs.filter(
      ({ moment, picture }) => Math.abs(frames[moment]!.timeMs - offsetMs - speed * timesMs[picture]!) <= SAME_FRAME_MS,
    ),
  )
}

const SAME_FRAME_MS = 15

/** Pairs that are compared as pictures, to see how the one lies in the other. */
const COMPARED = 7

function comparisonsOf(film: Film, known: Known, pairs: readonly Pair[]): Comparison[] {
  return evenly(pairs, COMPARED)
    .map(({ picture, moment }) =>
      comparePictures(pictureAtMoment(known, moment), pictureOf(film, picture), known.layout.transform),
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
    original: () => pictureAtMoment(known, moment),
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
