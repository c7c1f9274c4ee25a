/**
 * Whether a region that differs was laid over the picture (a logo, a caption, a watermark) or is another content in its place. As far as one
 * picture allows.
 *
 * What is laid over is drawn: a few inks, each of one colour or letting the original shine through (c = a·original + b), that the ground
 * beneath does not have, or far more edges than it has; and between its strokes the original goes on. Another content has as many shades as the
 * picture itself, or takes the ground's own colours, as a changed word does.
 */

import type { Channels } from './curves.ts'
import type { Grid } from './grid.ts'
import type { CellRegion } from './regions.ts'
import { CELL } from './residual.ts'
import { OVERLAY } from './thresholds.ts'

export interface Drawing {
  /** Pixels that differ, and those of them around which nothing changes. */
  pixels: number
  even: number
  /** Part of the even pixels that the three most frequent inks have. */
  inks: number
  /** Part of the even pixels that are of an ink which the ground does not have. */
  foreign: number
  /** Part of the differing pixels through which the original shines, by one rule for all. */
  blended: number
  /** How much of the original shines through, 0 to 1. */
  through: number
  /** Squared slopes of the copy to those of the prediction, around the region. */
  edges: number
  /** Grey levels between the darkest and the lightest ink that more than a few pixels have. */
  contrast: number
  /** Of the pixels that are of an ink, the part that is near the middle of it: compression leaves a flat ink flat, sand and walls are not. */
  crisp: number
  /** Cells in which something differs, and how many of these pixels are of an ink, or shine by the rule. */
  cells: Map<number, { differing: number; drawn: number }>
}

/** Grey levels on either side of a shade that still belong to it, after compression; of luminance and of colour. */
const SHADE = 5
const HUE = 14
/** Grey levels on either side of an ink's middle that are near it. */
const NEAR = 2
/** Share of the even pixels from which on an ink counts for contrast. */
const FEW = 0.05
/** Grey levels from one neighbour to the other, both ways together: an even pixel changes less. */
const EVEN = 14
/** Share of the ground that must be of an ink for it to be one of the ground's own. */
const OWN = 0.2

/** What is seen of a copy and of its original. */
interface Sight {
  copy: Grid
  prediction: Grid
  /** In cells, with energy expected and colours. */
  expected: Grid
  colours: { copy: Channels; expected: Channels }
}

/** Luminance and colours of some pixels. */
interface Pixels {
  luma: number[]
  blue: number[]
  red: number[]
  /** By how much colour may be off because it stands at a quarter of the size: beside another colour a pixel has part of that. */
  mixed: number[]
}

export function drawingOf(sight: Sight, region: CellRegion): Drawing {
  const { copy, prediction, expected, colours } = sight
  const { width, height } = copy
  const [x0, y0] = [Math.max(1, CELL * (region.x0 - 1)), Math.max(1, CELL * (region.y0 - 1))]
  const [x1, y1] = [Math.min(width - 1, CELL * (region.x1 + 1)), Math.min(height - 1, CELL * (region.y1 + 1))]
  const over: number[] = []
  const under: number[] = []
  const at: number[] = []
  const even: Pixels = { luma: [], blue: [], red: [], mixed: [] }
  const ground: Pixels = { luma: [], blue: [], red: [], mixed: [] }
  let [edges, own] = [1, 1]
  for (let y = y0; y < y1; y++)
    for (let x = x0; x < x1; x++) {
      const i = y * width + x
      const [c, p] = [copy.data[i]!, prediction.data[i]!]
      if (Number.isNaN(c)) continue
      edges += slope(copy.data, i, width)
      own += slope(prediction.data, i, width)
      const cell = (y >> 2) * expected.width + (x >> 2)
      keep(ground, p, colours.expected, cell, 0)
      if ((c - p) ** 2 < 9 * expected.data[cell]! + 100) continue
      over.push(c)
      under.push(p)
      at.push(cell)
      if (slope(copy.data, i, width) < (EVEN * EVEN) / 2) keep(even, c, colours.copy, cell, mixedAt(colours.copy, cell))
    }
  const inks = inksOf(even)
  const foreign = inks.filter((ink) => shareOf(ground, ink) < OWN)
  const blend = blendOf(under, over)
  const share = (some: Ink[]) => some.reduce((sum, ink) => sum + ink.share, 0)
  const isDrawn = (n: number) =>
    blend.fits(under[n]!, over[n]!) || inks.some(({ luma }) => Math.abs(over[n]! - luma) <= SHADE)
  return {
    pixels: over.length,
    even: even.luma.length,
    inks: share(inks),
    foreign: share(foreign),
    blended: blend.share,
    through: blend.through,
    edges: edges / own,
    contrast: contrastOf(inks),
    crisp: inks.reduce((sum, ink) => sum + ink.crisp, 0) / Math.max(1e-9, share(inks)),
    cells: countDrawn(at, isDrawn),
  }
}

