/** Prints as bytes. Pure. */
import { type CandidateSound, DENSER, PRINT_STEP_S, type SoundPrints, SPECTRUM_S } from './sound-prints.ts'
import { ALL_NARROW } from './sound-spectrum.ts'

/** 32 bits each, lowest byte first. */
export function wordBytes(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i]!, true)
  return bytes
}

export function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getUint32(4 * i, true))
}

/** What stands before the bytes of a sound. */
export interface SoundForm {
  startS: number
  /** Of prints. */
  count: number
  /** Rows of a candidate's spectrum; null for an original. */
  rows: number | null
}

/** Seconds from one print to the next. */
export const stepOf = (isCandidate: boolean): number => (isCandidate ? PRINT_STEP_S / DENSER : PRINT_STEP_S)

export function soundForm(of: SoundPrints | CandidateSound): SoundForm {
  const rows = 'spectrum' in of ? Math.floor(of.spectrum.length / ALL_NARROW) : null
  return { startS: of.startS, count: of.prints.length, rows }
}

/** Bytes of prints, then levels; then of a candidate the least certain bits and the spectrum. */
export const soundBytes = ({ count, rows }: SoundForm): number =>
  rows === null ? 5 * count : 9 * count + ALL_NARROW * rows

export function encodeSound(of: SoundPrints | CandidateSound): Uint8Array {
  const form = soundForm(of)
  const bytes = new Uint8Array(soundBytes(form))
  bytes.set(wordBytes(of.prints))
  bytes.set(of.levels, 4 * form.count)
  if (!('spectrum' in of)) return bytes
  bytes.set(wordBytes(of.weakest), 5 * form.count)
  bytes.set(of.spectrum.subarray(0, ALL_NARROW * form.rows!), 9 * form.count)
  return bytes
}

/** @param bytes as many as `soundBytes` says. */
export function decodeSound({ startS, count, rows }: SoundForm, bytes: Uint8Array): SoundPrints | CandidateSound {
  const part = (from: number, to?: number) => bytes.slice(from * count, to === undefined ? undefined : to * count)
  const common = { startS, stepS: stepOf(rows !== null), prints: wordsOf(part(0, 4)), levels: part(4, 5) }
  return rows === null ? common : { ...common, weakest: wordsOf(part(5, 9)), spectrum: part(9) }
}

/** Rows of a spectrum at the most: one for each print of an original. */
export const MAX_ROWS = Math.ceil(SPECTRUM_S / PRINT_STEP_S)

/** Prints of so many seconds at the most. */
export const maxPrints = (seconds: number, isCandidate: boolean): number => Math.ceil(seconds / stepOf(isCandidate)) + 1
