/** Sound: prints of a recording, and a lookup of 30 seconds among 100 hours. */
import { PRINT_STEP_S, PrintMaker, SOUND_SAMPLE_RATE, type SoundPrints } from '../../server/fingerprint/index.ts'
import { examineSound, SoundIndex } from '../../server/matching/index.ts'
import { generator } from './hamming.ts'
import { type Row, timed } from './table.ts'

const MINUTES = 5
const HOURS = 100
const ASKED_S = 30
const LOOKUPS = 8

export function benchSound(): Row[] {
  const sound = notes(60 * MINUTES, 1)
  const [originalS, prints] = timed(() => made(sound, 'original'))
  const [candidateS] = timed(() => made(sound, 'candidate'))
  const index = new SoundIndex()
  const [addS] = timed(() => {
    for (let hour = 0; hour < HOURS; hour++) index.add(hour, anHour(hour))
  })
  index.add(HOURS, prints)
  const known = Array.from({ length: LOOKUPS }, (_, i) => made(part(sound, 5 + 30 * i), 'candidate'))
  const strange = Array.from({ length: LOOKUPS }, (_, i) => made(notes(ASKED_S, 100 + i), 'candidate'))
  const [knownS, found] = timed(() =>
    known.map((one) => examineSound(one, prints, index.propose(one))?.segments.length),
  )
  if (found.some((segments) => segments !== 1)) throw new Error('a part of what is registered was not found')
  const [strangeS, none] = timed(() => strange.map((one) => index.propose(one).length))
  if (none.some((count) => count > 0)) throw new Error('what is not registered was found')
  const seconds = 60 * MINUTES
  return [
    row(
      'prints of sound, decoded',
      `${Math.round(seconds / originalS)} times as fast as it plays`,
      `${Math.round(seconds / candidateS)}, of a candidate`,
      'four times as many prints, with their least certain bits and its spectrum',
    ),
    row(
      `30 s among ${HOURS} hours of sound, with its comparison`,
      `${((1_000 * knownS) / LOOKUPS).toFixed(0)} ms`,
      `${((1_000 * strangeS) / LOOKUPS).toFixed(0)} ms, of a stranger`,
      'tried at eight other tempos and pitches too',
    ),
    row(
      'index of sound',
      `${(index.bytes / HOURS / 1e6).toFixed(2)} MB and ${((1_000 * addS) / HOURS).toFixed(0)} ms an hour`,
      `${((5 * 60) / PRINT_STEP_S / 1_000).toFixed(2)} kB a minute`,
      'the prints and levels alone, as stored',
    ),
  ]
}

const row = (what: string, ours: string, peer: string, beside: string): Row => ({ what, ours, peer, beside })

function made<Use extends 'original' | 'candidate'>(sound: Float32Array, use: Use) {
  const maker = new PrintMaker(0, use)
  maker.push(sound)
  return maker.finish()
}

const part = (sound: Float32Array, fromS: number) =>
  sound.subarray(fromS * SOUND_SAMPLE_RATE, (fromS + ASKED_S) * SOUND_SAMPLE_RATE)

/** Tones of a fifth of a second at random pitches. */
function notes(lengthS: number, seed: number): Float32Array {
  const random = generator(seed)
  const length = SOUND_SAMPLE_RATE / 5
  const out = new Float32Array(lengthS * SOUND_SAMPLE_RATE)
  for (let at = 0; at < out.length; at += length)
    for (let voices = 0; voices < 4; voices++) {
      const [hz, loud] = [300 * 10 ** random(), 0.2 * random()]
      for (let i = 0; i < length; i++) {
        const wave = Math.sin((2 * Math.PI * hz * i) / SOUND_SAMPLE_RATE)
        out[at + i]! += loud * wave * Math.sin((Math.PI * i) / length)
      }
    }
  return out
}

/** Prints of which each is like the one before. */
function anHour(seed: number): SoundPrints {
  const random = generator(seed + 1)
  const word = () => random() * 2 ** 32
  let print = word()
  const prints = Uint32Array.from({ length: 3_600 / PRINT_STEP_S }, () => {
    print ^= word() & word() & word()
    return print
  })
  return { startS: 0, stepS: PRINT_STEP_S, prints, levels: new Uint8Array(prints.length) }
}
