/** At which tempo and pitch a candidate follows an original, more closely than it was found. Pure. */
import { createRetuner, PRINT_MIDDLE_S, type SoundPrints } from '../fingerprint/index.ts'
import { agreement, CERTAIN, type Heard, heard, type Line, range, UNTOLD } from './sound-line.ts'

export interface Tuned {
  heard: Heard
  line: Line
  pitch: number
}

/** From which tempo on its prints are made anew. */
const ANEW = 0.03
/** One narrow band of the spectrum up or down. */
const PITCH_STEPS = [0.9545, 0.977, 1, 1.0235, 1.0476]
/** Share of the agreement of another pitch that must be more to be believed. */
const BETTER = 1.05

export function tune(of: Heard, whole: SoundPrints, line: Line, pitch: number): Tuned {
  const original = near(of, whole, line)
  const retuner = createRetuner(of.sound)
  const made = (tempo: number, at: number) =>
    Math.abs(tempo - 1) < ANEW && at === 1 ? of : heard(retuner.at(tempo, at))
  let best: Tuned = { heard: made(line.tempo, pitch), line, pitch }
  best = { ...best, line: follow(best.heard, original, line) }
  let worth = agreed(best.heard, original, best.line)
  for (const other of PITCH_STEPS.filter((one) => one !== pitch)) {
    const tried = made(line.tempo, other)
    const value = agreed(tried, original, best.line)
    if (value > BETTER * worth) [best, worth] = [{ heard: tried, line: best.line, pitch: other }, value]
  }
  return { ...best, line: follow(best.heard, original, best.line) }
}

/** The line by which most agrees, near another: first its offset, then tempo and offset ever finer. */
function follow(of: Heard, original: SoundPrints, line: Line): Line {
  const { startS, stepS, prints } = of.sound
  const lengthS = prints.length * stepS
  let best = { line, worth: agreed(of, original, line) }
  const tryAll = (lines: Line[]) => {
    for (const one of lines) {
      const worth = agreed(of, original, one)
      if (worth > best.worth) best = { line: one, worth }
    }
  }
  tryAll(shifts(line, 5, 0.012))
  // Turned about the middle of what agrees, by as much as moves its ends by a print.
  const middleS = middleOf(of, original, best.line) ?? startS + lengthS / 2
  for (const stepTempo of [0.01, 0.004, 0.001, 0.0003, 0.0001].filter((one) => one * lengthS > 0.01)) {
    const at = best.line
    const turned = steps(3).map((n) => turn(at, at.tempo + n * stepTempo, middleS))
    tryAll(turned.flatMap((one) => shifts(one, 1, 0.012)))
  }
  const plain = turn(best.line, 1, middleS)
  // What moves the ends by less than a print is no other tempo.
  const isPlain = Math.abs(best.line.tempo - 1) * lengthS <= 0.03 || best.worth <= 1.01 * agreed(of, original, plain)
  return isPlain ? plain : best.line
}

const steps = (reach: number) => Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach)
const shifts = (line: Line, reach: number, stepS: number) =>
  steps(reach).map((n) => ({ ...line, offsetS: line.offsetS + n * stepS }))
const turn = (line: Line, tempo: number, aboutS: number): Line => ({
  tempo,
  offsetS: line.offsetS + (line.tempo - tempo) * aboutS,
})

/** How much agrees on a line: bits fewer than a third that differ, of all prints. */
function agreed(of: Heard, original: SoundPrints, line: Line): number {
  const { wrong } = agreement(of, original, line)
  let sum = 0
  for (const one of wrong) if (one !== UNTOLD) sum += Math.max(0, CERTAIN / 3 - one)
  return sum
}

/** Prints that are looked at: of longer sounds each n-th. */
const LOOKED_AT = 1_500

/** What of an original a candidate may follow, thinned. */
function near(of: Heard, original: SoundPrints, line: Line): SoundPrints {
  const { first, end } = range(of, original, original.prints.length, line)
  const stride = Math.ceil((end - first) / LOOKED_AT) || 1
  return {
    startS: original.startS + first * original.stepS,
    stepS: original.stepS * stride,
    prints: original.prints.subarray(first, end).filter((_, i) => i % stride === 0),
    levels: original.levels.subarray(first, end).filter((_, i) => i % stride === 0),
  }
}

/** Second of the candidate, the middle of what agrees. */
function middleOf(of: Heard, original: SoundPrints, line: Line): number | null {
  const { first, wrong } = agreement(of, original, line)
  let [sum, weight] = [0, 0]
  for (const [i, one] of wrong.entries()) {
    if (one === UNTOLD || one > CERTAIN / 4) continue
    sum += first + i
    weight++
  }
  if (weight === 0) return null
  return (original.startS + (sum / weight) * original.stepS + PRINT_MIDDLE_S - line.offsetS) / line.tempo
}
