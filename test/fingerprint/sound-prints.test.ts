import { expect } from 'chai'
import {
  type CandidateSound,
  createRetuner,
  DENSER,
  isFeatureless,
  levelDb,
  PRINT_MIDDLE_S,
  PRINT_S,
  PRINT_STEP_S,
  PrintMaker,
  type SoundPrints,
  SPECTRUM_S,
} from '../../server/fingerprint/sound-prints.ts'
import { joined, seconds, silence, tone, voice, withNoise } from './sounds.ts'

const of = (sound: Float32Array, startS = 0): SoundPrints => {
  const maker = new PrintMaker(startS, 'original')
  maker.push(sound)
  return maker.finish()
}
const asked = (sound: Float32Array): CandidateSound => {
  const maker = new PrintMaker(0, 'candidate')
  maker.push(sound)
  return maker.finish()
}

/** Share of bits that differ between each print of an original and the candidate's at the same time. @param tempo of the candidate. */
function differing(original: SoundPrints, candidate: CandidateSound, tempo = 1): number {
  let [bits, of] = [0, 0]
  for (const [i, print] of original.prints.entries()) {
    const atS = (original.startS + i * original.stepS + PRINT_MIDDLE_S) / tempo - PRINT_MIDDLE_S
    const other = candidate.prints[Math.round((atS - candidate.startS) / candidate.stepS)]
    if (!print || !other) continue
    for (let flipped = (print ^ other) >>> 0; flipped; flipped &= flipped - 1) bits++
    of += 32
  }
  return bits / of
}

describe('prints of sound', () => {
  const sound = voice(1, 12)

  it('of an original are 46.5 ms apart, as long as one fits, with a level each', () => {
    const { prints, levels, stepS, startS } = of(sound, 3.25)
    expect([stepS, startS]).to.deep.equal([PRINT_STEP_S, 3.25])
    expect(prints.length).to.equal(Math.floor((12 - PRINT_S) / PRINT_STEP_S) + 1)
    expect(levels.length).to.equal(prints.length)
  })

  it('of a candidate are four times as dense, and each fourth is the original’s', () => {
    const [original, candidate] = [of(sound), asked(sound)]
    expect(candidate.prints.filter((_, i) => i % DENSER === 0)).to.deep.equal(original.prints)
    expect(candidate.levels.filter((_, i) => i % DENSER === 0)).to.deep.equal(original.levels)
    expect(candidate.weakest.length).to.equal(candidate.prints.length)
  })

  it('do not depend on the pieces in which the sound arrives', () => {
    const maker = new PrintMaker(0, 'candidate')
    for (let at = 0, size = 1; at < sound.length; at += size, size = (size * 7 + 3) % 3_001)
      maker.push(sound.subarray(at, at + size))
    expect(maker.finish()).to.deep.equal(asked(sound))
  })

  it('are the same of a sound eight times as quiet and upside down, but for what is silent then', () => {
    const [prints, quiet] = [of(sound).prints, of(sound.map((one) => -0.125 * one)).prints]
    const differ = [...prints.keys()].filter((i) => prints[i] !== quiet[i])
    expect(differ.length).to.be.below(5)
    expect(differ.map((i) => quiet[i])).to.deep.equal(differ.map(() => 0))
  })

  it('differ in a tenth of the bits under noise at 20 dB, and in about half from another sound', () => {
    const original = of(sound)
    expect(differing(original, asked(withNoise(sound, 20)))).to.be.below(0.12)
    expect(differing(original, asked(voice(2, 12)))).to.be.within(0.4, 0.6)
  })

  it('of a candidate name the bits that are least certain: under noise these flip first', () => {
    const [clean, noisy] = [asked(sound), asked(withNoise(sound, 20))]
    let [weak, all] = [0, 0]
    for (const [i, print] of clean.prints.entries()) {
      const flipped = print ^ noisy.prints[i]!
      for (let bit = 0; bit < 32; bit++) all += (flipped >>> bit) & 1
      for (let n = 0; n < 6; n++) weak += (flipped >>> ((clean.weakest[i]! >>> (5 * n)) & 31)) & 1
    }
    expect(weak / all).to.be.above(0.5)
  })

  it('at another tempo and pitch are those of the original', () => {
    const original = of(sound)
    for (const [speed, pitch] of [
      [1.25, 1],
      [0.8, 1],
      [1, 1.048],
      [1.04, 1.0235],
    ] as const) {
      const candidate = asked(voice(1, 12, { speed, pitch }))
      expect(differing(original, createRetuner(candidate).at(speed, pitch), speed), `${speed} ${pitch}`).to.be.below(
        0.2,
      )
    }
    expect(differing(original, asked(voice(1, 12, { pitch: 1.048 }))), 'as it is').to.be.above(0.25)
  })

  it('at its own tempo and pitch are nearly those of the candidate', () => {
    const candidate = asked(sound)
    expect(differing(of(sound), createRetuner(candidate).at(1, 1))).to.be.below(0.05)
  })

  it('tell levels in decibels below full scale, within the bands of prints', () => {
    const { levels } = of(joined(tone(1_000, 3), tone(100, 3)))
    expect(levelDb(levels[20]!)).to.be.within(-7, -5)
    expect(levelDb(levels.at(-1)!)).to.be.below(-60)
  })

  it('of silence, a hum, a tone are none; of what sounds there are some', () => {
    for (const [name, plain] of Object.entries({
      silence: silence(20),
      dither: withNoise(tone(400, 10), -10).map((one) => one * 1e-5),
      hum: tone(50, 20),
      tone: tone(440, 20),
      short: seconds(sound, 0, 1),
      nothing: silence(0),
      broken: silence(10).fill(Number.NaN),
    }))
      expect(isFeatureless(of(plain)), name).to.equal(true)
    expect(isFeatureless(of(sound))).to.equal(false)
    expect(isFeatureless(of(joined(silence(60), sound)))).to.equal(false)
  })

  it('are what version sound1 says', () => {
    expect([...of(sound).prints.subarray(40, 44)].map((print) => print.toString(16))).to.deep.equal([
      'e0f5d647',
      'e1f696ce',
      'fa2a9b8e',
      'fb2a9b8e',
    ])
  })

  it('keep no more of the spectrum of a candidate than five minutes', () => {
    const maker = new PrintMaker(0, 'candidate')
    const minute = voice(3, 60)
    for (let i = 0; i < 6; i++) maker.push(minute)
    expect(maker.finish().spectrum.length / 103).to.be.within(SPECTRUM_S / PRINT_STEP_S - 1, SPECTRUM_S / PRINT_STEP_S)
  })
})
