/** Video and sound that are cut off, absurd, or rubbish. */
import { readFileSync } from 'node:fs'
import { makeVideo, makeWav } from '../fingerprint/media.ts'
import { box, element, flippedBits, inBox, join, noise, patched, repeated, u16, u32, u32le, u64 } from './bytes.ts'
import type { Media } from './inputs.ts'

const example = (name: string) => readFileSync(new URL(`../../examples/${name}`, import.meta.url))
const mp4 = example('crossing.mp4')
const webm = example('crossing-clip.webm')
const avi = () =>
  makeVideo({ format: 'avi', encoder: 'mjpeg', frames: [1, 2, 3].map((seed) => ({ seed, ms: seed * 40 })) })
const vp8 = () =>
  makeVideo({
    format: 'webm',
    encoder: 'libvpx',
    height: 304,
    frames: [1, 2, 3].map((seed) => ({ seed, ms: seed * 40 })),
  })

const FTYP = box('ftyp', 'isom', u32(512), 'isomiso2avc1mp41')
const EBML = Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d4287810442858102', 'hex')
const SEGMENT = Buffer.from('1853806701ffffffffffffff', 'hex')

/** Nothing of these can be seen or heard: the index of the MP4 is at its end. */
export function truncatedStreams(): Media[] {
  const index = mp4.lastIndexOf('moov', undefined, 'latin1')
  return [
    ...[9, 33, 48, 1_000, 120_000, index - 4, index + 4, index + 200, index + 700].map((length) => ({
      name: `MP4 cut off at ${length} of ${mp4.length} bytes`,
      bytes: mp4.subarray(0, length),
    })),
    ...[5, 20, 48, 60, 200].map((length) => ({
      name: `WebM cut off at ${length} of ${webm.length} bytes`,
      bytes: webm.subarray(0, length),
    })),
    { name: 'MP4 with its index gone', bytes: patched(mp4, index, 'junk') },
    { name: 'WAV without samples', bytes: makeWav(1).subarray(0, 44) },
    {
      name: 'MP4 of a fragment without its beginning',
      bytes: join(FTYP, box('moof', box('mfhd', u32(0), u32(1))), mp4.subarray(32)),
    },
  ]
}

/** Of these, a part can be read: the answer may be a verdict. */
export function damagedStreams(): Media[] {
  return [
    ...[0.3, 0.6, 0.99].map((part) => ({
      name: `WebM cut off at ${part}`,
      bytes: webm.subarray(0, part * webm.length),
    })),
    { name: 'MP4 with its last 300 bytes gone', bytes: mp4.subarray(0, -300) },
    { name: 'WAV cut off', bytes: makeWav(2).subarray(0, 5_001) },
    ...[1, 16, 256, 4_096].flatMap((count) => [
      { name: `MP4 with ${count} bits flipped`, bytes: flippedBits(mp4, count, count) },
      { name: `WebM with ${count} bits flipped`, bytes: flippedBits(webm, count, count) },
    ]),
    ...[1, 2, 3, 4, 5, 6].map((seed) => ({
      name: `MP4 with bits of its index flipped, ${seed}`,
      bytes: join(mp4.subarray(0, 239_677), flippedBits(mp4.subarray(239_677), seed, 6)),
    })),
    ...[1, 2, 3, 4].map((seed) => ({
      name: `WebM with bits of its header flipped, ${seed}`,
      bytes: join(flippedBits(webm.subarray(0, 600), seed, 8), webm.subarray(600)),
    })),
  ]
}

/** More pixels or seconds than anybody decodes. */
export async function hugeStreams(): Promise<Media[]> {
  const [motion, key] = [await avi(), await vp8()]
  return [
    {
      name: 'AVI of JPEG frames of 65535×65535',
      bytes: everywhere(motion, 'ffc00011', 5, join(u16(65_535), u16(65_535))),
    },
    { name: 'VP8 frames of 16383×16383', bytes: everywhere(key, '9d012a', 3, Buffer.from('ff3fff3f', 'hex')) },
    { name: 'MP4 that lasts 136 years', bytes: lasting(0xffffffff, 1) },
    { name: 'MP4 that lasts five hours', bytes: lasting(18_000, 1) },
    { name: 'MP4 whose first frame lasts 24 days', bytes: patched(mp4, inBox(mp4, 'stts') + 12, u32(0x7fffffff)) },
    { name: 'WAV of 55 hours at 1 Hz', bytes: wav({ rateHz: 1, bytes: 100_000_000 }) },
  ]
}

