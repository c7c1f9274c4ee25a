/** What is computed from a media file, and its JSON form `fingerprint1` (docs/protocol.md §3). */
import * as z from 'zod'
import { fromHex, toHex } from '../bytes.ts'
import { describeIssues, RegistryError } from '../errors.ts'
import type { Bars } from './bars.ts'
import { MAX_EVIDENCE_BYTES } from './evidence.ts'
import { decodeLocal, MAX_LOCAL_BYTES } from './local-code.ts'
import type { Planes } from './planes.ts'
import type { CandidateSound, SoundPrints } from './sound-prints.ts'

export const KINDS = ['image', 'video', 'audio'] as const
export type Kind = (typeof KINDS)[number]

/** The eight ways to turn and mirror a picture, in the order of `PictureHash.orientations`: what was done to the copy. */
export const ORIENTATIONS = [
  'upright',
  'rotated 90',
  'rotated 180',
  'rotated 270',
  'mirrored',
  'mirrored and rotated 90',
  'mirrored and rotated 180',
  'mirrored and rotated 270',
] as const

export interface PictureHash {
  /** Eight PDQ hashes of 32 bytes, in the order of `ORIENTATIONS`; the first is the hash of the picture as it is. */
  orientations: Uint8Array[]
  /** The same of the picture reduced by area to 64×64 samples: nearer for copies that were resized or turned. */
  reduced: Uint8Array[]
  /** 0 to 100; under 50 these hashes are too featureless to be matched. */
  quality: number
  /** Local hashes, `local1`; null where a client left them out. */
  local: Uint8Array | null
  /** From which a copy is compared, `evidence1`; null where it is not given away. */
  evidence: Uint8Array | null
}

export interface Frame {
  /** Milliseconds from the first frame of the video. */
  timeMs: number
  /** PDQ, 32 bytes. */
  hash: Uint8Array
  /** 0 to 100. */
  quality: number
  /** PDQ of the frame mirrored left to right; of a candidate only. */
  mirrored?: Uint8Array | null
  /** Local hashes, `local1`, of a frame that shows something new. */
  local?: Uint8Array | null
  /** A small grey picture of the whole frame, `evidence1`; of an original only. */
  evidence?: Uint8Array | null
}

/** A candidate as small grey pictures, often enough to find that of each moment of an original. */
export interface Film {
  /** Pixels of each picture, which shows the whole frame at its true proportions. */
  width: number
  height: number
  /** Milliseconds from the first frame, rising. */
  timesMs: number[]
  /** 0–255, picture after picture. */
  samples: Uint8Array
}

/** The sound of a file, of the track that players play. */
export interface Sound {
  /** By time of the media; of a candidate with which bits are least certain. Null where there is nothing to tell it by: silence, a hum, a track that
   *  cannot be decoded. */
  prints: SoundPrints | CandidateSound | null
  /** In the file; the others are not listened to. */
  tracks: number
  /** Whether some of it could not be decoded. */
  damaged: boolean
  /** Whether any of it could. */
  readable: boolean
}

/** What a decoder finds in the media itself. */
export interface MediaFingerprint {
  kind: Kind
  /** As detected from the bytes, not as claimed. */
  mediaType: string
  /** Pixels, upright. Null for sound. */
  width: number | null
  height: number | null
  /** Null for pictures. */
  durationMs: number | null
  /** Pictures only. */
  picture: PictureHash | null
  /** Video only, in order of time. */
  frames: Frame[]
  /** Of a video between plain borders, the part of the frame that was hashed. */
  bars?: Bars | null
  /** Null where there is no sound track; left out of pictures, and where nobody has listened. */
  sound?: Sound | null
}

/** What a decoder answers. */
export interface DecodedMedia extends MediaFingerprint {
  /** Of a picture that is a candidate, instead of evidence: itself at its true proportions, at most `VIEW_SIDE` a side. */
  view?: Planes | null
  /** Of a video that is a candidate, instead of evidence. */
  film?: Film | null
  /** Of a video or a sound that breaks off before the end that it announces: it counts as far as it could be read. */
  truncated?: boolean | undefined
}

export interface Fingerprint extends MediaFingerprint {
  /** SHA-256 of the file, 32 bytes. */
  contentDigest: Uint8Array
  byteLength: number
}

/** Frames in one client fingerprint: four hours at two a second. */
const MAX_FRAMES = 28_801

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')
  .describe('256 bits as 64 hex digits, bit 255 first')
const quality = z.int().min(0).max(100)
const pixels = z.int().min(1).max(1_000_000).nullable()
const fraction = z.number().min(0).max(1)
const base64 = (maxBytes: number) => z.base64().max(4 * Math.ceil(maxBytes / 3))

