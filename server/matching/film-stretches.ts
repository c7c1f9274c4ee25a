/** Runs of a candidate along an original as stretches, and what their order says: what is missing, inserted, put elsewhere. Pure. */
import type { Run } from './film-path.ts'
import { FILM, SAMPLE_MS } from './thresholds.ts'

/** A stretch of the candidate that follows the original; milliseconds. */
export interface Stretch {
  candidate: { startMs: number; endMs: number }
  original: { startMs: number; endMs: number }
  speed: number
  runs: Run[]
}

export type TimeKind = 'missing' | 'inserted' | 'replaced' | 'reordered' | 'repeated' | 'frozen'

export interface TimeFinding {
  kind: TimeKind
  /** Of the candidate; without length where something is missing. */
  span: { startMs: number; endMs: number }
}

/** How closely it can be told, milliseconds. */
export interface Tells {
  /** Nothing else need lie between two pictures of a line that are no farther apart; so near to its ends a candidate is followed to its end. */
  gapMs: number
  edgeMs: number
  /** Lines so near are one; so much must be missing, or shown twice. */
  sameLineMs: number
  cutMs: number
  repeatedMs: number
  /** How long a region must differ, and how near another moment must be that bears it out. */
  regionMs: number
  nearMs: number
}

export interface Clock {
  /** Of the candidate's pictures. */
  timesMs: readonly number[]
  durationMs: number
  tells: Tells
  /** Where between two pictures the candidate changes most, as a cut does. */
  cutBetween(from: number, to: number): number
  /** Whether hardly a picture between two would show a moment on a run's line: so that nothing tells whether it was left. */
  isBlind(run: Run, from: number, to: number): boolean
  /** Whether nothing moves from one picture to another. */
  isStill(from: number, to: number): boolean
}

/** Stretches in order of the candidate's time: runs on one line are one, unless something else lies between. */
export function stretchesOf(runs: readonly Run[], clock: Clock): Stretch[] {
  const groups: Run[][] = []
  for (const run of runs) {
    const group = groups.at(-1)
    if (group && continues(group.at(-1)!, run, clock)) group.push(run)
    else groups.push([run])
  }
  return groups.map((group, i) => stretchOf(group, groups[i - 1]?.at(-1), groups[i + 1]?.[0], clock))
}

const lineApart = (a: Run, b: Run) => Math.abs(b.offsetMs - a.offsetMs)

/** Pictures that show the first and the last moment of a run: on its line it may stay where there is no moment to tell. */
const firstOf = ({ pairs }: Run) => pairs[0]!.picture
const lastOf = ({ pairs }: Run) => pairs.at(-1)!.picture

function continues(a: Run, b: Run, clock: Clock): boolean {
  return lineApart(a, b) <= clock.tells.sameLineMs && isNear(a, b, clock)
}

/** Whether nothing else need lie between two runs. */
function isNear(a: Run, b: Run, clock: Clock): boolean {
  const { timesMs, tells } = clock
  return timesMs[firstOf(b)]! - timesMs[lastOf(a)]! <= tells.gapMs || isBlindBetween(a, b, clock)
}

const isBlindBetween = (a: Run, b: Run, { isBlind }: Clock) => [a, b].some((run) => isBlind(run, lastOf(a), firstOf(b)))

function stretchOf(runs: Run[], before: Run | undefined, after: Run | undefined, clock: Clock): Stretch {
  const { speed } = runs[0]!
  const pairs = runs.reduce((sum, run) => sum + run.pairs.length, 0)
  const offsetMs = runs.reduce((sum, run) => sum + run.offsetMs * run.pairs.length, 0) / pairs
  // Nothing is shown from before the original begins.
  const startMs = Math.max(startOf(runs[0]!, before, clock), -offsetMs / speed)
  const endMs = endOf(runs.at(-1)!, after, clock)
  const at = (ms: number) => Math.max(0, Math.round(offsetMs + speed * ms))
  const candidate = { startMs: Math.round(startMs), endMs: Math.round(endMs) }
  return { candidate, original: { startMs: at(startMs), endMs: at(endMs) }, speed, runs }
}

