/** Media for tests, made here: pictures by sharp, video and sound by node-av. */
import { mkdtempSync, rmSync } from 'node:fs'
import { type FileHandle, open, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as constants from 'node-av/constants'
import * as lib from 'node-av/lib'
import sharp from 'sharp'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { seeded } from '../random.ts'

const av = { ...lib, ...constants }
av.Log.setLevel(av.AV_LOG_QUIET)

/** A picture with structure at all scales that PDQ looks at, another one for each seed. */
export async function texture(seed: number, width = 320, height = 240): Promise<PixelPlane & { channels: 3 }> {
  const random = seeded(seed)
  const coarse = Buffer.from(Array.from({ length: 16 * 12 * 3 }, () => Math.floor(random() * 256)))
  const data = await sharp(coarse, { raw: { width: 16, height: 12, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer()
  return { width, height, channels: 3, data }
}

export const toSharp = ({ width, height, channels, data }: PixelPlane) =>
  sharp(Buffer.from(data), { raw: { width, height, channels } })

export interface VideoOptions {
  /** Name of a muxer of FFmpeg. */
  format: string
  encoder: 'libx264' | 'libvpx' | 'mpeg2video' | 'mpeg4' | 'mjpeg' | 'apng' | 'libsvtav1' | 'libaom-av1'
  /** Each frame's seed, or its picture, in colour and of the video's size; and when it is shown. */
  frames: ({ seed: number; ms: number } | { picture: PixelPlane; ms: number })[]
  width?: number
  height?: number
  /** Display matrix as in the file: a, b, c, d. */
  matrix?: [number, number, number, number]
  /** Milliseconds that the last frame is shown. */
  lastMs?: number
  encoderOptions?: Record<string, string>
  /** Rows of black above and below, of the height. */
  barRows?: number
  /** Properties of the encoder, such as `sampleAspectRatio`. */
  context?: Partial<lib.CodecContext>
}

/** Encodes one frame for each entry, and returns the file. */
export async function makeVideo(options: VideoOptions): Promise<Buffer> {
  const { format, encoder, frames, width = 320, height = 240, matrix, lastMs = 40, barRows = 0 } = options
  const codec = av.Codec.findEncoderByName(encoder as never)!
  const context = new av.CodecContext()
  context.allocContext3(codec)
  context.width = width
  context.height = height
  context.pixelFormat = encoder === 'mjpeg' ? av.AV_PIX_FMT_YUVJ420P : av.AV_PIX_FMT_YUV420P
  const rate = encoder === 'mpeg2video' || encoder === 'mpeg4'
  // MPEG-1 and 2 know no other rates than those of broadcasting.
  context.timeBase = rate ? new av.Rational(1, 25) : new av.Rational(1, 1000)
  context.framerate = new av.Rational(25, 1)
  context.bitRate = 2_000_000n
  context.gopSize = 12
  Object.assign(context, options.context)
  if (format === 'mp4' || format === 'matroska') context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  for (const [name, value] of Object.entries(options.encoderOptions ?? {})) context.setOption(name, value)
  ok(await context.open2(codec, null))

  const file = createMuxer(format)
  const stream = file.output.newStream(null)
  stream.timeBase = context.timeBase
  stream.codecpar.fromContext(context)
  if (matrix) stream.codecpar.addCodedSideData(av.AV_PKT_DATA_DISPLAYMATRIX, displayMatrix(matrix))
  ok(await file.output.writeHeader(null))

  const scaler = new av.SoftwareScaleContext()
  scaler.allocContext()
  const packet = new av.Packet()
  packet.alloc()
  // Not every encoder passes durations on, and MP4 cuts off what has none.
  const durations = new Map<bigint, bigint>()
  const drain = async () => {
    while ((await context.receivePacket(packet)) >= 0) {
      packet.streamIndex = 0
      packet.duration = durations.get(packet.pts) ?? 0n
      packet.rescaleTs(context.timeBase, stream.timeBase)
      ok(await file.output.interleavedWriteFrame(packet))
    }
  }
  for (const [i, one] of frames.entries()) {
    const { ms } = one
    const { data } =
      'picture' in one ? one.picture : barred(await texture(one.seed, width, height - 2 * barRows), barRows)
    const rgb = av.Frame.fromVideoBuffer(Buffer.from(data), { width, height, format: av.AV_PIX_FMT_RGB24 })
    const frame = new av.Frame()
    frame.alloc()
    Object.assign(frame, { format: context.pixelFormat, width, height })
    ok(frame.getBuffer(0))
    ok(await scaler.scaleFrame(frame, rgb))
    const nextMs = frames[i + 1]?.ms ?? ms + lastMs
    frame.pts = BigInt(rate ? i : ms)
    frame.duration = BigInt(rate ? 1 : nextMs - ms)
    durations.set(frame.pts, frame.duration)
    ok(await context.sendFrame(frame))
    await drain()
  }
  await context.sendFrame(null)
  await drain()
  return await file.finish()
}

/** The picture between rows of black. */
export function barred({ width, height, data }: PixelPlane, rows: number): PixelPlane & { channels: 3 } {
  const whole = new Uint8Array(3 * width * (height + 2 * rows))
  whole.set(data, 3 * width * rows)
  return { width, height: height + 2 * rows, channels: 3, data: whole }
}

export interface SoundOptions {
  cover?: boolean
  /** Name of a muxer of FFmpeg. */
  format?: string
  encoder?: 'aac' | 'libmp3lame' | 'libvorbis' | 'flac'
}

/** One second of noise, as AAC in MP4 if nothing else is said, with or without a cover. */
export async function makeSound({ cover = false, format = 'mp4', encoder = 'aac' }: SoundOptions): Promise<Buffer> {
  const codec = av.Codec.findEncoderByName(encoder as never)!
  const whole = encoder === 'flac'
  const context = new av.CodecContext()
  context.allocContext3(codec)
  const channelLayout = { nbChannels: 1, order: av.AV_CHANNEL_ORDER_NATIVE, mask: 4n }
  const sampleFormat = whole ? av.AV_SAMPLE_FMT_S16 : av.AV_SAMPLE_FMT_FLTP
  Object.assign(context, { sampleRate: 16_000, sampleFormat, channelLayout, bitRate: 32_000n })
  context.timeBase = new av.Rational(1, 16_000)
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  ok(await context.open2(codec, null))

  const file = createMuxer(format)
  const stream = file.output.newStream(null)
  stream.timeBase = context.timeBase
  stream.codecpar.fromContext(context)
  const picture = cover ? file.output.newStream(null) : null
  if (picture) {
    Object.assign(picture.codecpar, {
      codecType: av.AVMEDIA_TYPE_VIDEO,
      codecId: av.AV_CODEC_ID_MJPEG,
      width: 320,
      height: 240,
    })
    picture.disposition = av.AV_DISPOSITION_ATTACHED_PIC
  }
  ok(await file.output.writeHeader(null))
  const packet = new av.Packet()
  packet.alloc()
  if (picture) {
    packet.data = await toSharp(await texture(1))
      .jpeg()
      .toBuffer()
    packet.streamIndex = 1
    packet.setFlags(av.AV_PKT_FLAG_KEY)
    ok(await file.output.interleavedWriteFrame(packet))
  }
  const random = seeded(7)
  const samples = context.frameSize
  for (let at = 0; at < 16_000; at += samples) {
    const noise = whole
      ? Int16Array.from({ length: samples }, () => (random() - 0.5) * 20_000)
      : Float32Array.from({ length: samples }, () => random() - 0.5)
    const props = {
      nbSamples: samples,
      format: sampleFormat,
      sampleRate: 16_000,
      channelLayout,
      pts: BigInt(at),
    }
    ok(await context.sendFrame(av.Frame.fromAudioBuffer(Buffer.from(noise.buffer), props)))
    while ((await context.receivePacket(packet)) >= 0) {
      packet.streamIndex = 0
      packet.rescaleTs(context.timeBase, stream.timeBase)
      ok(await file.output.interleavedWriteFrame(packet))
    }
  }
  return await file.finish()
}

/** One channel of noise, 16 bits, in a WAV file. */
export function makeWav(seconds: number, sampleRateHz = 8000): Buffer {
  const random = seeded(3)
  return wavFile(
    Int16Array.from({ length: seconds * sampleRateHz }, () => random() * 2000),
    sampleRateHz,
  )
}

/** Samples of one channel as a WAV file. */
export function wavFile(samples: Int16Array, sampleRateHz: number): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF')
  header.writeUInt32LE(36 + samples.byteLength, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(sampleRateHz, 24)
  header.writeUInt32LE(2 * sampleRateHz, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.byteLength, 40)
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)])
}

/** A file that is written in memory. */
export function createMuxer(name: string) {
  const output = new av.FormatContext()
  ok(output.allocOutputContext2(null, name, null))
  let bytes = Buffer.alloc(1 << 16)
  let [at, length] = [0, 0]
  const write = (chunk: Buffer) => {
    while (at + chunk.length > bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)])
    chunk.copy(bytes, at)
    at += chunk.length
    length = Math.max(length, at)
    return chunk.length
  }
  const seek = (offset: bigint, whence: number) => {
    if (whence === av.AVSEEK_SIZE) return BigInt(length)
    at = (whence === av.AVSEEK_CUR ? at : whence === av.AVSEEK_END ? length : 0) + Number(offset)
    return BigInt(at)
  }
  const io = new av.IOContext()
  io.allocContextWithCallbacks(1 << 16, 1, null, write, seek)
  output.pb = io
  const finish = async () => {
    ok(await output.writeTrailer())
    await io.flush()
    output.pb = null
    io.freeContext()
    output.freeContext()
    return Buffer.from(bytes.subarray(0, length))
  }
  return { output, finish }
}

function displayMatrix([a, b, c, d]: [number, number, number, number]): Buffer {
  const bytes = Buffer.alloc(36)
  for (const [i, value] of [a, b, 0, c, d, 0, 0, 0, 0x4000].entries())
    bytes.writeInt32LE(i === 8 ? 1 << 30 : value * 65_536, 4 * i)
  return bytes
}

export function ok(code: number): void {
  av.FFmpegError.throwIfError(code)
}

/** A directory for files of a test, and files in it, opened for reading; all of it goes when the test is over. */
export function createFiles() {
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-test-'))
  const handles: FileHandle[] = []
  let count = 0
  const write = async (bytes: Uint8Array | string): Promise<string> => {
    const path = join(directory, String(count++))
    await writeFile(path, bytes)
    return path
  }
  return {
    directory,
    write,
    async open(bytes: Uint8Array | string): Promise<FileHandle> {
      const handle = await open(await write(bytes), 'r')
      handles.push(handle)
      return handle
    },
    async remove() {
      await Promise.all(handles.splice(0).map((handle) => handle.close()))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** What a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string; retryAfterS?: number }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a failure')
}
