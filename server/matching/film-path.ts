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
  /** Of its pairs, less what it costs to take it up and to drift. */
  gain: number
}

export const PATH = {
  /** Milliseconds: width of a line, and step from one to the next. */
  lineMs: 80,
  /** What a pair counts at most, and what it costs to take up a line, and to move to the next one (clocks differ, and speeds are told to a percent): each
   *  more than a pair brings, for else one moment is shown as long as the candidate likes. */
  most: 4,
  start: 5,
  drift: 4.5,
} as const

/** @param speed milliseconds of the original that pass in one of the candidate.
 * @returns runs in order of the candidate's time, and the gain of all. */
export function bestPath(of: Observations, speed: number): { runs: Run[]; gain: number } {
  const visit = visitor(of, speed)
  const lines = linesOf(of, speed, visit)
  // A slow line counts its pairs for more, and so are costs.
  const unit = Math.max(1, 1 / speed)
  const costs: Costs = { start: unit * PATH.start, drift: unit * PATH.drift }
  const { gain, steps, left, top } = follow(lines, of.picturesMs.length, visit, costs)
  return { runs: runsOf(traceBack(top, steps, left), lines, of, speed, visit, costs), gain }
}

interface Costs {
  start: number
  drift: number
}

/** Sees each moment that a picture may show, on each line on which it would: a faster line meets more moments, so they count the less. Nothing is kept of
 * it: an hour against an hour is some fifty million of them. */
type Visit = (picture: number, see: (number: number, moment: number, gain: number) => void) => void

function visitor({ picturesMs, momentsMs, gains }: Observations, speed: number): Visit {
  const spans = spansOf(picturesMs)
  return (picture, see) => {
    const { fromMs, toMs } = spans[picture]!
    for (let moment = 0, at = picture * momentsMs.length; moment < momentsMs.length; moment++, at++) {
      const first = Math.floor((momentsMs[moment]! - speed * toMs) / PATH.lineMs) + 1
      const last = (momentsMs[moment]! - speed * fromMs) / PATH.lineMs
      for (let number = first; number <= last; number++) see(number, moment, gains[at]! / speed)
    }
  }
}

interface Lines {
  /** Of each line the number of its offset, rising; neighbours differ by 1. */
  numbers: Int32Array
  /** The line of a number; `NONE` where nothing speaks for it. */
  lineOf(number: number): number
}

/** Lines that something speaks for. */
function linesOf({ picturesMs, momentsMs }: Observations, speed: number, visit: Visit): Lines {
  const times = [...picturesMs, ...momentsMs].map(Math.abs)
  // Whatever the times are, beyond this there is no number.
  const most = Math.ceil(((1 + speed) * 2 * times.reduce((a, b) => Math.max(a, b), 0)) / PATH.lineMs) + 2
  const sums = new Float64Array(2 * most + 1)
  for (let picture = 0; picture < picturesMs.length; picture++)
    visit(picture, (number, _, gain) => {
      if (gain > 0) sums[number + most]! += gain
    })
  const numbers = Int32Array.from(sums.keys().filter((at) => sums[at]! > PATH.start)).map((at) => at - most)
  const lines = new Int32Array(sums.length).fill(NONE)
  for (const [line, number] of numbers.entries()) lines[number + most] = line
  return { numbers, lineOf: (number) => lines[number + most]! }
}

/** The time for which each picture stands, half way to its neighbours: none is another's too, or in a scene that stands still one moment is met twice on
 * each line, and leaping from line to line pays. */
function spansOf(timesMs: readonly number[]): { fromMs: number; toMs: number }[] {
  const mostMs = timesMs.length < 2 ? PATH.lineMs : (timesMs.at(-1)! - timesMs[0]!) / (timesMs.length - 1)
  const half = (a: number, b: number) => Math.min(mostMs, (b - a) / 2)
  return timesMs.map((ms, i) => ({
    fromMs: ms - half(timesMs[i - 1] ?? ms - mostMs, ms),
    toMs: ms + half(ms, timesMs[i + 1] ?? ms + mostMs),
  }))
}

