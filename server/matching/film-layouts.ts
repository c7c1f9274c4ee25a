/** How a candidate's frames may lie on those of an original: from hashes of whole frames, and from local hashes of frames that show something new. */
import { decodeLocal, type Frame, type Size } from '../fingerprint/index.ts'
import { type Affine, apply, compose, determinant, scaleOf, scaling } from './affine.ts'
import { type Fit, fitFeatures, type PreparedFeatures, prepareFeatures, type Way } from './fit.ts'
import type { Region } from './geometry.ts'
import { FIT } from './thresholds.ts'
import { turnOver } from './turn-over.ts'

/** A frame of the candidate that resembles one of the original. */
export interface FrameVote {
  candidateMs: number
  originalMs: number
  way: Way
  /** Whether whole frames resemble each other; else they share local hashes. */
  whole: boolean
  /** Of what the candidate's frame shares with any picture, what it shares with this one, 0 to 1; 1 for whole frames. */
  share: number
}

export interface Layout {
  /** From the candidate to the original, both in their longer sides. */
  transform: Affine
  /** How much speaks for it: scores of fits, and of whole frames as much as a good fit. */
  weight: number
}

interface Side {
  size: Size
  /** The part of the frame that is no bar, of which hashes are; null where all of it is. */
  bars: Region | null
  frames?: readonly Pick<Frame, 'timeMs' | 'local'>[]
}

/** Pairs of frames whose features are fitted: 3.7 ms each. */
const MAX_FITS = 20
/** Of a frame whose hash as a whole matches. */
const WHOLE_WEIGHT = 40
/** Layouts that are tried. */
const MAX_LAYOUTS = 3

/** @returns those that most speaks for first. The camera moved between two frames that resemble each other, so that the whole frame, and the middle of
 * what fits say, are tried too. */
export function layoutsOf(candidate: Side, original: Side, votes: readonly FrameVote[]): Layout[] {
  const layouts: Layout[] = []
  const whole = (way: Way) => betweenBars(way === 'plain' ? 0 : 4, candidate, original)
  for (const way of ['plain', 'mirrored'] as const) {
    const frames = new Set(votes.filter((vote) => vote.whole && vote.way === way).map((vote) => vote.candidateMs))
    if (frames.size > 0) layouts.push({ transform: whole(way), weight: WHOLE_WEIGHT * frames.size })
  }
  const fits = fitsOf(candidate, original, votes)
  for (const { transform, score } of fits) include(layouts, { transform, weight: score }, candidate.size)
  layouts.sort((a, b) => b.weight - a.weight).splice(MAX_LAYOUTS)
  const best = fits[0]
  if (!best) return layouts
  const same = fits.filter((fit) => fit.mirrored === best.mirrored && isAsLarge(fit.transform, best.transform))
  const frame = turnOver(best.mirrored ? 4 : 0, candidate.size, original.size)
  for (const transform of [
    middleOf(same.map((fit) => fit.transform)),
    whole(best.mirrored ? 'mirrored' : 'plain'),
    frame,
  ])
    include(layouts, { transform, weight: 0 }, candidate.size)
  return layouts
}

/** The whole frame where that is what a layout found comes to: most copies are not reframed, and what shows little is laid a little off. */
export function snapped(transform: Affine, candidate: Side, original: Side): Affine {
  const whole = betweenBars(determinant(transform) < 0 ? 4 : 0, candidate, original)
  return alike(whole, transform, candidate.size, SNAPS) ? whole : transform
}

/** Where the pictures between the bars are turns of each other. */
function betweenBars(orientation: number, candidate: Side, original: Side): Affine {
  const [from, to] = [innerOf(candidate), innerOf(original)]
  const shift = (x: number, y: number): Affine => [1, 0, x, 0, 1, y]
  const into = compose(scaling(1 / from.longer), shift(-from.x, -from.y))
  return compose(
    compose(shift(to.x, to.y), scaling(to.longer)),
    compose(turnOver(orientation, from.size, to.size), into),
  )
}

/** What lies between the bars, in longer sides of the frame. */
function innerOf({ size: { width, height }, bars }: Side) {
  const longer = Math.max(width, height)
  const { x, y, w, h } = bars ?? { x: 0, y: 0, w: 1, h: 1 }
  const size = { width: w * width, height: h * height }
  return { x: (x * width) / longer, y: (y * height) / longer, longer: Math.max(size.width, size.height) / longer, size }
}

function include(layouts: Layout[], layout: Layout, size: Size): void {
  const same = layouts.find(({ transform }) => alike(transform, layout.transform, size))
  if (same) same.weight += layout.weight
  else layouts.push(layout)
}

const isAsLarge = (a: Affine, b: Affine) => Math.abs(Math.log(scaleOf(a) / scaleOf(b))) < 0.15

/** Each number the middle one. */
export function middleOf(transforms: readonly Affine[]): Affine {
  const middle = (at: number) => transforms.map((one) => one[at]!).sort((a, b) => a - b)[transforms.length >> 1]!
  return [middle(0), middle(1), middle(2), middle(3), middle(4), middle(5)]
}

/** The best first, so that each layout is that of its best fit. */
function fitsOf(candidate: Side, original: Side, votes: readonly FrameVote[]): Fit[] {
  const local = votes.filter(({ whole }) => !whole)
  const prepared = new Map<number, PreparedFeatures | null>()
  const featuresAt = (ms: number) => {
    const known = prepared.get(ms)
    if (known !== undefined) return known
    const bytes = candidate.frames?.find(({ timeMs }) => timeMs === ms)?.local
    const features = bytes ? prepareFeatures(decodeLocal(bytes, 'candidate')) : null
    prepared.set(ms, features)
    return features
  }
  return likeliest(local, MAX_FITS)
    .map(({ candidateMs, originalMs, way }) => {
      const features = featuresAt(candidateMs)
      const key = original.frames?.find(({ timeMs }) => timeMs === originalMs)?.local
      return features && key ? fitFeatures(features, decodeLocal(key), way) : null
    })
    .filter((fit) => fit !== null && fit.score >= FIT.minScore)
    .map((fit) => fit!)
    .sort((a, b) => b.score - a.score)
}

/** Of each frame of the candidate the vote that shares most; of these `count`, evenly spread. */
function likeliest(votes: readonly FrameVote[], count: number): readonly FrameVote[] {
  const best = new Map<number, FrameVote>()
  for (const vote of votes) if (vote.share > (best.get(vote.candidateMs)?.share ?? 0)) best.set(vote.candidateMs, vote)
  return evenly([...best.values()], count)
}

/** `count` of the items, evenly spread. */
export function evenly<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!)
}

/** Of the original's longer side: so far apart no corner of the candidate may be laid; and less than two pixels of its evidence. */
const SAME = 0.04
const SNAPS = 0.01

function alike(a: Affine, b: Affine, { width, height }: Size, apart = SAME): boolean {
  const longer = Math.max(width, height)
  const [w, h] = [width / longer, height / longer]
  const corners = [
    { x: 0, y: 0 },
    { x: w, y: 0 },
    { x: 0, y: h },
    { x: w, y: h },
  ]
  return corners.every((corner) => {
    const [p, q] = [apply(a, corner), apply(b, corner)]
    return Math.hypot(p.x - q.x, p.y - q.y) < apart
  })
}
