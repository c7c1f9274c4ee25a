/**
 * What a decoder process is asked and what it answers: one line of JSON each way on a pipe of its own.
 *
 * Not Node's IPC: that channel also carries handles and internal commands, and the decoder's side of it may be in the
 * hands of a hostile file. So the reader believes nothing: every length, count and order is checked here.
 */
import * as z from 'zod'
import { fromHex, toHex } from '../bytes.ts'
import { type ErrorCode, RegistryError } from '../errors.ts'
import { MAX_EVIDENCE_BYTES } from './evidence.ts'
import { type DecodedMedia, KINDS, type MediaFingerprint, ORIENTATIONS } from './fingerprint.ts'
import { decodeLocal, MAX_LOCAL_BYTES } from './local-code.ts'
import { formOf, joinPlanes, type PlanesForm, samplesIn } from './planes.ts'
import { VIEW_SIDE } from './view.ts'

export interface DecoderLimits {
  /** Pixels of a picture, or of one frame of a video. */
  maxPixels: number
  /** Seconds of video or sound. */
  maxDurationS: number
  /** Bytes of resident memory of one decoder process. */
  maxMemoryBytes: number
  /** Seconds of wall clock for one job. */
  timeoutS: number
}

export const DEFAULT_LIMITS: DecoderLimits = {
  /** A medium format camera (100 megapixels) still passes. */
  maxPixels: 120_000_000,
  /** As many frames as a fingerprint document may hold, at two a second. */
  maxDurationS: 14_400,
  maxMemoryBytes: 1024 ** 3,
  timeoutS: 600,
}

/** Seconds that a decoder may have computed in all its jobs before it is replaced. */
export const wornAfterCpuS = ({ timeoutS }: DecoderLimits): number => Math.max(30, timeoutS)

/** Seconds of computing at which the system ends a decoder whose parent does not: more than any honest one can need. In
 * its last job one thread is busy until the job is given up by the clock, and others help a little. */
export const maxCpuS = (limits: DecoderLimits): number => 3 * wornAfterCpuS(limits)

/** File descriptors that a decoder process inherits. */
export const MEDIA_FD = 3
export const CHANNEL_FD = 4

/** Frames chosen a second. */
export const FRAMES_PER_SECOND = 2

/** What a decoder process says when it has started: an end before this is no fault of any media. */
export const READY = '{"ready":true}'

/** Bytes of the longest honest answer, a frame has about 110, with reports of progress five times a second. */
export const maxAnswerBytes = ({ maxDurationS, timeoutS }: DecoderLimits): number =>
  4096 +
  base64Length(MAX_LOCAL_BYTES + MAX_EVIDENCE_BYTES) +
  samplesIn({ width: VIEW_SIDE, height: VIEW_SIDE, colour: true }) +
  160 * maxFrames(maxDurationS) +
  5 * 64 * Math.ceil(timeoutS)

const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)
const maxFrames = (durationS: number) => Math.ceil(durationS * FRAMES_PER_SECOND) + 1

const limits = z.strictObject({
  maxPixels: z.int().positive(),
  maxDurationS: z.number().positive(),
  maxMemoryBytes: z.int().positive(),
  timeoutS: z.number().positive(),
})

const job = z.strictObject({
  byteLength: z.int().positive(),
  limits,
  /** How closely a picture is looked at. */
  detail: z.enum(['original', 'candidate']),
  /** Whether a picture is answered with its view, which is for a candidate, and not with evidence. */
  view: z.boolean(),
})
export type Job = z.infer<typeof job>

/** What a decoder may say of media. Anything else that it meets is a crash. */
const CODES = [
  'media.empty',
  'media.too_large',
  'media.unsupported',
  'media.undecodable',
] as const satisfies ErrorCode[]
type Code = (typeof CODES)[number]

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const hashes = z.array(hash).length(ORIENTATIONS.length)
const quality = z.int().min(0).max(100)
const pixels = z.int().min(1).max(1_000_000).nullable()

const base64 = (maxBytes: number) => z.base64().max(base64Length(maxBytes)).transform(decodeBase64)
const viewSide = z.int().min(1).max(VIEW_SIDE)
/** Its samples follow the line as they are: as base64 they would be a million letters, read three times. */
const view = z.strictObject({ width: viewSide, height: viewSide, colour: z.boolean() })

const media = z.strictObject({
  kind: z.enum(KINDS),
  mediaType: z.string().regex(/^[a-z]+\/[\w.+-]{1,60}$/),
  width: pixels,
  height: pixels,
  durationMs: z.int().min(0).nullable(),
  picture: z
    .strictObject({
      orientations: hashes,
      reduced: hashes,
      quality,
      local: base64(MAX_LOCAL_BYTES),
      evidence: base64(MAX_EVIDENCE_BYTES).nullable(),
    })
    .nullable(),
  view: view.nullable().default(null),
  frames: z.array(z.strictObject({ timeMs: z.int().min(0), hash, quality })),
})

