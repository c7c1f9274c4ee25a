/** A sound laid along another: how much their prints agree where they meet. Pure. */
import { type CandidateSound, PRINT_MIDDLE_S, type SoundPrints } from '../fingerprint/index.ts'
import { SOUND } from './thresholds.ts'

/** Time of the original = offsetS + tempo · time of the candidate. */
export interface Line {
  offsetS: number
  tempo: number
}

/** What of each print of a candidate is compared: all but its least certain bits, which flip under any noise. 0 where the print says nothing. */
export function certainBits({ prints, weakest }: CandidateSound): Uint32Array {
  return prints.map((print, i) => {
    if (print === 0) return 0
    let mask = -1
    for (let n = 0, left = weakest[i]!; n < WEAKEST; n++, left >>>= 5) mask &= ~(1 << (left & 31))
    return mask >>> 0
  })
}

const WEAKEST = 6
/** Bits that are compared. */
export const CERTAIN = 32 - WEAKEST
/** In place of a number of bits: one of the prints says nothing. */
export const UNTOLD = 255

/** A candidate and what of it is certain. */
export interface Heard {
  sound: CandidateSound
  certain: Uint32Array
}

export const heard = (sound: CandidateSound): Heard => ({ sound, certain: certainBits(sound) })

export interface Agreement {
  /** Number of the original's print that is the first on the line. */
  first: number
  /** Of `CERTAIN` bits, of each print of the original from the first on: those that differ, or `UNTOLD`. */
  wrong: Uint8Array
}

/** Prints of the original that the candidate meets on a line. */
export function range({ sound }: Heard, original: Pick<SoundPrints, 'startS' | 'stepS'>, count: number, line: Line) {
  const last = sound.startS + (sound.prints.length - 1) * sound.stepS
  const toPrint = (s: number) =>
    (line.offsetS + line.tempo * (s + PRINT_MIDDLE_S) - PRINT_MIDDLE_S - original.startS) / original.stepS
  const first = Math.max(0, Math.ceil(toPrint(sound.startS - sound.stepS / 2)))
  const end = Math.min(count, Math.floor(toPrint(last + sound.stepS / 2)) + 1)
  return { first, end: Math.max(first, end) }
}

/** @param original its prints, or some of them: print 0 of these is number `from`. */
export function agreement(of: Heard, original: SoundPrints, line: Line, from = 0): Agreement {
  const { sound, certain } = of
  const { first, end } = range(of, original, from + original.prints.length, line)
  const start = Math.max(first, from)
  const wrong = new Uint8Array(Math.max(0, end - start))
  for (let i = 0; i < wrong.length; i++) {
    const s = original.startS + (start + i) * original.stepS + PRINT_MIDDLE_S
    const j = Math.round(((s - line.offsetS) / line.tempo - PRINT_MIDDLE_S - sound.startS) / sound.stepS)
    const [print, mask] = [original.prints[start + i - from]!, certain[j] ?? 0]
    wrong[i] = print === 0 || mask === 0 ? UNTOLD : ones((print ^ sound.prints[j]!) & mask)
  }
  return { first: start, wrong }
}

export function ones(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Of the best so many prints in a row, or of all where there are fewer, the share of bits that differ; 1 where not three quarters of any say something, or there are
 * hardly any. */
export function bestShare({ wrong }: Agreement, most: number): number {
  const length = Math.max(SOUND.leastWindow, Math.min(most, wrong.length))
  let [bits, told, best] = [0, 0, 1]
  for (let i = 0; i < wrong.length; i++) {
    if (wrong[i] !== UNTOLD) [bits, told] = [bits + wrong[i]!, told + 1]
    const gone = wrong[i - length]
    if (gone !== undefined && gone !== UNTOLD) [bits, told] = [bits - gone, told - 1]
    if (i + 1 >= length && told >= 0.75 * length) best = Math.min(best, bits / (told * CERTAIN))
  }
  return best
}
