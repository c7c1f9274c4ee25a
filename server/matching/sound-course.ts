/** The course of a candidate through an original's sound: lines that votes propose, and those that are found for what none of them explains. Pure. */
import type { SoundPrints } from '../fingerprint/index.ts'
import { agreement, CERTAIN, type Heard, UNTOLD } from './sound-line.ts'
import { BEYOND, bestCourse, LINE_S, onLine, PATH_COSTS, type Run, type Slots, slotsOf, worthOf } from './sound-path.ts'
import { SOUND } from './thresholds.ts'

export interface SoundCourse {
  slots: Slots
  runs: Run[]
  /** Share of bits that differ where it follows. */
  differing: number
}

/** @param offsets of lines at this tempo, seconds; the first is preferred. @returns null where none is followed. */
export function courseOf(
  of: Heard,
  original: SoundPrints,
  tempo: number,
  offsets: readonly number[],
): SoundCourse | null {
  const slots = slotsOf(of, original.stepS, tempo)
  const lines = createLines(of, original, slots, tempo)
  const differing = typical(of, original, tempo, offsets)
  const worth = worthOf(Math.min(SOUND.mostExpected, Math.max(SOUND.leastExpected, 1.3 * differing + 0.04)))
  let known = [...offsets]
  for (let round = 0; ; round++) {
    const runs = believed(lines.course(known, worth))
    const more = round < ROUNDS ? unexplained(runs, slots).flatMap((gap) => lines.search(gap, runs, worth)) : []
    if (more.length === 0) return runs.length > 0 ? { slots, runs, differing } : null
    known = [...known, ...more]
  }
}

/** Times that lines are searched for what is left. */
const ROUNDS = 3

/** What a run must bring beyond what it costs: short ones are accidents. */
const believed = (runs: Run[]) => runs.filter(({ gain }) => gain >= PATH_COSTS.start + SOUND.leastGain)

/** Share of bits that differ on a line where it is followed. */
function typical(of: Heard, original: SoundPrints, tempo: number, offsets: readonly number[]): number {
  const shares = offsets.flatMap((offsetS) => {
    const { wrong } = agreement(of, original, { offsetS, tempo })
    return blocks(wrong).filter((share) => share <= SOUND.differing + 0.05)
  })
  // Rather of the better ones: the others may be altered.
  return shares.sort((a, b) => a - b)[Math.floor(shares.length / 3)] ?? SOUND.differing
}

/** Of each half second. */
function blocks(wrong: Uint8Array): number[] {
  const shares: number[] = []
  for (let i = 0; i + BLOCK <= wrong.length; i += BLOCK) {
    const told = wrong.subarray(i, i + BLOCK).filter((one) => one !== UNTOLD)
    if (told.length > BLOCK / 2) shares.push(told.reduce((sum, one) => sum + one, 0) / (CERTAIN * told.length))
  }
  return shares
}

/** Prints of half a second. */
const BLOCK = 11

interface Gap {
  from: number
  to: number
}

/** Slots that no run explains, so many together that a line can be told by them. */
function unexplained(runs: readonly Run[], { count }: Slots): Gap[] {
  const ends = [0, ...runs.map(({ to }) => to)]
  const starts = [...runs.map(({ from }) => from), count]
  return ends.map((from, i) => ({ from, to: starts[i]! })).filter(({ from, to }) => to - from >= SOUND.leastSearched)
}

function createLines(of: Heard, original: SoundPrints, slots: Slots, tempo: number) {
  const made = new Map<number, Uint8Array>()
  const wrongOn = (number: number) => {
    const known = made.get(number)
    if (known) return known
    const { wrong } = onLine(of, original, slots, number * LINE_S, tempo)
    made.set(number, wrong)
    return wrong
  }

  function course(offsets: readonly number[], worth: Float32Array): Run[] {
    const around = offsets.flatMap((offsetS) => DRIFT.map((n) => Math.round(offsetS / LINE_S) + n))
    const numbers = [...new Set(around)].sort((a, b) => a - b)
    const [first] = around
    const gains = numbers.map((number) => {
      // What repeats itself follows on many lines: then on the one that was asked for first.
      const more = number >= first! && number < first! + DRIFT.length ? PREFERRED : 1
      return Float32Array.from(wrongOn(number), (bits) => more * worth[bits]!)
    })
    return bestCourse(gains, numbers, slots.count)
  }

  /** The line that explains most of a gap, of all of the original, or of what is near where that is too much. */
  function search(gap: Gap, runs: readonly Run[], worth: Float32Array): number[] {
    const middleS = slots.firstS + ((gap.from + gap.to) / 2) * slots.stepS
    const length = original.prints.length
    const beside = runs.findLast(({ to }) => to <= gap.from) ?? runs.find(({ from }) => from >= gap.to)
    const reach = Math.floor(MOST_COMPARED / (gap.to - gap.from) / 4)
    const at = beside
      ? Math.round((beside.offsetS + tempo * middleS - original.startS) / original.stepS)
      : Math.floor(length / 2)
    const [from, to] = 2 * reach > length ? [0, length] : [Math.max(0, at - reach), Math.min(length, at + reach)]
    const part = partOf(of, slots, gap)
    let best = { gain: PATH_COSTS.start + SOUND.leastFound, offsetS: Number.NaN }
    for (let i = from; i < to; i++)
      for (let quarter = 0; quarter < 4; quarter++) {
        const offsetS = original.startS + (i + quarter / 4) * original.stepS - tempo * middleS
        const gain = gainOver(part, offsetS, worth)
        if (gain > best.gain) best = { gain, offsetS }
      }
    return Number.isNaN(best.offsetS) ? [] : [best.offsetS]
  }

  /** Of the best stretch within a gap. */
  function gainOver(part: { heard: Heard; slots: Slots }, offsetS: number, worth: Float32Array): number {
    const { wrong } = onLine(part.heard, original, part.slots, offsetS, tempo)
    let [sum, best] = [0, 0]
    for (const bits of wrong) {
      sum = bits === BEYOND ? 0 : Math.max(0, sum + worth[bits]!)
      best = Math.max(best, sum)
    }
    return best
  }

  return { course, search }
}

/** Lines beside one, for clocks that drift. */
const DRIFT = [-4, -3, -2, -1, 0, 1, 2, 3, 4]
/** How many times as much the first line counts. */
const PREFERRED = 1.02
/** Prints that are compared to find a line for what is left. */
const MOST_COMPARED = 8e6

/** The candidate's prints within a gap, as if it were all. */
function partOf({ sound, certain }: Heard, slots: Slots, { from, to }: Gap): { heard: Heard; slots: Slots } {
  const perSlot = slots.stepS / sound.stepS
  const [a, b] = [Math.floor(from * perSlot), Math.ceil(to * perSlot)]
  return {
    heard: {
      sound: { ...sound, startS: sound.startS + a * sound.stepS, prints: sound.prints.subarray(a, b) },
      certain: certain.subarray(a, b),
    },
    slots: { ...slots, firstS: slots.firstS + from * slots.stepS, count: to - from },
  }
}
