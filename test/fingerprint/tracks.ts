/** Sound for tests, made by arithmetic: any codec, any number of channels, any container, with holes where they are wanted. */
import * as constants from 'node-av/constants'
import * as lib from 'node-av/lib'
import { seeded } from '../random.ts'
import { createMuxer, ok, texture, wavFile } from './media.ts'

const av = { ...lib, ...constants }

/** A sound as its value at each second, −1 to 1. */
export type Tone = (s: number) => number

export interface TrackOptions {
  /** Name of a muxer of FFmpeg. */
  format: string
  encoder: string
  sound: Tone
  seconds: number
  rateHz?: number
  channels?: number
  /** What of the sound each channel has, all of it if left out. */
  gains?: number[]
  /** Seconds of the file's clock at which it begins. */
  startS?: number
  /** Seconds of the sound whose packets are left out. */
  hole?: { fromS: number; toS: number } | null
  /** Further tracks, of silence, before it; the default is the one with the sound. */
  silentTracks?: number
  /** A picture beside it: 25 a second for so long. */
  picture?: { seconds: number; startS: number } | null
}

const FORMATS = [av.AV_SAMPLE_FMT_FLTP, av.AV_SAMPLE_FMT_FLT, av.AV_SAMPLE_FMT_S16]
const MASKS: Record<number, bigint> = { 1: 4n, 2: 3n, 6: 0x3fn, 8: 0x63fn }

export async function makeTrack(options: TrackOptions): Promise<Buffer> {
  const { format, hole = null, silentTracks = 0, picture = null } = options
  const file = createMuxer(format)
  const tones = [...Array.from({ length: silentTracks }, (): Tone => () => 0), options.sound]
  const encoders = await Promise.all(tones.map((sound) => encoded({ ...options, sound })))
  const video = picture ? await pictures(picture) : null
  const tracks = [...(video ? [video] : []), ...encoders].map(({ context, packets }, i) => {
    const stream = file.output.newStream(null)
    stream.timeBase = context.timeBase
    stream.codecpar.fromContext(context)
    const first = video ? 1 : 0
    if (silentTracks > 0 && i >= first)
      stream.disposition =
        i === first + silentTracks ? av.AV_DISPOSITION_DEFAULT : (0 as typeof av.AV_DISPOSITION_DEFAULT)
    return { stream, context, packets, isSound: i >= first }
  })
  ok(await file.output.writeHeader(null))
  const all = tracks.flatMap(({ stream, context, packets, isSound }) =>
    packets.map((packet) => ({
      packet,
      stream,
      context,
      isSound,
      atS: (Number(packet.dts) * context.timeBase.num) / context.timeBase.den,
    })),
  )
  for (const { packet, stream, context, isSound, atS } of all.sort((a, b) => a.atS - b.atS)) {
    const saidS = atS - (options.startS ?? 0)
    if (isSound && hole && saidS >= hole.fromS && saidS < hole.toS) continue
    packet.streamIndex = stream.index
    packet.rescaleTs(context.timeBase, stream.timeBase)
    ok(await file.output.interleavedWriteFrame(packet))
  }
  return await file.finish()
}

async function encoded({
  encoder,
  format,
  sound,
  seconds,
  rateHz = 44_100,
  channels = 1,
  gains,
  startS = 0,
}: TrackOptions) {
  const codec = av.Codec.findEncoderByName(encoder as never)!
  const context = new av.CodecContext()
  context.allocContext3(codec)
  const sampleFormat = FORMATS.find((one) => codec.sampleFormats!.includes(one))!
  const channelLayout = { nbChannels: channels, order: av.AV_CHANNEL_ORDER_NATIVE, mask: MASKS[channels]! }
  Object.assign(context, { sampleRate: rateHz, sampleFormat, channelLayout, bitRate: 96_000n })
  context.timeBase = new av.Rational(1, rateHz)
  if (!['adts', 'wav', 'mp3'].includes(format)) context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  ok(await context.open2(codec, null))
  const packets: lib.Packet[] = []
  const drain = async () => {
    for (;;) {
      const packet = new av.Packet()
      packet.alloc()
      if ((await context.receivePacket(packet)) < 0) return
      packets.push(packet)
    }
  }
  const samples = context.frameSize || 1_024
  const first = Math.round(startS * rateHz)
  for (let at = 0; at < seconds * rateHz; at += samples) {
    const nbSamples = Math.min(samples, Math.round(seconds * rateHz) - at)
    const values = Array.from({ length: channels }, (_, c) =>
      Array.from({ length: nbSamples }, (_, i) => (gains?.[c] ?? 1) * sound((at + i) / rateHz)),
    )
    const props = { nbSamples, format: sampleFormat, sampleRate: rateHz, channelLayout, pts: BigInt(first + at) }
    ok(await context.sendFrame(av.Frame.fromAudioBuffer(bytesOf(values, sampleFormat), props)))
    await drain()
  }
  await context.sendFrame(null)
  await drain()
  return { context, packets }
}

