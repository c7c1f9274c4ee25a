/**
 * What a decoder process is asked and what it answers: one line of JSON each way on a pipe of its own.
 *
 * Not Node's IPC: that channel also carries handles and internal commands, and the decoder's side of it may be in the
 * hands of a hostile file. So the reader believes nothing: every length, count and order is checked here.
 */
import * as z from 'zod'
import { fromHex, toHex } from '../bytes.ts'
import { type ErrorCode, RegistryError } from '../errors.ts'
import { BAR_PARTS } from './bars.ts'
import { MAX_EVIDENCE_BYTES } from './evidence.ts'
import { FILM_SIDE, MAX_FILM_BYTES } from './film.ts'
import { type DecodedMedia, type Film, type Frame, KINDS, ORIENTATIONS, type Sound } from './fingerprint.ts'
import { decodeLocal, MAX_LOCAL_BYTES } from './local-code.ts'
import { formOf, joinPlanes, samplesIn, splitPlanes } from './planes.ts'
import { decodeSound, encodeSound, MAX_ROWS, maxPrints, soundBytes, soundForm } from './sound-code.ts'
import { VIEW_SIDE } from './view.ts'

export interface DecoderLimits {
  /** Pixels of a picture, or of one frame of a video. */
  maxPixels: number
  /** Seconds of video or sound. */
  maxDurationS: number
  /** Bytes of resident memory of one decoder process. */
  maxMemoryBytes: number
  /** Seconds of wall clock for one job; a film that gets on may take `PATIENCE` times as many. */
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

/** How many times `timeoutS` a job may take in the end: two hours of 720p as a candidate take twenty minutes of one core. */
export const PATIENCE = 6

/** Seconds that a decoder may have computed in all its jobs before it is replaced. */
export const wornAfterCpuS = ({ timeoutS }: DecoderLimits): number => Math.max(30, timeoutS)

/** Seconds of computing at which the system ends a decoder whose parent does not: more than any honest one can need. In
 * its last job one thread is busy until the job is given up by the clock, and others help a little. */
export const maxCpuS = (limits: DecoderLimits): number => 3 * PATIENCE * wornAfterCpuS(limits)

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
  MAX_FILM_BYTES +
  10 * MAX_PICTURES +
  soundBytes({ startS: 0, count: maxPrints(maxDurationS, true), rows: MAX_ROWS }) +
  (MEAN_PARTS_BYTES + 300) * maxFrames(maxDurationS) +
  5 * 64 * Math.ceil(timeoutS)

const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)
/** Candidates are sampled twice as often as originals. */
const maxFrames = (durationS: number) => 2 * Math.ceil(durationS * FRAMES_PER_SECOND) + 8
/** Bytes of a frame's evidence that are read: honest ones have 1,100, noise five times as much. */
export const MAX_FRAME_EVIDENCE_BYTES = 16_384
/** Bytes of local hashes and evidence a frame that are read of a long video, in the mean. */
const MEAN_PARTS_BYTES = 8_192
/** Of a film. */
const MAX_PICTURES = 20_000

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

/** Of a frame. */
const part = z.number().positive().max(1)
const ROUNDING = 1 / BAR_PARTS
const filmSide = z.int().min(1).max(FILM_SIDE)

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
  frames: z.array(
    z.strictObject({
      timeMs: z.int().min(0),
      hash,
      quality,
      mirrored: hash.nullable(),
      /** Bytes, which follow the line. */
      local: z.int().min(0).max(MAX_LOCAL_BYTES),
      evidence: z.int().min(0).max(MAX_FRAME_EVIDENCE_BYTES),
    }),
  ),
  truncated: z.literal(true).optional(),
  bars: z
    .strictObject({ x: z.number().min(0).lt(1), y: z.number().min(0).lt(1), w: part, h: part })
    .refine(({ x, y, w, h }) => x + w <= 1 + ROUNDING && y + h <= 1 + ROUNDING, 'bars outside the frame')
    .nullable()
    .default(null),
  sound: z
    .strictObject({
      /** Of the bytes that follow the line; null for a sound without features. */
      prints: z
        .strictObject({
          startS: z.number().min(0),
          count: z.int().min(1),
          rows: z.int().min(0).max(MAX_ROWS).nullable(),
        })
        .nullable(),
      tracks: z.int().min(1).max(1_000),
      damaged: z.boolean(),
      readable: z.boolean(),
    })
    .nullable()
    .default(null),
  film: z
    .strictObject({
      width: filmSide,
      height: filmSide,
      timesMs: z.array(z.int().min(0)).min(1).max(MAX_PICTURES),
      stepMs: z.int().min(1).optional(),
    })
    .nullable()
    .default(null),
})

