/**
 * Prints of sound: 32 bits each, that change little when a sound is encoded again, made louder, filtered or mixed with noise.
 *
 * After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002), §4.2: bit m says whether the difference of bands m and m + 1 grew.
 * Unlike theirs: amplitudes, not energies, which tells copies with noise as well and music from music better; over 0.28 s of windows of 0.13 s, which can be
 * summed anew for another tempo or pitch; against 0.14 s earlier, not 12 ms, so that half as many bits flip. Of an original a print is kept each 46 ms; a candidate has one each
 * 12 ms, so that one of them lies within 6 ms of each of the original's.
 *
 * Blind to what lies outside 300 to 3,000 Hz, to phase and to polarity. A print of 0 is none: silence, or a sound in which nothing changes.
 *
 * Pure, and free of anything that only Node has: it runs in a browser too. Streams: besides the prints nothing grows with the sound.
 */
import {
  ALL_NARROW,
  BANDS,
  MARGIN,
  NARROW,
  NARROW_RATIO,
  ROW_S,
  SOUND_SAMPLE_RATE,
  SpectrumMaker,
  WINDOW_S,
} from './sound-spectrum.ts'

export { SOUND_SAMPLE_RATE }

/** Seconds from one print of an original to the next: two rows. 5 bytes each with its level, 6.5 kB a minute. */
export const PRINT_STEP_S = 2 * ROW_S
/** Prints of a candidate to one of an original. */
export const DENSER = 4

/** Rows over which energies are summed, and rows from one sum to the one that it is compared with. Of 176 benign copies, with 12 and 6 one print in 1.7 was met exactly but
 * for its four least certain bits, with 12 and 4 one in 1.8, with 9 and 4 one in 1.9. */
const [SUMMED, APART] = [12, 6]
/** Seconds: what a print looks at, and its middle. */
export const PRINT_S = (SUMMED + APART - 1) * ROW_S + WINDOW_S
export const PRINT_MIDDLE_S = PRINT_S / 2

/** Prints with their levels. */
export interface SoundPrints {
  /** Where print 0 begins, seconds of the media. */
  startS: number
  stepS: number
  /** Print i is of `PRINT_S` from `startS + i · stepS` on. */
  prints: Uint32Array
  /** How loud it is in the middle of each print, in the bands of prints: see `levelDb`. */
  levels: Uint8Array
}

/** Of what is looked up. Denser, and what other tempos and pitches are tried on. */
export interface CandidateSound extends SoundPrints {
  /** Numbers of the six least certain bits of each print, 5 bits each, the least certain one lowest. */
  weakest: Uint32Array
  /** Of its first five minutes: rows of `ALL_NARROW` energies, two of the window's rows in one, in half decibels. */
  spectrum: Uint8Array
}

/** Seconds of a candidate on which other tempos and pitches are tried: 133 kB a minute. */
export const SPECTRUM_S = 300
const WEAKEST = 6

/** Decibels below full scale of a level, which is in halves. */
export const levelDb = (level: number): number => level / 2 - QUIETEST_DB
const QUIETEST_DB = 110

/** −80 dB: 16-bit samples end at −98, and dither is at −93. */
const SILENT_LEVEL = 60
/** Part of the amplitude that must change for bits to mean something: a steady tone has 0.001 and less, steady noise 0.1, speech 0.3. */
const LEAST_CHANGE = 0.02

const toHalves = (energy: number) =>
  Math.max(0, Math.min(255, Math.round(2 * (10 * Math.log10(energy + 1e-30) + QUIETEST_DB))))
const ENERGIES = Float64Array.from({ length: 256 }, (_, level) => (level === 0 ? 0 : 10 ** (levelDb(level) / 10)))

/** Makes the prints of a sound that arrives in pieces. */
export class PrintMaker<Use extends 'original' | 'candidate'> {
  readonly #startS: number
  readonly #use: Use
  readonly #spectrum: SpectrumMaker
  /** The last rows: as many as two sums and half a row. */
  readonly #rows = Array.from({ length: SUMMED + APART + 1 }, () => new Float64Array(ALL_NARROW))
  #count = 0
  readonly #out = new Growing()
  readonly #kept = new Column(Uint8Array)

  /** @param startS of its first sample, seconds of the media. */
  constructor(startS: number, use: Use) {
    this.#startS = startS
    this.#use = use
    this.#spectrum = new SpectrumMaker((narrow) => this.#add(narrow))
  }

  /** @param samples mono at `SOUND_SAMPLE_RATE`, −1 to 1. */
  push(samples: Float32Array): void {
    this.#spectrum.push(samples)
  }

