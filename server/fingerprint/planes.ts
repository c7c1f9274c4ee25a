/** A picture as luminance and colour, as evidence has it and as it is compared: samples of 8 bits, colour at a quarter of the size each way. */
import type { PixelPlane } from './area.ts'

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
  const luma: Plane = { width, height, samples: new Uint8Array(width * height) }
  if (channels === 1) {
    luma.samples.set(data)
    return { luma, colour: null }
  }
  const sums = cellSums(width, height)
  for (let y = 0, p = 0, i = 0; y < height; y++)
    for (let x = 0, row = (y >> 2) * sums.columns; x < width; x++, i++, p += 3) {
      const r = data[p]!
      const g = data[p + 1]!
      const b = data[p + 2]!
      const cell = row + (x >> 2)
      luma.samples[i] = (77 * r + 150 * g + 29 * b + 128) >> 8
      sums.blue[cell]! += -43 * r - 85 * g + 128 * b
      sums.red[cell]! += 128 * r - 107 * g - 21 * b
    }
  return { luma, colour: { blue: meansOf(sums.blue, width, height), red: meansOf(sums.red, width, height) } }
}

function cellSums(width: number, height: number) {
  const [columns, rows] = quarter(width, height)
  return { columns, blue: new Int32Array(columns * rows), red: new Int32Array(columns * rows) }
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
