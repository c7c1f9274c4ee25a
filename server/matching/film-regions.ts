/**
 * Where and when a candidate differs from an original along a stretch: each moment's picture is compared with its evidence, cell by cell; what differs
 * for some moments in the same place is a region with a span. What stays in place and is drawn over the picture is an overlay.
 *
 * A single moment proves nothing: what moves fast is not met within the 40 ms of a film. Pure.
 */
import type { Plane, Planes } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import { boxOf, judged } from './compare.ts'
import { type Differences, differencesOf } from './differences.ts'
import { standingOut } from './faint.ts'
import type { Region } from './geometry.ts'
import { boxBlur, type Grid, gridOf, lendingGrids, minus, sample } from './grid.ts'
import { type Laid, layOver } from './lay.ts'
import { type CellRegion, heartOf, regionsOf } from './regions.ts'
import { cellMeanSquares } from './residual.ts'
import { FILM } from './thresholds.ts'

/** A picture of the candidate and the moment that it shows. */
export interface Laying {
  /** Milliseconds of the candidate. */
  timeMs: number
  candidate: Planes
  /** The pictures before and after it. */
  around: [Plane, Plane]
  original: Planes
  transform: Affine
}

export interface RegionFinding {
  kind: 'region' | 'overlay'
  /** Milliseconds of the candidate. */
  span: { startMs: number; endMs: number }
  region: Region
  strength: number
}

interface Looked {
  timeMs: number
  strength: Grid
}

/** @param layings in order of time; @param stepMs from one to the next. */
export function filmRegions(layings: readonly Laying[], stepMs: number): RegionFinding[] {
  const looked = layings.map(look).filter((one) => one !== null)
  const [first] = looked
  if (!first) return []
  const same = looked.filter(({ strength }) => strength.data.length === first.strength.data.length)
  return tracksOf(lasting(same))
    .map((track) => extended(track, same))
    .flatMap((track) => findingOf(track, layings, stepMs))
}

/** How much of a moment differs, clearly or in this picture only. Kept beyond the grids that were lent for it. */
function look(laying: Laying): Looked | null {
  return lendingGrids(() => {
    const seen = differencesAt(laying)
    if (!seen) return null
    const { strength } = seen.found
    const faint = standingOut(seen.found)
    const data = strength.data.map((value, i) => Math.max(value, faint.data[i]! || 0))
    return { timeMs: laying.timeMs, strength: { ...strength, data } }
  })
}

function differencesAt({ original, candidate, around, transform }: Laying): { laid: Laid; found: Differences } | null {
  const laid = layOver(original, candidate, transform, true)
  const found = laid && differencesOf(laid)
  if (!laid || !found) return null
  const { width, height } = laid.copy
  const [before, after] = around.map((plane) => sample(gridOf(plane), laid.map, width, height)) as [Grid, Grid]
  const motion = cellMeanSquares(minus(after, before))
  const still = stillness(found.expected, motion)
  return { laid, found: { ...found, strength: times(found.strength, still), sharp: times(found.sharp, still) } }
}

/** By how much a strength is less when motion is allowed for: the moment lies up to half a step from its picture, and so far off is what moves.
 * @param motion energy of two steps. */
function stillness(expected: Grid, motion: Grid): Grid {
  const near = boxBlur({ ...motion, data: motion.data.map((value) => (Number.isNaN(value) ? 0 : value)) }, 1)
  return {
    ...expected,
    data: expected.data.map((allowed, i) => allowed / (allowed + FILM.motionPart * near.data[i]!)),
  }
}

const times = (a: Grid, b: Grid): Grid => ({ ...a, data: a.data.map((value, i) => value * b.data[i]!) })

