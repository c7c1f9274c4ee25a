/** What the bytes are, before any decoder sees them: only what is on the list goes on, and to one decoder that is
 * named here. */
import { fileTypeFromBuffer } from 'file-type'
import { RegistryError } from '../errors.ts'

/** Bytes of the head of a file that `sniff` wants: enough for the extension headers of Matroska and for MPEG-TS. */
export const HEAD_BYTES = 65_536

export interface Sniffed {
  /** Who decodes: a picture library, or the demuxer named. Of a picture that may move, who decodes it if it does. */
  decoder: { kind: 'picture'; moving: Demuxer | null } | { kind: 'stream'; demuxer: Demuxer }
  /** Of the container; whether there is a picture in it is seen later. */
  mediaType: string
}

/** Demuxers of FFmpeg that may be opened: none that reads anything but its own bytes (not `hls`, `concat`, `dash`,
 * `image2`). */
export const DEMUXERS = [
  'mov',
  'matroska',
  'avi',
  'mpegts',
  'mpeg',
  'mpegvideo',
  'flv',
  'ogg',
  'mp3',
  'aac',
  'flac',
  'wav',
  'amr',
  'gif',
  'apng',
] as const
export type Demuxer = (typeof DEMUXERS)[number]

const ACCEPTED =
  'accepted are JPEG, PNG, WebP, AVIF, HEIC, GIF and TIFF pictures; MP4, MOV, 3GP, Matroska, WebM, AVI, MPEG, FLV and ' +
  'Ogg video; MP3, AAC, M4A, FLAC, WAV, Ogg, Opus and AMR sound'

const PICTURES = [
  'image/jpeg',
  'image/png',
  'image/apng',
  'image/webp',
  'image/avif',
  'image/heic',
  'image/gif',
  'image/tiff',
]

/** Pictures that may move, by the extension that they are told by. Of an animated WebP the first frame counts: FFmpeg does not read it. */
const MOVING: Record<string, Demuxer> = { gif: 'gif', apng: 'apng', avifs: 'mov' }

/** By the names of `file-type`; the second word is ours where theirs is not a registered one. */
const STREAMS: Record<string, [Demuxer, string?]> = {
  'video/mp4': ['mov'],
  'video/x-m4v': ['mov', 'video/mp4'],
  'video/quicktime': ['mov'],
  'video/3gpp': ['mov'],
  'video/3gpp2': ['mov'],
  'audio/mp4': ['mov'],
  'audio/x-m4a': ['mov', 'audio/mp4'],
  'video/matroska': ['matroska'],
  'video/webm': ['matroska'],
  'video/vnd.avi': ['avi'],
  'video/mp2t': ['mpegts'],
  'video/MP1S': ['mpeg', 'video/mpeg'],
  'video/MP2P': ['mpeg', 'video/mpeg'],
  'video/mpeg': ['mpegvideo'],
  'video/x-flv': ['flv'],
  'video/ogg': ['ogg'],
  'audio/ogg': ['ogg'],
  'audio/ogg; codecs=opus': ['ogg', 'audio/ogg'],
  'application/ogg': ['ogg', 'audio/ogg'],
  'audio/mpeg': ['mp3'],
  'audio/aac': ['aac'],
  'audio/flac': ['flac'],
  'audio/wav': ['wav'],
  'audio/amr': ['amr'],
}

/** Finds out what a file is from its first bytes.
 * @param head the first `HEAD_BYTES` of the file, or all of it.
 * @throws RegistryError `media.empty`; `media.unsupported` saying what was found instead. */
export async function sniff(head: Uint8Array): Promise<Sniffed> {
  if (head.length === 0) throw new RegistryError('media.empty', 'the file has no bytes')
  const text = textOf(head)
  if (text !== null) throw unsupported(nameOfText(text))
  const type = await typeOf(head)
  if (!type) throw unsupported('nothing that is known')
  if (PICTURES.includes(type.mime))
    return { decoder: { kind: 'picture', moving: MOVING[type.ext] ?? null }, mediaType: type.mime }
  const stream = STREAMS[type.mime]
  if (!stream) throw unsupported(nameOfType(type))
  const [demuxer, mediaType = type.mime] = stream
  return { decoder: { kind: 'stream', demuxer }, mediaType }
}

