/** A decoded frame as the pixels that are hashed (RGB, full range, upright, at most 512 a side), and as a small grey picture. */
import type { Frame, SoftwareScaleContext } from 'node-av/lib'
import { RegistryError } from '../errors.ts'
import type { Bars } from './bars.ts'
import type { Av } from './container.ts'
import { FROM_HLG, FROM_PQ } from './hdr.ts'
import type { PixelPlane } from './pdq.ts'
import { type Size, sizeWithin } from './view.ts'

/** Pixels. Each side is reduced for itself, as PDQ does: over the 318 frames of the corpus hashes move by 0.1 bits in
 * the mean and 2 at most from those of full frames. Keeping the aspect moves them by 5.5 and 28; a side of 256 by 13
 * and 42. */
const MAX_SIDE = 512

/** Pixels. Where bars are wide, a frame is reduced less, and to no more than this. */
const MAX_BARRED_SIDE = 2_048

/** Area, with exact rounding and colour at full resolution: without the latter two 0.8 bits and 4. */
const FLAGS = 'area+accurate_rnd+full_chroma_int'

/** Where column x and row y of a frame go when it is shown: along rows or down them, from the near or the far end. */
interface Pose {
  swap: boolean
  flipX: boolean
  flipY: boolean
}

export interface Rasteriser {
  /** @param bars what lies between them has at most `side` pixels a side, 512 unless told.
   * @returns pixels upright, and how large the frame is shown, before reduction.
   * @throws RegistryError `media.undecodable` if FFmpeg cannot convert it. */
  render(
    frame: Frame,
    bars?: Bars | null,
    side?: number,
  ): Promise<{ pixels: PixelPlane; width: number; height: number }>
  /** @returns the frame in grey, upright, at its true proportions, the longer side at most so long. @throws as `render`. */
  miniature(frame: Frame, longerSide: number): Promise<PixelPlane>
  free(): void
}

/** Converts frames with one scaler, which looks at each frame's own size, format, colour matrix and range.
 * @param maxPixels of a frame as it is shown. */
export function createRasteriser(av: Av, maxPixels: number): Rasteriser {
  const scalers = { colour: openScaler(av), grey: openScaler(av) }
  const poseIn = (frame: Frame) => poseOf(frame.getSideData(av.AV_FRAME_DATA_DISPLAYMATRIX))
  const shown = async (frame: Frame, size: Size, channels: 1 | 3) => {
    const small = await scale(av, channels === 3 ? scalers.colour : scalers.grey, frame, { ...size, channels })
    try {
      const plane = turn(small, poseIn(frame), channels)
      const curve = curveOf(av, frame)
      return curve ? { ...plane, data: plane.data.map((value) => curve[value]!) } : plane
    } finally {
      small.free()
    }
  }
  return {
    async render(frame, bars = null, most = MAX_SIDE) {
      const { swap } = poseIn(frame)
      const [w, h] = swap ? [bars?.h ?? 1, bars?.w ?? 1] : [bars?.w ?? 1, bars?.h ?? 1]
      const side = (length: number, part: number) => Math.min(length, Math.ceil(most / part), MAX_BARRED_SIDE)
      const pixels = await shown(frame, { width: side(frame.width, w), height: side(frame.height, h) }, 3)
      const { width, height } = squared(frame, maxPixels)
      return { pixels, ...(swap ? { width: height, height: width } : { width, height }) }
    },
    async miniature(frame, longerSide) {
      const size = squared(frame, maxPixels)
      const longer = Math.max(size.width, size.height)
      return shown(frame, sizeWithin(size, Math.min(longer, longerSide)), 1)
    },
    free: () => [scalers.colour, scalers.grey].forEach((scaler) => void scaler.freeContext()),
  }
}

/** Beyond these a ratio is a broken header. */
const MAX_RATIO = 8

