/** A picture as luminance and colour, as evidence has it and as it is compared: samples of 8 bits, colour at a quarter of the size each way. */
import type { PixelPlane } from './area.ts'
import { kernels } from './kernels.ts'

/** Pixels of luminance a side for one of colour. */
export const COLOUR_CELL = 4

/** One plane of samples, rows from the top. */
export interface Plane {
  width: number
  height: number
  /** 0–255. */
  samples: Uint8Array
  /** Of evidence; pixels lost nothing. */
  losses?: Losses
}

export interface Planes {
  /** Of pixels of the picture's true proportions. */
  luma: Plane
  /** Colour differences, BT.601, 128 is none; a quarter of the width and height, rounded up. Null for a grey picture. */
  colour: { blue: Plane; red: Plane } | null
}

/** How far off evidence is: for each block of 8×8 samples of a plane the mean square of what the step took away. */
export interface Losses {
  columns: number
  rows: number
  /** Grey levels, squared. */
  variances: Float32Array
}

/** Width and height of the planes of colour. */
export const quarter = (width: number, height: number): [number, number] => [
  Math.ceil(width / COLOUR_CELL),
  Math.ceil(height / COLOUR_CELL),
]

/** Luminance and colour of pixels. */
export function planesOf({ width, height, channels, data }: PixelPlane): Planes {
  if (channels === 1) return { luma: { width, height, samples: new Uint8Array(data) }, colour: null }
  const { run, memory } = kernels()
  memory.clear()
  const [columns, rows] = quarter(width, height)
  const cells = columns * rows
  const [pixels, luma] = [memory.put(data), memory.take(width * height)]
  const [blue, red] = [memory.take(4 * cells), memory.take(4 * cells)]
  const [blues, reds] = [memory.integers(blue, cells).fill(0), memory.integers(red, cells).fill(0)]
  for (let y = 0; y < height; y++) {
    const row = 4 * columns * (y >> 2)
    run.planesOfRow(pixels + 3 * y * width, width, luma + y * width, blue + row, red + row)
  }
  return {
    luma: { width, height, samples: memory.bytes(luma, width * height).slice() },
    colour: { blue: meansOf(blues, width, height), red: meansOf(reds, width, height) },
  }
}

/** Sums of colour differences, in 1/256, become their means. */
function meansOf(sums: Int32Array, width: number, height: number): Plane {
  const [columns, rows] = quarter(width, height)
  const samples = new Uint8Array(columns * rows)
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++) {
      const pixels = Math.min(4, width - 4 * column) * Math.min(4, height - 4 * row)
      samples[i] = Math.min(255, Math.max(0, 128 + Math.floor(sums[i]! / (256 * pixels) + 0.5)))
    }
  return { width: columns, height: rows, samples }
}

/** How planes lie in one piece, luminance first. */
export interface PlanesForm {
  /** Pixels of luminance. */
  width: number
  height: number
  colour: boolean
}

export const formOf = ({ luma: { width, height }, colour }: Planes): PlanesForm => ({
  width,
  height,
  colour: colour !== null,
})

export function samplesIn({ width, height, colour }: PlanesForm): number {
  const [columns, rows] = quarter(width, height)
  return width * height + (colour ? 2 * columns * rows : 0)
}

export function joinPlanes({ luma, colour }: Planes): Uint8Array {
  const joined = new Uint8Array(samplesIn(formOf({ luma, colour })))
  let at = 0
  for (const { samples } of colour ? [luma, colour.blue, colour.red] : [luma]) {
    joined.set(samples, at)
    at += samples.length
  }
  return joined
}

/** @param joined as many as `samplesIn` says. */
export function splitPlanes(joined: Uint8Array, { width, height, colour }: PlanesForm): Planes {
  const [columns, rows] = quarter(width, height)
  const [luma, hue] = [width * height, columns * rows]
  const plane = (at: number) => ({ width: columns, height: rows, samples: joined.subarray(at, at + hue) })
  return {
    luma: { width, height, samples: joined.subarray(0, luma) },
    colour: colour ? { blue: plane(luma), red: plane(luma + hue) } : null,
  }
}