export const fingerprintDocument = z
  .strictObject({
    version: z.literal('fingerprint1'),
    kind: z.enum(KINDS),
    contentDigest: hash.describe('SHA-256 of the file'),
    byteLength: z.int().min(1),
    mediaType: z.string().max(100),
    width: pixels,
    height: pixels,
    durationS: z.number().min(0).max(1_000_000).nullable(),
    pdq: z
      .strictObject({ quality, orientations: z.array(hash).length(8), reduced: z.array(hash).length(8) })
      .nullable(),
    local: base64(MAX_LOCAL_BYTES).nullable().default(null).describe('local hashes of a picture, `local1` as base64'),
    evidence: base64(MAX_EVIDENCE_BYTES)
      .nullable()
      .default(null)
      .describe(
        'what a picture is compared by, `evidence1` as base64; without it the answer cannot exclude alterations',
      ),
    bars: z
      .strictObject({ x: fraction, y: fraction, w: fraction, h: fraction })
      .optional()
      .describe('of a video between plain borders, the part of the frame that was hashed, as fractions of it'),
    frames: z.array(z.strictObject({ timeS: z.number().min(0).max(1_000_000), quality, pdq: hash })).max(MAX_FRAMES),
  })
  .meta({ id: 'Fingerprint', description: 'All that a lookup needs of a file: the media itself stays where it is.' })

export type FingerprintDocument = z.infer<typeof fingerprintDocument>

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

/** @throws RegistryError `fingerprint.invalid` for what are no local hashes. */
function localOf(base64: string | null): Uint8Array | null {
  if (base64 === null) return null
  const bytes = fromBase64(base64)
  try {
    decodeLocal(bytes, 'candidate')
  } catch (cause) {
    throw new RegistryError('fingerprint.invalid', (cause as Error).message, { cause })
  }
  return bytes
}

export function toDocument(of: Fingerprint): FingerprintDocument {
  return {
    version: 'fingerprint1',
    kind: of.kind,
    contentDigest: toHex(of.contentDigest),
    byteLength: of.byteLength,
    mediaType: of.mediaType,
    width: of.width,
    height: of.height,
    durationS: of.durationMs === null ? null : of.durationMs / 1000,
    pdq: of.picture && {
      quality: of.picture.quality,
      orientations: of.picture.orientations.map(toHex),
      reduced: of.picture.reduced.map(toHex),
    },
    local: of.picture?.local ? toBase64(of.picture.local) : null,
    evidence: of.picture?.evidence ? toBase64(of.picture.evidence) : null,
    ...(of.bars && { bars: of.bars }),
    frames: of.frames.map((f) => ({ timeS: f.timeMs / 1000, quality: f.quality, pdq: toHex(f.hash) })),
  }
}

/** Reads a fingerprint that a client computed.
 * @throws RegistryError `fingerprint.invalid` naming the field. */
export function fromDocument(value: unknown): Fingerprint {
  const read = fingerprintDocument.safeParse(value)
  if (!read.success) throw new RegistryError('fingerprint.invalid', describeIssues(read.error))
  const d = read.data
  if ((d.kind === 'image') !== (d.pdq !== null))
    throw new RegistryError(
      'fingerprint.invalid',
      `"pdq" belongs to a picture and to nothing else, got kind "${d.kind}"`,
    )
  if (d.kind === 'image' && (d.width === null || d.height === null))
    throw new RegistryError('fingerprint.invalid', '"width" and "height" of a picture are expected, got null')
  if (!d.pdq && (d.local !== null || d.evidence !== null))
    throw new RegistryError(
      'fingerprint.invalid',
      `"local" and "evidence" belong to a picture and to nothing else, got kind "${d.kind}"`,
    )
  if (d.kind !== 'video' && d.frames.length > 0)
    throw new RegistryError('fingerprint.invalid', `"frames" belong to a video, got kind "${d.kind}"`)
  const fall = d.frames.findIndex((frame, i) => i > 0 && frame.timeS <= d.frames[i - 1]!.timeS)
  if (fall > 0)
    throw new RegistryError(
      'fingerprint.invalid',
      `"frames[${fall}].timeS" expected more than ${d.frames[fall - 1]!.timeS}, got ${d.frames[fall]!.timeS}`,
    )
  return {
    kind: d.kind,
    contentDigest: fromHex(d.contentDigest, 32),
    byteLength: d.byteLength,
    mediaType: d.mediaType,
    width: d.width,
    height: d.height,
    durationMs: d.durationS === null ? null : Math.round(d.durationS * 1000),
    picture: d.pdq && {
      quality: d.pdq.quality,
      orientations: d.pdq.orientations.map((h) => fromHex(h, 32)),
      reduced: d.pdq.reduced.map((h) => fromHex(h, 32)),
      local: localOf(d.local),
      evidence: d.evidence === null ? null : fromBase64(d.evidence),
    },
    ...(d.bars && { bars: d.bars }),
    frames: d.frames.map((f) => ({ timeMs: Math.round(f.timeS * 1000), quality: f.quality, hash: fromHex(f.pdq, 32) })),
  }
}
