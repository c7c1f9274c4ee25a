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
  /** Milliseconds from a picture up to which it tells of a moment; beyond them something else may have been shown, that was not kept. No end where it was shown until the
   * next one. */
  nearMs?: number
  /** By picture, then by moment: how much speaks for the one showing the other; below 0, against it. Multiples of `GAIN_UNIT`. */
  gains: Float32Array
}

/** So sums of gains are exact: what was added can be taken away again, and nothing is left. */
export const GAIN_UNIT = 2 ** -20

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

/** Half of a line: within it it is the same frame at 25 a second. */
export const FRAME_MS = PATH.lineMs / 2

/** @param speed milliseconds of the original that pass in one of the candidate.
 * @returns runs in order of the candidate's time, and the gain of all. */
export function bestPath(of: Observations, speed: number): { runs: Run[]; gain: number } {
  const reach = reachOf(of, speed)
  const lines = linesOf(of, speed, reach)
  // A slow line counts its pairs for more, and so are costs.
  const unit = Math.max(1, 1 / speed)
  const costs: Costs = { start: unit * PATH.start, drift: unit * PATH.drift }
  const { gain, steps, left, top } = follow(lines, of.picturesMs.length, summer(of, speed, reach), costs)
  return { runs: runsOf(traceBack(top, steps, left), lines, of, speed, reach, costs), gain }
}

interface Costs {
  start: number
  drift: number
}

/** Which moments a picture shows on which lines. */
interface Reach {
  /** Of each picture, milliseconds that lie before the moments of a line: the line must be behind the first, and not behind the second. */
  later: Float64Array
  sooner: Float64Array
}

function reachOf({ picturesMs, nearMs }: Observations, speed: number): Reach {
  const spans = spansOf(picturesMs, nearMs)
  return {
    later: Float64Array.from(spans, ({ toMs }) => speed * toMs),
    sooner: Float64Array.from(spans, ({ fromMs }) => speed * fromMs),
  }
}

const PER_MS = 1 / PATH.lineMs
const lineAt = (ms: number) => Math.floor(ms * PER_MS)

/** What the lines that a picture reaches gain by it, from line `first` on; lent until the next. */
interface Sums {
  first: number
  gains: Float64Array
}

/** @param least gains that are no more than this are left out. */
type Summer = (picture: number, least: number) => Sums

/** Sums up each moment that a picture may show on each line on which it would: a faster line meets more moments, so they count the less. A moment counts for lines
 * beside each other, so only where it begins and where it ends is noted: an hour against an hour would be some fifty million additions. */
function summer({ momentsMs, gains }: Observations, speed: number, { later, sooner }: Reach): Summer {
  const count = momentsMs.length
  const times = Float64Array.from(momentsMs)
  let sums = new Float64Array(0)
  return (picture, least) => {
    const [before, until] = [later[picture]!, sooner[picture]!]
    const first = count === 0 ? 0 : lineAt(times[0]! - before) + 1
    const width = count === 0 ? 0 : Math.max(0, lineAt(times[count - 1]! - until) - first + 1)
    if (sums.length <= width) sums = new Float64Array(2 * width + 1)
    else sums.fill(0, 0, width + 1)
    for (let moment = 0, at = picture * count; moment < count; moment++, at++) {
      const gain = gains[at]!
      if (gain <= least) continue
      const from = lineAt(times[moment]! - before) + 1
      const to = lineAt(times[moment]! - until)
      if (to < from) continue
      sums[from - first]! += gain
      sums[to + 1 - first]! -= gain
    }
    for (let n = 0, sum = 0; n < width; n++) {
      sum += sums[n]!
      sums[n] = sum / speed
    }
    return { first, gains: sums.subarray(0, width) }
  }
}

interface Lines {
  /** Of each line the number of its offset, rising; neighbours differ by 1. */
  numbers: Int32Array
  /** The line of a number, or the first one behind it. */
  from(number: number): number
}

/** Lines that something speaks for. */
function linesOf(of: Observations, speed: number, reach: Reach): Lines {
  const { picturesMs, momentsMs } = of
  const sum = summer(of, speed, reach)
  const times = [...picturesMs, ...momentsMs].map(Math.abs)
  // Whatever the times are, beyond this there is no number.
  const most = Math.ceil(((1 + speed) * 2 * times.reduce((a, b) => Math.max(a, b), 0)) / PATH.lineMs) + 2
  const sums = new Float64Array(2 * most + 1)
  for (let picture = 0; picture < picturesMs.length; picture++) {
    const { first, gains } = sum(picture, 0)
    for (let n = 0, at = first + most; n < gains.length; n++, at++) sums[at]! += gains[n]!
  }
  const numbers = Int32Array.from(sums.keys().filter((at) => sums[at]! > PATH.start)).map((at) => at - most)
  const before = new Int32Array(sums.length + 1)
  for (let at = 0; at < sums.length; at++) before[at + 1] = before[at]! + Number(sums[at]! > PATH.start)
  return { numbers, from: (number) => before[number + most]! }
}

/** The time for which each picture stands, half way to its neighbours: none is another's too, or in a scene that stands still one moment is met twice on
 * each line, and leaping from line to line pays. */
