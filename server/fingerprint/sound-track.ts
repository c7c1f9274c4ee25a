/**
 * A sound track as samples in time: at one rate, one channel, without end. What the file leaves out between two packets, or what does not decode,
 * is silence; what overlaps is left out. So the n-th sample is heard n samples after the first, whatever the file is like.
 */
import type { CodecContext, Frame, Packet, Stream } from 'node-av/lib'
import { RegistryError } from '../errors.ts'
import { type Container, openDecoder } from './container.ts'
import { createResampler } from './resample.ts'
import { LEAP_BACK_MS, LEAP_FORWARD_MS } from './timeline.ts'

/** Seconds by which a packet may miss its place and still follow the one before: containers round times to milliseconds, and encoders stumble. */
const TOLERANCE_S = 0.03
/** Packets that may fail to decode in a file in good order: the tags at the end of an MP3 look like some. */
const MAX_FAILED = 2
/** Samples of silence handed on at a time. */
const SILENCE = 8_192

export interface Heard {
  /** When the first sample is heard, in seconds of the container's clock. */
  startS: number
  durationS: number
  /** Whether some of it could not be decoded. */
  damaged: boolean
}

export interface SoundTrack {
  stream: Stream
  /** Hands samples on. The packet is only good until the next.
   * @throws RegistryError `media.too_large` for more seconds than are allowed. */
  take(packet: Packet): void
  /** @returns null where not one sample came out. @throws as `take`. */
  finish(): Heard | null
  free(): void
}

export interface SoundTrackOptions {
  rateHz: number
  maxDurationS: number
  onSamples: (samples: Float32Array) => void
}

/** @throws RegistryError `media.unsupported` for a codec that is not on the list; `media.undecodable` if it does not start. */
export async function openSoundTrack(
  { av, discontinuous }: Pick<Container, 'av' | 'discontinuous'>,
  stream: Stream,
  { rateHz, maxDurationS, onSamples }: SoundTrackOptions,
): Promise<SoundTrack> {
  const decoder: CodecContext = await openDecoder(av, stream, 1)
  const resampler = createResampler(av, rateHz)
  const frame = new av.Frame()
  frame.alloc()
  const { num, den } = stream.timeBase
  let startS: number | null = null
  /** Of the clock of the container, where it starts anew. */
  let shiftS = 0
  let [written, failed] = [0, 0]

  function hand(samples: Float32Array): void {
    written += samples.length
    if (written > maxDurationS * rateHz)
      throw new RegistryError('media.too_large', `its sound lasts longer than ${maxDurationS} s`)
    if (samples.length > 0) onSamples(samples)
  }

  function silence(count: number): void {
    for (let left = count; left > 0; left -= SILENCE) hand(new Float32Array(Math.min(left, SILENCE)))
  }

  /** @returns samples by which a frame comes too late, or, if negative, too early. */
  function lateness(of: Frame): number {
    const pts = of.bestEffortTimestamp
    if (pts === av.AV_NOPTS_VALUE) return 0
    const atS = (Number(pts) * num) / den
    startS ??= atS - (written + resampler.held()) / rateHz
    const off = () => atS + shiftS - startS! - (written + resampler.held()) / rateHz
    const leaps = off() < -LEAP_BACK_MS / 1_000 || (discontinuous && off() > LEAP_FORWARD_MS / 1_000)
    if (leaps) shiftS -= off()
    return Math.abs(off()) <= TOLERANCE_S ? 0 : Math.round(off() * rateHz)
  }

  function place(of: Frame): void {
    const late = lateness(of)
    if (late > 0) {
      const before = written + resampler.held()
      hand(resampler.drain())
      silence(before + late - written)
    }
    const samples = resampler.convert(of)
    if (!samples) failed++
    else hand(late < 0 ? samples.subarray(Math.min(samples.length, -late)) : samples)
  }

  /** Not in promises: there are fifty packets a second, and nothing else waits in this process. */
  function decode(packet: Packet | null): void {
    if (decoder.sendPacketSync(packet) < 0 && packet) failed++
    for (;;) {
      const code = decoder.receiveFrameSync(frame)
      if (code === av.AVERROR_EAGAIN || code === av.AVERROR_EOF) return
      if (code < 0) return void failed++
      place(frame)
      frame.unref()
    }
  }

  function finish(): Heard | null {
    decode(null)
    hand(resampler.drain())
    if (written === 0) return null
    return { startS: startS ?? 0, durationS: written / rateHz, damaged: failed > MAX_FAILED }
  }

  function free(): void {
    frame.free()
    resampler.free()
    decoder.freeContext()
  }

  return { stream, take: decode, finish, free }
}
