/** The bytes that formats are made of. */
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { randomBytes, seeded } from '../random.ts'

export const noise = (seed: number, length: number) => Buffer.from(randomBytes(seeded(seed), length))

const integer = (length: number, write: (to: Buffer) => void) => {
  const bytes = Buffer.alloc(length)
  write(bytes)
  return bytes
}
export const u16 = (n: number) => integer(2, (to) => to.writeUInt16BE(n))
export const u32 = (n: number) => integer(4, (to) => to.writeUInt32BE(n))
export const u64 = (n: bigint) => integer(8, (to) => to.writeBigUInt64BE(n))
export const u16le = (n: number) => integer(2, (to) => to.writeUInt16LE(n))
export const u32le = (n: number) => integer(4, (to) => to.writeUInt32LE(n))

export type Part = Buffer | Uint8Array | string | number

/** Numbers are bytes, texts are Latin-1. */
export const join = (...parts: Part[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    ),
  )

export const repeated = (count: number, part: Part): Buffer => Buffer.concat(Array<Buffer>(count).fill(join(part)))

/** A copy with some bytes replaced. */
export function patched(bytes: Buffer, at: number, by: Part): Buffer {
  if (at < 0) throw new RangeError(`nothing to be patched at ${at}`)
  const copy = Buffer.from(bytes)
  join(by).copy(copy, at)
  return copy
}

/** A copy with `count` bits flipped. */
export function flippedBits(bytes: Buffer, seed: number, count: number): Buffer {
  const random = seeded(seed)
  const copy = Buffer.from(bytes)
  for (let i = 0; i < count; i++) copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8)
  return copy
}

/** A box of ISO media and QuickTime files. */
export function box(type: string, ...content: Part[]): Buffer {
  const body = join(...content)
  return join(u32(8 + body.length), type, body)
}

/** The first byte after the name of a box. */
export const inBox = (file: Buffer, type: string) => {
  const at = file.lastIndexOf(type, undefined, 'latin1')
  if (at < 0) throw new RangeError(`no box ${type}`)
  return at + 4
}

/** An element of Matroska, its size in eight bytes. */
export function element(id: string, ...content: Part[]): Buffer {
  const body = join(...content)
  return join(Buffer.from(id, 'hex'), 0x01, u64(BigInt(body.length)).subarray(1), body)
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const named = join(type, data)
  return join(u32(data.length), named, u32(crc32(named)))
}

export const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

export interface PngHeader {
  width: number
  height: number
  depth?: number
  /** 0 grey, 2 RGB, 6 RGB with alpha. */
  colour?: number
  interlaced?: boolean
}

/** A PNG file of any header; `chunks` come between header and end. */
export function png(
  { width, height, depth = 8, colour = 0, interlaced = false }: PngHeader,
  ...chunks: Buffer[]
): Buffer {
  const header = join(u32(width), u32(height), depth, colour, 0, 0, Number(interlaced))
  return join(PNG_SIGNATURE, pngChunk('IHDR', header), ...chunks, pngChunk('IEND', Buffer.alloc(0)))
}

const MEBIBYTE = 1 << 20

/** A zlib stream of so many zeros. It is put together from copies, so that not even its maker has to hold them. */
export function deflatedZeros(length: number): Buffer {
  const flushed = deflateRawSync(Buffer.alloc(MEBIBYTE), { level: 9, finishFlush: constants.Z_FULL_FLUSH })
  const rest = deflateRawSync(Buffer.alloc(length % MEBIBYTE), { level: 9 })
  const copies = Array.from({ length: Math.floor(length / MEBIBYTE) }, () => flushed)
  // Adler-32 of n zeros: its two sums are 1 and n.
  return join(0x78, 0xda, ...copies, rest, u16(length % 65_521), u16(1))
}

export type TiffEntry = [tag: number, type: 3 | 4, count: number, value: number]

/** A little-endian TIFF of one directory right after the header. `data` begins at `tiffDataAt(entries.length)`. */
export function tiff(
  entries: TiffEntry[],
  { next = 0, data = Buffer.alloc(0) }: { next?: number; data?: Buffer } = {},
) {
  const rows = entries.map(([tag, type, count, value]) => join(u16le(tag), u16le(type), u32le(count), u32le(value)))
  return join('II*\0', u32le(8), u16le(entries.length), ...rows, u32le(next), data)
}

export const tiffDataAt = (entries: number) => 8 + 2 + 12 * entries + 4

/** A GIF file; `blocks` come after the header. */
export const gif = (width: number, height: number, ...blocks: Part[]) =>
  join('GIF89a', u16le(width), u16le(height), 0x80, 0, 0, 0, 0, 0, 255, 255, 255, ...blocks, 0x3b)

/** One picture of a GIF, of which only the first pixel is there. */
export const gifImage = (width: number, height: number) =>
  join(0x2c, u16le(0), u16le(0), u16le(width), u16le(height), 0, 2, 2, 0x44, 0x01, 0)

/** A WebP file of any chunks. */
export function webp(...chunks: [type: string, data: Buffer][]): Buffer {
  const body = chunks.map(([type, data]) => join(type, u32le(data.length), data, ...(data.length % 2 ? [0] : [])))
  const all = join('WEBP', ...body)
  return join('RIFF', u32le(all.length), all)
}
