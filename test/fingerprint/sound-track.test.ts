import { expect } from 'chai'
import { loadAv, openContainer } from '../../server/fingerprint/container.ts'
import { sniff } from '../../server/fingerprint/sniff.ts'
import { openSoundTrack } from '../../server/fingerprint/sound-track.ts'
import { createFiles, failureOf } from './media.ts'
import { makeTrack, type TrackOptions, wavOf } from './tracks.ts'

const RATE = 8_000

/** Sound of 440 Hz that is loud from some second on, so that time can be read from it. */
const clicked = (atS: number) => (s: number) => (s < atS ? 0 : 0.5 * Math.sin(2 * Math.PI * 440 * s))

describe('a sound track', () => {
  const files = createFiles()
  after(() => files.remove())

  async function hear(bytes: Buffer, maxDurationS = 100) {
    const { fd } = await files.open(bytes)
    const { decoder } = await sniff(bytes.subarray(0, 65_536))
    if (decoder.kind !== 'stream') throw new Error('expected a stream')
    const container = await openContainer(await loadAv(), { fd, byteLength: bytes.length, demuxer: decoder.demuxer })
    const pieces: Float32Array[] = []
    const track = await openSoundTrack(container, container.sound!, {
      rateHz: RATE,
      maxDurationS,
      onSamples: (samples) => pieces.push(samples),
    })
    try {
      for await (const packet of container.packets(container.sound!)) track.take(packet)
      const heard = track.finish()
      const samples = pieces.flatMap((piece) => [...piece])
      return { heard, samples, tracks: container.soundTracks }
    } finally {
      track.free()
      await container.close()
    }
  }

  /** The second in which it becomes loud. */
  const loudAt = (samples: number[], over = 0.2) => samples.findIndex((value) => Math.abs(value) > over) / RATE
  const loudest = (samples: number[]) => samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

  const ways: [string, Pick<TrackOptions, 'format' | 'encoder' | 'rateHz'>][] = [
    ['WAV', { format: 'wav', encoder: 'pcm_s16le' }],
    ['WAV of floats', { format: 'wav', encoder: 'pcm_f32le' }],
    ['FLAC', { format: 'flac', encoder: 'flac' }],
    ['MP3', { format: 'mp3', encoder: 'libmp3lame' }],
    ['AAC in MP4', { format: 'mp4', encoder: 'aac' }],
    ['AAC alone', { format: 'adts', encoder: 'aac' }],
    ['Vorbis', { format: 'ogg', encoder: 'libvorbis' }],
    ['Opus', { format: 'ogg', encoder: 'libopus', rateHz: 48_000 }],
    ['Opus in WebM', { format: 'webm', encoder: 'libopus', rateHz: 48_000 }],
  ]
  for (const [name, options] of ways)
    it(`of ${name} is heard when it sounds`, async () => {
      const { heard, samples } = await hear(await makeTrack({ sound: clicked(1), seconds: 2, ...options }))
      expect(loudAt(samples)).to.be.closeTo(1, name === 'AAC alone' ? 0.07 : 0.03)
      expect(samples.length / RATE).to.be.closeTo(2, 0.1)
      expect(heard).to.include({ durationS: samples.length / RATE, damaged: false })
    })

  it('of AMR is heard', async () => {
    // Frames of 12.2 kbit/s, of any bits.
    const frame = [0x3c, ...Array.from({ length: 31 }, (_, i) => (i * 37) & 255)]
    const bytes = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.from(Array.from({ length: 50 }, () => frame).flat())])
    const { samples } = await hear(bytes)
    expect(samples.length / RATE).to.be.closeTo(1, 0.03)
    expect(loudest(samples)).to.be.above(0.001)
  })

  for (const rateHz of [8_000, 11_025, 96_000, 192_000])
    it(`of ${rateHz} Hz is heard at one rate`, async () => {
      const { samples } = await hear(wavOf(clicked(0.5), 1, rateHz))
      expect(loudAt(samples)).to.be.closeTo(0.5, 0.01)
      expect(samples.length).to.equal(RATE)
      expect(loudest(samples)).to.be.closeTo(0.5, 0.03)
    })

  for (const [channels, gains] of [
    [2, [1, 0]],
    [2, [1, 1]],
    [6, [0, 0, 1, 0, 0, 0]],
    [8, [1, 1, 1, 1, 1, 1, 1, 1]],
  ] as const)
    it(`of ${channels} channels is heard whichever of them sounds (${gains.join('')})`, async () => {
      const made = { format: 'wav', encoder: 'pcm_s16le', sound: clicked(0.5), seconds: 1 }
      const { samples } = await hear(await makeTrack({ ...made, channels, gains: [...gains] }))
      expect(loudAt(samples, 0.05)).to.be.closeTo(0.5, 0.02)
      expect(loudest(samples)).to.be.within(0.1, 0.6)
    })

  it('that is the default one of several is heard, and they are counted', async () => {
    const made = { format: 'matroska', encoder: 'aac', sound: clicked(0), seconds: 1 }
    const { samples, tracks } = await hear(await makeTrack({ ...made, silentTracks: 2 }))
    expect(tracks).to.equal(3)
    expect(loudest(samples)).to.be.above(0.3)
  })

  it('keeps its time where packets are missing: there is silence instead', async () => {
    const beats = (s: number) => (s % 1 < 0.5 ? 0.5 * Math.sin(2 * Math.PI * 440 * s) : 0)
    const made = { format: 'matroska', encoder: 'aac', sound: beats, seconds: 5 }
    const { samples } = await hear(await makeTrack({ ...made, hole: { fromS: 1.2, toS: 3.2 } }))
    expect(samples.length / RATE).to.be.closeTo(5, 0.1)
    expect(loudest(samples.slice(1.4 * RATE, 3.1 * RATE))).to.be.below(0.02)
    expect(loudAt(samples.slice(3.7 * RATE)) + 3.7).to.be.closeTo(4, 0.04)
  })

  it('begins when its container says', async () => {
    const made = { format: 'matroska', encoder: 'aac', sound: clicked(0), seconds: 1 }
    const { heard } = await hear(await makeTrack({ ...made, startS: 2.5 }))
    expect(heard!.startS).to.be.closeTo(2.5, 0.03)
  })

  it('goes on where the clock of a transport stream starts anew', async () => {
    const part = await makeTrack({ format: 'mpegts', encoder: 'aac', sound: clicked(0.5), seconds: 1, startS: 5 })
    const { samples } = await hear(Buffer.concat([part, part]))
    expect(samples.length / RATE).to.be.closeTo(2, 0.2)
  })

  it('that breaks off is heard so far', async () => {
    const whole = await makeTrack({ format: 'matroska', encoder: 'flac', sound: clicked(0), seconds: 4 })
    const { samples } = await hear(whole.subarray(0, whole.length >> 1))
    expect(samples.length / RATE).to.be.within(1, 3)
  })

  it('some of which does not decode says so, and keeps its time', async () => {
    const whole = await makeTrack({ format: 'mp4', encoder: 'aac', sound: clicked(0), seconds: 4 })
    const media = whole.indexOf('mdat')
    for (let at = media + 12_000; at < media + 20_000; at++) whole[at] = (at * 73) & 255
    const { heard, samples } = await hear(whole)
    expect(heard!.damaged).to.equal(true)
    expect(samples.length / RATE).to.be.closeTo(4, 0.2)
  })

  it('of floats that are no numbers is silence there', async () => {
    const whole = await makeTrack({ format: 'wav', encoder: 'pcm_f32le', sound: clicked(0), seconds: 1 })
    for (let at = 200; at < 4_000; at += 4) whole.writeFloatLE(at % 8 === 0 ? Number.NaN : 1e30, at)
    const { samples } = await hear(whole)
    expect(samples.every((value) => Math.abs(value) <= 1)).to.equal(true)
  })

  it('is refused where it is longer than allowed, silence between packets counted', async () => {
    const made = { format: 'matroska', encoder: 'flac', sound: clicked(0), seconds: 1 }
    expect(await failureOf(hear(await makeTrack(made), 0.5))).to.include({ code: 'media.too_large' })
    const holed = await makeTrack({ ...made, seconds: 20, hole: { fromS: 0.5, toS: 19 } })
    expect(await failureOf(hear(holed, 10))).to.include({ code: 'media.too_large' })
  })
})
