/**
 * A video or sound file opened by FFmpeg (`node-av`), and nothing else opened with it.
 *
 * Its bytes come from one descriptor through callbacks. The demuxer is the one that `sniff` named, so FFmpeg never
 * guesses; no protocol is allowed; codecs are those on a list: a playlist, or a reference to another file, has nobody
 * to read it.
 */
import { readSync } from 'node:fs'
import type { CodecContext, FormatContext, IOContext, Packet, Stream } from 'node-av/lib'
import { RegistryError } from '../errors.ts'
import { oneLine } from './job.ts'
import { DEMUXERS, type Demuxer } from './sniff.ts'

/** Bytes a call of the read callback asks for: a call costs about 30 µs. */
const READ_BYTES = 262_144

/** More streams than any recording has; MPEG-TS would make thousands from noise. */
const MAX_STREAMS = 64

/** Names of FFmpeg's decoders. No hardware, no subtitles, nothing that reads other files. */
const VIDEO_CODECS = (
  'h264 hevc libdav1d vp8 vp9 vp6 vp6f mpeg1video mpeg2video mpeg4 msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1 h263 flv ' +
  'theora mjpeg prores dnxhd dvvideo ffv1 huffyuv ffvhuff utvideo rawvideo svq3 qtrle png apng gif v210 cfhd'
).split(' ')
const SOUND_CODECS = (
  'aac mp3float mp3 mp2float mp2 mp1float mp1 opus vorbis flac alac ac3 eac3 amrnb amrwb speex libspeex adpcm_ms ' +
  'adpcm_ima_wav adpcm_ima_qt pcm_u8 pcm_s8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le ' +
  'pcm_f32be pcm_f64le pcm_alaw pcm_mulaw pcm_dvd pcm_bluray'
).split(' ')

export type Av = typeof import('node-av/lib') & typeof import('node-av/constants')

export interface Container {
  av: Av
  format: FormatContext
  /** Pictures that move; cover art and thumbnails are none. */
  video: Stream | null
  sound: Stream | null
  /** Of all sound tracks, that one included. */
  soundTracks: number
  /** Whether the clock of the format may start anew. */
  discontinuous: boolean
  /** How far it has been read, 0 to 1. */
  progress(): number
  /** Hands out the packets of one stream until the file ends, or breaks off. The packet is only good until the next.
   * @param beside another stream, and who takes its packets on the way. */
  packets(of: Stream, beside?: Beside | null): AsyncGenerator<Packet>
  close(): Promise<void>
}

export interface Beside {
  stream: Stream
  /** The packet is only good until it returns. */
  take(packet: Packet): void
}

export interface Source {
  fd: number
  byteLength: number
  demuxer: Demuxer
}

/** FFmpeg, if it is installed: it is an optional dependency, for its licence is not ours.
 * @throws RegistryError `media.unsupported` if it is not. */
