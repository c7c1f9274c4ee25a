/**
 * How a candidate runs through an original's sound: at each moment on which line of time, or on none. The best of all courses by Viterbi's algorithm (1967): to stay
 * on a line is worth what the prints agree there, to take up another one costs. A cut, a repetition, something inserted or replaced are lines that follow each other.
 *
 * Pure: the same input gives the same answer.
 */
import { PRINT_MIDDLE_S, type SoundPrints } from '../fingerprint/index.ts'
import { agreement, CERTAIN, type Heard, UNTOLD } from './sound-line.ts'

/** Moments of the candidate, one for each print of the original that passes. */
export interface Slots {
  /** Seconds of the candidate: the middle of the first, and from one to the next. */
  firstS: number
  stepS: number
  count: number
}

/** A stretch on one line. */
export interface Run {
  /** Slots; `to` is the first that is not on it. */
  from: number
  to: number
  offsetS: number
  /** Of its prints. */
  gain: number
}

/** Seconds from one line to the next: clocks differ, and a tempo is known to a thousandth. */
export const LINE_S = 0.02325

export const PATH_COSTS = {
  /** What it costs to take up a line, and to drift to the next: what agreeing prints of 0.4 s bring. */
  start: 9,
  drift: 4,
} as const

export function slotsOf({ sound }: Heard, stepS: number, tempo: number): Slots {
  const lengthS = Math.max(0, sound.prints.length - 1) * sound.stepS
  const slotS = stepS / tempo
  return {
    firstS: sound.startS + PRINT_MIDDLE_S,
    stepS: slotS,
    count: sound.prints.length === 0 ? 0 : Math.floor(lengthS / slotS) + 1,
  }
}

/** What meets a slot on a line. */
export interface OnLine {
  /** Number of the original's print that meets slot 0. */
  shift: number
  /** By slot: bits that differ, or `UNTOLD`; `BEYOND` where the original has none. */
  wrong: Uint8Array
}

export const BEYOND = 254

export function onLine(of: Heard, original: SoundPrints, slots: Slots, offsetS: number, tempo: number): OnLine {
  const shift = Math.round((offsetS + tempo * slots.firstS - PRINT_MIDDLE_S - original.startS) / original.stepS)
  const { first, wrong: met } = agreement(of, original, { offsetS, tempo })
  const wrong = new Uint8Array(slots.count).fill(BEYOND)
  for (let k = Math.max(0, first - shift); k < slots.count && k + shift - first < met.length; k++)
    wrong[k] = met[k + shift - first]!
  return { shift, wrong }
}

/** What prints are worth that differ in so many bits, as the logarithm of how much more often those of a copy do than strangers' do. Prints overlap, and their bits hang
 * together: eight count as one. @param expected share of bits that differ where the candidate follows. */
export function worthOf(expected: number): Float32Array {
  const [wrong, right] = [Math.log(2 * expected), Math.log(2 * (1 - expected))]
  return Float32Array.from({ length: 256 }, (_, bits) => {
    if (bits === UNTOLD) return 0
    if (bits === BEYOND) return -4
    return (bits * wrong + (CERTAIN - bits) * right) / 8
  })
}

/** @param gains of each line by slot. @param numbers of the lines, rising; neighbours differ by 1. */
export function bestCourse(gains: readonly Float32Array[], numbers: readonly number[], slots: number): Run[] {
  const lines = numbers.length
  let [on, next] = [new Float64Array(lines).fill(Number.NEGATIVE_INFINITY), new Float64Array(lines)]
  let off = 0
  const width = lines + 1
  const came = new Int16Array(slots * width)
  for (let k = 0; k < slots; k++) {
    let [leaves, left] = [off, lines]
    for (let line = 0; line < lines; line++) if (on[line]! > leaves) [leaves, left] = [on[line]!, line]
    for (let line = 0; line < lines; line++) {
      let [gain, source] = [leaves - PATH_COSTS.start, left]
      if (on[line]! >= gain) [gain, source] = [on[line]!, line]
      for (const beside of [line - 1, line + 1])
        if (Math.abs((numbers[beside] ?? Number.NaN) - numbers[line]!) === 1 && on[beside]! - PATH_COSTS.drift > gain)
          [gain, source] = [on[beside]! - PATH_COSTS.drift, beside]
      next[line] = gain + gains[line]![k]!
      came[k * width + line] = source
    }
    came[k * width + lines] = left
    ;[on, next, off] = [next, on, leaves]
  }
  let [top, last] = [off, lines]
  for (let line = 0; line < lines; line++) if (on[line]! > top) [top, last] = [on[line]!, line]
  return runsOf(traceBack(came, width, last), gains, numbers)
}

/** The line of each slot. */
function traceBack(came: Int16Array, width: number, last: number): Int16Array {
  const course = new Int16Array(came.length / width)
  for (let k = course.length - 1, line = last; k >= 0; k--) {
    course[k] = line
    line = came[k * width + line]!
  }
  return course
}

function runsOf(course: Int16Array, gains: readonly Float32Array[], numbers: readonly number[]): Run[] {
  const runs: (Run & { lines: number[] })[] = []
  for (const [k, line] of course.entries()) {
    const number = numbers[line]
    if (number === undefined) continue
    const run = runs.at(-1)
    const gain = gains[line]![k]!
    if (run && run.to === k && Math.abs(number - run.lines.at(-1)!) <= 1) {
      run.to = k + 1
      run.gain += gain
      run.lines.push(number)
    } else runs.push({ from: k, to: k + 1, offsetS: 0, gain, lines: [number] })
  }
  return runs.map(({ lines, ...run }) => ({ ...run, offsetS: medianOf(lines) * LINE_S }))
}

export const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
