/** Blocks of a stretch of video: hashes of its frames (`frames1`), local hashes of those that show something new (`keys1`), and evidence
 * (`stretch1`). One stretch can be fetched and checked alone (docs/protocol.md §3). Anybody may have written what is read here. */
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import { decodeBlock } from './block.ts'
import { FILM_SIDE } from './film.ts'
import type { Frame } from './fingerprint.ts'
import { MAX_FRAME_EVIDENCE_BYTES } from './job.ts'
import { decodeLocal, MAX_LOCAL_BYTES } from './local-code.ts'

/** Milliseconds of video in one block of each kind. Evidence has the most bytes, and of a film few stretches are compared. */
export const SPANS_MS = { frames1: 60_000, keys1: 60_000, stretch1: 20_000 } as const

/** Local hashes of one frame. */
export interface Key {
  timeMs: number
  /** `local1`. */
  local: Uint8Array
}

/** Evidence of one frame. */
export interface Still {
  timeMs: number
  /** `evidence1`, grey. */
  evidence: Uint8Array
}

/** Frames by the block in which they belong, empty ones left out. */
export function byStretch<T extends { timeMs: number }>(frames: readonly T[], of: keyof typeof SPANS_MS): T[][] {
  const spanMs = SPANS_MS[of]
  return [...Map.groupBy(frames, (frame) => Math.floor(frame.timeMs / spanMs)).values()]
}

export const frameBlock = (frames: Frame[]) => ({
  firsthand: 'frames1',
  startMs: frames[0]!.timeMs,
  timesMs: frames.map((frame) => frame.timeMs),
  quality: Uint8Array.from(frames, (frame) => frame.quality),
  pdq: new Uint8Array(Buffer.concat(frames.map((frame) => frame.hash))),
})

export const keyBlock = (keys: Key[]) => partsBlock('keys1', keys, (key) => key.local)

export const stretchBlock = (stills: Still[]) => partsBlock('stretch1', stills, (still) => still.evidence)

function partsBlock<T extends { timeMs: number }>(firsthand: string, of: T[], bytesOf: (one: T) => Uint8Array) {
  return {
    firsthand,
    timesMs: of.map(({ timeMs }) => timeMs),
    lengths: of.map((one) => bytesOf(one).length),
    bytes: new Uint8Array(Buffer.concat(of.map(bytesOf))),
  }
}

const frameBlockShape = z
  .object({
    firsthand: z.literal('frames1'),
    startMs: z.int().min(0),
    timesMs: z.array(z.int().min(0)).min(1),
    quality: z.instanceof(Uint8Array),
    pdq: z.instanceof(Uint8Array),
  })
  .refine((b) => b.quality.length === b.timesMs.length && b.pdq.length === 32 * b.timesMs.length, 'lengths differ')
  .refine((b) => b.quality.every((value) => value <= 100), 'quality expected 0 to 100')
  .refine(
    (b) => b.startMs <= b.timesMs[0]! && b.timesMs.at(-1)! - b.startMs < SPANS_MS.frames1,
    `timesMs expected within ${SPANS_MS.frames1} ms of startMs`,
  )

/** Times rise within a block; whoever reads several sees whether they go on rising. @throws RegistryError `block.invalid` */
export function readFrames(cid: string, block: Uint8Array): Frame[] {
  const { timesMs, pdq, quality } = decodeBlock(frameBlockShape, cid, block)
  return timesMs.map((timeMs, i) => ({
    timeMs,
    hash: pdq.slice(32 * i, 32 * (i + 1)),
    quality: quality[i]!,
  }))
}

/** Parts of a block: honest ones have 40 at most. */
const MAX_PARTS = 128

const partsShape = (firsthand: 'keys1' | 'stretch1', maxBytes: number) =>
  z
    .object({
      firsthand: z.literal(firsthand),
      timesMs: z.array(z.int().min(0)).min(1).max(MAX_PARTS),
      lengths: z.array(z.int().min(1).max(maxBytes)).max(MAX_PARTS),
      bytes: z.instanceof(Uint8Array),
    })
    .refine((b) => b.lengths.length === b.timesMs.length, 'lengths differ')
    .refine((b) => b.lengths.reduce((sum, length) => sum + length, 0) === b.bytes.length, 'lengths do not add up')
    .refine((b) => rises(b.timesMs), 'timesMs do not rise')
    .refine(
      (b) => b.timesMs.at(-1)! - b.timesMs[0]! < SPANS_MS[firsthand],
      `timesMs expected within ${SPANS_MS[firsthand]} ms`,
    )

export const rises = (times: readonly number[]) => times.every((time, i) => i === 0 || times[i - 1]! < time)

const keysShape = partsShape('keys1', MAX_LOCAL_BYTES)
const stretchShape = partsShape('stretch1', MAX_FRAME_EVIDENCE_BYTES)

/** @throws RegistryError `block.invalid` for what is no block of local hashes. */
export function readKeys(cid: string, block: Uint8Array): Key[] {
  return partsOf(decodeBlock(keysShape, cid, block)).map(({ timeMs, part }) => {
    try {
      decodeLocal(part)
    } catch (cause) {
      throw new RegistryError('block.invalid', `block ${cid}: ${(cause as Error).message}`, { cause })
    }
    return { timeMs, local: part }
  })
}

/** Evidence of a stretch, in order of time, of which each piece says that it is no larger than those of frames are.
 * @param block what a publisher's server has of it alone is taken out of its block before (`keptEvidence`).
 * @throws RegistryError `block.invalid` for any other. */
export function readStretch(block: Uint8Array): Still[] {
  const stills = partsOf(decodeBlock(stretchShape, 'of evidence', block))
  return stills.map(({ timeMs, part }) => {
    const [, planes, a, b, c, d] = part
    if (planes !== 1 || a! * 256 + b! > FILM_SIDE || c! * 256 + d! > FILM_SIDE)
      throw new RegistryError('block.invalid', `evidence of a frame expected grey, at most ${FILM_SIDE} pixels a side`)
    return { timeMs, evidence: part }
  })
}

function partsOf({ timesMs, lengths, bytes }: z.infer<typeof stretchShape>) {
  let at = 0
  return timesMs.map((timeMs, i) => {
    at += lengths[i]!
    return { timeMs, part: bytes.slice(at - lengths[i]!, at) }
  })
}
