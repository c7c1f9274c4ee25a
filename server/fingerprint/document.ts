/** What a client computed of a media file, as JSON: `fingerprint1` (docs/protocol.md §3). */
import * as z from 'zod'
import { fromHex, toHex } from '../bytes.ts'
import { describeIssues, RegistryError } from '../errors.ts'
import { MAX_EVIDENCE_BYTES } from './evidence.ts'
import { type Fingerprint, KINDS, type Sound } from './fingerprint.ts'
import { decodeLocal, MAX_LOCAL_BYTES } from './local-code.ts'
import { decodeSound, encodeSound, MAX_ROWS, maxPrints, soundBytes, soundForm } from './sound-code.ts'

/** Frames in one client fingerprint: four hours at two a second. */
const MAX_FRAMES = 28_801

/** Seconds of sound in one client fingerprint: more would make it larger than the media often is. */
export const MAX_DOCUMENT_SOUND_S = 900
const MAX_PRINTS = maxPrints(MAX_DOCUMENT_SOUND_S, true)

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
    sound: z
      .strictObject({
        startS: z.number().min(0).max(1_000_000),
        count: z.int().min(1).max(MAX_PRINTS),
        rows: z.int().min(0).max(MAX_ROWS),
        prints: base64(soundBytes({ startS: 0, count: MAX_PRINTS, rows: MAX_ROWS })),
      })
      .nullable()
      .optional()
      .describe(
        `of a sound of at most ${MAX_DOCUMENT_SOUND_S / 60} minutes its prints, levels, least certain bits and spectrum as base64`,
      ),
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

type WrittenSound = NonNullable<FingerprintDocument['sound']>

/** Of a sound that was listened to as a candidate, if it is not too long. A video's frames alone say too little of where its sound belongs. */
function writeSound({ kind, sound }: Fingerprint): WrittenSound | null {
  const prints = sound?.prints
  if (kind !== 'audio' || !prints || !('spectrum' in prints) || prints.prints.length > MAX_PRINTS) return null
  const { rows, ...form } = soundForm(prints)
  return { ...form, rows: rows!, prints: toBase64(encodeSound(prints)) }
}

/** @throws RegistryError `fingerprint.invalid` for another number of bytes than it says. */
function readSound({ prints, ...form }: WrittenSound): Sound {
  const bytes = fromBase64(prints)
  if (bytes.length !== soundBytes(form))
    throw new RegistryError(
      'fingerprint.invalid',
      `"sound.prints" expected ${soundBytes(form)} bytes for ${form.count} prints and ${form.rows} rows, got ${bytes.length}`,
    )
  return { prints: decodeSound(form, bytes), tracks: 1, damaged: false, readable: true }
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
    ...(of.kind === 'audio' && { sound: writeSound(of) }),
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
  if (d.kind !== 'audio' && d.sound)
    throw new RegistryError(
      'fingerprint.invalid',
      `"sound" belongs to a sound and to nothing else, got kind "${d.kind}"`,
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
    ...(d.sound && { sound: readSound(d.sound) }),
    frames: d.frames.map((f) => ({ timeMs: Math.round(f.timeS * 1000), quality: f.quality, hash: fromHex(f.pdq, 32) })),
  }
}