  finish(): Use extends 'candidate' ? CandidateSound : SoundPrints {
    this.#spectrum.finish()
    const stepS = this.#use === 'original' ? PRINT_STEP_S : PRINT_STEP_S / DENSER
    const { prints, levels, weakest } = this.#out.taken()
    const common = { startS: this.#startS, stepS, prints, levels }
    const candidate: CandidateSound = { ...common, weakest, spectrum: this.#kept.taken() }
    return (this.#use === 'original' ? common : candidate) as Use extends 'candidate' ? CandidateSound : SoundPrints
  }

  #add(narrow: Float64Array): void {
    const { length } = this.#rows
    this.#rows[this.#count++ % length]!.set(narrow)
    if (this.#use === 'candidate' && this.#count % 2 === 0) this.#keepSpectrum()
    const first = this.#count - length
    // The oldest row is there for prints that begin half a row later; at the first row there is none yet.
    if (first === -1) this.#print(first + 1)
    if (first < 0) return
    if (this.#use === 'candidate') this.#print(first + 0.5)
    if (this.#use === 'candidate' || (first + 1) % 2 === 0) this.#print(first + 1)
  }

  /** @param from the row with which it begins. */
  #print(from: number): void {
    const row = (i: number) => this.#rows[i % this.#rows.length]!
    sumRows(row, from, BEFORE)
    sumRows(row, from + APART, AFTER)
    const middle = from + (SUMMED + APART - 1) / 2
    this.#out.add(printOf(BEFORE, AFTER), levelAt(row, middle))
  }

  #keepSpectrum(): void {
    const [a, b] = [this.#count - 2, this.#count - 1].map((i) => this.#rows[i % this.#rows.length]!) as [
      Float64Array,
      Float64Array,
    ]
    if (this.#count * ROW_S > SPECTRUM_S) return
    for (let band = 0; band < ALL_NARROW; band++) this.#kept.push(toHalves((a[band]! + b[band]!) / 2))
  }
}

const BEFORE = new Float64Array(BANDS)
const AFTER = new Float64Array(BANDS)

/** Amplitude of each band over as many rows as are summed, from `from` on, which may begin half way. */
function sumRows(row: (i: number) => Float64Array, from: number, to: Float64Array): void {
  to.fill(0)
  for (let i = Math.floor(from); i < from + SUMMED; i++) {
    const part = Math.min(i + 1, from + SUMMED) - Math.max(i, from)
    const narrow = row(i)
    for (let band = 0, at = MARGIN; band < BANDS; band++, at += NARROW)
      to[band]! += part * (narrow[at]! + narrow[at + 1]! + narrow[at + 2]!)
  }
  for (let band = 0; band < BANDS; band++) to[band] = Math.sqrt(to[band]! / SUMMED)
}

/** Of a row that need not be whole. */
function levelAt(row: (i: number) => Float64Array, at: number): number {
  const [i, part] = [Math.floor(at), at - Math.floor(at)]
  const [a, b] = [row(i), part > 0 ? row(i + 1) : row(i)]
  let energy = 0
  for (let band = MARGIN; band < ALL_NARROW - MARGIN; band++) energy += a[band]! * (1 - part) + b[band]! * part
  return toHalves(energy)
}

/** How much the differences of neighbouring bands grew. */
const GREW = new Float64Array(BANDS - 1)

function printOf(before: Float64Array, after: Float64Array): { print: number; weakest: number } {
  let [print, change, all] = [0, 0, 0]
  for (let m = 0; m < GREW.length; m++) {
    const grew = after[m]! - after[m + 1]! - (before[m]! - before[m + 1]!)
    GREW[m] = Math.abs(grew)
    change += Math.abs(grew)
    all += before[m]! + after[m]!
    if (grew > 0) print |= 1 << m
  }
  const silent = all * all < 4 * BANDS * ENERGIES[SILENT_LEVEL]!
  if (silent || change < LEAST_CHANGE * all) return { print: 0, weakest: 0 }
  return { print: print >>> 0 || 1, weakest: leastOf(GREW) }
}

function leastOf(of: Float64Array): number {
  let weakest = 0
  for (let i = 0; i < WEAKEST; i++) {
    let least = 0
    for (let m = 1; m < of.length; m++) if (of[m]! < of[least]!) least = m
    weakest |= least << (5 * i)
    of[least] = Number.POSITIVE_INFINITY
  }
  return weakest >>> 0
}

/** Makes prints of a candidate as if it had been played at another tempo and pitch; of its spectrum, which ends after five minutes. Their times are those of the candidate. */
export interface Retuner {
  /** @param tempo how many times as fast as the original it is played. @param pitch how many times as high: 0.95 to 1.05.
   *  @param denser prints to one of an original. */
  at(tempo: number, pitch: number, denser?: number): CandidateSound
}

/** @param candidate also one that was read from elsewhere. */
export function createRetuner(candidate: CandidateSound): Retuner {
  const { spectrum, startS } = candidate
  const count = Math.floor(spectrum.length / ALL_NARROW)
  const sums = sumsOf(spectrum, count)
  return {
    at(tempo, pitch, denser = DENSER) {
      const shift = Math.round(Math.log(pitch) / Math.log(NARROW_RATIO))
      const [summed, apart] = [SUMMED / 2 / tempo, APART / 2 / tempo]
      // A print has the same middle whatever it looks at; a row stands for two of the window's.
      const offset = ((SUMMED + APART) / 2 - summed - apart) / 2
      const out = new Growing()
      const first = Math.ceil(Math.max(0, -offset) * denser)
      for (let i = first; i / denser + offset + summed + apart <= count; i++) {
        const from = i / denser + offset
        sumBetween(sums, from, from + summed, shift, BEFORE)
        sumBetween(sums, from + apart, from + apart + summed, shift, AFTER)
        const at = Math.round((i * DENSER) / denser)
        out.add(printOf(BEFORE, AFTER), candidate.levels[Math.min(at, candidate.levels.length - 1)] ?? 0)
      }
      const stepS = PRINT_STEP_S / denser
      return { ...out.taken(), startS: startS + first * stepS, stepS, spectrum }
    },
  }
}

/** Of each narrow band the energy of all rows before each. */
function sumsOf(spectrum: Uint8Array, count: number): Float64Array {
  const sums = new Float64Array((count + 1) * ALL_NARROW)
  for (let i = 0; i < count * ALL_NARROW; i++) sums[i + ALL_NARROW] = sums[i]! + ENERGIES[spectrum[i]!]!
  return sums
}

/** Amplitude of each band over rows that need not be whole. @param shift narrow bands by which its pitch is higher. */
function sumBetween(sums: Float64Array, from: number, to: number, shift: number, out: Float64Array): void {
  const [a, b] = [Math.floor(from), Math.floor(to)]
  const [ofA, ofB] = [from - a, to - b]
  const last = sums.length - 2 * ALL_NARROW
  for (let band = 0; band < BANDS; band++) {
    let energy = 0
    for (let i = 0; i < NARROW; i++) {
      const narrow = MARGIN + shift + band * NARROW + i
      const [atA, atB] = [Math.min(last, a * ALL_NARROW) + narrow, Math.min(last, b * ALL_NARROW) + narrow]
      const before = sums[atA]! * (1 - ofA) + sums[atA + ALL_NARROW]! * ofA
      energy +=
        (b * ALL_NARROW > last ? sums[atB + ALL_NARROW]! : sums[atB]! * (1 - ofB) + sums[atB + ALL_NARROW]! * ofB) -
        before
    }
    out[band] = Math.sqrt(Math.max(0, energy) / (to - from))
  }
}

/** Seconds of prints that say something, without which a sound is not registered. */
const LEAST_TOLD_S = 1

/** Whether so little happens that it cannot be told from others: silence, a hum, a pure tone. Such a sound registers no prints. */
export function isFeatureless({ prints, stepS }: SoundPrints): boolean {
  return prints.reduce((sum, print) => sum + Number(print !== 0), 0) * stepS < LEAST_TOLD_S
}

/** Columns that grow. */
class Growing {
  readonly prints = new Column(Uint32Array)
  readonly levels = new Column(Uint8Array)
  readonly weakest = new Column(Uint32Array)

  add({ print, weakest }: { print: number; weakest: number }, level: number): void {
    this.prints.push(print)
    this.weakest.push(weakest)
    this.levels.push(level)
  }

  taken() {
    return { prints: this.prints.taken(), levels: this.levels.taken(), weakest: this.weakest.taken() }
  }
}

class Column<T extends Uint32Array | Uint8Array> {
  readonly #make: new (
    length: number,
  ) => T
  #values: T
  #count = 0

  constructor(make: new (length: number) => T) {
    this.#make = make
    this.#values = new make(1_024)
  }

  push(value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new this.#make(2 * this.#count)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#count++] = value
  }

  taken(): T {
    return this.#values.slice(0, this.#count) as T
  }
}
