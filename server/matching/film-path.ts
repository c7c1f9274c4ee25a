/**
 * How a candidate runs through an original: for each of its pictures the moment of the original that it shows, or none. The best of all courses that
 * stay on one line of time, may leave it, and may take up another one, by Viterbi's algorithm (1967): a cut, a repetition, something inserted or put in
 * another order are lines that follow each other.
 *
 * Pure: the same input gives the same answer.
 */

/** A picture of the candidate that shows a moment of the original. */
export interface Pair {
  picture: number
  moment: number
  gain: number
}

export interface Observations {
  /** Numbers of the pictures that are looked at. */
  pictures: readonly number[]
  /** Milliseconds, rising. */
  picturesMs: readonly number[]
  momentsMs: readonly number[]
  /** By picture, then by moment: how much speaks for the one showing the other; below 0, against it. */
  gains: Float32Array
}

/** A stretch in which the candidate stays on one line. */
export interface Run {
  /** Pictures of the candidate, by their numbers in the film. */
  from: number
  to: number
  /** Moment = offset + speed · picture, ms. */
  offsetMs: number
  /** Milliseconds of the original that pass in one of the candidate. */
  speed: number
  /** Pairs on it. */
  pairs: Pair[]
  gain: number
}

export const PATH = {
  /** Milliseconds: width of a line, and step from one to the next. */
  lineMs: 80,
  /** What a pair counts at most, and what it costs to take up a line, and to move to the next one (clocks differ, and speeds are told to a percent): each
   *  more than a pair brings, for else one moment is shown as long as the candidate likes. */
  most: 4,
  start: 8,
  drift: 4.5,
} as const

/** @param speed milliseconds of the original that pass in one of the candidate.
 * @returns runs in order of the candidate's time, and the gain of all. */
export function bestPath(of: Observations, speed: number): { runs: Run[]; gain: number } {
  const lines = linesOf(of, speed)
  const { gain, came, top } = follow(lines, of)
  return { runs: runsOf(traceBack(top, came), lines, of, speed), gain }
}

interface Lines {
  /** Of each line the number of its offset; neighbours differ by 1. */
  numbers: Int32Array
  /** By picture, then by moment: its line; −1 where nothing speaks for that line at all. */
  lineOf: Int32Array
}

/** Lines that something speaks for. */
function linesOf({ picturesMs, momentsMs, gains }: Observations, speed: number): Lines {
  const count = momentsMs.length
  const lineOf = new Int32Array(gains.length)
  const sums = new Map<number, number>()
  for (let picture = 0, at = 0; picture < picturesMs.length; picture++)
    for (let moment = 0; moment < count; moment++, at++) {
      const number = Math.round((momentsMs[moment]! - speed * picturesMs[picture]!) / PATH.lineMs)
      lineOf[at] = number
      if (gains[at]! > 0) sums.set(number, (sums.get(number) ?? 0) + gains[at]!)
    }
  const numbers = Int32Array.from([...sums].filter(([, sum]) => sum > PATH.start).map(([number]) => number)).sort()
  const places = new Map(numbers.entries().map(([line, number]) => [number, line]))
  for (let at = 0; at < lineOf.length; at++) lineOf[at] = places.get(lineOf[at]!) ?? NONE
  return { numbers, lineOf }
}

const NONE = -1

/** @returns came: by picture, for each line and at last for none, where the best course came from; top: where it ends. */
function follow({ numbers, lineOf }: Lines, { picturesMs, momentsMs, gains }: Observations) {
  const count = numbers.length
  let on = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  let off = 0
  const came: Int32Array[] = []
  for (let picture = 0; picture < picturesMs.length; picture++) {
    const next = new Float64Array(count)
    const from = new Int32Array(count + 1)
    // Whoever is on no line came from where most was gained.
    let [leaves, left] = [off, NONE]
    for (let line = 0; line < count; line++) if (on[line]! > leaves) [leaves, left] = [on[line]!, line]
    for (let line = 0; line < count; line++) {
      let [gain, source] = [leaves - PATH.start, left]
      if (on[line]! >= gain) [gain, source] = [on[line]!, line]
      const [before, after] = [on[line - 1]! - PATH.drift, on[line + 1]! - PATH.drift]
      if (before > gain && numbers[line - 1] === numbers[line]! - 1) [gain, source] = [before, line - 1]
      if (after > gain && numbers[line + 1] === numbers[line]! + 1) [gain, source] = [after, line + 1]
      next[line] = gain
      from[line] = source
    }
    from[count] = left
    for (let moment = 0, at = picture * momentsMs.length; moment < momentsMs.length; moment++, at++)
      if (lineOf[at]! !== NONE) next[lineOf[at]!]! += gains[at]!
    ;[on, off] = [next, leaves]
    came.push(from)
  }
  let [gain, top] = [off, NONE]
  for (let line = 0; line < count; line++) if (on[line]! > gain) [gain, top] = [on[line]!, line]
  return { gain, came, top }
}

/** The line of each picture. */
function traceBack(top: number, came: Int32Array[]): Int32Array {
  const lines = new Int32Array(came.length)
  let line = top
  for (let picture = came.length - 1; picture >= 0; picture--) {
    lines[picture] = line
    const from = came[picture]!
    line = from[line === NONE ? from.length - 1 : line]!
  }
  return lines
}

/** Stretches of pictures whose lines are neighbours, cut where the line leaps or ends. */
function runsOf(lines: Int32Array, { numbers, lineOf }: Lines, of: Observations, speed: number): Run[] {
  const { pictures, picturesMs, momentsMs, gains } = of
  const runs: Run[] = []
  const offsets = new Map<Run, number[]>()
  let [run, last] = [null as Run | null, NONE]
  for (const [n, line] of lines.entries()) {
    const picture = pictures[n]!
    if (line !== NONE && (!run || last === NONE || Math.abs(numbers[line]! - numbers[last]!) > 1)) {
      run = { from: picture, to: picture, offsetMs: 0, speed, pairs: [], gain: 0 }
      runs.push(run)
      offsets.set(run, [])
    }
    last = line
    if (line === NONE || !run) continue
    run.to = picture
    for (let moment = 0, at = n * momentsMs.length; moment < momentsMs.length; moment++, at++) {
      if (lineOf[at] !== line) continue
      offsets.get(run)!.push(momentsMs[moment]! - speed * picturesMs[n]!)
      run.pairs.push({ picture, moment, gain: gains[at]! })
      run.gain += gains[at]!
    }
  }
  return runs.filter(({ pairs }) => pairs.length > 0).map((one) => ({ ...one, offsetMs: medianOf(offsets.get(one)!) }))
}

const medianOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
