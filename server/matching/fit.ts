/**
 * Whether a candidate and an original show the same thing, and how the one lies in the other: one affine map that takes features of
 * the candidate to the features of the original that look like them.
 *
 * Each pair of features that match tells a turn and a scale by itself. Pairs that agree roughly with one such pair are gathered, two of
 * them give a similarity, the best of these is refined to an affine map by least squares over ever narrower bounds: RANSAC (Fischler
 * and Bolles 1981) with every hypothesis tried instead of random ones, so the same input gives the same answer.
 *
 * The score asks what chance would do, after Desolneux, Moisan, Morel, "From Gestalt Theory to Image Analysis" (2008), ch. 3: how many
 * such maps with so many inliers are expected among as many pairs as these, were they thrown at random.
 */
import type { LocalFeatures } from '../fingerprint/index.ts'
import {
  type Affine,
  determinant,
  distortion,
  fitAffine,
  fitSimilarity,
  type PointPair,
  similarityOfTwo,
} from './affine.ts'
import { expectedByChance } from './chance.ts'
import { type Marks, type Match, marksOf, matchMarks, mirrored } from './local-matches.ts'
import { FIT } from './thresholds.ts'

export interface Fit {
  /** Takes a point of the candidate to one of the original; both in the longer sides of their pictures, from left and top. */
  transform: Affine
  mirrored: boolean
  /** Numbers of the features that agree. */
  inliers: { candidate: number; original: number }[]
  /** Pairs of features that look alike, of which the inliers are some. */
  matches: number
  /** −log₁₀ of how many fits as good as this are expected by chance. */
  score: number
  /** How far the inliers spread across the line that lies nearest to them: root of the mean square, in longer sides, in the picture where that is more.
   *  Along one edge, or an arc, features fit any stretch along another. */
  spread: number
}

/** A candidate's features, ready to be compared with many originals. */
export interface PreparedFeatures {
  plain: Marks
  mirrored: Marks
}

export function prepareFeatures(candidate: LocalFeatures): PreparedFeatures {
  const plain = marksOf(candidate)
  return { plain, mirrored: mirrored(plain) }
}

export type Way = 'plain' | 'mirrored'

/** The better of the fits of the candidate as it is and mirrored. Null where nothing agrees.
 * @param way only the one of these two, where it is known which. */
export function fitFeatures(candidate: PreparedFeatures, original: LocalFeatures, way: Way | null = null): Fit | null {
  const target = marksOf(original)
  const plain = way === 'mirrored' ? null : fitMarks(candidate.plain, target)
  const flipped = way === 'plain' ? null : fitMarks(candidate.mirrored, target)
  if (flipped && (!plain || flipped.score > plain.score))
    return { ...flipped, transform: unmirrored(flipped.transform), mirrored: true }
  return plain
}

/** Of the mirrored candidate the map was of −x. */
const unmirrored = ([a, b, c, d, e, f]: Affine): Affine => [-a, b, c, -d, e, f]

function fitMarks(candidate: Marks, original: Marks): Fit | null {
  const matches = matchMarks(candidate, original)
  const links = matches.map((match) => link(match, candidate, original))
  if (links.length < FIT.minInliers) return null
  const best = growBest(links, areaOf(original))
  if (!best) return null
  const inliers = best.inliers.map(({ match: { candidate, original } }) => ({ candidate, original }))
  return {
    transform: best.map,
    mirrored: false,
    inliers,
    matches: links.length,
    score: best.score,
    spread: Math.max(spreadOf(best.inliers, 'from'), spreadOf(best.inliers, 'to')),
  }
}

/** Root of the smaller eigenvalue of the covariance of their places. */
function spreadOf(inliers: readonly Link[], side: 'from' | 'to'): number {
  const mean = (of: (link: Link) => number) => inliers.reduce((sum, link) => sum + of(link), 0) / inliers.length
  const [x, y] = [mean((link) => link[side].x), mean((link) => link[side].y)]
  const xx = mean((link) => (link[side].x - x) ** 2)
  const yy = mean((link) => (link[side].y - y) ** 2)
  const xy = mean((link) => (link[side].x - x) * (link[side].y - y))
  return Math.sqrt(Math.max(0, (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy)))
}

/** A pair of features that match, and what it says of the map by itself. */
interface Link extends PointPair {
  match: Match
  /** Binary logarithm of how much larger the original shows it, in longer sides. */
  zoom: number
  /** Radians from the candidate to the original. */
  turn: number
  /** The similarity that it tells, but for the shift. */
  cos: number
  sin: number
  /** How far the map may miss, in longer sides of the original. */
  bound: number
}

function link(match: Match, candidate: Marks, original: Marks): Link {
  const { candidate: i, original: j } = match
  const zoom = original.size[j]! - candidate.size[i]!
  const turn = original.direction[j]! - candidate.direction[i]!
  return {
    match,
    from: { x: candidate.x[i]!, y: candidate.y[i]! },
    to: { x: original.x[j]!, y: original.y[j]! },
    zoom,
    turn,
    cos: 2 ** zoom * Math.cos(turn),
    sin: 2 ** zoom * Math.sin(turn),
    bound: FIT.bound + FIT.boundASize * 2 ** original.size[j]!,
  }
}

/** Area in which features of the original lie, in longer sides squared. */
function areaOf({ x, y }: Marks): number {
  const extent = (at: Float64Array) => at.reduce((m, v) => Math.max(m, v), 0) - at.reduce((m, v) => Math.min(m, v), 1)
  return Math.max(0.02, extent(x) * extent(y))
}

interface Seed {
  link: Link
  /** The links that agree with it, itself among them. */
  group: Link[]
}

