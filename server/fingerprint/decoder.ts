/**
 * The program of a decoder process. It may fall to a hostile file, so it is given nothing: no path, no environment,
 * one descriptor to read media from (3) and one pipe for jobs and answers (4). See `process.ts` for the other end.
 */
import { readSync } from 'node:fs'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { RegistryError } from '../errors.ts'
import type { DecodedMedia } from './fingerprint.ts'
import { CHANNEL_FD, type Job, MEDIA_FD, READY, readJob, writeError, writeMedia, writeProgress } from './job.ts'
import { type Demuxer, HEAD_BYTES, sniff } from './sniff.ts'

/** Bytes. A picture is held in memory whole; the largest honest ones (16 bit TIFF of 50 megapixels) have 300 MB. */
const MAX_PICTURE_BYTES = 384 * 1024 * 1024

/** Milliseconds between two reports of progress. */
const PROGRESS_EVERY_MS = 200

// Ctrl-C reaches every process of the terminal, and a service manager may signal the whole group: the parent decides
// what ends, and when.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const channel = new Socket({ fd: CHANNEL_FD })
// However the parent ends, its end of the pipe closes. Not exit(): that waits for the thread in which a decoder may
// be spinning. The first process of a namespace does not hear signals of its own, but may fall over.
const leave = () => {
  process.kill(process.pid, 'SIGKILL')
  process.abort()
}
channel.on('close', leave).on('error', leave)

channel.write(`${READY}\n`)
const lines = createInterface({ input: channel })
for await (const line of lines) for (const part of await answer(readJob(line))) channel.write(part)

async function answer(job: Job): Promise<(string | Uint8Array)[]> {
  try {
    return writeMedia(await decode(job))
  } catch (error) {
    // Anything but a statement on the media is a defect or an attack: the process ends with its words on stderr.
    if (error instanceof RegistryError) return [writeError(error)]
    throw error
  }
}

async function decode({ byteLength, limits, detail, view }: Job): Promise<DecodedMedia> {
  const { decoder, mediaType } = await sniff(readMedia(Math.min(byteLength, HEAD_BYTES)))
  const stream = async (demuxer: Demuxer) => {
    // Loaded when first needed: FFmpeg costs 60 MB and 0.2 s, and most processes only ever see pictures.
    const { readStream } = await import('./video.ts')
    const source = { fd: MEDIA_FD, byteLength, demuxer }
    return await readStream({ ...source, mediaType, limits, film: view, detail, onProgress: reporter() })
  }
  if (decoder.kind === 'stream') return await stream(decoder.demuxer)
  if (byteLength > MAX_PICTURE_BYTES)
    throw new RegistryError(
      'media.too_large',
      `a picture of ${byteLength} bytes; at most ${MAX_PICTURE_BYTES} are decoded`,
    )
  const [{ decodePicture, restrictLibvips }, { hashAndView, hashWhole }] = await Promise.all([
    import('./picture.ts'),
    import('./picture-hash.ts'),
  ])
  restrictLibvips()
  if (decoder.moving && (await mayMove(decoder.moving, byteLength))) {
    // Without FFmpeg, or where nothing moves, it is the picture that it begins with.
    const media = await stream(decoder.moving).catch(() => null)
    if (media && media.frames.length > 1) return media
  }
  const { width, height, pixels } =
    mediaType === 'image/heic'
      ? await (await import('./still.ts')).readStill({ fd: MEDIA_FD, byteLength, demuxer: 'mov' }, limits)
      : await decodePicture(readMedia(byteLength), limits)
  const size = { width, height }
  return {
    kind: 'image',
    mediaType,
    ...size,
    durationMs: null,
    frames: [],
    ...(view ? hashAndView(pixels, size) : { picture: hashWhole(pixels, size, detail), view: null }),
  }
}

/** Most GIFs do not, and one need not load FFmpeg to see that. */
async function mayMove(demuxer: Demuxer, byteLength: number): Promise<boolean> {
  if (demuxer !== 'gif') return true
  const { pagesOf } = await import('./picture.ts')
  return (await pagesOf(readMedia(byteLength))) > 1
}

function readMedia(length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let at = 0; at < length; ) {
    const read = readSync(MEDIA_FD, bytes, at, length - at, at)
    if (read === 0) throw new Error(`"byteLength" expected ${length} bytes, the descriptor has ${at}`)
    at += read
  }
  return bytes
}

function reporter(): (fraction: number) => void {
  let last = 0
  return (fraction) => {
    const now = Date.now()
    if (now - last < PROGRESS_EVERY_MS) return
    last = now
    channel.write(writeProgress(Math.min(1, Math.max(0, fraction))))
  }
}
