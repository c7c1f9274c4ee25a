/**
 * PDQ: a perceptual hash of 256 bits and a quality of 0 to 100 for a picture.
 *
 * Source: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (Facebook, 2019), §"PDQ hashing", and the vectors of
 * the reference hasher in test/vectors/pdq. Luminance, two passes of a box filter each way ("Jarosz"), 64×64 samples, the 16×16
 * lowest frequencies of their DCT without the constant ones, one bit each: above the median or not.
 *
 * Robust to re-encoding, resizing, blur, noise and tone. Blind to small changes (a face); lost by crops from 10 %, borders, captions.
 *
 * Pure, and free of anything that only Node has: it runs in a browser, with the same bits. Each step is rounded to 32-bit floats as
 * in the reference, for a bit hangs on one comparison.
 */
import { type Grid, grid, type PixelPlane, reduceByArea } from './area.ts'
import { kernels } from './kernels.ts'

export type { PixelPlane }

/** 0 to 100. The reference discards hashes of lower quality: too featureless to tell pictures apart. */
export const MIN_QUALITY = 50

/** Samples a side of what the DCT sees. */
const SAMPLES = 64
/** Frequencies a side that become bits: 1 to 16, without the constant 0. */
const FREQUENCIES = 16
/** The reference squeezes anything larger to this many pixels a side before it filters. */
const MAX_SIDE = 512

const fround = Math.fround

/** `DCT[i·64 + j]`: sample j of the cosine of frequency i + 1, orthonormal. */
const DCT = Float32Array.from({ length: FREQUENCIES * SAMPLES }, (_, at) => {
  const [i, j] = [Math.floor(at / SAMPLES), at % SAMPLES]
  return Math.sqrt(2 / SAMPLES) * Math.cos((Math.PI / 2 / SAMPLES) * (i + 1) * (2 * j + 1))
})

/** Its transpose. */
const DCT_ACROSS = DCT.map((_, at) => DCT[(at % FREQUENCIES) * SAMPLES + Math.floor(at / FREQUENCIES)]!)

export interface PictureHashes {
  /** Eight PDQ hashes of 32 bytes in the order of `ORIENTATIONS`, the first equal to the reference hasher's. */
  orientations: Uint8Array[]
  /** The same of the picture reduced by area to 64×64 samples. PDQ's own filter lets fine detail alias, so that resizing, mirroring
   *  or blurring a page of text or a texture moves its hash by 30 to 100 bits; these move by 10. */
  reduced: Uint8Array[]
  /** 0–100. */
  quality: number
}

/** PDQ of a picture as it is and turned and mirrored, all from one DCT.
 * @param others grids to be filled on the way: one pass over the pixels costs more than all the rest.
 * @throws RangeError if the sizes do not agree. */
export function hashPicture(pixels: PixelPlane, others: readonly Grid[] = []): PictureHashes {
  const grids = { reference: referenceGrid(pixels), even: grid(pixels, SAMPLES, SAMPLES, 0) }
  reduceByArea(pixels, [grids.reference, grids.even, ...others])
  const samples = sample(grids.reference)
  return {
    orientations: inAllTurns(dct(samples)),
    reduced: inAllTurns(dct(grids.even.means)),
    quality: quality(samples),
  }
}

const inAllTurns = (b: Float32Array) => TURNS.map((turn) => bits(turned(b, turn)))

/** PDQ of one frame.
 * @param others grids to be filled on the way.
 * @returns hash: 32 bytes, and of the frame mirrored left to right; quality: 0–100.
 * @throws RangeError if the sizes do not agree. */
export function hashFrame(
  pixels: PixelPlane,
  others: readonly Grid[] = [],
): { hash: Uint8Array; mirrored: Uint8Array; quality: number } {
  const reference = referenceGrid(pixels)
  reduceByArea(pixels, [reference, ...others])
  const samples = sample(reference)
  const frequencies = dct(samples)
  return { hash: bits(frequencies), mirrored: bits(turned(frequencies, MIRROR)), quality: quality(samples) }
}

/** At most 512 a side. The reference takes every n-th pixel, from the first on; means around the same pixels keep thin strokes of a page
 *  of text from vanishing. So the cells are centred on these pixels, half a cell up and left. */
function referenceGrid(pixels: PixelPlane): Grid {
  return grid(pixels, Math.min(pixels.width, MAX_SIDE), Math.min(pixels.height, MAX_SIDE), 0.5)
}

/** 64×64 samples of the filtered luminance. */
function sample({ columns, rows, means }: Grid): Float32Array {
  if (columns === SAMPLES && rows === SAMPLES) return means
  return filterAndDecimate(means, columns, rows)
}