type Scored = Grown & { score: number }

/** The best of what grows from the links that others agree with most. */
function growBest(links: readonly Link[], area: number): Scored | null {
  const found: Scored[] = []
  for (const { link, group } of seeds(links)) {
    // What lies in one of them already would grow to the same.
    if (found.some(({ inliers }) => inliers.includes(link))) continue
    const grown = grow(group, links)
    if (grown && grown.inliers.length >= FIT.minInliers)
      found.push({ ...grown, score: scoreOf(grown.inliers, links, area) })
  }
  return found.reduce<Scored | null>((best, one) => (best && best.score >= one.score ? best : one), null)
}

function seeds(links: readonly Link[]): Seed[] {
  return links
    .map((link) => ({ link, group: links.filter((other) => agrees(link, other)) }))
    .sort((a, b) => b.group.length - a.group.length)
    .slice(0, FIT.seeds)
    .filter(({ group }) => group.length >= FIT.minInliers)
}

/** Whether turn and scale are nearly those of the seed, and the place is where the seed's own turn and scale would put it, give or take an error that grows with the distance. */
function agrees(seed: Link, other: Link): boolean {
  if (Math.abs(other.zoom - seed.zoom) > FIT.zoomError || angle(other.turn - seed.turn) > FIT.turnError) return false
  const [u, v] = [other.from.x - seed.from.x, other.from.y - seed.from.y]
  const dx = seed.to.x + seed.cos * u - seed.sin * v - other.to.x
  const dy = seed.to.y + seed.sin * u + seed.cos * v - other.to.y
  const lever = FIT.coneError * Math.sqrt((seed.cos * seed.cos + seed.sin * seed.sin) * (u * u + v * v))
  const reach = seed.bound + other.bound + lever
  return dx * dx + dy * dy <= reach * reach
}

/** Absolute difference of two directions, at most half a turn. */
function angle(difference: number): number {
  const turns = Math.abs(difference) % (2 * Math.PI)
  return turns > Math.PI ? 2 * Math.PI - turns : turns
}

interface Grown {
  map: Affine
  inliers: Link[]
}

/** From the best similarity of two links of a group to an affine map of all links that it can hold. */
function grow(group: readonly Link[], links: readonly Link[]): Grown | null {
  let map = bestOfTwo(group)
  for (const slack of FIT.slacks) {
    if (!map) return null
    const held = inliersOf(map, links, slack)
    if (held.length < FIT.minInliers) return null
    map = refined(held)
  }
  return map && { map, inliers: distinct(inliersOf(map, links, 1)) }
}

function bestOfTwo(group: readonly Link[]): Affine | null {
  const [first, ...rest] = group.slice(0, FIT.pairsOfTwo)
  let [best, most] = [null as Affine | null, 0]
  for (const [i, p] of [first!, ...rest].entries())
    for (const q of rest.slice(i)) {
      const map = similarityOfTwo(p, q)
      if (!map || !isPlausible(map, p)) continue
      const count = countInliers(map, group)
      if (count > most) [best, most] = [map, count]
    }
  return best
}

/** Two points that lie close together tell turn and scale badly: what the features say of it must bear them out. */
function isPlausible(map: Affine, { zoom, turn }: Link): boolean {
  const [a, , , d] = map
  return Math.abs(Math.log2(Math.hypot(a, d)) - zoom) < FIT.zoomError && angle(Math.atan2(d, a) - turn) < FIT.turnError
}

/** An affine map where there are enough points to tell it, a similarity otherwise. */
function refined(held: readonly Link[]): Affine | null {
  if (held.length >= FIT.minForAffine) {
    const map = fitAffine(held)
    if (map && determinant(map) > 0 && distortion(map) < FIT.maxDistortion) return map
  }
  return fitSimilarity(held)
}

function inliersOf(map: Affine, links: readonly Link[], slack: number): Link[] {
  const scale = Math.log2(Math.sqrt(Math.abs(determinant(map))))
  const turn = Math.atan2(map[3] - map[1], map[0] + map[4])
  return links.filter(
    (one) =>
      misses(map, one) <= (slack * one.bound) ** 2 &&
      Math.abs(one.zoom - scale) <= FIT.zoomError &&
      angle(one.turn - turn) <= FIT.turnError,
  )
}

function countInliers(map: Affine, links: readonly Link[]): number {
  let count = 0
  for (const one of links) if (misses(map, one) <= (FIT.slacks[0]! * one.bound) ** 2) count++
  return count
}

/** Square of the distance by which a map misses. */
function misses(map: Affine, { from, to }: Link): number {
  const dx = map[0] * from.x + map[1] * from.y + map[2] - to.x
  const dy = map[3] * from.x + map[4] * from.y + map[5] - to.y
  return dx * dx + dy * dy
}

/** One of those at the same place: detail found at several sizes is one piece of evidence. */
function distinct(inliers: readonly Link[]): Link[] {
  const kept: Link[] = []
  for (const one of inliers)
    if (!kept.some((other) => near(one.to, other.to) || near(one.from, other.from))) kept.push(one)
  return kept
}

const near = (a: { x: number; y: number }, b: { x: number; y: number }) =>
  Math.abs(a.x - b.x) < FIT.samePlace && Math.abs(a.y - b.y) < FIT.samePlace

function scoreOf(inliers: readonly Link[], links: readonly Link[], area: number): number {
  const places = links.reduce((sum, { bound }) => sum + Math.min(1, (Math.PI * bound * bound) / area), 0) / links.length
  return -expectedByChance(links.length, inliers.length, places * FIT.chanceOfPose)
}