const answer = z.union([
  z.strictObject({ progress: z.number().min(0).max(1) }),
  z.strictObject({ error: z.strictObject({ code: z.enum(CODES), detail: z.string() }) }),
  z.strictObject({ media }),
])

/** Of media so many bytes follow the line that are none, and make it whole. */
export type Answer =
  | { kind: 'progress'; fraction: number }
  | { kind: 'error'; error: RegistryError }
  | { kind: 'media'; following: number; whole(bytes: Uint8Array): DecodedMedia }

export const writeJob = (of: Job): string => `${JSON.stringify(of)}\n`

/** @throws Error if the line is no job: only a defect of the parent can do that. */
export const readJob = (line: string): Job => job.parse(JSON.parse(line))

export const writeProgress = (fraction: number): string => `${JSON.stringify({ progress: fraction })}\n`

/** @throws RegistryError `error` itself, if it says nothing about the media: then the process had better end. */
export function writeError(error: RegistryError): string {
  if (!isMediaCode(error.code)) throw error
  return `${JSON.stringify({ error: { code: error.code, detail: oneLine(error.message) } })}\n`
}

/** A line, and behind it what had better not be text: the view of a picture; the parts of frames, the film, and the sound. */
export function writeMedia({ view, film, sound = null, ...of }: DecodedMedia): (string | Uint8Array)[] {
  const picture = of.picture && {
    quality: of.picture.quality,
    orientations: of.picture.orientations.map(toHex),
    reduced: of.picture.reduced.map(toHex),
    local: toBase64(of.picture.local!),
    evidence: of.picture.evidence && toBase64(of.picture.evidence),
  }
  const frames = of.frames.map(({ timeMs, hash, quality, mirrored, local, evidence }) => ({
    timeMs,
    hash: toHex(hash),
    quality,
    mirrored: mirrored ? toHex(mirrored) : null,
    local: local?.length ?? 0,
    evidence: evidence?.length ?? 0,
  }))
  const { samples, ...form } = film ?? { samples: NOTHING }
  const said = sound && { ...sound, prints: sound.prints && soundForm(sound.prints) }
  const media = { ...of, picture, view: view ? formOf(view) : null, frames, film: film ? form : null, sound: said }
  const parts = of.frames.flatMap(({ local, evidence }) => [local, evidence]).filter((part) => part != null)
  const prints = sound?.prints ? encodeSound(sound.prints) : NOTHING
  return [
    `${JSON.stringify({ media })}\n`,
    ...(view ? [joinPlanes(view)] : []),
    Buffer.concat(parts),
    samples,
    prints,
  ].filter((part) => part.length > 0)
}

const NOTHING = new Uint8Array()

/** Reads one line of a decoder that is not trusted.
 * @throws Error if the line is not an answer to a job with these limits. */