function countDrawn(at: number[], isDrawn: (n: number) => boolean): Drawing['cells'] {
  const cells: Drawing['cells'] = new Map()
  for (const [n, cell] of at.entries()) {
    const count = cells.get(cell) ?? { differing: 0, drawn: 0 }
    cells.set(cell, { differing: count.differing + 1, drawn: count.drawn + Number(isDrawn(n)) })
  }
  return cells
}

/** Cells of an overlay's region in which nothing is drawn, nor anywhere near: another content that it covers the edge of. */
export function besideDrawing({ cells }: Drawing, region: CellRegion, width: number): number[] {
  const drawn = new Set<number>()
  for (const [cell, { differing, drawn: count }] of cells) {
    if (count < OVERLAY.beside.drawn * differing) continue
    for (let v = -OVERLAY.beside.apart; v <= OVERLAY.beside.apart; v++)
      for (let u = -OVERLAY.beside.apart; u <= OVERLAY.beside.apart; u++) drawn.add(cell + v * width + u)
  }
  return region.cells.filter((cell) => !drawn.has(cell))
}

function keep(to: Pixels, luma: number, { blue, red }: Channels, cell: number, mixed: number): void {
  to.luma.push(luma)
  to.mixed.push(mixed)
  to.blue.push(blue.data[cell]!)
  to.red.push(red.data[cell]!)
}

/** Half of what colour changes between a cell and those beside it. */
function mixedAt({ blue, red }: Channels, cell: number): number {
  let most = 0
  for (const { data, width } of [blue, red])
    for (const beside of [cell - 1, cell + 1, cell - width, cell + width])
      most = Math.max(most, Math.abs((data[beside] ?? data[cell]!) - data[cell]!))
  return most / 2
}

/** Whether a drawing was laid over: see the head of this file. */
export function isOverlay(drawing: Drawing): boolean {
  const { pixels, blended, through, edges } = drawing
  if (pixels < OVERLAY.pixels) return false
  const { shining } = OVERLAY
  if (blended >= shining.blended && through > shining.least && through < shining.most) return true
  if (edges < OVERLAY.edges || (drawing.contrast < OVERLAY.contrast && drawing.crisp < OVERLAY.crisp)) return false
  const foreign = drawing.foreign >= OVERLAY.foreign
  if (isOf(drawing, OVERLAY.strokes)) return foreign || edges >= OVERLAY.ownEdges
  return foreign && (isOf(drawing, OVERLAY.badge) || isOf(drawing, OVERLAY.sign))
}

const isOf = (
  { pixels, even, inks, contrast }: Drawing,
  kind: { even: number; inks: number; contrast: number },
): boolean => even >= kind.even * pixels && inks >= kind.inks && contrast >= kind.contrast

const contrastOf = (inks: Ink[]): number => {
  const shades = inks.filter(({ share }) => share >= FEW).map(({ luma }) => luma)
  return shades.length > 0 ? Math.max(...shades) - Math.min(...shades) : 0
}