const unsupported = (found: string) => new RegistryError('media.unsupported', `found ${found}; ${ACCEPTED}`)

async function typeOf(head: Uint8Array): Promise<{ ext: string; mime: string } | undefined> {
  const brand = heifBrand(head)
  if (brand) return brand
  // Its parsers give up on malformed headers by throwing now and then; that is nothing known, too.
  const type = await fileTypeFromBuffer(head, { maxBufferSize: 2 * HEAD_BYTES }).catch(() => undefined)
  return type ?? tiff(head)
}

/** `file-type` follows a TIFF to its directory to tell camera formats, and gives up where that lies beyond the head;
 * theirs lies before. */
function tiff(head: Uint8Array): { ext: string; mime: string } | undefined {
  const magic = Buffer.from(head.subarray(0, 4)).toString('latin1')
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(magic) ? { ext: 'tif', mime: 'image/tiff' } : undefined
}

/** `file-type` goes by the major brand alone: it calls AVIF of the brand `mif1` HEIC, and takes rarer HEIC brands for
 * MP4. */
function heifBrand(head: Uint8Array): { ext: string; mime: string } | undefined {
  const latin1 = Buffer.from(head.subarray(0, 256)).toString('latin1')
  if (latin1.slice(4, 8) !== 'ftyp') return undefined
  const boxBytes = Math.min(new DataView(head.buffer, head.byteOffset).getUint32(0), latin1.length)
  const brands = [latin1.slice(8, 12), ...(latin1.slice(16, boxBytes).match(/.{4}/gs) ?? [])]
  const pictures = /^(mif1|msf1|miaf|heic|heix|heim|heis|hevc|hevx|hevm|hevs|avif|avis)$/
  if (!pictures.test(brands[0]!)) return undefined
  if (brands[0] === 'avis') return { ext: 'avifs', mime: 'image/avif' }
  if (brands.includes('avif') || brands.includes('avis')) return { ext: 'avif', mime: 'image/avif' }
  return { ext: 'heic', mime: 'image/heic' }
}

/** The head as text, or null if it is not: UTF-8 or UTF-16 with a mark, and no control characters. */
function textOf(head: Uint8Array): string | null {
  const utf16 =
    head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : null
  try {
    // "stream": the head may end in the middle of a character.
    const text = new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(head, { stream: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells bytes from text.
    return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text
  } catch {
    // Latin-1 is not looked for: any bytes would pass. Playlists are told by their first line all the same.
    const latin1 = Buffer.from(head.subarray(0, 32)).toString('latin1')
    return /^(#EXTM3U|ffconcat version)/.test(latin1) ? latin1 : null
  }
}

function nameOfText(text: string): string {
  const start = text.trimStart().slice(0, 4096)
  if (/^#EXTM3U/.test(start)) return 'a playlist (M3U)'
  if (/^ffconcat version/.test(start)) return 'a playlist (ffconcat)'
  if (/^\[playlist\]/i.test(start)) return 'a playlist (PLS)'
  if (/^WEBVTT/.test(start)) return 'subtitles (WebVTT)'
  if (start.startsWith('<')) return nameOfMarkup(start)
  return 'text'
}

function nameOfMarkup(start: string): string {
  if (/<svg[\s>]/i.test(start)) return 'SVG'
  if (/<MPD[\s>]/.test(start)) return 'a playlist (DASH)'
  if (/<SmoothStreamingMedia[\s>]/.test(start)) return 'a playlist (Smooth Streaming)'
  if (/<!doctype html|<html[\s>]/i.test(start)) return 'HTML'
  return start.startsWith('<?xml') ? 'XML' : 'text'
}

/** "HEIC picture (image/heic)". */
function nameOfType({ ext, mime }: { ext: string; mime: string }): string {
  const nouns: Record<string, string> = { image: 'picture', video: 'video', audio: 'sound' }
  return `${ext.toUpperCase()} ${nouns[mime.split('/')[0]!] ?? 'file'} (${mime})`
}
