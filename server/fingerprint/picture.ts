/**
 * Pixels of a still picture, upright, in sRGB, on white.
 *
 * libvips decodes. It gets bytes, never a path, and in a decoder process only the loaders of the formats on our list are open.
 */
import sharp from 'sharp'
import { RegistryError } from '../errors.ts'
import { type DecoderLimits, oneLine } from './job.ts'
import type { PixelPlane } from './pdq.ts'

/** Pixels a side above which libvips reduces, before the hash reduces to 512 by area. Of 104 pictures of the corpus none moves a bit at
 *  1024; at 512 they move by 0.1 bits in the mean and 4 at most (and a picture of 0.55 megapixels costs 19 ms instead of 25). */
const MAX_SIDE = 1024

const LOADERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff'].map((name) => `VipsForeignLoad${name}Buffer`)

/** Sets up libvips for a process that only decodes; it holds for the whole process. */
export function restrictLibvips(): void {
  // One picture at a time, for the pool fills the cores; a cache would only keep candidates in memory.
  sharp.concurrency(1)
  sharp.cache(false)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: LOADERS })
}

export interface DecodedPicture {
  /** Pixels, upright, before reduction. */
  width: number
  height: number
  /** At most 1024 a side, each side reduced for itself as PDQ does. */
  pixels: PixelPlane
}

/** Decodes a picture: first frame, EXIF orientation applied, colours to sRGB, alpha on white, 8 bits.
 * @throws RegistryError `media.too_large` naming the size; `media.undecodable` with the decoder's words. */
export async function decodePicture(bytes: Buffer, { maxPixels }: DecoderLimits): Promise<DecodedPicture> {
  const { width, height } = await sizeOf(bytes)
  if (width * height > maxPixels)
    throw new RegistryError(
      'media.too_large',
      `a picture of ${width}×${height} pixels; at most ${maxPixels} are decoded`,
    )
  return { width, height, pixels: await pixelsOf(bytes, width, height, maxPixels) }
}

/** Reads the header only; the limit is ours to check, so that the message can name the size. */
async function sizeOf(bytes: Buffer): Promise<{ width: number; height: number }> {
  const { autoOrient } = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata().catch(undecodable)
  return autoOrient
}

async function pixelsOf(bytes: Buffer, width: number, height: number, maxPixels: number): Promise<PixelPlane> {
  // 'error' refuses what is cut off or broken; 'warning' would refuse every odd tag that a camera writes.
  const upright = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, autoOrient: true, pages: 1 })
  const reduced =
    width > MAX_SIDE || height > MAX_SIDE
      ? upright.resize(Math.min(width, MAX_SIDE), Math.min(height, MAX_SIDE), { fit: 'fill', kernel: 'linear' })
      : upright
  const flat = reduced.flatten({ background: 'white' }).toColourspace('srgb').raw({ depth: 'uchar' })
  const { data, info } = await flat.toBuffer({ resolveWithObject: true }).catch(undecodable)
  if (info.channels !== 1 && info.channels !== 3)
    throw new RegistryError('media.undecodable', `a picture of ${info.channels} channels`)
  return { width: info.width, height: info.height, channels: info.channels, data }
}

function undecodable(cause: unknown): never {
  const words = cause instanceof Error ? cause.message : String(cause)
  // Of a file that is cut off libheif reports each attempt to look beyond the end; and now and then nobody says anything.
  const told = oneLine(words.replace(/source: bad seek to \d+/g, '')).replace(
    /^(Unknown error)?$/,
    'it cannot be decoded',
  )
  throw new RegistryError('media.undecodable', told, { cause })
}