function everywhere(bytes: Buffer, hex: string, offset: number, by: Buffer): Buffer {
  const sought = Buffer.from(hex, 'hex')
  let copy = bytes
  let found = 0
  for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) {
    copy = patched(copy, at + offset, by)
    found++
  }
  if (found === 0) throw new RangeError(`no ${hex} to be patched`)
  return copy
}

/** mvhd, tkhd, mdhd and the edit list say so. */
function lasting(duration: number, timescale: number): Buffer {
  let copy: Buffer = mp4
  for (const type of ['mvhd', 'mdhd']) copy = patched(copy, inBox(copy, type) + 12, join(u32(timescale), u32(duration)))
  copy = patched(copy, inBox(copy, 'tkhd') + 20, u32(duration))
  return patched(copy, inBox(copy, 'elst') + 8, u32(duration))
}

function duration(float64: Buffer): Buffer {
  const at = webm.indexOf(Buffer.from('448988', 'hex'))
  return patched(webm, at + 3, float64)
}

/** A header of PCM, and a little of what it announces. */
function wav({ rateHz, bytes }: { rateHz: number; bytes: number }): Buffer {
  const format = join(
    'fmt ',
    u32le(16),
    Buffer.from('01000100', 'hex'),
    u32le(rateHz),
    u32le(rateHz),
    Buffer.from('01000800', 'hex'),
  )
  return join(
    'RIFF',
    u32le(Math.min(bytes + 36, 0xffffffff)),
    'WAVE',
    format,
    'data',
    u32le(bytes),
    Buffer.alloc(200_000),
  )
}

/** Tables, sizes and clocks that cannot be: whatever is answered, the server stays as it is. */
export async function absurdStreams(): Promise<Media[]> {
  const key = await vp8()
  const table = (type: string) => ({
    name: `MP4 with 4294967295 entries in ${type}`,
    bytes: patched(mp4, inBox(mp4, type) + (type === 'stsz' ? 8 : 4), u32(0xffffffff)),
  })
  const clock = (type: string, scale: number) => ({
    name: `MP4 with a timescale of ${scale} in ${type}`,
    bytes: patched(mp4, inBox(mp4, type) + 12, u32(scale)),
  })
  const nested = (depth: number) =>
    Array.from({ length: depth }).reduce<Buffer>((inner) => box('moov', inner), Buffer.alloc(0))
  return [
    ...['stts', 'stsc', 'stsz', 'stco', 'ctts', 'stss', 'elst', 'dref', 'stsd'].map(table),
    ...['mvhd', 'mdhd'].flatMap((type) => [0, 1, 0xffffffff].map((scale) => clock(type, scale))),
    { name: 'MP4 whose samples all have 4 GB', bytes: patched(mp4, inBox(mp4, 'stsz') + 4, u32(0xffffffff)) },
    { name: 'MP4 whose chunk is behind its end', bytes: patched(mp4, inBox(mp4, 'stco') + 8, u32(0xfffffff0)) },
    {
      name: 'MP4 whose header says 16384×16384',
      bytes: patched(mp4, inBox(mp4, 'avc1') + 24, join(u16(16_384), u16(16_384))),
    },
    { name: 'MP4 with boxes 2000 deep', bytes: join(FTYP, nested(2_000)) },
    { name: 'MP4 with a box of 0 bytes', bytes: join(FTYP, u32(0), 'moov', noise(1, 1_000)) },
    { name: 'MP4 with a box of 1 byte', bytes: join(FTYP, u32(1), 'moov', u64(1n), noise(2, 1_000)) },
    { name: 'MP4 with a box of 2^63 bytes', bytes: join(FTYP, u32(1), 'moov', u64(2n ** 63n), noise(3, 1_000)) },
    { name: 'MP4 with a box of 4 GB', bytes: join(FTYP, u32(0xffffffff), 'moov', noise(4, 1_000)) },
    { name: 'MP4 of 30000 empty tracks', bytes: join(FTYP, box('moov', repeated(30_000, box('trak')))) },
    { name: 'MP4 of 3000 copies of its track', bytes: manyTracks(3_000) },
    {
      name: 'WebM header of 16384×16384',
      bytes: everywhere(everywhere(key, 'b0820140', 2, u16(16_384)), 'ba820130', 2, u16(16_384)),
    },
    { name: 'WebM with a size of nothing', bytes: join(EBML, SEGMENT) },
    {
      name: 'WebM with elements 5000 deep',
      bytes: join(EBML, SEGMENT, repeated(5_000, Buffer.from('1c53bb6b01ffffffffffffff', 'hex'))),
    },
    {
      name: 'WebM of 20000 tracks',
      bytes: join(EBML, element('18538067', element('1654ae6b', repeated(20_000, element('ae', element('d7', 1)))))),
    },
    { name: 'WebM that lasts 10^300 ms', bytes: duration(Buffer.from('7e37e43c8800759c', 'hex')) },
    { name: 'WebM that lasts nothing that is a number', bytes: duration(Buffer.from('7ff8000000000000', 'hex')) },
    { name: 'WebM that lasts less than nothing', bytes: duration(Buffer.from('c08f400000000000', 'hex')) },
    {
      name: 'WebM whose clock stands still',
      bytes: patched(webm, webm.indexOf(Buffer.from('2ad7b183', 'hex')) + 4, Buffer.from('000000', 'hex')),
    },
    { name: 'WAV of 0 Hz', bytes: wav({ rateHz: 0, bytes: 1_000 }) },
    { name: 'WAV of 4294967295 Hz', bytes: wav({ rateHz: 0xffffffff, bytes: 0xffffffff }) },
  ]
}

