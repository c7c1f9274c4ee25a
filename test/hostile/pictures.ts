/** Pictures that are cut off, too large, or larger than they look. */
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { texture, toSharp } from '../fingerprint/media.ts'
import {
  box,
  deflatedZeros,
  flippedBits,
  gif,
  gifImage,
  inBox,
  join,
  noise,
  PNG_SIGNATURE,
  patched,
  png,
  pngChunk,
  repeated,
  type TiffEntry,
  tiff,
  tiffDataAt,
  u16,
  u16le,
  u32,
  u32le,
  webp,
} from './bytes.ts'
import type { Media } from './inputs.ts'

/** Sound pictures of each format. */
async function samples(): Promise<Record<string, Buffer>> {
  const plane = await texture(11, 160, 120)
  const of = () => toSharp(plane)
  return {
    jpeg: await of().jpeg().toBuffer(),
    progressive: await of().jpeg({ progressive: true }).toBuffer(),
    png: await of().png().toBuffer(),
    webp: await of().webp().toBuffer(),
    lossless: await of().webp({ lossless: true }).toBuffer(),
    avif: await of().avif({ effort: 0 }).toBuffer(),
    gif: await of().gif().toBuffer(),
    tiff: await of().tiff({ compression: 'deflate' }).toBuffer(),
  }
}

/** Each format cut off at many lengths. */
export async function truncatedPictures(): Promise<Media[]> {
  const lengths = (whole: number) => [3, 40, ...[0.2, 0.5, 0.8].map((part) => Math.floor(part * whole))]
  return Object.entries(await samples()).flatMap(([format, bytes]) =>
    lengths(bytes.length).map((length) => ({
      name: `${format} cut off at ${length} of ${bytes.length} bytes`,
      bytes: bytes.subarray(0, length),
    })),
  )
}

/** Each format with its last byte gone, and with bits flipped: some of it may be read all the same. */
export async function damagedPictures(): Promise<Media[]> {
  return Object.entries(await samples()).flatMap(([format, bytes], i) => [
    { name: `${format} without its last byte`, bytes: bytes.subarray(0, -1) },
    { name: `${format} with rubbish behind it`, bytes: join(bytes, noise(i, 5_000)) },
    ...[1, 32].map((count) => ({
      name: `${format} with ${count} bits flipped`,
      bytes: flippedBits(bytes, 100 * i + count, count),
    })),
  ])
}

/** Headers that announce more than anybody decodes, in each format. */
export async function hugePictures(): Promise<Media[]> {
  const { jpeg, progressive, webp: lossy, lossless, avif } = (await samples()) as Record<string, Buffer>
  const sof = (bytes: Buffer, marker: number) => bytes.indexOf(Buffer.of(0xff, marker, 0, 17)) + 5
  const size = (width: number, height: number) => join(u32(width), u32(height))
  const some = deflateSync(Buffer.alloc(100_000))
  const canvas = Buffer.from('0000000000ffffff00ff0000'.slice(0, 20), 'hex')
  return [
    ...[
      [60_000, 60_000],
      [20_000, 20_000],
      [10_001, 10_000],
      [0x7fffffff, 0x7fffffff],
      [0x7fffffff, 1],
    ].map(([width = 0, height = 0]) => ({
      name: `PNG of ${width}×${height}`,
      bytes: png({ width, height }, pngChunk('IDAT', some)),
    })),
    { name: 'JPEG of 65535×65535', bytes: patched(jpeg!, sof(jpeg!, 0xc0), join(u16(65_535), u16(65_535))) },
    {
      name: 'progressive JPEG of 65535×65535',
      bytes: patched(progressive!, sof(progressive!, 0xc2), join(u16(65_535), u16(65_535))),
    },
    { name: 'JPEG of 12000×12000', bytes: patched(jpeg!, sof(jpeg!, 0xc0), join(u16(12_000), u16(12_000))) },
    { name: 'GIF of 65535×65535 with a picture as large', bytes: gif(65_535, 65_535, gifImage(65_535, 65_535)) },
    { name: 'GIF of 1×1 with a picture of 65535×65535', bytes: gif(1, 1, gifImage(65_535, 65_535)) },
    {
      name: 'WebP of 16383×16383',
      bytes: patched(lossy!, lossy!.indexOf(Buffer.from('9d012a', 'hex')) + 3, Buffer.from('ff3fff3f', 'hex')),
    },
    {
      name: 'lossless WebP of 16384×16384',
      bytes: patched(lossless!, lossless!.indexOf('VP8L') + 9, Buffer.from('ffffff0f', 'hex')),
    },
    {
      name: 'WebP with a canvas of 16777216×256',
      bytes: webp(['VP8X', canvas], ['VP8 ', lossy!.subarray(20)]),
    },
    { name: 'AVIF of 100000×100000', bytes: patched(avif!, inBox(avif!, 'ispe') + 4, size(100_000, 100_000)) },
    { name: 'AVIF of 4294967295×1', bytes: patched(avif!, inBox(avif!, 'ispe') + 4, size(0xffffffff, 1)) },
    ...[
      [100_000, 100_000],
      [0xffffffff, 0xffffffff],
      [0xffffffff, 1],
      [20_000, 20_000],
    ].map(([width = 0, height = 0]) => ({
      name: `TIFF of ${width}×${height}`,
      bytes: deflatedTiff(width, height, some),
    })),
  ]
}