/** What two moments that follow each other have, cell by cell: what is off in one only is motion. */
function lasting(looked: readonly Looked[]): Looked[] {
  if (looked.length < 2) return [...looked]
  return looked.map((one, i) => {
    const [before, after] = [looked[i - 1]?.strength.data, looked[i + 1]?.strength.data]
    const data = one.strength.data.map((value, k) =>
      Math.max(Math.min(value, before?.[k] ?? 0), Math.min(value, after?.[k] ?? 0)),
    )
    return { timeMs: one.timeMs, strength: { ...one.strength, data } }
  })
}

interface Step {
  timeMs: number
  region: CellRegion
}

/** Regions that share cells from moment to moment. */
function tracksOf(looked: readonly Looked[]): Step[][] {
  const done: Step[][] = []
  let open: Step[][] = []
  for (const { timeMs, strength } of looked) {
    const regions = regionsOf(strength, FILM.region)
    const next: Step[][] = []
    for (const region of regions) {
      const cells = new Set(region.cells)
      const track = open.find((one) => one.at(-1)!.region.cells.some((cell) => cells.has(cell)))
      if (track && !next.includes(track)) {
        track.push({ timeMs, region })
        next.push(track)
      } else if (!track) next.push([{ timeMs, region }])
    }
    done.push(...open.filter((one) => !next.includes(one)))
    open = next
  }
  return [...done, ...open].filter((track) => track.length >= FILM.leastMoments)
}

/** With the moments before and after in which as much of its place differs, though not all of it in two that follow each other. */
function extended(track: Step[], looked: readonly Looked[]): Step[] {
  const at = (timeMs: number) => looked.findIndex((one) => one.timeMs === timeMs)
  const joined = (step: Step, i: number): Step[] => {
    const one = looked[i]
    if (!one) return []
    const { cells } = step.region
    const differing = cells.filter((cell) => one.strength.data[cell]! >= FILM.region.low).length
    return 2 * differing >= cells.length ? [{ timeMs: one.timeMs, region: step.region }] : []
  }
  const [first, last] = [track[0]!, track.at(-1)!]
  return [...joined(first, at(first.timeMs) - 1), ...track, ...joined(last, at(last.timeMs) + 1)]
}

/** Moments of a track that are looked at again, to tell what it is and where. */
const JUDGED = 5

function findingOf(track: Step[], layings: readonly Laying[], stepMs: number): RegionFinding[] {
  const every = Math.max(1, Math.floor(track.length / JUDGED))
  const some = track.filter((_, i) => i % every === 0).slice(0, JUDGED)
  const sights = some.flatMap(({ timeMs, region }) => {
    const laying = layings.find((one) => one.timeMs === timeMs)!
    return lendingGrids(() => sightOf(laying, region))
  })
  if (sights.length === 0) return []
  const drawn = sights.filter(({ kind }) => kind === 'overlay').length
  const strengths = track.map(({ region }) => region.peak).sort((a, b) => a - b)
  return [
    {
      kind: 2 * drawn > sights.length ? 'overlay' : 'region',
      span: { startMs: Math.max(0, track[0]!.timeMs - stepMs / 2), endMs: track.at(-1)!.timeMs + stepMs / 2 },
      region: middleBox(sights.map(({ box }) => box)),
      strength: strengths[strengths.length >> 1]!,
    },
  ]
}

function sightOf(laying: Laying, region: CellRegion): { kind: 'region' | 'overlay'; box: Region }[] {
  const seen = differencesAt(laying)
  if (!seen) return []
  const { laid, found } = seen
  const kinds = judged(region, laid, found).map(({ kind }) => kind)
  const box = boxOf(heartOf(region, found.sharp), laid.map, found.strength, laying.candidate)
  return [{ kind: kinds.includes('region') ? 'region' : 'overlay', box }]
}

function middleBox(boxes: Region[]): Region {
  const middleOf = (of: (box: Region) => number) => boxes.map(of).sort((a, b) => a - b)[boxes.length >> 1]!
  const [x, y] = [middleOf((box) => box.x), middleOf((box) => box.y)]
  return { x, y, w: middleOf((box) => box.x + box.w) - x, h: middleOf((box) => box.y + box.h) - y }
}