function manyTracks(count: number): Buffer {
  const [moov, trak, udta] = ['moov', 'trak', 'udta'].map((type) => mp4.lastIndexOf(type, undefined, 'latin1') - 4)
  const track = mp4.subarray(trak!, udta!)
  return join(mp4.subarray(0, moov!), box('moov', mp4.subarray(moov! + 8, trak!), repeated(count, track)))
}

/** The first bytes of a container, and then anything: of some formats, anything is a sound. */
export function rubbishStreams(): Media[] {
  const rubbish = noise(31, 50_000)
  const packets = Array.from({ length: 100 }, (_, i) => join(0x47, noise(i, 187)))
  const starts: Record<string, Buffer> = {
    MP4: FTYP,
    'MP4 with an index': join(FTYP, u32(40_000), 'moov'),
    QuickTime: box('ftyp', 'qt  ', u32(0), 'qt  '),
    '3GP': box('ftyp', '3gp5', u32(0), '3gp5'),
    M4A: box('ftyp', 'M4A ', u32(0), 'M4A '),
    Matroska: join(EBML, SEGMENT),
    AVI: join('RIFF', u32le(50_000), 'AVI LIST', u32le(40_000), 'hdrl'),
    WAV: join('RIFF', u32le(50_000), 'WAVEfmt ', u32le(16)),
    FLV: join('FLV', 1, 5, u32(9), u32(0)),
    Ogg: join('OggS', 0, 2, Buffer.alloc(8), u32(7), u32(0), u32(0), 1, 30, 1, 'vorbis'),
    'Ogg of Theora': join('OggS', 0, 2, Buffer.alloc(8), u32(7), u32(0), u32(0), 1, 42, 0x80, 'theora'),
    FLAC: join('fLaC', 0x80, 0, 0, 34),
    'MP3 with a tag': join('ID3', 3, 0, 0, 0, 0, 0x10, 0),
    MP3: Buffer.from('fffb9064', 'hex'),
    AAC: Buffer.from('fff15080', 'hex'),
    AMR: join('#!AMR\n'),
    'MPEG program stream': Buffer.from('000001ba44000400', 'hex'),
    'MPEG video': Buffer.from('000001b31400f013', 'hex'),
    'MPEG transport stream': join(...packets),
  }
  return Object.entries(starts).map(([name, start]) => ({
    name: `${name} and then rubbish`,
    bytes: join(start, rubbish),
  }))
}
