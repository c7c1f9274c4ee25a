/** What differs of a candidate along its course through an original's sound. Pure. */
import { PRINT_S, type SoundPrints } from '../fingerprint/index.ts'
import { outOfOrder, repeats, spanOf, type TimeKind } from './film-stretches.ts'
import { type Levels, levelsAlong, pausesBeside } from './sound-levels.ts'
import { CERTAIN, type Heard, UNTOLD } from './sound-line.ts'
import { BEYOND, onLine, type Run, type Slots, worthOf } from './sound-path.ts'
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

interface Judged extends Compared {
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
interface Span {
  startS: number
  endS: number
}

export function differencesOf(of: Compared, runs: readonly Run[]): Differences {
  const judged = judge(of, runs)
  const muted = mutedOf(judged, runs)
  const pieces = piecesOf(judged, runs, muted)
  const ends = atEnds(judged, pieces, muted)
  const replaced = ends.filter(({ isAligned }) => isAligned).map((one) => ({ ...one, kind: 'replaced' as const }))
  const found: SoundDifference[] = [...muted, ...betweenAll(judged, pieces), ...replaced]
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

/** Whether something that sounds is laid over all that follows. */
function isMixed({ levels }: Judged, pieces: readonly Piece[]): boolean {
  const gaps = pieces.map(({ run }, i) => ({ from: pieces[i - 1]?.run.to ?? 0, to: run.from }))
  const { count, filled, variesDb } = pausesBeside(levels, [
    ...gaps,
    { from: pieces.at(-1)!.run.to, to: levels.original.length },
  ])
  return count >= SOUND.leastQuiet && filled > SOUND.mixed && variesDb > SOUND.variesDb
}

/** Where a slot begins. */
const secondOf = ({ slots }: Compared, slot: number) => slots.firstS + (slot - 0.5) * slots.stepS

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

interface Gap {
  from: number
  to: number
}

const isSilenced = (of: Judged, { from, to }: Gap, muted: readonly SoundDifference[]) =>
  muted.some(({ startS, endS }) => {
    const common = Math.min(endS, secondOf(of, to)) - Math.max(startS, secondOf(of, from))
    return common > 0.5 * (to - from) * of.slots.stepS
  })

/** Whether what is heard there is another sound: prints that disagree where the original is loud, or the candidate is and the original is not, or where both are quiet but
 * agree elsewhere. Something that is laid over the whole makes them disagree too: then something of the original must be lacking. */
function isOther(of: Judged, gap: Gap): boolean {
  const { levels, wrong, worth, slots } = of
  const { from, to } = gap
  if ((to - from) * slots.stepS < SOUND.otherS) return false
  let [against, loud, lacking] = [0, 0, 0]
  const isCovered = coveredBeside(of, gap)
  const tellsAll = pausesAgree(of, gap)
  for (let k = from; k < to; k++) {
    if (wrong[k] === BEYOND || wrong[k] === UNTOLD) continue
    const isLoud = levels.original[k]! > levels.loudDb - SOUND.loudDb
    const isMore = !isCovered && levels.excess[k]! > SOUND.excessDb
    if (isLoud || isMore || tellsAll) against -= worth[wrong[k]!]!
    if (isLoud || isMore) against += tooFar(levels.excess[k]!)
    loud += Number(isLoud)
    lacking += Number(isLoud && levels.excess[k]! < -SOUND.lackDb)
  }
  if (!isCovered) return against >= SOUND.against
  return against >= SOUND.againstCovered && lacking >= SOUND.lacking * loud
}

/** What another level than the original's speaks for another sound, where prints disagree too. */
const tooFar = (excessDb: number) =>
  Math.min(SOUND.levelMost, Math.max(0, Math.abs(excessDb) - SOUND.excessDb) / SOUND.levelDb)

/** Whether noise or something else is laid over the candidate elsewhere too. Where the original has no pauses, how well prints agree tells it. */
function coveredBeside({ levels, differing }: Judged, gap: Gap): boolean {
  if (levels.raisedDb > SOUND.excessDb) return true
  const { count, filled } = pausesBeside(levels, [gap])
  return count >= SOUND.leastQuiet ? filled > SOUND.mixed : differing > SOUND.uncovered
}

/** Whether prints agree where the original is quiet, beside a gap: under noise they do not. */
function pausesAgree({ levels, wrong }: Judged, { from, to }: Gap): boolean {
  let [quiet, agree] = [0, 0]
  for (const [k, bits] of wrong.entries()) {
    if ((k >= from && k < to) || bits === BEYOND || bits === UNTOLD) continue
    if (levels.original[k]! > levels.loudDb - SOUND.loudDb) continue
    quiet++
    agree += Number(bits <= SOUND.differing * CERTAIN)
  }
  return quiet >= SOUND.leastQuiet && agree >= SOUND.pausesAgree * quiet
}

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

function between(of: Judged, a: Piece, b: Piece): SoundDifference | null {
  const gapS = b.startS - a.endS
  const gap = { from: a.run.to, to: b.run.from }
  const jumpS = (b.run.offsetS - a.run.offsetS) / of.tempo
  /** Of the original, that lies between; in the candidate's time. */
  const passedS = gapS + jumpS
  if (Math.abs(jumpS) < SOUND.jumpS) return { kind: 'replaced', startS: a.endS, endS: b.startS }
  if (passedS <= -SOUND.repeatedS)
    return { kind: 'repeated', startS: b.startS, endS: Math.min(b.endS, b.startS - passedS) }
  if (gapS >= (jumpS > 0 ? SOUND.betweenS : SOUND.otherS) && isOther(of, gap))
    return { kind: passedS < gapS / 2 ? 'inserted' : 'replaced', startS: a.endS, endS: b.startS }
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

function beginsAlike({ original, heard, tempo }: Compared, { run }: Piece): boolean {
  return Math.abs(run.offsetS + tempo * heard.sound.startS - original.startS) <= SOUND.alignedS
}

function endsAlike({ original, tempo, endS }: Compared, { run }: Piece): boolean {
  const lastS = original.startS + (original.prints.length - 1) * original.stepS + PRINT_S
  return Math.abs(run.offsetS + tempo * endS - lastS) <= SOUND.alignedS
}

/** Stretches in which the candidate is silent and the original is loud. */
function mutedOf(of: Judged, runs: readonly Run[]): SoundDifference[] {
  const { levels, slots } = of
  return onOneLine(of, runs).flatMap((slotsOn) => {
    const groups: number[][] = []
    for (const k of slotsOn) {
      if (levels.original[k]! <= levels.loudDb - SOUND.loudDb || lackOf(levels, k) < SOUND.mutedDb) continue
      const group = groups.at(-1)
      if (group && stays(levels, group.at(-1)!, k)) group.push(k)
      else groups.push([k])
    }
    return groups
      .filter((group) => group.reduce((sum, k) => sum + lackOf(levels, k) - SOUND.mutedDb / 2, 0) >= SOUND.mutedMuch)
      .map((group) => grown(of, group, slotsOn))
      .map(([a, b]) => ({ kind: 'muted' as const, startS: secondOf(of, a), endS: secondOf(of, b + 1) }))
      .filter(({ startS, endS }) => endS - startS >= SOUND.mutedS - slots.stepS)
  })
}

/** Decibels by which it is quieter than the original. */
const lackOf = ({ original, candidate, gainDb }: Levels, k: number) => original[k]! + gainDb - candidate[k]!

/** Slots of runs and of what lies between them, by line; from the first to the last that agrees, for an excerpt may have silence beside it, and to the ends where it
 * begins or ends as the original does. */
function onOneLine(of: Judged, runs: readonly Run[]): number[][] {
  const lines: Run[] = []
  for (const run of runs) {
    const last = lines.at(-1)
    if (last && Math.abs(run.offsetS - last.offsetS) / of.tempo < SOUND.jumpS) last.to = run.to
    else lines.push({ ...run })
  }
  return lines.map((line, i) => {
    const agrees = (k: number) => of.wrong[k]! <= SOUND.differing * CERTAIN
    const piece = { run: line, startS: 0, endS: 0 }
    let [from, to] = [line.from, line.to]
    while (from < to && !agrees(from)) from++
    while (to > from && !agrees(to - 1)) to--
    if (i === 0 && beginsAlike(of, piece)) from = 0
    if (i === lines.length - 1 && endsAlike(of, piece)) to = of.slots.count
    return Array.from({ length: to - from }, (_, n) => from + n)
  })
}

/** Whether it is as silent between. */
function stays({ candidate }: Levels, a: number, b: number): boolean {
  const most = Math.max(candidate[a]!, candidate[b]!) + SOUND.excessDb
  for (let k = a; k <= b; k++) if (candidate[k]! > most) return false
  return true
}

/** As far as it stays as silent. */
function grown({ levels: { candidate } }: Judged, group: number[], on: readonly number[]): [number, number] {
  const most = group.map((k) => candidate[k]!).toSorted((x, y) => x - y)[group.length >> 1]! + SOUND.excessDb
  let [a, b] = [group[0]!, group.at(-1)!]
  while (a > on[0]! && candidate[a - 1]! <= most) a--
  while (b < on.at(-1)! && candidate[b + 1]! <= most) b++
  return [a, b]
}
