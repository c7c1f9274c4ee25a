/** Files that name others: whoever follows them reads a file of the server, or asks another server. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { texture, toSharp } from '../fingerprint/media.ts'
import { box, element, gif, gifImage, inBox, join, patched, u16, u32, u32le } from './bytes.ts'
import type { Media } from './inputs.ts'

/** What must not be followed. Both lead to media that can be decoded, so that an answer would tell. */
export interface Bait {
  /** `file:///…` */
  file: string
  /** `http://127.0.0.1:…/` */
  url: string
}

const UTF8_MARK = Buffer.from('efbbbf', 'hex')
const example = (name: string) => readFileSync(new URL(`../../examples/${name}`, import.meta.url))

/** Playlists and markup: refused by name, whatever they are called. */
export function playlists({ file, url }: Bait): Media[] {
  const hls = (to: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${to}\n#EXT-X-ENDLIST\n`
  const svg = (inside: string, head = '') =>
    `${head}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="99" height="99">${inside}</svg>`
  const mpd = (to: string) =>
    `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${to}</BaseURL></Representation></AdaptationSet></Period></MPD>`
  const both = (name: string, write: (to: string) => string): Media[] => [
    { name: `${name} that names a file`, bytes: Buffer.from(write(file)), type: 'video/mp4' },
    { name: `${name} that names an address`, bytes: Buffer.from(write(url)), type: 'image/png' },
  ]
  const one = (name: string, write: (to: string) => string): Media => both(name, write)[1]!
  return [
    ...both('HLS', hls),
    ...both('HLS with a key', (to) =>
      hls(`${url}a.ts`).replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="${to}"\n#EXTINF`),
    ),
    ...both('HLS of several', (to) => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${to}\n`),
    ...both('M3U', (to) => `#EXTM3U\n#EXTINF:1,a\n${to}\n`),
    ...both('ffconcat', (to) => `ffconcat version 1.0\nfile '${to}'\nduration 10\n`),
    ...both('DASH', mpd),
    one('Smooth Streaming', (to) => `<SmoothStreamingMedia><StreamIndex Url="${to}"/></SmoothStreamingMedia>`),
    one('PLS', (to) => `[playlist]\nFile1=${to}\nNumberOfEntries=1\n`),
    one(
      'XSPF',
      (to) =>
        `<?xml version="1.0"?><playlist><trackList><track><location>${to}</location></track></trackList></playlist>`,
    ),
    one('ASX', (to) => `<asx version="3.0"><entry><ref href="${to}"/></entry></asx>`),
    one('SMIL', (to) => `<smil><body><video src="${to}"/></body></smil>`),
    one(
      'a composition (IMF)',
      (to) => `<?xml version="1.0"?><CompositionPlaylist><Id>${to}</Id></CompositionPlaylist>`,
    ),
    ...both('SVG with a picture', (to) => svg(`<image xlink:href="${to}" width="99" height="99"/>`)),
    one('SVG with a style sheet', (to) => svg('', `<?xml version="1.0"?><?xml-stylesheet href="${to}"?>`)),
    ...both('SVG with an external entity', (to) =>
      svg('<text>&x;</text>', `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "${to}">]>`),
    ),
    one('HTML', (to) => `<html><video src="${to}"></video></html>`),
    one(
      'a drawing (MVG)',
      (to) => `push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 9,9 '${to}'\npop graphic-context\n`,
    ),
    one('a shortcut', (to) => `[InternetShortcut]\nURL=${to}\n`),
    ...both('an address alone', (to) => `${to}\n`),
    {
      name: 'SDP',
      bytes: Buffer.from(
        `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video ${new URL(url).port} RTP/AVP 96\r\n`,
      ),
    },
    { name: 'a cue sheet', bytes: Buffer.from(`FILE "${new URL(file).pathname}" WAVE\n TRACK 01 AUDIO\n`) },
    { name: 'HLS with a byte order mark', bytes: join(UTF8_MARK, hls(file)) },
    { name: 'HLS in UTF-16', bytes: join(0xff, 0xfe, Buffer.from(hls(file), 'utf16le')) },
    { name: 'HLS after empty lines', bytes: Buffer.from(`\n\n  ${hls(file)}`) },
    { name: 'HLS with bytes that are no text', bytes: join(hls(file), 0, 0xff, 0xfe, 1) },
    { name: 'HLS in gzip', bytes: gzipSync(hls(file)) },
    { name: 'ffconcat with bytes that are no text', bytes: join(`ffconcat version 1.0\nfile '${file}'\n`, 0, 0xff, 1) },
    { name: 'ffconcat after a remark', bytes: Buffer.from(`# x\nffconcat version 1.0\nfile '${file}'\n`) },
    { name: 'HLS behind the header of an MP4', bytes: join(box('ftyp', 'isom', u32(0), 'isom'), hls(file)) },
    { name: 'HLS behind a tag of an MP3', bytes: join('ID3', 3, 0, 0, 0, 0, 0, 0, hls(file)) },
  ]
}

/** Sound media that name others on the way: they count for what they are themselves. */
export async function entangledMedia(bait: Bait): Promise<Media[]> {
  const hls = `#EXTM3U\n#EXTINF:10,\n${bait.file}\n#EXT-X-ENDLIST\n`
  const [mp4, webm] = [example('crossing.mp4'), example('crossing-clip.webm')]
  const plane = await texture(12)
  const encoded = (format: 'jpeg' | 'png' | 'tiff') => toSharp(plane).toFormat(format).toBuffer()
  const [jpeg, png, tiff] = await Promise.all([encoded('jpeg'), encoded('png'), encoded('tiff')])
  const named = (path: string) =>
    join(element('466e', path), element('4660', 'application/x-mpegurl'), element('465c', hls))
  return [
    {
      name: 'QuickTime whose data is a file (alis)',
      bytes: withData(mp4, box('alis', u32(0), alias(new URL(bait.file).pathname))),
    },
    { name: 'MP4 whose data is a file (url)', bytes: withData(mp4, box('url ', u32(0), `${bait.file}\0`)) },
    { name: 'MP4 whose data is at an address (url)', bytes: withData(mp4, box('url ', u32(0), `${bait.url}\0`)) },
    {
      name: 'QuickTime that is only a reference',
      bytes: join(
        box('ftyp', 'qt  ', u32(0), 'qt  '),
        box('moov', box('rmra', box('rmda', box('rdrf', u32(0), 'url ', u32(bait.url.length + 1), `${bait.url}\0`)))),
      ),
    },
    {
      name: 'WebM with attachments',
      bytes: join(
        webm.subarray(0, 48),
        Buffer.from('1853806701ffffffffffffff', 'hex'),
        element('1941a469', element('61a7', named(new URL(bait.file).pathname))),
        webm.subarray(60),
      ),
    },
    {
      name: 'WebM that goes on in another file',
      bytes: join(
        webm.subarray(0, 48),
        Buffer.from('1853806701ffffffffffffff', 'hex'),
        element('1549a966', element('3e83bb', Buffer.from(new URL(bait.file).pathname))),
        webm.subarray(60),
      ),
    },
    { name: 'GIF and HLS', bytes: join(gif(9, 9, gifImage(9, 9)), '\n', hls) },
    { name: 'GIF with HLS in a remark', bytes: gif(9, 9, 0x21, 0xfe, hls.length, hls, 0, gifImage(9, 9)) },
    { name: 'JPEG and HLS', bytes: join(jpeg, '\n', hls) },
    {
      name: 'JPEG with SVG in a remark',
      bytes: join(
        jpeg.subarray(0, 2),
        0xff,
        0xfe,
        u16(2 + 200),
        `<svg><image href="${bait.url}"/></svg>`.padEnd(200),
        jpeg.subarray(2),
      ),
    },
    { name: 'PNG and HLS', bytes: join(png, '\n', hls) },
    { name: 'TIFF and HLS', bytes: join(tiff, '\n', hls) },
    { name: 'TIFF and MP4', bytes: join(tiff, mp4) },
    { name: 'PNG and ZIP', bytes: join(png, 'PK', u32le(0x0403), bait.file) },
    { name: 'MP4 and HLS', bytes: join(mp4, hls) },
  ]
}

/** The file with another entry in the list of what its data references lead to. The list stands in front of the tables, which keep
 *  their places in the file: the data comes first. */
function withData(mp4: Buffer, entry: Buffer): Buffer {
  const at = inBox(mp4, 'dref') - 8
  const old = mp4.readUInt32BE(at)
  const list = box('dref', u32(0), u32(1), entry)
  let file: Buffer = join(mp4.subarray(0, at), list, mp4.subarray(at + old))
  for (const type of ['moov', 'trak', 'mdia', 'minf', 'dinf']) {
    const size = inBox(file, type) - 8
    file = patched(file, size, u32(file.readUInt32BE(size) + list.length - old))
  }
  return file
}

/** An alias record of the Mac: volume, name, and the path as FFmpeg reads it (type 2 and 18). */
function alias(path: string): Buffer {
  const field = (type: number, value: string) =>
    join(u16(type), u16(value.length), value, ...(value.length % 2 ? [0] : []))
  const volume = join(1, 'v'.padEnd(27, '\0'))
  const name = join(6, 'canary'.padEnd(63, '\0'))
  return join(
    u32(0),
    u16(200),
    u16(2),
    u16(0),
    volume,
    Buffer.alloc(12),
    name,
    Buffer.alloc(16),
    u16(0),
    u16(0),
    Buffer.alloc(16),
    field(2, path.slice(1).replaceAll('/', ':')),
    field(18, path),
    u16(0xffff),
    u16(0),
  )
}