function tiffEntries(width: number, height: number, strip: number, stripBytes: number): TiffEntry[] {
  return [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, 8],
    [259, 3, 1, 8],
    [262, 3, 1, 1],
    [273, 4, 1, strip],
    [277, 3, 1, 1],
    [278, 4, 1, height],
    [279, 4, 1, stripBytes],
  ]
}

function deflatedTiff(width: number, height: number, data: Buffer): Buffer {
  const entries = tiffEntries(width, height, tiffDataAt(9), data.length)
  return tiff(entries, { data })
}

/** A million times as much as they look, but refused by their headers. */
export async function bombs(): Promise<Media[]> {
  const rows = (width: number, height: number, bits = 8) => (1 + Math.ceil((width * bits) / 8)) * height
  const zeros = (width: number, height: number, bits = 8) => pngChunk('IDAT', deflatedZeros(rows(width, height, bits)))
  const grey = (width: number, height: number) => png({ width, height }, zeros(width, height))
  return [
    { name: 'PNG of 20000×20000 zeros', bytes: grey(20_000, 20_000) },
    {
      name: 'PNG of 20000×20000 zeros of 1 bit',
      bytes: png({ width: 20_000, height: 20_000, depth: 1 }, zeros(20_000, 20_000, 1)),
    },
    {
      name: 'PNG of 30000×30000 zeros of 64 bits',
      bytes: png({ width: 30_000, height: 30_000, depth: 16, colour: 6 }, zeros(30_000, 30_000, 64)),
    },
    { name: 'PNG of 2000000×60 zeros', bytes: grey(2_000_000, 60) },
    { name: 'TIFF of 30000×30000 zeros', bytes: deflatedTiff(30_000, 30_000, deflatedZeros(900_000_000)) },
    {
      name: 'TIFF with a strip of 900 MB in 100 bytes',
      bytes: deflatedTiff(11_000, 11_000, deflatedZeros(900_000_000)),
    },
  ]
}

