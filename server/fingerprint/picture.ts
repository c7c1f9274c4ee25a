/**
 * Pixels of a still picture, upright, in sRGB, on white.
 *
 * libvips decodes. It gets bytes, never a path, and in a decoder process only the loaders of the formats on our list
 * are open.
 */
import { hash } from 'node:crypto'
import sharp from 'sharp'
import { RegistryError } from '../errors.ts'
import { type DecoderLimits, oneLine } from './job.ts'
import type { PixelPlane } from './pdq.ts'

/** Pixels a side to which libvips reduces; the hash reduces further by itself, for it needs other cells than libvips makes. JPEG of 12 megapixels
 *  is then decoded at a fraction of its size. */
const MAX_SIDE = 1024
/** Of the filters of libvips the one nearest to area: cubic moves hashes by 0.19 bits, Lanczos by 0.25. */
const KERNEL = 'mitchell'

/** SHA-256 of colour profiles that are sRGB itself: libvips changes no sample by them, and takes 20 ms a megapixel for
 * it. */
const SRGB_PROFILES = [
  // "sRGB IEC61966-2.1" of Hewlett-Packard, 3,144 bytes, which most cameras and editors write.
  '2b3aa1645779a9e634744faf9b01e9102b0c9b88fd6deced7934df86b949af7e',
  // "sRGB IEC61966-2-1 black scaled" of the ICC, 3,048 bytes.
  'c4c1153168e817be61a676e403c370ce2c485a6bd54fbb59c3850845cfefad00',
]

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
  const { width, height, plain } = await headerOf(bytes)
  if (width * height > maxPixels)
    throw new RegistryError(
      'media.too_large',
      `a picture of ${width}×${height} pixels; at most ${maxPixels} are decoded`,
    )
  return { width, height, pixels: await pixelsOf(bytes, { width, height, plain, maxPixels }) }
}

/** How many pictures a file holds. @throws RegistryError `media.undecodable` */
export async function pagesOf(bytes: Buffer): Promise<number> {
  const { pages = 1 } = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata().catch(undecodable)
  return pages
}

/** What the header says. The limit is ours to check, so that the message can name the size.
 * @returns plain: whether samples are sRGB as they stand. */
async function headerOf(bytes: Buffer): Promise<{ width: number; height: number; plain: boolean }> {
  const open = sharp(bytes, { failOn: 'error', limitInputPixels: false })
  const { autoOrient, icc, space } = await open.metadata().catch(undecodable)
  const plain = icc !== undefined && space === 'srgb' && SRGB_PROFILES.includes(hash('sha256', icc))
  return { ...autoOrient, plain }
}

interface PictureOptions {
  width: number
  height: number
  plain: boolean
  maxPixels: number
}

async function pixelsOf(bytes: Buffer, { width, height, plain, maxPixels }: PictureOptions): Promise<PixelPlane> {
  // 'error' refuses what is cut off or broken; 'warning' would refuse every odd tag that a camera writes.
  const upright = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, autoOrient: true, ignoreIcc: plain })
  const reduced =
    width > MAX_SIDE || height > MAX_SIDE
      ? upright.resize(Math.min(width, MAX_SIDE), Math.min(height, MAX_SIDE), { fit: 'fill', kernel: KERNEL })
      : upright
  const flat = reduced.flatten({ background: 'white' }).toColourspace('srgb').raw({ depth: 'uchar' })
  const { data, info } = await flat.toBuffer({ resolveWithObject: true }).catch(undecodable)
  if (info.channels !== 1 && info.channels !== 3)
    throw new RegistryError('media.undecodable', `a picture of ${info.channels} channels`)
  return { width: info.width, height: info.height, channels: info.channels, data }
}

function undecodable(cause: unknown): never {
  const words = cause instanceof Error ? cause.message : String(cause)
  // Of a file that is cut off libheif reports each attempt to look beyond the end; and now and then nobody says
  // anything.
  const told = oneLine(words.replace(/source: bad seek to \d+/g, '')).replace(
    /^(Unknown error)?$/,
    'it cannot be decoded',
  )
  throw new RegistryError('media.undecodable', told, { cause })
}