const answer = z.union([
  z.strictObject({ progress: z.number().min(0).max(1) }),
  z.strictObject({ error: z.strictObject({ code: z.enum(CODES), detail: z.string() }) }),
  z.strictObject({ media }),
])

/** Of media with a view its form: the samples follow. */
export type Answer =
  | { kind: 'progress'; fraction: number }
  | { kind: 'error'; error: RegistryError }
  | { kind: 'media'; media: MediaFingerprint; view: PlanesForm | null }

export const writeJob = (of: Job): string => `${JSON.stringify(of)}\n`

/** @throws Error if the line is no job: only a defect of the parent can do that. */
export const readJob = (line: string): Job => job.parse(JSON.parse(line))

export const writeProgress = (fraction: number): string => `${JSON.stringify({ progress: fraction })}\n`

/** @throws RegistryError `error` itself, if it says nothing about the media: then the process had better end. */
export function writeError(error: RegistryError): string {
  if (!isMediaCode(error.code)) throw error
  return `${JSON.stringify({ error: { code: error.code, detail: oneLine(error.message) } })}\n`
}

/** A line, and the samples of a view. */
export function writeMedia({ view, ...of }: DecodedMedia): (string | Uint8Array)[] {
  const picture = of.picture && {
    quality: of.picture.quality,
    orientations: of.picture.orientations.map(toHex),
    reduced: of.picture.reduced.map(toHex),
    local: toBase64(of.picture.local!),
    evidence: of.picture.evidence && toBase64(of.picture.evidence),
  }
  const frames = of.frames.map((frame) => ({ ...frame, hash: toHex(frame.hash) }))
  const line = `${JSON.stringify({ media: { ...of, picture, view: view ? formOf(view) : null, frames } })}\n`
  return view ? [line, joinPlanes(view)] : [line]
}

/** Reads one line of a decoder that is not trusted.
 * @throws Error if the line is not an answer to a job with these limits. */
export function readAnswer(line: string, within: DecoderLimits): Answer {
  const read = answer.parse(JSON.parse(line))
  if ('progress' in read) return { kind: 'progress', fraction: read.progress }
  if ('error' in read) return { kind: 'error', error: new RegistryError(read.error.code, oneLine(read.error.detail)) }
  checkMedia(read.media, within)
  const { picture, frames, view, ...rest } = read.media
  return {
    kind: 'media',
    view,
    media: {
      ...rest,
      picture: picture && {
        quality: picture.quality,
        orientations: picture.orientations.map((h) => fromHex(h, 32)),
        reduced: picture.reduced.map((h) => fromHex(h, 32)),
        local: validLocal(picture.local),
        evidence: picture.evidence,
      },
      frames: frames.map((frame) => ({ ...frame, hash: fromHex(frame.hash, 32) })),
    },
  }
}

function checkMedia(of: z.infer<typeof media>, { maxPixels, maxDurationS }: DecoderLimits): void {
  const need = (fact: boolean, what: string) => {
    if (!fact) throw new Error(`the decoder answered ${what}`)
  }
  const sized = of.width !== null && of.height !== null
  need(sized === (of.kind !== 'audio'), `${of.kind} of ${of.width}×${of.height}`)
  need(!sized || of.width! * of.height! <= maxPixels, `${of.width}×${of.height} pixels`)
  need((of.kind === 'image') === (of.picture !== null), `${of.kind} with the wrong hashes`)
  need(of.kind === 'image' || of.view === null, `${of.kind} with a view`)
  need(!of.picture || (of.picture.evidence === null) === (of.view !== null), 'both a view and evidence, or neither')
  need((of.kind === 'image') === (of.durationMs === null), `${of.kind} of ${of.durationMs} ms`)
  need((of.durationMs ?? 0) <= maxDurationS * 1000, `${of.durationMs} ms`)
  need((of.kind === 'video') === of.frames.length > 0, `${of.kind} with ${of.frames.length} frames`)
  need(of.frames.length <= maxFrames(maxDurationS), `${of.frames.length} frames`)
  need(
    of.frames.every((frame, i) => i === 0 || of.frames[i - 1]!.timeMs < frame.timeMs),
    'frames out of order',
  )
  need((of.frames.at(-1)?.timeMs ?? 0) <= (of.durationMs ?? 0), 'frames after the end')
}

/** Evidence is read where it is compared: that takes as long as to write it. @throws RangeError */
function validLocal(bytes: Uint8Array): Uint8Array {
  decodeLocal(bytes, 'candidate')
  return bytes
}

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

function decodeBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

const isMediaCode = (code: ErrorCode): code is Code => (CODES as readonly ErrorCode[]).includes(code)

/** A foreign library's words as one short line without control characters: they may quote the file. */
export function oneLine(text: string): string {
  const line = text
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
  return line.length > 300 ? `${line.slice(0, 299)}…` : line
}