/** Work and memory within the limits, or beside the picture: whatever is answered, the server stays as it is. */
export async function burdens(): Promise<Media[]> {
  const large = { width: 9_999, height: 9_999 }
  const interlaced = pngChunk('IDAT', deflatedZeros(4 * 9_999 * 9_999 + 8 * 9_999))
  const tiny = pngChunk('IDAT', deflateSync(Buffer.alloc(11 * 10)))
  const [profile, text] = [deflatedZeros(500_000_000), deflatedZeros(200_000_000)]
  const loop = tiff(tiffEntries(1, 1, 8, 1), { next: 8 })
  const frames = (format: 'gif' | 'webp') =>
    sharp(noise(5, 12 * 16 * 3_000), { raw: { width: 4, height: 16 * 3_000, channels: 3, pageHeight: 16 } })
      .toFormat(format, { effort: 1, loop: 0 })
      .toBuffer()
  return [
    {
      name: 'PNG of 9999×9999, interlaced, with alpha',
      bytes: png({ ...large, colour: 6, interlaced: true }, interlaced),
    },
    {
      name: 'PNG of 2000000×40',
      bytes: png({ width: 2_000_000, height: 40 }, pngChunk('IDAT', deflatedZeros(80_000_040))),
    },
    { name: 'PNG of 10×10 with 500 MB of pixels', bytes: png({ width: 10, height: 10 }, pngChunk('IDAT', profile)) },
    {
      name: 'PNG with a colour profile of 500 MB',
      bytes: png({ width: 10, height: 10 }, pngChunk('iCCP', join('x', 0, 0, profile)), tiny),
    },
    {
      name: 'PNG with a text of 200 MB',
      bytes: png({ width: 10, height: 10 }, pngChunk('zTXt', join('x', 0, 0, text)), tiny),
    },
    {
      name: 'PNG with 20000 chunks of text',
      bytes: png({ width: 10, height: 10 }, repeated(20_000, pngChunk('tEXt', join('a', 0, 'b'))), tiny),
    },
    { name: 'TIFF of 9999×9999 zeros', bytes: deflatedTiff(9_999, 9_999, deflatedZeros(9_999 * 9_999)) },
    { name: 'TIFF whose directory follows itself', bytes: loop },
    { name: 'TIFF of 5000 directories', bytes: manyDirectories(5_000) },
    { name: 'TIFF with a directory of 65535 entries', bytes: join('II*\0', u32le(8), u16le(65_535), noise(6, 65_535)) },
    // Its header is corrected by what its picture says.
    { name: 'GIF of 65535×65535', bytes: patched((await samples()).gif!, 6, join(u16le(65_535), u16le(65_535))) },
    { name: 'animated GIF of 3000 frames', bytes: await frames('gif') },
    { name: 'animated WebP of 3000 frames', bytes: await frames('webp') },
    { name: 'GIF of 100000 pictures', bytes: gif(8, 8, repeated(100_000, gifImage(1, 1))) },
    { name: 'JPEG of 2000 scans', bytes: await manyScans(2_000) },
  ]
}

/** Directories one after the other, each the next one's neighbour. */
function manyDirectories(count: number): Buffer {
  const length = tiffDataAt(9) - 8
  const one = (i: number) =>
    tiff(tiffEntries(1, 1, 8, 1), { next: i + 1 < count ? 8 + (i + 1) * length : 0 }).subarray(8)
  return join('II*\0', u32le(8), ...Array.from({ length: count }, (_, i) => one(i)))
}

/** A progressive JPEG whose last scan comes again and again. */
async function manyScans(count: number): Promise<Buffer> {
  const { progressive } = await samples()
  const last = progressive!.lastIndexOf(Buffer.of(0xff, 0xda))
  const scan = progressive!.subarray(last, -2)
  return join(progressive!.subarray(0, last), repeated(count, scan), 0xff, 0xd9)
}

/** The first bytes of a picture, and then anything. */
export async function rubbishPictures(): Promise<Media[]> {
  const rubbish = noise(21, 20_000)
  const starts: Record<string, Buffer> = {
    JPEG: Buffer.from('ffd8ffe000104a46494600', 'hex'),
    PNG: PNG_SIGNATURE,
    'PNG with a header': png({ width: 100, height: 100 }).subarray(0, 33),
    WebP: join('RIFF', u32le(20_000), 'WEBPVP8 '),
    GIF: gif(100, 100).subarray(0, -1),
    TIFF: join('II*\0', u32le(8)),
    'big-endian TIFF': join('MM\0*', u32(8)),
    BigTIFF: join('II+\0', u16le(8), u16le(0), u32le(16), u32le(0)),
    AVIF: join(box('ftyp', 'avif', u32(0), 'mif1avif'), u32(10_000), 'meta'),
  }
  const media = Object.entries(starts).map(([name, start]) => ({
    name: `${name} and then rubbish`,
    bytes: join(start, rubbish),
  }))
  return [
    ...media,
    { name: 'PNG of 0×0', bytes: png({ width: 0, height: 0 }) },
    { name: 'PNG without pixels', bytes: png({ width: 9, height: 9 }) },
  ]
}
