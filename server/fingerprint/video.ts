/** The frames of a video, hashed, two a second of an original and four of a candidate, and its sound in the same pass; or a sound alone. */
import type { CodecContext, Stream } from 'node-av/lib'
import { RegistryError } from '../errors.ts'
import { type Container, loadAv, openContainer, openDecoder, type Source } from './container.ts'
import { FILM_STEP_MS } from './film.ts'
import type { DecodedMedia } from './fingerprint.ts'
import { decodedFrames } from './frames.ts'
import { type Hearing, listen, listenBeside } from './hear.ts'
import type { DecoderLimits } from './job.ts'
import type { Detail } from './local.ts'
import { createRasteriser, type Rasteriser } from './raster.ts'
import type { Demuxer } from './sniff.ts'
import { createTake } from './take.ts'
import { createTimeline, STEP_MS, type Timeline } from './timeline.ts'
import type { Size } from './view.ts'

/** Frames a second where neither the frames nor the file say anything. */
const ASSUMED_RATE = 25
export interface StreamJob extends Source {
  mediaType: string
  limits: DecoderLimits
  /** Whether it is answered with a film, and not with evidence. */
  film?: boolean
  /** How closely its sound is listened to; an original's where nothing is said. */
  detail?: Detail | undefined
  /** Milliseconds that it lasts, where that is known and not only announced. */
  expectedMs?: number
  /** Called for each frame taken, with the part of the file that was read, 0 to 1. */
  onProgress?: (fraction: number) => void
}

/** Decodes a video or a sound. A file that breaks off counts as far as it goes.
 * @throws RegistryError `media.undecodable` if not one frame or sample can be decoded; `media.too_large` for more
 * pixels or seconds than the limits allow; `media.unsupported` for an unknown codec, or without `node-av`. */
export async function readStream(job: StreamJob): Promise<DecodedMedia> {
  const { media, announcedMs } = await readOnce(job)
  const durationMs = media.durationMs!
  const isBelied = Math.abs(announcedMs - durationMs) > MISTAKEN * durationMs
  // Its pictures were spread over hours that it only announces, or not at all where it announces nothing: what is altered would be passed over.
  return media.film?.stepMs && isBelied ? (await readOnce({ ...job, expectedMs: durationMs })).media : media
}

/** Part of what a video lasts by which what it says may be wrong. */
const MISTAKEN = 0.2

async function readOnce(job: StreamJob): Promise<{ media: DecodedMedia; announcedMs: number }> {
  const container = await openContainer(await loadAv(), job)
  try {
    const stream = container.video ?? container.sound
    if (!stream) throw new RegistryError('media.undecodable', `${job.mediaType} with neither picture nor sound in it`)
    checkDuration(announcedMs(container), job.limits)
    checkSize(stream.codecpar, job.limits)
    const read = container.video ? readVideo : readSound
    return { media: await read(container, stream, job), announcedMs: announcedMs(container) }
  } finally {
    await container.close()
  }
}

async function readVideo(container: Container, stream: Stream, job: StreamJob): Promise<DecodedMedia> {
  const decoder = await openDecoder(container.av, stream, job.limits.maxPixels)
  const rasteriser = createRasteriser(container.av, job.limits.maxPixels)
  const hearing = await listenBeside(container, hearingOf(job))
  const from = { ...container, packets: (of: Stream) => container.packets(of, hearing.beside) }
  const timeline = createTimeline({
    timeBase: stream.timeBase,
    frameMs: frameMsOf(stream),
    discontinuous: from.discontinuous,
    stepMs: job.film ? FILM_STEP_MS : STEP_MS,
  })
  try {
    const { frames, film, bars, size, endMs } = await takeFrames(from, stream, decoder, timeline, rasteriser, job)
    if (frames.length === 0 || !size)
      throw new RegistryError('media.undecodable', `no frame of this ${job.mediaType} can be decoded`)
    return {
      kind: 'video',
      mediaType: typeFor('video', job.mediaType),
      ...size,
      durationMs: endMs,
      picture: null,
      frames,
      film,
      bars,
      sound: hearing.finish(timeline.zeroS()).sound,
      ...(breaksOff(from, stream, endMs) && { truncated: true }),
    }
  } finally {
    hearing.free()
    rasteriser.free()
    decoder.freeContext()
  }
}

/** 0 where the file does not say. */
const announcedMs = ({ format }: Container) => Math.max(0, Number(format.duration) / 1000)

const hearingOf = ({ detail = 'original', limits: { maxDurationS } }: StreamJob) => ({ detail, maxDurationS })