function spansOf(timesMs: readonly number[], nearMs = Number.POSITIVE_INFINITY): { fromMs: number; toMs: number }[] {
  const mostMs = timesMs.length < 2 ? PATH.lineMs : (timesMs.at(-1)! - timesMs[0]!) / (timesMs.length - 1)
  const half = (a: number, b: number) => Math.min(mostMs, nearMs, (b - a) / 2)
  return timesMs.map((ms, i) => ({
    fromMs: ms - half(timesMs[i - 1] ?? ms - mostMs, ms),
    toMs: ms + half(ms, timesMs[i + 1] ?? ms + mostMs),
  }))
}

const NONE = -1

/** Where a course on a line came from: this line, its neighbours, or another one or none, which is the same for all lines of a picture. */
const STEP = { stay: 0, before: 1, after: 2, leap: 3 } as const

/** @returns steps: by picture, for each line; left: by picture, from which line whoever leapt or is on none came; top: where it ends. */
function follow({ numbers, from }: Lines, pictures: number, sum: Summer, { start, drift }: Costs) {
  const count = numbers.length
  const isBeside = Uint8Array.from(numbers, (number, line) => Number(number === numbers[line - 1]! + 1))
  let [on, next] = [new Float64Array(count).fill(Number.NEGATIVE_INFINITY), new Float64Array(count)]
  let off = 0
  const steps: Uint8Array[] = []
  const left = new Int32Array(pictures)
  for (let picture = 0; picture < pictures; picture++) {
    // Whoever is on no line came from where most was gained; what is worth as much stays on its line.
    const [leaves, source] = mostOf(on, off)
    steps.push(stepFrom(on, next, isBeside, leaves - start, drift))
    const { first, gains } = sum(picture, Number.NEGATIVE_INFINITY)
    for (let line = from(first); line < count && numbers[line]! < first + gains.length; line++)
      next[line]! += gains[numbers[line]! - first]!
    left[picture] = source
    ;[on, next, off] = [next, on, leaves]
  }
  const [gain, top] = mostOf(on, off)
  return { gain, steps, left, top }
}

/** The last of the best, or none. */
function mostOf(on: Float64Array, off: number): [gain: number, line: number] {
  let [most, best] = [off, NONE]
  for (let line = 0; line < on.length; line++)
    if (on[line]! >= most) {
      most = on[line]!
      best = line
    }
  return [most, best]
}

/** One picture on. Plain variables, and nothing beyond an array is read: most of the time of a comparison of hours is spent here.
 * @param isBeside of each line whether the one before is its neighbour. @returns for each line where it came from, four to a byte: hours on hours have a
 *  hundred thousand lines for each of thousands of pictures. */
function stepFrom(on: Float64Array, next: Float64Array, isBeside: Uint8Array, leap: number, drift: number): Uint8Array {
  const count = on.length
  const from = new Uint8Array((count + 3) >> 2)
  let four = 0
  for (let line = 0; line < count; line++) {
    let gain = leap
    let step: number = STEP.leap
    if (on[line]! >= gain) {
      gain = on[line]!
      step = STEP.stay
    }
    if (isBeside[line] === 1 && on[line - 1]! - drift > gain) {
      gain = on[line - 1]! - drift
      step = STEP.before
    }
    if (line + 1 < count && isBeside[line + 1] === 1 && on[line + 1]! - drift > gain) {
      gain = on[line + 1]! - drift
      step = STEP.after
    }
    next[line] = gain
    four |= step << (2 * (line & 3))
    if ((line & 3) < 3 && line + 1 < count) continue
    from[line >> 2] = four
    four = 0
  }
  return from
}

/** The line of each picture. */
function traceBack(top: number, steps: readonly Uint8Array[], left: Int32Array): Int32Array {
  const lines = new Int32Array(steps.length)
  let line = top
  for (let picture = steps.length - 1; picture >= 0; picture--) {
    lines[picture] = line
    const step = line === NONE ? STEP.leap : (steps[picture]![line >> 2]! >> (2 * (line & 3))) & 3
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
  reach: Reach,
  { start, drift }: Costs,
): Run[] {
  const { pictures, picturesMs, momentsMs, gains } = of
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
    for (const moment of momentsOn(numbers[line]!, n, momentsMs, reach)) {
      const gain = gains[n * momentsMs.length + moment]! / speed
      run.pairs.push({ picture, moment, gain })
      run.gain += gain
      offsets.push(momentsMs[moment]! - speed * picturesMs[n]!)
    }
  }
  return runs
    .filter(({ offsets }) => offsets.length > 0)
    .map(({ run, offsets }) => ({ ...run, offsetMs: medianOf(offsets) }))
}

/** Moments that a picture shows on a line, rising: they lie together. */
function momentsOn(number: number, picture: number, momentsMs: readonly number[], { later, sooner }: Reach): number[] {
  let [low, high] = [0, momentsMs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lineAt(momentsMs[middle]! - sooner[picture]!) < number) low = middle + 1
    else high = middle
  }
  const found: number[] = []
  for (let moment = low; moment < momentsMs.length && lineAt(momentsMs[moment]! - later[picture]!) < number; moment++)
    found.push(moment)
  return found
}

const medianOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
