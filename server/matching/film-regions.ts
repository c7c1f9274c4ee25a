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
import { lossOf } from './film-sight.ts'
import type { Region } from './geometry.ts'
import { boxBlur, type Grid, gridOf, lendingGrids, minus, quantile, sample } from './grid.ts'
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
  /** Unpacked each time that it is asked for: a film has more of them than memory should hold. */
  original: () => Planes
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
  /** Mean of what the evidence lost, squared grey levels: the less, the more it shows. */
  loss: number
  /** What remains in most of the picture: the strength that a tenth of its cells have. */
  usual: number
}

/** @param layings in order of time; @param stepMs from one to the next; @param nearMs as of `Tells`. */
export function filmRegions(layings: readonly Laying[], stepMs: number, nearMs: number = FILM.nearMs): RegionFinding[] {
  const looked = layings.map(look).filter((one) => one !== null)
  const [first] = looked
  if (!first) return []
  const same = looked.filter(({ strength }) => strength.data.length === first.strength.data.length)
  return tracksOf(lasting(same, nearMs), nearMs)
    .map((track) => extended(track, same))
    .flatMap((track) => findingOf(track, layings, stepMs))
}

/** How much of a moment differs, clearly or in this picture only. Kept beyond the grids that were lent for it. */
function look(laying: Laying): Looked | null {
  return lendingGrids(() => {
    const seen = differencesAt(laying)
    if (!seen) return null
    const { loss, found } = seen
    const { strength } = found
    const faint = standingOut(found)
    const data = strength.data.map((value, i) => Math.max(value, faint.data[i]! || 0))
    const usual = quantile(
      data.filter((value) => !Number.isNaN(value)),
      0.9,
    )
    return { timeMs: laying.timeMs, strength: { ...strength, data }, loss, usual }
  })
}

interface Seen {
  laid: Laid
  found: Differences
  /** As of `Looked`. */
  loss: number
}

function differencesAt({ original, candidate, around, transform }: Laying): Seen | null {
  const picture = original()
  const laid = layOver(picture, candidate, transform, true)
  const found = laid && differencesOf(laid)
  if (!laid || !found) return null
  const { width, height } = laid.copy
  const [before, after] = around.map((plane) => sample(gridOf(plane), laid.map, width, height)) as [Grid, Grid]
  const motion = cellMeanSquares(minus(after, before))
  const still = stillness(found, motion)
  const moved = { ...found, strength: times(found.strength, still), sharp: times(found.sharp, still) }
  return { laid, found: moved, loss: lossOf(picture.luma) }
}

/** By how much a strength is less when motion is allowed for. How much of what moves is left tells how far the picture lies from its moment; of one
 * that is the same frame nothing is.
 * @param motion energy of two steps. */
function stillness({ strength, expected }: Differences, motion: Grid): Grid {
  const near = boxBlur({ ...motion, data: motion.data.map((value) => (Number.isNaN(value) ? 0 : value)) }, 1)
  const left: number[] = []
  for (const [i, moved] of near.data.entries()) {
    const remains = strength.data[i]! * expected.data[i]!
    if (moved > expected.data[i]! && !Number.isNaN(remains)) left.push(remains / moved)
  }
  const { least, most, reserve } = FILM.motion
  const part = left.length < FILM.leastCells ? most : Math.min(most, Math.max(least, reserve * quantile(left, 0.5)))
  return { ...expected, data: expected.data.map((allowed, i) => allowed / (allowed + part * near.data[i]!)) }
}

const times = (a: Grid, b: Grid): Grid => ({ ...a, data: a.data.map((value, i) => value * b.data[i]!) })

/** What two moments have, cell by cell, of which the other shows as much: what is off in one only is motion. */
function lasting(looked: readonly Looked[], nearMs: number): Looked[] {
  if (looked.length < 2) return [...looked]
  return looked.map((one, i) => {
    const before = looked.slice(0, i).findLast((other) => isNear(one, other, nearMs))?.strength.data
    const after = looked.slice(i + 1).find((other) => isNear(one, other, nearMs))?.strength.data
    const data = one.strength.data.map((value, k) =>
      Math.max(Math.min(value, before?.[k] ?? 0), Math.min(value, after?.[k] ?? 0)),
    )
    return { ...one, strength: { ...one.strength, data } }
  })
}

/** Whether another moment is near and shows as much. */
const isNear = (one: Looked, other: Looked, nearMs: number) =>
  Math.abs(one.timeMs - other.timeMs) <= nearMs && showsAsMuch(other, one)

const showsAsMuch = (one: { loss: number }, other: { loss: number }) => one.loss <= FILM.asMuch * other.loss

interface Step {
  timeMs: number
  loss: number
  usual: number
  region: CellRegion
}

/** Regions that share cells from moment to moment; one that shows less may miss it. */
function tracksOf(looked: readonly Looked[], nearMs: number): Step[][] {
  const done: Step[][] = []
  let open: Step[][] = []
  for (const { strength, ...moment } of looked) {
    const { timeMs, loss } = moment
    const next = new Set<Step[]>()
    for (const region of regionsOf(strength, FILM.region)) {
      const cells = new Set(region.cells)
      const track = open.find((one) => one.at(-1)!.region.cells.some((cell) => cells.has(cell)))
      if (!track) next.add([{ ...moment, region }])
      else if (!next.has(track)) {
        track.push({ ...moment, region })
        next.add(track)
      }
    }
    for (const track of open) {
      const last = track.at(-1)!
      if (!next.has(track) && timeMs - last.timeMs < nearMs && !showsAsMuch({ loss }, last)) next.add(track)
    }
    done.push(...open.filter((one) => !next.has(one)))
    open = [...next]
  }
  return [...done, ...open].filter((track) => track.length >= FILM.leastMoments && isClear(track))
}

const peakOf = (track: readonly Step[]) => middleOf(track.map(({ region }) => region.peak))

const middleOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

/** Whether it is strong, or stands out from what remains elsewhere: a poor copy differs a little everywhere. */
function isClear(track: readonly Step[]): boolean {
  const standsOut = Math.max(...track.map(({ region, usual }) => region.peak / usual))
  const size = middleOf(track.map(({ region }) => region.cells.length))
  return size >= FILM.leastRegion && (peakOf(track) >= FILM.clear || standsOut >= FILM.standsOut)
}

/** With the moments before and after in which as much of its place differs, though not all of it in two that follow each other. */
function extended(track: Step[], looked: readonly Looked[]): Step[] {
  const at = (timeMs: number) => looked.findIndex((one) => one.timeMs === timeMs)
  const joined = (step: Step, i: number): Step[] => {
    const one = looked[i]
    if (!one) return []
    const { cells } = step.region
    const differing = cells.filter((cell) => one.strength.data[cell]! >= FILM.region.low).length
    return 2 * differing >= cells.length ? [{ ...step, timeMs: one.timeMs }] : []
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
  return [
    {
      kind: drawn >= FILM.drawn * sights.length ? 'overlay' : 'region',
      span: { startMs: Math.max(0, track[0]!.timeMs - stepMs / 2), endMs: track.at(-1)!.timeMs + stepMs / 2 },
      region: middleBox(sights.map(({ box }) => box)),
      strength: peakOf(track),
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
  const [x, y] = [middleOf(boxes.map((box) => box.x)), middleOf(boxes.map((box) => box.y))]
  const [right, bottom] = [middleOf(boxes.map((box) => box.x + box.w)), middleOf(boxes.map((box) => box.y + box.h))]
  return { x, y, w: right - x, h: bottom - y }
}
