/** What differs of a candidate along its course through an original's sound. Pure. */
import { PRINT_S, type SoundPrints } from '../fingerprint/index.ts'
import { outOfOrder, repeats, spanOf, type TimeKind } from './film-stretches.ts'
import { type Levels, levelsAlong, pausesBeside } from './sound-levels.ts'
import type { Heard } from './sound-line.ts'
import { mutedOf } from './sound-muted.ts'
import { type Gap, isAlike, isOther } from './sound-other.ts'
import { onLine, type Run, type Slots, worthOf } from './sound-path.ts'
import { SOUND } from './thresholds.ts'

/** Seconds of both that run beside each other. */
export interface Piece {
  run: Run
  startS: number
  endS: number
}

export interface SoundDifference {
  kind: Exclude<TimeKind, 'frozen'> | 'muted' | 'mixed'
  startS: number
  endS: number
}

/** A candidate along its course. */
export interface Compared {
  heard: Heard
  original: SoundPrints
  tempo: number
  slots: Slots
  /** Seconds at which the candidate ends. */
  endS: number
  differing: number
}

export interface Judged extends Compared {
  levels: Levels
  /** Of each slot the bits that differ on the line that it follows or would. */
  wrong: Uint8Array
  worth: Float32Array
}

export interface Differences {
  /** Runs on one line are one, unless another sound lies between. */
  pieces: Piece[]
  found: SoundDifference[]
  /** Before and after them, where the original would go on and something else is heard: an excerpt with something beside it, or an alteration. */
  beside: Span[]
}

/** Seconds of the candidate. */
export interface Span {
  startS: number
  endS: number
}

export function differencesOf(of: Compared, runs: readonly Run[]): Differences {
  const judged = judge(of, runs)
  const muted = mutedOf(judged, runs)
  const pieces = piecesOf(judged, runs, muted)
  const ends = atEnds(judged, pieces, muted)
  const replaced = ends.filter(({ isAligned }) => isAligned).map((one) => ({ ...one, kind: 'replaced' as const }))
  const others = [...betweenAll(judged, inPlace(judged, pieces)), ...replaced]
  const found: SoundDifference[] = [...muted.filter((one) => !others.some((other) => isWithin(one, other))), ...others]
  if (isMixed(judged, pieces)) found.push({ kind: 'mixed', startS: pieces[0]!.startS, endS: pieces.at(-1)!.endS })
  const beside = ends.filter(({ isAligned }) => !isAligned)
  return { pieces, found: found.sort((a, b) => a.startS - b.startS), beside }
}

/** Each slot on the line of its run, or of the one before. */
function judge(of: Compared, runs: readonly Run[]): Judged {
  const { heard, original, slots, tempo } = of
  const lines = runs.map(({ offsetS }) => onLine(heard, original, slots, offsetS, tempo))
  const shifts = new Int32Array(slots.count)
  const wrong = new Uint8Array(slots.count)
  for (let k = 0, at = 0; k < slots.count; k++) {
    while (at + 1 < runs.length && k >= runs[at + 1]!.from) at++
    shifts[k] = lines[at]!.shift
    wrong[k] = lines[at]!.wrong[k]!
  }
  const levels = levelsAlong(heard, original, slots, shifts, runs)
  return {
    ...of,
    levels,
    wrong,
    worth: worthOf(Math.min(SOUND.mostExpected, Math.max(SOUND.leastExpected, of.differing))),
  }
}

/** Mostly: its own pauses are no silenced words. */
const isWithin = (one: Span, other: Span) =>
  Math.min(one.endS, other.endS) - Math.max(one.startS, other.startS) > 0.5 * (one.endS - one.startS)

/** Without pieces from other seconds that stand between two of which the second goes on on the line of the first: they stand in place of what belongs there. */
function inPlace({ tempo }: Judged, pieces: readonly Piece[]): Piece[] {
  return pieces.filter((_, i) => {
    const [a, b] = [pieces[i - 1], pieces[i + 1]]
    return !a || !b || Math.abs(b.run.offsetS - a.run.offsetS) / tempo >= SOUND.jumpS
  })
}

/** Whether something that sounds is laid over all that follows. */
function isMixed({ levels, wrong }: Judged, pieces: readonly Piece[]): boolean {
  const gaps = pieces.map(({ run }, i) => ({ from: pieces[i - 1]?.run.to ?? 0, to: run.from }))
  gaps.push({ from: pieces.at(-1)!.run.to, to: levels.original.length })
  const { count, filled, variesDb } = pausesBeside(levels, gaps, (k) => isAlike(wrong[k]!))
  return count >= SOUND.leastQuiet && filled > SOUND.mixed && variesDb > SOUND.variesDb
}

/** Where a slot begins. */
export const secondOf = ({ slots }: Compared, slot: number) => slots.firstS + (slot - 0.5) * slots.stepS

function piecesOf(of: Judged, runs: readonly Run[], muted: readonly SoundDifference[]): Piece[] {
  const pieces: Piece[] = []
  for (const run of runs) {
    const last = pieces.at(-1)
    if (last && continues(of, last, run, muted)) [last.endS, last.run] = [secondOf(of, run.to), together(last.run, run)]
    else pieces.push({ run, startS: secondOf(of, run.from), endS: secondOf(of, run.to) })
  }
  const [first, last] = [pieces[0]!, pieces.at(-1)!]
  if (first.run.from * of.slots.stepS <= SOUND.edgeS) first.startS = of.heard.sound.startS
  if ((of.slots.count - last.run.to) * of.slots.stepS <= SOUND.edgeS) last.endS = of.endS
  return pieces
}