/** Two passes of a box filter along rows and columns ("tent" after both), then the pixel in the middle of each of 64×64 cells. */
export function filterAndDecimate(luma: Float32Array, columns: number, rows: number): Float32Array {
  const { run, memory } = kernels()
  memory.clear()
  const bytes = 4 * rows * Math.max(columns, SAMPLES)
  const [first, second] = [memory.take(bytes), memory.take(bytes)]
  memory.floats(first, luma.length).set(luma)
  const [strip, sums, keep] = [memory.take(32 * (columns + 4)), memory.take(4 * columns), memory.put(middles(columns))]
  const across = [columns, rows, windowSize(columns), reach(windowSize(columns))] as const
  const down = [rows, windowSize(rows), reach(windowSize(rows))] as const
  const boxColumns = (from: number, width: number, to: number) => {
    memory.floats(sums, width).fill(0)
    run.boxColumns(from, width, ...down, sums, to)
  }
  run.boxRows(first, ...across, 0, 0, strip, second)
  boxColumns(second, columns, first)
  // Of the second pass only the pixels that decimation keeps are written: 30 % less time for a picture, the same bits.
  run.boxRows(first, ...across, keep, SAMPLES, strip, second)
  boxColumns(second, SAMPLES, first)
  const out = new Float32Array(SAMPLES * SAMPLES)
  middles(rows).forEach((row, i) => {
    out.set(memory.floats(first + 4 * row * SAMPLES, SAMPLES), i * SAMPLES)
  })
  return out
}

const middles = (side: number) =>
  Int32Array.from({ length: SAMPLES }, (_, i) => Math.floor(((i + 0.5) * side) / SAMPLES))

/** Half the pixels that one sample stands for, rounded up. */
const windowSize = (side: number) => Math.floor((side + 2 * SAMPLES - 1) / (2 * SAMPLES))

/** How far a window reaches ahead of its pixel. */
const reach = (window: number) => Math.floor((window + 2) / 2) - 1

/** How much the samples vary from neighbour to neighbour; featureless pictures have little of it. */
function quality(samples: Float32Array): number {
  let sum = 0
  const step = (a: number, b: number) => Math.abs(Math.trunc(fround(fround(fround(a - b) * 100) / 255)))
  for (let i = 0; i < SAMPLES; i++)
    for (let j = 0; j < SAMPLES; j++) {
      const at = i * SAMPLES + j
      if (i < SAMPLES - 1) sum += step(samples[at]!, samples[at + SAMPLES]!)
      if (j < SAMPLES - 1) sum += step(samples[at]!, samples[at + 1]!)
    }
  // 90 was found by trial with the reference: it puts photographs at 100.
  return Math.min(100, Math.floor(sum / 90))
}

/** B = D A Dᵀ, the 16×16 lowest frequencies, rows of vertical frequency. */
export function dct(a: Float32Array): Float32Array {
  const { run, memory } = kernels()
  memory.clear()
  const [samples, cosines, across] = [memory.put(a), memory.put(DCT), memory.put(DCT_ACROSS)]
  const [t, b] = [memory.take(DCT.byteLength), memory.take(4 * FREQUENCIES * FREQUENCIES)]
  run.dct(samples, cosines, across, t, b)
  return memory.floats(b, FREQUENCIES * FREQUENCIES).slice()
}

/** Mirroring left to right negates every other column of the DCT, upside down every other row; a quarter turn also swaps both. */
interface Turn {
  swap: boolean
  flipRows: boolean
  flipColumns: boolean
}

/** What undoes what was done to the copy is the same set; the order is that of `ORIENTATIONS`. */
const TURNS: readonly Turn[] = [
  { swap: false, flipRows: false, flipColumns: false },
  { swap: true, flipRows: false, flipColumns: true },
  { swap: false, flipRows: true, flipColumns: true },
  { swap: true, flipRows: true, flipColumns: false },
  { swap: false, flipRows: false, flipColumns: true },
  { swap: true, flipRows: true, flipColumns: true },
  { swap: false, flipRows: true, flipColumns: false },
  { swap: true, flipRows: false, flipColumns: false },
]
const MIRROR = TURNS[4]!

/** DCT of the turned picture. Index 0 is frequency 1: the odd frequencies, which a flip negates, are the even indexes. */
function turned(b: Float32Array, { swap, flipRows, flipColumns }: Turn): Float32Array {
  const out = new Float32Array(b.length)
  for (let i = 0; i < FREQUENCIES; i++)
    for (let j = 0; j < FREQUENCIES; j++) {
      const value = swap ? b[j * FREQUENCIES + i]! : b[i * FREQUENCIES + j]!
      const negate = (flipRows && i % 2 === 0) !== (flipColumns && j % 2 === 0)
      out[i * FREQUENCIES + j] = negate ? -value : value
    }
  return out
}

/** One bit a coefficient, bit i·16 + j; the first byte holds the highest bits, as the reference prints them. */
function bits(b: Float32Array): Uint8Array {
  const median = b.slice().sort()[b.length / 2 - 1]!
  const hash = new Uint8Array(b.length / 8)
  b.forEach((value, k) => {
    if (value > median) hash[hash.length - 1 - (k >> 3)]! |= 1 << (k & 7)
  })
  return hash
}
