/**
 * Compares a copy with the evidence of its original, given where the one lies in the other: what part it shows, what was done to it, and
 * where it differs.
 *
 * The original is laid over the copy, with the copy's tone and sharpness (lay.ts); what remains is measured against what noise, detail and
 * the evidence's own losses leave (differences.ts); connected cells of too much are regions (regions.ts, faint.ts), and those that are drawn over the picture
 * are overlays (overlay.ts). What lies outside the original is no finding: the copy was framed, or is part of something larger.
 *
 * Pure: the same input gives the same answer.
 */

import type { Planes } from '../fingerprint/index.ts'
import { type Affine, apply, compose, invert, scaling } from './affine.ts'
import { type Differences, differencesOf } from './differences.ts'
import { faintRegions } from './faint.ts'
import { type Framing, frameOf, framing, type Region, turnsOf } from './geometry.ts'
import { type Grid, lendingGrids } from './grid.ts'
import { type Laid, layOver } from './lay.ts'
import { likenessOf } from './likeness.ts'
import { besideDrawing, type Drawing, drawingOf, isOverlay } from './overlay.ts'
import { type CellRegion, heartOf, regionsOf } from './regions.ts'
import { CELL } from './residual.ts'
import { surroundings } from './surroundings.ts'
import { COMPARE, OVERLAY, scoreOf } from './thresholds.ts'
import { toneWords } from './tone-words.ts'

export interface PictureFinding {
  /** `overlay`: laid over the picture, which goes on beneath; else another content. */
  kind: 'region' | 'overlay'
  /** In the candidate. */
  region: Region
  /** How many times what is expected remains there, at most. */
  strength: number
  /** 1 minus the rate of false alarms on benign copies at this strength. */
  score: number
}

export interface Comparison extends Framing {
  compared: true
  /** From the candidate to the original, refined. */
  transform: Affine
  /** Of the detail that both show, how much agrees: −1 to 1. Strangers have little. */
  likeness: number
  /** What was done to the copy, in words. */
  transforms: string[]
  /** What lies around the original: nothing, something plain (a border, bars, a caption), or other material. */
  around: 'nothing' | 'plain' | 'other'
  /** Regions first, the strongest first. */
  findings: PictureFinding[]
}

/** Why pictures are not compared: nothing can be told, or they are not copy and original. */
export const TOO_LITTLE = 'too little of the original is shown'
export const DISAGREES = 'the pictures do not agree'

export interface NotCompared {
  compared: false
  reason: string
}

/** @param transform from the candidate to the original, both in their longer sides, as far as it is known: to about a hundredth. */
export function comparePictures(original: Planes, candidate: Planes, transform: Affine): Comparison | NotCompared {
  return lendingGrids(() => compare(original, candidate, transform))
}

function compare(original: Planes, candidate: Planes, transform: Affine): Comparison | NotCompared {
  const laid = layOver(original, candidate, transform)
  if (!laid) return { compared: false, reason: TOO_LITTLE }
  const likeness = likenessOf(laid)
  if (likeness < COMPARE.minLikeness) return { compared: false, reason: DISAGREES }
  const refined = transformOf(laid.map, original, candidate, laid.step)
  const shares = framing(frameOf(candidate.luma), frameOf(original.luma), refined)
  const around =
    shares.explained > 1 - COMPARE.leastFrame ? 'nothing' : surroundings(candidate.luma, invert(laid.map), laid.copy)
  const found = differencesOf(laid)
  if (!found) return { compared: false, reason: TOO_LITTLE }
  const words = [...turnsOf(refined), ...frameWords(shares, around), ...toneWords(laid.cells)]
  return {
    compared: true,
    transform: refined,
    likeness,
    ...shares,
    around,
    transforms: words,
    findings: findingsOf(laid, found, candidate),
  }
}

/** From pixels of the grids to the longer sides of both. */
function transformOf(map: Affine, original: Planes, candidate: Planes, step: number): Affine {
  const ours = Math.max(original.luma.width, original.luma.height) / 2 ** step
  const theirs = Math.max(candidate.luma.width, candidate.luma.height)
  return compose(scaling(1 / ours), compose(invert(map), scaling(theirs)))
}

function frameWords({ seen }: Framing, around: Comparison['around']): string[] {
  return [...(seen < 1 - COMPARE.leastCrop ? ['cropped'] : []), ...(around === 'plain' ? ['framed'] : [])]
}

function findingsOf(laid: Laid, found: Differences, candidate: Planes): PictureFinding[] {
  const clear = regionsOf(found.strength, COMPARE.region)
  return (
    [...clear, ...faintRegions(found, clear)]
      .flatMap((region) => judged(region, laid, found))
      .map(
        ({ region, kind }): PictureFinding => ({
          kind,
          region: boxOf(heartOf(region, found.sharp), laid.map, found.strength, candidate),
          strength: region.peak,
          score: scoreOf(region.peak),
        }),
      )
      // What is altered is never crowded out by what is drawn over it.
      .sort((a, b) => Number(a.kind === 'overlay') - Number(b.kind === 'overlay') || b.score - a.score)
      .slice(0, COMPARE.maxFindings)
  )
}

interface Judged {
  region: CellRegion
  kind: PictureFinding['kind']
}

/** A region, or an overlay and what lies beside it in the same region: a banner that touches a pasted face must not hide it. */
export function judged(region: CellRegion, laid: Laid, { strength, expected }: Differences): Judged[] {
  const sight = { ...laid, colours: laid.cells, expected }
  const kindOf = (drawing: Drawing): Judged['kind'] => (isOverlay(drawing) ? 'overlay' : 'region')
  const drawing = drawingOf(sight, region)
  const kind = kindOf(drawing)
  if (kind === 'region') return [{ region, kind }]
  const beside: Grid = { ...strength, data: new Float32Array(strength.data.length) }
  for (const cell of besideDrawing(drawing, region, strength.width)) beside.data[cell] = strength.data[cell]!
  const { high, cells: least } = OVERLAY.beside
  const rest = regionsOf(beside, { ...COMPARE.region, high }).filter(({ cells }) => cells.length >= least)
  return [{ region, kind }, ...rest.map((one) => ({ region: one, kind: kindOf(drawingOf(sight, one)) }))]
}

/** Around cells, in the candidate. */
export function boxOf(cells: number[], map: Affine, { width }: Grid, { luma }: Planes): Region {
  let [left, top, right, bottom] = [1, 1, 0, 0]
  for (const cell of cells)
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      const { x: u, y: v } = apply(map, { x: CELL * ((cell % width) + dx), y: CELL * (Math.floor(cell / width) + dy) })
      left = Math.min(left, u / luma.width)
      right = Math.max(right, u / luma.width)
      top = Math.min(top, v / luma.height)
      bottom = Math.max(bottom, v / luma.height)
    }
  const [x, y] = [Math.max(0, left), Math.max(0, top)]
  return { x, y, w: Math.min(1, right) - x, h: Math.min(1, bottom) - y }
}
