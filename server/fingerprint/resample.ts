/** Decoded sound as samples of one rate and one channel, by FFmpeg's resampler. */
import type { Frame, SoftwareResampleContext } from 'node-av/lib'
import type { Av } from './container.ts'

/** Of honest recordings; a header may say anything, and filters are made for what it says. */
const RATES_HZ = { least: 4_000, most: 768_000 }
const MAX_CHANNELS = 16

export interface Resampler {
  /** @returns samples in [−1, 1], those that the filter holds back from before included; null for what cannot be converted. */
  convert(frame: Frame): Float32Array | null
  /** What the filter still holds. Afterwards it begins anew. */
  drain(): Float32Array
  /** Samples that the filter holds back. */
  held(): number
  free(): void
}

/** Mixes all channels down by their places, as players with one loudspeaker do. */
export function createResampler(av: Av, rateHz: number): Resampler {
  const mono = { nbChannels: 1, order: av.AV_CHANNEL_ORDER_NATIVE, mask: BigInt(av.AV_CH_FRONT_CENTER) }
  const out = new av.Frame()
  let filter: SoftwareResampleContext | null = null
  /** Samples that what was put in is worth, and those that came out. */
  let [owed, given] = [0, 0]
  const free = () => {
    filter?.free()
    filter = null
    owed = given = 0
  }
  const run = (frame: Frame | null): Float32Array | null => {
    if (!filter) {
      filter = new av.SoftwareResampleContext()
      filter.alloc()
      // Without this the sum of loud channels would be cut off.
      filter.setOption('rematrix_maxval', 1)
    }
    out.alloc()
    Object.assign(out, { format: av.AV_SAMPLE_FMT_FLT, sampleRate: rateHz, channelLayout: mono })
    try {
      return filter.convertFrame(out, frame) < 0 ? null : samplesOf(out)
    } finally {
      out.free()
    }
  }
  const put = (frame: Frame) => {
    const samples = run(frame)
    if (!samples) return null
    owed += (frame.nbSamples * rateHz) / frame.sampleRate
    given += samples.length
    return samples
  }
  const drain = () => {
    const rest = (filter?.isInitialized() ? run(null) : null) ?? NOTHING
    // The filter rings on a little longer than there is anything.
    const due = Math.max(0, Math.round(owed) - given)
    free()
    return rest.subarray(0, due)
  }
  return {
    convert(frame) {
      if (!isHonest(frame)) return null
      const { nbChannels, order } = frame.channelLayout
      // FFmpeg would guess likewise, and then take each frame for one of another layout.
      if (order === av.AV_CHANNEL_ORDER_UNSPEC)
        frame.channelLayout = { nbChannels, order: av.AV_CHANNEL_ORDER_NATIVE, mask: maskOf(nbChannels) }
      const samples = put(frame)
      if (samples) return samples
      // Mostly another rate, or another number of channels, from here on.
      const rest = drain()
      const fresh = put(frame)
      if (!fresh) free()
      return fresh && joined(rest, fresh)
    },
    drain,
    held: () => (filter?.isInitialized() ? Number(filter.getDelay(BigInt(rateHz))) : 0),
    free,
  }
}

const NOTHING = new Float32Array()

/** Loudspeakers of so many channels where a file does not say: those of FFmpeg up to eight, and the first ones of its list. */
const maskOf = (channels: number): bigint => MASKS[channels - 1] ?? (1n << BigInt(channels)) - 1n
const MASKS = [0x4n, 0x3n, 0xbn, 0x107n, 0x37n, 0x3fn, 0x70fn, 0x63fn]

const isHonest = ({ sampleRate, channels }: Frame) =>
  sampleRate >= RATES_HZ.least && sampleRate <= RATES_HZ.most && channels >= 1 && channels <= MAX_CHANNELS

/** A copy: FFmpeg's memory is its own. What is no number, from a file of floats, is silence. */
function samplesOf(frame: Frame): Float32Array {
  const samples = new Float32Array(frame.nbSamples)
  if (samples.length === 0) return samples
  new Uint8Array(samples.buffer).set(frame.data![0]!.subarray(0, samples.byteLength))
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!
    if (!(value >= -1 && value <= 1)) samples[i] = value > 1 ? 1 : value < -1 ? -1 : 0
  }
  return samples
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  if (a.length === 0) return b
  const both = new Float32Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