/** Of all formats that encoders want: 16 bits or floats, channel by channel or in turn. */
function bytesOf(values: number[][], format: number): Buffer {
  const planar = format === av.AV_SAMPLE_FMT_FLTP
  const flat = planar ? values.flat() : values[0]!.flatMap((_, i) => values.map((channel) => channel[i]!))
  const floats = format === av.AV_SAMPLE_FMT_FLTP || format === av.AV_SAMPLE_FMT_FLT
  const numbers = floats ? Float32Array.from(flat) : Int16Array.from(flat, (value) => Math.round(32_767 * value))
  return Buffer.from(numbers.buffer)
}

async function pictures({ seconds, startS }: { seconds: number; startS: number }) {
  const context = new av.CodecContext()
  context.allocContext3(av.Codec.findEncoderByName('libx264' as never)!)
  Object.assign(context, { width: 64, height: 48, pixelFormat: av.AV_PIX_FMT_YUV420P, bitRate: 200_000n, gopSize: 12 })
  context.timeBase = new av.Rational(1, 1_000)
  context.framerate = new av.Rational(25, 1)
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER)
  context.setOption('tune', 'zerolatency')
  ok(await context.open2(av.Codec.findEncoderByName('libx264' as never)!, null))
  const scaler = new av.SoftwareScaleContext()
  scaler.allocContext()
  const packets: lib.Packet[] = []
  for (let i = 0; i < 25 * seconds; i++) {
    const { data } = await texture(i, 64, 48)
    const rgb = av.Frame.fromVideoBuffer(Buffer.from(data), { width: 64, height: 48, format: av.AV_PIX_FMT_RGB24 })
    const frame = new av.Frame()
    frame.alloc()
    Object.assign(frame, { format: context.pixelFormat, width: 64, height: 48 })
    ok(frame.getBuffer(0))
    ok(await scaler.scaleFrame(frame, rgb))
    frame.pts = BigInt(Math.round(1_000 * startS) + 40 * i)
    frame.duration = 40n
    ok(await context.sendFrame(frame))
    const packet = new av.Packet()
    packet.alloc()
    ok(await context.receivePacket(packet))
    packet.duration = 40n
    packets.push(packet)
  }
  return { context, packets }
}

/** Samples as a WAV file of 16 bits and one channel. */
export function wavOf(sound: Tone, seconds: number, rateHz = 8_000): Buffer {
  const samples = Int16Array.from({ length: Math.round(seconds * rateHz) }, (_, i) =>
    Math.round(32_767 * sound(i / rateHz)),
  )
  return wavFile(samples, rateHz)
}

/** Something like speech, another one for each seed: syllables of a few notes, now loud, now low, that never come again. */
export function babble(seed: number): Tone {
  const random = seeded(seed)
  const syllables = Array.from({ length: 4_096 }, () => ({
    notes: Array.from({ length: 5 }, () => 250 * 12 ** random()),
    gain: 0.1 + 0.5 * random(),
  }))
  const seconds = 0.16 + 0.06 * random()
  return (s) => {
    const { notes, gain } = syllables[Math.floor(s / seconds) & 4_095]!
    const part = (s / seconds) % 1
    const envelope = Math.sin(Math.PI * part) ** 0.5
    return (gain * envelope * notes.reduce((sum, hz, i) => sum + Math.sin(2 * Math.PI * hz * s) / (i + 1), 0)) / 2.3
  }
}