/** The size with square pixels, as players show it: another width, or where that would be too large, another height. */
export function squared(
  { width, height, sampleAspectRatio: { num, den } }: Pick<Frame, 'width' | 'height' | 'sampleAspectRatio'>,
  maxPixels: number,
): Size {
  const ratio = num > 0 && den > 0 ? num / den : 1
  if (ratio === 1 || ratio > MAX_RATIO || ratio < 1 / MAX_RATIO) return { width, height }
  const wide = Math.max(1, Math.round(width * ratio))
  return wide * height <= maxPixels
    ? { width: wide, height }
    : { width, height: Math.max(1, Math.round(height / ratio)) }
}

/** What takes samples of high dynamic range to those that a player shows on an ordinary screen. */
function curveOf(av: Av, { colorTrc }: Frame): Uint8Array | null {
  if (colorTrc === av.AVCOL_TRC_SMPTE2084) return FROM_PQ
  return colorTrc === av.AVCOL_TRC_ARIB_STD_B67 ? FROM_HLG : null
}

function openScaler(av: Av): SoftwareScaleContext {
  const scaler = new av.SoftwareScaleContext()
  scaler.allocContext()
  scaler.setOption('sws_flags', FLAGS)
  return scaler
}

async function scale(
  av: Av,
  scaler: SoftwareScaleContext,
  frame: Frame,
  { width, height, channels }: Size & { channels: 1 | 3 },
): Promise<Frame> {
  const small = new av.Frame()
  small.alloc()
  small.format = channels === 3 ? av.AV_PIX_FMT_RGB24 : av.AV_PIX_FMT_GRAY8
  small.width = width
  small.height = height
  if (channels === 3) small.colorSpace = av.AVCOL_SPC_RGB
  small.colorRange = av.AVCOL_RANGE_JPEG
  small.getBuffer(0)
  if (scaler.scaleFrameSync(small, frame) >= 0) return small
  // Colours that nobody has defined, from a broken header: those of ordinary video, then.
  frame.colorSpace = av.AVCOL_SPC_UNSPECIFIED
  frame.colorPrimaries = av.AVCOL_PRI_UNSPECIFIED
  frame.colorTrc = av.AVCOL_TRC_UNSPECIFIED
  const code = scaler.scaleFrameSync(small, frame)
  if (code >= 0) return small
  small.free()
  throw new RegistryError('media.undecodable', `its frames cannot be converted: ${av.FFmpegError.strerror(code)}`)
}

/** The nearest of the eight poses to a display matrix: 3×3 integers, the first two of each row in 1/65,536.
 * A point (x, y) is shown at (a·x + c·y, b·x + d·y). */
export function poseOf(matrix: Uint8Array | null): Pose {
  if (!matrix || matrix.length < 20) return { swap: false, flipX: false, flipY: false }
  const view = new DataView(matrix.buffer, matrix.byteOffset, matrix.byteLength)
  const [a, b, c, d] = [0, 4, 12, 16].map((at) => view.getInt32(at, true)) as [number, number, number, number]
  if (Math.abs(b) > Math.abs(a)) return { swap: true, flipX: c < 0, flipY: b < 0 }
  return { swap: false, flipX: a < 0, flipY: d < 0 }
}

function turn(frame: Frame, { swap, flipX, flipY }: Pose, channels: 1 | 3): PixelPlane {
  const { width, height } = frame
  const from = frame.data![0]!
  const rowBytes = frame.linesize[0]!
  const shown = swap ? { width: height, height: width } : { width, height }
  const data = new Uint8Array(width * height * channels)
  if (!swap && !flipX && !flipY) {
    for (let y = 0; y < height; y++)
      data.set(from.subarray(y * rowBytes, y * rowBytes + width * channels), y * width * channels)
    return { ...shown, channels, data }
  }
  for (let y = 0, to = 0; y < shown.height; y++)
    for (let x = 0; x < shown.width; x++, to += channels) {
      const [u, v] = [flipX ? shown.width - 1 - x : x, flipY ? shown.height - 1 - y : y]
      const at = swap ? u * rowBytes + v * channels : v * rowBytes + u * channels
      for (let k = 0; k < channels; k++) data[to + k] = from[at + k]!
    }
  return { ...shown, channels, data }
}