function slope(data: Float32Array, i: number, width: number): number {
  const across = data[i + 1]! - data[i - 1]!
  const down = data[i + width]! - data[i - width]!
  const sum = across * across + down * down
  return Number.isNaN(sum) ? 0 : sum
}

interface Ink {
  luma: number
  blue: number
  red: number
  share: number
  /** Part of the pixels that are near its middle. */
  crisp: number
}

/** The three most frequent inks, and the part of the pixels that each has. */
function inksOf(pixels: Pixels): Ink[] {
  const left = pixels.luma.map((_, i) => i)
  const inks: Ink[] = []
  for (let n = 0; n < 3 && left.length > 0; n++) {
    const shade = mostFrequent(left.map((i) => pixels.luma[i]!))
    const near = left.filter((i) => Math.abs(pixels.luma[i]! - shade) <= SHADE)
    const of = (values: number[]) => middle(near.map((i) => values[i]!))
    const ink = {
      luma: of(pixels.luma),
      blue: of(pixels.blue),
      red: of(pixels.red),
      share: 0,
      crisp: 0,
    }
    const rest = left.filter((i) => !has(pixels, i, ink))
    const crisp = near.filter((i) => Math.abs(pixels.luma[i]! - ink.luma) <= NEAR && has(pixels, i, ink))
    ink.share = (left.length - rest.length) / pixels.luma.length
    ink.crisp = crisp.length / pixels.luma.length
    left.splice(0, left.length, ...(rest.length < left.length ? rest : []))
    inks.push(ink)
  }
  return inks
}

const has = ({ luma, blue, red, mixed }: Pixels, i: number, ink: Ink) =>
  Math.abs(luma[i]! - ink.luma) <= SHADE &&
  Math.abs(blue[i]! - ink.blue) <= HUE + mixed[i]! &&
  Math.abs(red[i]! - ink.red) <= HUE + mixed[i]!

function shareOf(pixels: Pixels, ink: Ink): number {
  let count = 0
  for (let i = 0; i < pixels.luma.length; i++) if (has(pixels, i, ink)) count++
  return count / Math.max(1, pixels.luma.length)
}

const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

/** The grey level around which most values lie. */
function mostFrequent(values: number[]): number {
  const counts = new Int32Array(256)
  for (const value of values) counts[Math.min(255, Math.max(0, Math.round(value)))]!++
  let [shade, most] = [0, -1]
  for (let v = 0; v < 256; v++) {
    let sum = 0
    for (let k = Math.max(0, v - SHADE); k <= Math.min(255, v + SHADE); k++) sum += counts[k]!
    if (sum > most) [shade, most] = [v, sum]
  }
  return shade
}

interface Blend {
  share: number
  through: number
  fits(under: number, over: number): boolean
}

/** The line c = a·p + b near which most pixels lie. */
function blendOf(under: number[], over: number[]): Blend {
  let [a, b] = [0, 0]
  let scale = 1e9
  for (let round = 0; round < 8; round++) {
    let [n, sp, sc, spp, spc] = [1e-9, 0, 0, 0, 0]
    for (let i = 0; i < over.length; i++) {
      const off = (over[i]! - a * under[i]! - b) / scale
      const weight = 1 / (1 + off * off) ** 2
      n += weight
      sp += weight * under[i]!
      sc += weight * over[i]!
      spp += weight * under[i]! * under[i]!
      spc += weight * under[i]! * over[i]!
    }
    const variance = spp - (sp * sp) / n
    a = variance > 4 * n ? (spc - (sp * sc) / n) / variance : 0
    b = (sc - a * sp) / n
    scale = Math.max(SHADE, 60 / 2 ** round)
  }
  const fits = (p: number, c: number) => Math.abs(c - a * p - b) <= SHADE
  let near = 0
  for (let i = 0; i < over.length; i++) if (fits(under[i]!, over[i]!)) near++
  return { share: near / Math.max(1, over.length), through: a, fits }
}