export function readAnswer(line: string, within: DecoderLimits): Answer {
  const read = answer.parse(JSON.parse(line))
  if ('progress' in read) return { kind: 'progress', fraction: read.progress }
  if ('error' in read) return { kind: 'error', error: new RegistryError(read.error.code, oneLine(read.error.detail)) }
  checkMedia(read.media, within)
  const { view, film, frames, sound } = read.media
  const parts = frames.reduce((sum, { local, evidence }) => sum + local + evidence, 0)
  const prints = sound?.prints ? soundBytes(sound.prints) : 0
  const following = (view ? samplesIn(view) : 0) + parts + (film ? samplesOf(film) : 0) + prints
  return { kind: 'media', following, whole: (bytes) => wholeMedia(read.media, bytes) }
}

const samplesOf = ({ width, height, timesMs }: Omit<Film, 'samples'>) => width * height * timesMs.length

function wholeMedia(
  { picture, frames, view, film, bars, sound, ...rest }: z.infer<typeof media>,
  bytes: Uint8Array,
): DecodedMedia {
  let at = 0
  const next = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  return {
    ...rest,
    picture: picture && {
      quality: picture.quality,
      orientations: picture.orientations.map((h) => fromHex(h, 32)),
      reduced: picture.reduced.map((h) => fromHex(h, 32)),
      local: validLocal(picture.local),
      evidence: picture.evidence,
    },
    view: view && splitPlanes(next(samplesIn(view)), view),
    frames: frames.map((frame) => wholeFrame(frame, next)),
    film: film && { ...film, samples: next(samplesOf(film)) },
    ...(bars && { bars }),
    ...(rest.kind !== 'image' && { sound: sound && wholeSound(sound, next) }),
  }
}

function wholeSound(
  { prints, ...rest }: NonNullable<z.infer<typeof media>['sound']>,
  next: (length: number) => Uint8Array,
): Sound {
  return { ...rest, prints: prints && decodeSound(prints, next(soundBytes(prints))) }
}

/** Parts are copied: they outlive a film of fifty times their size. */
function wholeFrame(
  { timeMs, hash, quality, mirrored, local, evidence }: z.infer<typeof media>['frames'][number],
  next: (length: number) => Uint8Array,
): Frame {
  return {
    timeMs,
    hash: fromHex(hash, 32),
    quality,
    ...(mirrored && { mirrored: fromHex(mirrored, 32) }),
    local: local > 0 ? validLocal(next(local).slice()) : null,
    evidence: evidence > 0 ? next(evidence).slice() : null,
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
  need(of.kind !== 'image' || of.sound === null, 'a picture that sounds')
  need((of.sound?.prints?.startS ?? 0) <= maxDurationS, 'sound that begins too late')
  need((of.sound?.prints?.count ?? 0) <= maxPrints(maxDurationS, of.sound?.prints?.rows != null), 'too many prints')
  need(of.kind !== 'image' || of.truncated === undefined, `${of.kind} that breaks off`)
  need(of.kind === 'video' || of.bars === null, `${of.kind} between bars`)
  need(of.kind === 'video' || of.film === null, `${of.kind} with a film`)
  need(!of.film || samplesOf(of.film) <= MAX_FILM_BYTES, 'a film that is too long')
  need(rises(of.film?.timesMs ?? []), 'pictures of a film out of order')
  need(!of.picture || (of.picture.evidence === null) === (of.view !== null), 'both a view and evidence, or neither')
  need((of.kind === 'image') === (of.durationMs === null), `${of.kind} of ${of.durationMs} ms`)
  need((of.durationMs ?? 0) <= maxDurationS * 1000, `${of.durationMs} ms`)
  need((of.kind === 'video') === of.frames.length > 0, `${of.kind} with ${of.frames.length} frames`)
  need(of.frames.length <= maxFrames(maxDurationS), `${of.frames.length} frames`)
  need(rises(of.frames.map(({ timeMs }) => timeMs)), 'frames out of order')
  need((of.frames.at(-1)?.timeMs ?? 0) <= (of.durationMs ?? 0), 'frames after the end')
}

const rises = (times: readonly number[]) => times.every((time, i) => i === 0 || times[i - 1]! < time)

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
