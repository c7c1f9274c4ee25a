/** Files of other kinds: none of them is a picture, a video or a sound that is read here. */
import { gzipSync } from 'node:zlib'
import { box, join, noise, u32, u32le } from './bytes.ts'
import type { Media } from './inputs.ts'

const rubbish = noise(41, 9_000)
const hex = (text: string) => Buffer.from(text, 'hex')
const heif = (major: string, ...minor: string[]) =>
  join(box('ftyp', major, u32(0), ...minor), box('meta', u32(0), rubbish))

/** First bytes by which a kind is known; rubbish follows. */
const STARTS: Record<string, Buffer> = {
  'a PDF': join('%PDF-1.7\n%', hex('e2e3cfd3'), '\n'),
  'an ELF program': hex('7f454c460201010000000000000000000200'),
  'a Windows program': join('MZ', Buffer.alloc(58), u32le(64)),
  WebAssembly: hex('0061736d01000000'),
  'a ZIP': hex('504b0304140000000800'),
  'an empty ZIP': hex('504b0506000000000000000000000000000000000000'),
  'a 7z': hex('377abcaf271c0004'),
  'a RAR': hex('526172211a0701003392b5e5'),
  'a gzip': hex('1f8b0800000000000003'),
  'a bzip2': join('BZh91AY&SY'),
  'an xz': hex('fd377a585a000004'),
  'a Zstandard': hex('28b52ffd0458'),
  'an SQLite database': join('SQLite format 3\0'),
  'a HEIC': heif('heic', 'mif1heic'),
  'a HEIC sequence': heif('hevc', 'msf1hevc'),
  'a HEIC of a rare brand': heif('heix', 'mif1heix'),
  'a HEIC named mif1': heif('mif1', 'mif1heic'),
  'a Canon CR3': join(box('ftyp', 'crx ', u32(1), 'crx isom')),
  'a BMP': join('BM', u32le(9_054), u32(0), u32le(54), u32le(40), u32le(50), u32le(60)),
  'an ICO': hex('000001000100101000000100200068040000160000'),
  'a PSD': join('8BPS', hex('000100000000000000030000006400000064')),
  'an OpenEXR': hex('762f31010200000063686e6c737400'),
  'a JPEG XL': hex('ff0a7a1f'),
  'a JPEG XL container': join(hex('0000000c4a584c200d0a870a'), box('ftyp', 'jxl ', u32(0), 'jxl ')),
  'a JPEG 2000': join(hex('0000000c6a5020200d0a870a'), box('ftyp', 'jp2 ', u32(0), 'jp2 ')),
  'a JPEG 2000 codestream': hex('ff4fff51002f0000'),
  'a JPEG XR': hex('4949bc0108000000'),
  'a DDS': join('DDS ', u32le(124)),
  'a QOI': join('qoif', u32(100), u32(100), 3, 0),
  'a PPM': join('P6\n100 100\n255\n'),
  'a Radiance HDR': join('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 100 +X 100\n'),
  'a DICOM': join(Buffer.alloc(128), 'DICM'),
  'an XCF': join('gimp xcf v011\0'),
  'a WMV': hex('3026b2758e66cf11a6d900aa0062ce6c'),
  'a RealMedia': join('.RMF', u32(18)),
  'a Flash film': join('FWS', 9, u32le(9_000)),
  'a MIDI': join('MThd', u32(6), hex('000100020060')),
  'an MXF': hex('060e2b34020501010d01020101020400'),
  'a Photoshop EPS': hex('c5d0d3c6200000000000'),
}

/** No file says so by its first bytes. */
const TEXTS: Record<string, string> = {
  'a text': 'This is no picture.\n',
  'a text of 1 MB': 'no picture '.repeat(95_000),
  HTML: '<!doctype html><html><script>alert(1)</script></html>',
  JSON: '{"picture": null}',
  XML: '<?xml version="1.0"?><a/>',
  SVG: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  'SVG after a declaration': '<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
  'SVG of 10^9 pixels': '<svg xmlns="http://www.w3.org/2000/svg" width="1000000000" height="1000000000"/>',
  'a billion laughs': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha">${'bcdefghij'
    .split('')
    .map((name, i) => `<!ENTITY ${name} "${`&${'abcdefghi'[i]};`.repeat(10)}">`)
    .join('')}]><svg>&j;</svg>`,
  'a shell script': '#!/bin/sh\nrm -rf /\n',
  PostScript: '%!PS-Adobe-3.0\n(/etc/passwd) (r) file 1000 string readstring pop =\n',
  CSV: 'a,b\n1,2\n',
  'a picture in base64': '/9j/4AAQSkZJRgABAQ'.repeat(50),
  spaces: ' '.repeat(5_000),
  'one letter': 'x',
}

export const foreignFiles = (): Media[] => [
  ...Object.entries(STARTS).map(([name, start]) => ({ name, bytes: join(start, rubbish) })),
  ...Object.entries(TEXTS).map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
  { name: 'SVG in gzip', bytes: gzipSync(TEXTS.SVG!) },
  { name: 'SVG in UTF-16', bytes: join(0xff, 0xfe, Buffer.from(TEXTS.SVG!, 'utf16le')) },
  { name: 'a text with a byte order mark', bytes: join(hex('efbbbf'), 'text') },
  ...[1, 2, 3, 7, 64, 1_000, 4_096, 65_535, 65_536, 65_537, 1_000_000].map((length) => ({
    name: `${length} random bytes`,
    bytes: noise(500 + length, length),
  })),
  ...[1, 1_000, 1_000_000].map((length) => ({ name: `${length} zeros`, bytes: Buffer.alloc(length) })),
]