/** Where the other stretch ends, if nothing else lies between; else where the candidate cuts to this one, which is less than a moment before the
 * first that it shows. */
function startOf(run: Run, before: Run | undefined, clock: Clock): number {
  const { timesMs, cutBetween } = clock
  const first = firstOf(run)
  if (before && isNear(before, run, clock)) return timesMs[cutBetween(lastOf(before), first)]!
  if (!before && timesMs[first]! <= clock.tells.edgeMs) return 0
  const earliest = timesMs.findIndex((ms) => ms >= timesMs[first]! - SAMPLE_MS / run.speed)
  return timesMs[cutBetween(earliest, first)]!
}

function endOf(run: Run, after: Run | undefined, clock: Clock): number {
  const { timesMs, durationMs, cutBetween } = clock
  const last = lastOf(run)
  if (after && isNear(run, after, clock)) return timesMs[cutBetween(last, firstOf(after))]!
  if (!after && durationMs - timesMs[last]! <= clock.tells.edgeMs) return durationMs
  const latest = timesMs.findLastIndex((ms) => ms <= timesMs[last]! + SAMPLE_MS / run.speed)
  return timesMs[cutBetween(last, latest)]!
}

/** What the order of stretches says. @param reachMs of the original that a moment stands for. */
export function timeFindings(stretches: readonly Stretch[], clock: Clock): TimeFinding[] {
  const moved = outOfOrder(stretches)
  const found: TimeFinding[] = []
  if (moved) found.push({ kind: repeats(stretches) ? 'repeated' : 'reordered', span: spanOf(stretches, moved) })
  for (let i = 1; i < stretches.length; i++) {
    if (moved && i >= moved.first && i <= moved.last + 1) continue
    const finding = between(stretches[i - 1]!, stretches[i]!, clock)
    if (finding) found.push(finding)
  }
  return found
}

/** Where something lies in both. */
type Lying = Pick<Stretch, 'candidate' | 'original'>

/** From the first to the last stretch that does not stand where the original has it. */
export function outOfOrder(stretches: readonly Lying[]): { first: number; last: number } | null {
  const sorted = stretches.toSorted((a, b) => a.original.startMs - b.original.startMs)
  const wrong = stretches.flatMap((stretch, i) => (stretch === sorted[i] ? [] : [i]))
  return wrong.length > 0 ? { first: wrong[0]!, last: wrong.at(-1)! } : null
}

export const spanOf = (stretches: readonly Lying[], { first, last }: { first: number; last: number }) => ({
  startMs: stretches[first]!.candidate.startMs,
  endMs: stretches[last]!.candidate.endMs,
})

/** Whether two of them show the same second. */
export function repeats(stretches: readonly Lying[]): boolean {
  const sorted = stretches.toSorted((a, b) => a.original.startMs - b.original.startMs)
  return sorted.some((one, i) => i > 0 && sorted[i - 1]!.original.endMs - one.original.startMs > FILM.repeatedMs)
}

function between(a: Stretch, b: Stretch, clock: Clock): TimeFinding | null {
  const gap = { startMs: a.candidate.endMs, endMs: b.candidate.startMs }
  const gapMs = gap.endMs - gap.startMs
  /** Of the original, that lies between; in the candidate's time. */
  const passedMs = (b.original.startMs - a.original.endMs) / a.speed
  if (gapMs <= clock.tells.gapMs || isBlindBetween(a.runs.at(-1)!, b.runs[0]!, clock)) {
    const at = (gap.startMs + gap.endMs) / 2
    if (passedMs - gapMs >= clock.tells.cutMs) return { kind: 'missing', span: { startMs: at, endMs: at } }
    if (-passedMs <= clock.tells.repeatedMs) return null
    return { kind: 'repeated', span: { startMs: gap.endMs, endMs: Math.min(gap.endMs - passedMs, b.candidate.endMs) } }
  }
  const [last, first] = [lastOf(a.runs.at(-1)!), firstOf(b.runs[0]!)]
  if (clock.isStill(last, first))
    return { kind: 'frozen', span: { startMs: clock.timesMs[last]!, endMs: clock.timesMs[first]! } }
  return { kind: passedMs < gapMs / 2 ? 'inserted' : 'replaced', span: gap }
}