export async function loadAv(): Promise<Av> {
  try {
    const [lib, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')])
    lib.Log.setLevel(constants.AV_LOG_QUIET)
    return { ...lib, ...constants }
  } catch (cause) {
    const detail = 'video and sound need the optional package "node-av", which is not installed on this server'
    throw new RegistryError('media.unsupported', detail, { cause })
  }
}

/** Opens the file and finds its streams.
 * @throws RegistryError `media.undecodable` if it is not what it seemed to be. */
export async function openContainer(av: Av, source: Source): Promise<Container> {
  const format = new av.FormatContext()
  format.allocContext()
  const reader = createReader(av, source)
  format.pb = reader.io
  format.setFlags(av.AVFMT_FLAG_CUSTOM_IO)
  format.maxStreams = MAX_STREAMS
  const close = async () => {
    format.pb = null
    await format.closeInput()
    reader.io.freeContext()
  }
  try {
    check(av, await format.openInput('', av.InputFormat.findInputFormat(source.demuxer), optionsFor(av)), 'opened')
    check(av, await format.findStreamInfo(null), 'opened')
  } catch (error) {
    await close()
    throw error
  }
  const video = bestOf(shownOf(av, format, av.AVMEDIA_TYPE_VIDEO), av)
  const sounds = shownOf(av, format, av.AVMEDIA_TYPE_AUDIO)
  const discontinuous = ((format.iformat?.flags ?? 0) & av.AVFMT_TS_DISCONT) !== 0
  const { packets, progress } = followed(av, format, reader.progress)
  const sound = bestOf(sounds, av)
  return { av, format, video, sound, soundTracks: sounds.length, discontinuous, progress, packets, close }
}

/** The packets of a stream, and how far they have come: in time, where the file says how long it is. It may have its table at its end, which is then
 *  read first, or lie in another order than it is shown in. */
function followed(av: Av, format: FormatContext, bytesRead: () => number): Pick<Container, 'packets' | 'progress'> {
  const durationS = Number(format.duration) / av.AV_TIME_BASE
  let [firstS, latestS] = [null as number | null, 0]
  return {
    async *packets(of, beside = null) {
      const { num, den } = of.timeBase
      for await (const packet of packetsOf(av, format, of, beside)) {
        if (packet.pts !== av.AV_NOPTS_VALUE) latestS = (Number(packet.pts) * num) / den
        firstS ??= latestS
        yield packet
      }
    },
    progress: () => (durationS > 0 ? Math.min(1, Math.max(0, latestS - (firstS ?? 0)) / durationS) : bytesRead()),
  }
}

function optionsFor(av: Av) {
  return av.Dictionary.fromObject({
    // FFmpeg reads an empty list as "all": a name that no protocol has shuts every one.
    protocol_whitelist: 'none',
    format_whitelist: DEMUXERS.map((name) => av.InputFormat.findInputFormat(name)?.name ?? name).join(','),
    codec_whitelist: [...VIDEO_CODECS, ...SOUND_CODECS].join(','),
  })
}

function createReader(av: Av, { fd, byteLength }: Source): { io: IOContext; progress: () => number } {
  const io = new av.IOContext()
  const bytes = Buffer.alloc(READ_BYTES)
  let [at, furthest] = [0, 0]
  const read = (size: number) => {
    const length = readSync(fd, bytes, 0, Math.min(size, bytes.length, byteLength - at), at)
    at += length
    furthest = Math.max(furthest, at)
    return length === 0 ? null : bytes.subarray(0, length)
  }
  const seek = (offset: bigint, whence: number) => {
    if (whence & av.AVSEEK_SIZE) return BigInt(byteLength)
    const base = { [av.AVSEEK_CUR]: at, [av.AVSEEK_END]: byteLength }[whence & 3] ?? 0
    at = Math.min(Math.max(0, base + Number(offset)), byteLength)
    return BigInt(at)
  }
  io.allocContextWithCallbacks(READ_BYTES, 0, read, null, seek)
  return { io, progress: () => furthest / byteLength }
}

const shownOf = (av: Av, format: FormatContext, type: number): Stream[] => {
  const hidden = av.AV_DISPOSITION_ATTACHED_PIC | av.AV_DISPOSITION_TIMED_THUMBNAILS
  return format.streams.filter((s) => s.codecpar.codecType === type && (s.disposition & hidden) === 0)
}

/** The stream that players show: the default one, then the largest, then the first. */
function bestOf(streams: readonly Stream[], av: Av): Stream | null {
  const rank = ({ disposition, codecpar }: Stream) =>
    (disposition & av.AV_DISPOSITION_DEFAULT ? 1e12 : 0) + codecpar.width * codecpar.height
  return streams.reduce<Stream | null>((best, s) => (best && rank(best) >= rank(s) ? best : s), null)
}

/** Opens the decoder of a stream, with one thread: the pool has a process for every core.
 * @throws RegistryError `media.unsupported` for a codec that is not on the list; `media.undecodable` if it does not
 * start. */
export async function openDecoder(av: Av, stream: Stream, maxPixels: number): Promise<CodecContext> {
  const codec = av.Codec.findDecoder(stream.codecpar.codecId)
  const allowed = codec && [...VIDEO_CODECS, ...SOUND_CODECS].includes(codec.name ?? '')
  if (!allowed) {
    const name = oneLine(av.avGetCodecName(stream.codecpar.codecId) ?? 'something unknown')
    throw new RegistryError('media.unsupported', `found a stream coded as "${name}", which is not decoded here`)
  }
  const context = new av.CodecContext()
  context.allocContext3(codec)
  check(av, context.parametersToContext(stream.codecpar), 'decoded')
  context.pktTimebase = stream.timeBase
  context.threadCount = 1
  context.setOption('max_pixels', maxPixels)
  check(av, await context.open2(codec, null), 'decoded')
  return context
}

async function* packetsOf(av: Av, format: FormatContext, of: Stream, beside: Beside | null): AsyncGenerator<Packet> {
  const wanted = [of.index, beside?.stream.index]
  for (const stream of format.streams) if (!wanted.includes(stream.index)) stream.discard = av.AVDISCARD_ALL
  const packet = new av.Packet()
  packet.alloc()
  try {
    // Any error ends it like the end of the file does: of a file that breaks off, what could be read counts.
    while ((await format.readFrame(packet)) >= 0) {
      if (packet.streamIndex === of.index) yield packet
      else if (packet.streamIndex === beside?.stream.index) beside.take(packet)
      packet.unref()
    }
  } finally {
    packet.free()
  }
}

/** @throws RegistryError `media.undecodable` in FFmpeg's words. */
function check(av: Av, code: number, done: string): void {
  if (code >= 0) return
  throw new RegistryError('media.undecodable', `it cannot be ${done}: ${oneLine(av.FFmpegError.strerror(code))}`)
}
