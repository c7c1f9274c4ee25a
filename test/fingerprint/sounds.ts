/** Sounds made for tests: seeded, like speech in what changes and how fast. */
import { SOUND_SAMPLE_RATE } from '../../server/fingerprint/sound-prints.ts'

/** xorshift32. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** A voice that says nothing: syllables of 80 to 300 ms with a pitch and three formants each, pauses between. @param speed and pitch of how it is played. */
export function voice(seed: number, seconds: number, { speed = 1, pitch = 1 } = {}): Float32Array {
  const random = randomOf(seed)
  const out = new Float32Array(Math.round((seconds / speed) * SOUND_SAMPLE_RATE))
  for (let atS = 0; atS < seconds; ) {
    const lengthS = 0.08 + 0.22 * random()
    if (random() > 0.15) syllable(out, random, { atS, lengthS, speed, pitch })
    else for (let i = 0; i < 7; i++) random()
    atS += lengthS
  }
  return out
}

function syllable(
  out: Float32Array,
  random: () => number,
  { atS, lengthS, speed, pitch }: { atS: number; lengthS: number; speed: number; pitch: number },
) {
  const hz = 90 + 130 * random()
  const glide = 0.8 + 0.4 * random()
  const formants = [300 + 600 * random(), 900 + 1_000 * random(), 2_000 + 900 * random()]
  const loud = 0.05 + 0.15 * random()
  const from = Math.round((atS / speed) * SOUND_SAMPLE_RATE)
  const count = Math.round((lengthS / speed) * SOUND_SAMPLE_RATE)
  for (let harmonic = 1; harmonic * hz < 3_200; harmonic++) {
    const height = formants.reduce((sum, formant) => sum + Math.exp(-(((harmonic * hz - formant) / 150) ** 2)), 0.02)
    for (let i = 0, phase = harmonic; i < count && from + i < out.length; i++) {
      const part = i / count
      phase += (2 * Math.PI * harmonic * hz * pitch * (1 + (glide - 1) * part)) / SOUND_SAMPLE_RATE
      out[from + i]! += loud * height * Math.sin(Math.PI * part) ** 2 * Math.sin(phase)
    }
  }
}

/** Noise at so many decibels below the sound's own. */
export function withNoise(sound: Float32Array, belowDb: number, seed = 7): Float32Array {
  const random = randomOf(seed)
  const loud = Math.sqrt(sound.reduce((sum, one) => sum + one * one, 0) / sound.length)
  // Even from −1 to 1 has a deviation of 1/√3.
  const most = Math.sqrt(3) * loud * 10 ** (-belowDb / 20)
  return sound.map((one) => one + most * (2 * random() - 1))
}

export const seconds = (sound: Float32Array, fromS: number, toS = Number.POSITIVE_INFINITY): Float32Array =>
  sound.slice(
    Math.round(fromS * SOUND_SAMPLE_RATE),
    Math.min(sound.length, Math.round(Math.min(1e6, toS) * SOUND_SAMPLE_RATE)),
  )

export function joined(...parts: Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export const silence = (lengthS: number): Float32Array => new Float32Array(Math.round(lengthS * SOUND_SAMPLE_RATE))

export const tone = (hz: number, lengthS: number): Float32Array =>
  silence(lengthS).map((_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / SOUND_SAMPLE_RATE))