async function takeFrames(
  from: Container,
  stream: Stream,
  decoder: CodecContext,
  timeline: Timeline,
  rasteriser: Rasteriser,
  job: StreamJob,
) {
  const { limits, onProgress } = job
  const take = createTake(job.film ? 'candidate' : 'original', rasteriser, job.expectedMs ?? announcedMs(from))
  let size: Size | null = null
  let endMs = 0
  const reach = (ms: number) => {
    endMs = Math.max(endMs, ms)
    checkDuration(endMs, limits)
  }
  const skip = {
    ahead: job.film === true,
    stepMs: job.film ? FILM_STEP_MS : STEP_MS,
    foresee: timeline.foresee,
    onSkipped: reach,
  }
  for await (const frame of decodedFrames(from, stream, decoder, skip)) {
    const pts = frame.bestEffortTimestamp
    const placed = timeline.place(pts === from.av.AV_NOPTS_VALUE ? null : pts, frame.duration)
    reach(placed.endMs)
    if (!placed.chosen) continue
    checkSize(frame, limits)
    const shown = await take.frame(placed.timeMs, frame)
    size ??= shown
    onProgress?.(from.progress())
  }
  return { ...(await take.finish()), size, endMs }
}

/** How long it lasts is counted in samples, for headers only promise. */
async function readSound(from: Container, stream: Stream, job: StreamJob): Promise<DecodedMedia> {
  const hearing = await listen(from, hearingOf(job))
  try {
    for await (const packet of from.packets(stream)) {
      hearing.beside!.take(packet)
      job.onProgress?.(from.progress())
    }
    return soundOf(hearing, from, stream, job)
  } finally {
    hearing.free()
  }
}

function soundOf(hearing: Hearing, from: Container, stream: Stream, { mediaType, demuxer }: StreamJob): DecodedMedia {
  const { heard, sound } = hearing.finish(null)
  if (!heard) throw new RegistryError('media.undecodable', `no sound of this ${mediaType} can be decoded`)
  const durationMs = Math.round(1_000 * heard.durationS)
  return {
    kind: 'audio',
    mediaType: typeFor('audio', mediaType),
    width: null,
    height: null,
    durationMs,
    picture: null,
    frames: [],
    sound,
    ...(SAYS_ITS_LENGTH.includes(demuxer) && breaksOff(from, stream, durationMs) && { truncated: true }),
  }
}

/** Of others FFmpeg guesses how long they are. */
const SAYS_ITS_LENGTH: readonly Demuxer[] = ['mov', 'matroska', 'flac', 'wav']

/** Milliseconds, and part of what is announced, that a file may be short of it: the last frame may have no duration; and where only the whole file
 * says how long it is, its sound may be longer. */
const SHORT = { stream: { ms: 1_000, part: 0.02 }, file: { ms: 2_000, part: 0.1 } } as const

/** Whether less could be read than the file says that there is. */
function breaksOff(container: Container, { duration, timeBase: { num, den } }: Stream, endMs: number): boolean {
  const own = duration !== container.av.AV_NOPTS_VALUE && duration > 0n
  const lengthMs = own ? (Number(duration) * 1000 * num) / den : announcedMs(container)
  const { ms, part } = own ? SHORT.stream : SHORT.file
  return lengthMs - endMs > Math.max(ms, part * lengthMs)
}

function frameMsOf({ avgFrameRate, rFrameRate }: Stream): number {
  const rate = [avgFrameRate, rFrameRate].find(({ num, den }) => num > 0 && den > 0)
  return rate ? (1000 * rate.den) / rate.num : 1000 / ASSUMED_RATE
}

/** One container holds either: its media type goes by what was found in it. */
function typeFor(kind: 'video' | 'audio', mediaType: string): string {
  const shared = /^(video|audio)\/(mp4|3gpp2?|matroska|webm|ogg|mpeg)$/.exec(mediaType)
  return shared ? `${kind}/${shared[2]}` : mediaType
}

function checkSize({ width, height }: { width: number; height: number }, { maxPixels }: DecoderLimits): void {
  if (width * height > maxPixels)
    throw new RegistryError('media.too_large', `frames of ${width}×${height} pixels; at most ${maxPixels} are decoded`)
}

function checkDuration(ms: number, { maxDurationS }: DecoderLimits): void {
  if (ms > maxDurationS * 1000)
    throw new RegistryError(
      'media.too_large',
      `it lasts ${Math.round(ms / 1000)} s; at most ${maxDurationS} s are decoded`,
    )
}
