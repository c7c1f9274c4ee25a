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
  const lines = linesOf(of, speed)
  // A slow line counts its pairs for more, and so are costs.
  const unit = Math.max(1, 1 / speed)
  const costs: Costs = { start: unit * PATH.start, drift: unit * PATH.drift }
  const { gain, came, top } = follow(lines, costs)
  return { runs: runsOf(traceBack(top, came), lines, of, speed, costs), gain }
}

interface Costs {
  start: number
  drift: number
}

interface Lines {
  /** Of each line the number of its offset; neighbours differ by 1. */
  numbers: Int32Array
  /** By picture: the pairs that lie on lines, each line and moment once. */
  pairs: { line: number; moment: number; gain: number }[][]
}

/** Lines that something speaks for. Each meets a moment in one picture, and a faster one meets more of them: they count the less. */
function linesOf({ picturesMs, momentsMs, gains }: Observations, speed: number): Lines {
  const spans = spansOf(picturesMs)
  const on: { number: number; moment: number; gain: number }[][] = spans.map(({ fromMs, toMs }, picture) => {
    const found = []
    for (let moment = 0, at = picture * momentsMs.length; moment < momentsMs.length; moment++, at++) {
      const [first, last] = [toMs, fromMs].map((ms) => (momentsMs[moment]! - speed * ms) / PATH.lineMs) as [
        number,
        number,
      ]
      for (let number = Math.floor(first) + 1; number <= last; number++)
        found.push({ number, moment, gain: gains[at]! / speed })
    }
    return found
  })
  const sums = new Map<number, number>()
  for (const { number, gain } of on.flat()) if (gain > 0) sums.set(number, (sums.get(number) ?? 0) + gain)
  const numbers = Int32Array.from([...sums].filter(([, sum]) => sum > PATH.start).map(([number]) => number)).sort()
  const places = new Map(numbers.entries().map(([line, number]) => [number, line]))
  const pairs = on.map((each) =>
    each.flatMap(({ number, ...pair }) => {
      const line = places.get(number)
      return line === undefined ? [] : [{ line, ...pair }]
    }),
  )
  return { numbers, pairs }
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

/** @returns came: by picture, for each line and at last for none, where the best course came from; top: where it ends. */
function follow({ numbers, pairs }: Lines, { start, drift }: Costs) {
  const count = numbers.length
  let on = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  let off = 0
  const came: Int32Array[] = []
  for (const seen of pairs) {
    const next = new Float64Array(count)
    const from = new Int32Array(count + 1)
    // Whoever is on no line came from where most was gained; what is worth as much stays on its line.
    let [leaves, left] = [off, NONE]
    for (let line = 0; line < count; line++) if (on[line]! >= leaves) [leaves, left] = [on[line]!, line]
    for (let line = 0; line < count; line++) {
      let [gain, source] = [leaves - start, left]
      if (on[line]! >= gain) [gain, source] = [on[line]!, line]
      const [before, after] = [on[line - 1]! - drift, on[line + 1]! - drift]
      if (before > gain && numbers[line - 1] === numbers[line]! - 1) [gain, source] = [before, line - 1]
      if (after > gain && numbers[line + 1] === numbers[line]! + 1) [gain, source] = [after, line + 1]
      next[line] = gain
      from[line] = source
    }
    from[count] = left
    for (const { line, gain } of seen) next[line]! += gain
    ;[on, off] = [next, leaves]
    came.push(from)
  }
  let [gain, top] = [off, NONE]
  for (let line = 0; line < count; line++) if (on[line]! >= gain) [gain, top] = [on[line]!, line]
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
function runsOf(
  course: Int32Array,
  { numbers, pairs }: Lines,
  of: Observations,
  speed: number,
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
    for (const { moment, gain } of pairs[n]!.filter((pair) => pair.line === line)) {
      run.pairs.push({ picture, moment, gain })
      run.gain += gain
      offsets.push(momentsMs[moment]! - speed * picturesMs[n]!)
    }
  }
  return runs
    .filter(({ offsets }) => offsets.length > 0)
    .map(({ run, offsets }) => ({ ...run, offsetMs: medianOf(offsets) }))
}

const medianOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
