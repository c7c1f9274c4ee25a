/** Sound files of every format that is read, small, for mutations to start from. */
import { makeSound, makeVideo, makeWav, texture, toSharp } from '../fingerprint/media.ts'
import { type Bait, entangledMedia } from '../hostile/references.ts'

export interface Seed {
  name: string
  bytes: Buffer
}

/** @param bait a file and an address that some of them name: whoever follows these is seen. */
export async function mediaSeeds(bait: Bait): Promise<Seed[]> {
  const named = (await entangledMedia(bait)).map(({ name, bytes }) => ({ name, bytes }))
  return [...(await pictures()), ...(await videos()), ...(await sounds()), ...named]
}

async function pictures(): Promise<Seed[]> {
  const plane = await texture(5, 96, 72)
  const of = () => toSharp(plane)
  const made = {
    jpeg: of().jpeg({ quality: 70 }),
    'progressive jpeg': of().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    'jpeg with EXIF': of().withMetadata({ orientation: 6 }).jpeg(),
    png: of().png(),
    'png of a palette': of().png({ palette: true, progressive: true }),
    'png of 16 bits': of().toColourspace('rgb16').png(),
    webp: of().webp(),
    'lossless webp': of().ensureAlpha(0.5).webp({ lossless: true }),
    avif: of().avif({ effort: 0 }),
    gif: of().gif(),
    'tiff by deflate': of().tiff({ compression: 'deflate' }),
    'tiff by LZW': of().tiff({ compression: 'lzw', predictor: 'horizontal' }),
    'tiff of tiles': of().tiff({ tile: true, tileWidth: 32, tileHeight: 32, compression: 'jpeg' }),
  }
  return await Promise.all(
    Object.entries(made).map(async ([name, picture]) => ({ name, bytes: await picture.toBuffer() })),
  )
}

async function videos(): Promise<Seed[]> {
  const kinds = [
    ['mp4', 'libx264'],
    ['mov', 'mjpeg'],
    ['matroska', 'libx264'],
    ['webm', 'libvpx'],
    ['mpegts', 'libx264'],
    ['flv', 'libx264'],
    ['avi', 'mpeg4'],
    ['vob', 'mpeg2video'],
    ['mpeg2video', 'mpeg2video'],
    ['3gp', 'mpeg4'],
  ] as const
  const frames = Array.from({ length: 8 }, (_, seed) => ({ seed, ms: 200 * seed }))
  const made: Seed[] = []
  for (const [format, encoder] of kinds)
    made.push({
      name: `${format} by ${encoder}`,
      bytes: await makeVideo({ format, encoder, frames, width: 96, height: 72 }),
    })
  return made
}

async function sounds(): Promise<Seed[]> {
  const kinds = [
    ['mp4', 'aac'],
    ['adts', 'aac'],
    ['mp3', 'libmp3lame'],
    ['ogg', 'libvorbis'],
    ['flac', 'flac'],
  ] as const
  const made: Seed[] = [{ name: 'wav', bytes: makeWav(1) }]
  for (const [format, encoder] of kinds)
    made.push({ name: `${format} by ${encoder}`, bytes: await makeSound({ format, encoder }) })
  made.push({ name: 'm4a with a cover', bytes: await makeSound({ cover: true }) })
  return made
}