const NONE = -1

/** Where a course on a line came from: this line, its neighbours, or another one or none, which is the same for all lines of a picture. */
const STEP = { stay: 0, before: 1, after: 2, leap: 3 } as const

/** @returns steps: by picture, for each line; left: by picture, from which line whoever leapt or is on none came; top: where it ends. */
function follow({ numbers, lineOf }: Lines, pictures: number, visit: Visit, { start, drift }: Costs) {
  const count = numbers.length
  let on = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  let off = 0
  const steps: Uint8Array[] = []
  const left = new Int32Array(pictures)
  for (let picture = 0; picture < pictures; picture++) {
    const next = new Float64Array(count)
    const from = new Uint8Array(count)
    // Whoever is on no line came from where most was gained; what is worth as much stays on its line.
    let [leaves, source] = [off, NONE]
    for (let line = 0; line < count; line++) if (on[line]! >= leaves) [leaves, source] = [on[line]!, line]
    for (let line = 0; line < count; line++) {
      let [gain, step]: [number, number] = [leaves - start, STEP.leap]
      if (on[line]! >= gain) [gain, step] = [on[line]!, STEP.stay]
      const [before, after] = [on[line - 1]! - drift, on[line + 1]! - drift]
      if (before > gain && numbers[line - 1] === numbers[line]! - 1) [gain, step] = [before, STEP.before]
      if (after > gain && numbers[line + 1] === numbers[line]! + 1) [gain, step] = [after, STEP.after]
      next[line] = gain
      from[line] = step
    }
    visit(picture, (number, _, gain) => {
      const line = lineOf(number)
      if (line !== NONE) next[line]! += gain
    })
    left[picture] = source
    steps.push(from)
    ;[on, off] = [next, leaves]
  }
  let [gain, top] = [off, NONE]
  for (let line = 0; line < count; line++) if (on[line]! >= gain) [gain, top] = [on[line]!, line]
  return { gain, steps, left, top }
}

/** The line of each picture. */
function traceBack(top: number, steps: readonly Uint8Array[], left: Int32Array): Int32Array {
  const lines = new Int32Array(steps.length)
  let line = top
  for (let picture = steps.length - 1; picture >= 0; picture--) {
    lines[picture] = line
    const step = line === NONE ? STEP.leap : steps[picture]![line]!
    if (step === STEP.leap) line = left[picture]!
    else if (step !== STEP.stay) line += step === STEP.before ? -1 : 1
  }
  return lines
}

/** Stretches of pictures whose lines are neighbours, cut where the line leaps or ends. */
function runsOf(
  course: Int32Array,
  { numbers }: Lines,
  of: Observations,
  speed: number,
  visit: Visit,
  { start, drift }: Costs,
): Run[] {
  const { pictures, picturesMs, momentsMs } = of
  const runs: { run: Run; offsets: number[] }[] = []
  let last = NONE
  for (const [n, line] of course.entries()) {
    const picture = pictures[n]!
    const leap =
      line === NONE ? 0 : last === NONE ? Number.POSITIVE_INFINITY : Math.abs(numbers[line]! - numbers[last]!)
    if (leap > 1)
      runs.push({ run: { from: picture, to: picture, offsetMs: 0, speed, pairs: [], gain: -start }, offsets: [] })
    last = line
    if (line === NONE) continue
    const { run, offsets } = runs.at(-1)!
    run.to = picture
    if (leap === 1) run.gain -= drift
    visit(n, (number, moment, gain) => {
      if (number !== numbers[line]) return
      run.pairs.push({ picture, moment, gain })
      run.gain += gain
      offsets.push(momentsMs[moment]! - speed * picturesMs[n]!)
    })
  }
  return runs
    .filter(({ offsets }) => offsets.length > 0)
    .map(({ run, offsets }) => ({ ...run, offsetMs: medianOf(offsets) }))
}

const medianOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