const together = (a: Run, b: Run): Run => ({
  from: a.from,
  to: b.to,
  gain: a.gain + b.gain,
  offsetS: a.gain >= b.gain ? a.offsetS : b.offsetS,
})

function continues(of: Judged, a: Piece, b: Run, muted: readonly SoundDifference[]): boolean {
  if (Math.abs(b.offsetS - a.run.offsetS) / of.tempo >= SOUND.jumpS) return false
  const gap = { from: a.run.to, to: b.from }
  return isSilenced(of, gap, muted) || !isOther(of, gap)
}

const isSilenced = (of: Judged, { from, to }: Gap, muted: readonly SoundDifference[]) =>
  muted.some(({ startS, endS }) => {
    const common = Math.min(endS, secondOf(of, to)) - Math.max(startS, secondOf(of, from))
    return common > 0.5 * (to - from) * of.slots.stepS
  })

function betweenAll(of: Judged, pieces: readonly Piece[]): SoundDifference[] {
  const lying = pieces.map((piece) => lyingOf(of, piece))
  const moved = outOfOrder(lying)
  const found: SoundDifference[] = []
  if (moved) {
    const { startMs, endMs } = spanOf(lying, moved)
    found.push({ kind: repeats(lying) ? 'repeated' : 'reordered', startS: startMs / 1_000, endS: endMs / 1_000 })
  }
  for (let i = 1; i < pieces.length; i++) {
    if (moved && i >= moved.first && i <= moved.last + 1) continue
    const one = between(of, pieces[i - 1]!, pieces[i]!)
    if (one) found.push(one)
  }
  return found
}

/** Milliseconds. */
export function lyingOf({ tempo }: Pick<Compared, 'tempo'>, { run, startS, endS }: Piece) {
  const at = (s: number) => Math.max(0, Math.round(1_000 * (run.offsetS + tempo * s)))
  return {
    candidate: { startMs: Math.round(1_000 * startS), endMs: Math.round(1_000 * endS) },
    original: { startMs: at(startS), endMs: at(endS) },
  }
}

/** What lies between: prints that look at a little of it differ already. */
const sharp = (a: Piece, b: Piece): Span => ({
  startS: a.endS + SOUND.blurBeforeS,
  endS: Math.max(a.endS + 2 * SOUND.blurBeforeS, b.startS - SOUND.blurAfterS),
})

function between(of: Judged, a: Piece, b: Piece): SoundDifference | null {
  const gapS = b.startS - a.endS
  const gap = { from: a.run.to, to: b.run.from }
  const jumpS = (b.run.offsetS - a.run.offsetS) / of.tempo
  /** Of the original, that lies between; in the candidate's time. */
  const passedS = gapS + jumpS
  if (Math.abs(jumpS) < SOUND.jumpS) return { kind: 'replaced', ...sharp(a, b) }
  if (passedS <= -SOUND.repeatedS)
    return { kind: 'repeated', startS: b.startS, endS: Math.min(b.endS, b.startS - passedS) }
  if (gapS >= (jumpS > 0 ? SOUND.betweenS : SOUND.otherS) && isOther(of, gap))
    return { kind: passedS < gapS / 2 ? 'inserted' : 'replaced', ...sharp(a, b) }
  const at = (a.endS + b.startS) / 2
  return jumpS > 0
    ? { kind: 'missing', startS: at, endS: at }
    : { kind: 'inserted', startS: at + jumpS / 2, endS: at - jumpS / 2 }
}

/** Another sound before the first and after the last words that follow. @returns whether the candidate begins or ends as the original does: then these words were replaced,
 * else it may be something before or after an excerpt. */
function atEnds(
  of: Judged,
  pieces: readonly Piece[],
  muted: readonly SoundDifference[],
): (Span & { isAligned: boolean })[] {
  const { heard, slots } = of
  const [first, last] = [pieces[0]!, pieces.at(-1)!]
  const ends = [
    {
      startS: heard.sound.startS,
      endS: first.startS,
      gap: { from: 0, to: first.run.from },
      isAligned: beginsAlike(of, first),
    },
    { startS: last.endS, endS: of.endS, gap: { from: last.run.to, to: slots.count }, isAligned: endsAlike(of, last) },
  ]
  return ends
    .filter(({ startS, endS, gap }) => startS < endS && isOther(of, gap) && !isSilenced(of, gap, muted))
    .map(({ startS, endS, isAligned }) => ({ startS, endS, isAligned }))
}

export function beginsAlike({ original, heard, tempo }: Compared, { run }: Piece): boolean {
  return Math.abs(run.offsetS + tempo * heard.sound.startS - original.startS) <= SOUND.alignedS
}

export function endsAlike({ original, tempo, endS }: Compared, { run }: Piece): boolean {
  const lastS = original.startS + (original.prints.length - 1) * original.stepS + PRINT_S
  return Math.abs(run.offsetS + tempo * endS - lastS) <= SOUND.alignedS
}
