/** Runs of a candidate along an original as stretches, and what their order says: what is missing, inserted, put elsewhere. Pure. */
import type { Run } from './film-path.ts'
import { FILM } from './thresholds.ts'

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

export interface Clock {
  /** Of the candidate's pictures. */
  timesMs: readonly number[]
  durationMs: number
  /** Where between two pictures the candidate changes most, as a cut does. */
  cutBetween(from: number, to: number): number
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

function continues(a: Run, b: Run, { timesMs }: Clock): boolean {
  return lineApart(a, b) <= FILM.sameLineMs && timesMs[b.from]! - timesMs[a.to]! <= FILM.gapMs
}

function stretchOf(runs: Run[], before: Run | undefined, after: Run | undefined, clock: Clock): Stretch {
  const { timesMs, durationMs } = clock
  const { speed } = runs[0]!
  const pairs = runs.reduce((sum, run) => sum + run.pairs.length, 0)
  const offsetMs = runs.reduce((sum, run) => sum + run.offsetMs * run.pairs.length, 0) / pairs
  const [first, last] = [runs[0]!.from, runs.at(-1)!.to]
  const startMs = before ? edge(before.to, first, clock) : timesMs[first]! <= FILM.edgeMs ? 0 : timesMs[first]!
  const ends = durationMs - timesMs[last]! <= FILM.edgeMs ? durationMs : timesMs[last]!
  const endMs = after ? Math.min(edge(last, after.from, clock), ends) : ends
  const at = (ms: number) => Math.max(0, Math.round(offsetMs + speed * ms))
  const candidate = { startMs: Math.round(startMs), endMs: Math.round(endMs) }
  return { candidate, original: { startMs: at(startMs), endMs: at(endMs) }, speed, runs }
}

/** Where one stretch ends and another begins, if nothing else lies between; else where the nearer one does. */
function edge(to: number, from: number, clock: Clock): number {
  const { timesMs, cutBetween } = clock
  if (timesMs[from]! - timesMs[to]! <= FILM.gapMs) return timesMs[cutBetween(to, from)]!
  return timesMs[from]!
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

/** From the first to the last stretch that does not stand where the original has it. */
function outOfOrder(stretches: readonly Stretch[]): { first: number; last: number } | null {
  const sorted = stretches.toSorted((a, b) => a.original.startMs - b.original.startMs)
  const wrong = stretches.flatMap((stretch, i) => (stretch === sorted[i] ? [] : [i]))
  return wrong.length > 0 ? { first: wrong[0]!, last: wrong.at(-1)! } : null
}

const spanOf = (stretches: readonly Stretch[], { first, last }: { first: number; last: number }) => ({
  startMs: stretches[first]!.candidate.startMs,
  endMs: stretches[last]!.candidate.endMs,
})

/** Whether two of them show the same second. */
function repeats(stretches: readonly Stretch[]): boolean {
  const sorted = stretches.toSorted((a, b) => a.original.startMs - b.original.startMs)
  return sorted.some((one, i) => i > 0 && sorted[i - 1]!.original.endMs - one.original.startMs > FILM.repeatedMs)
}

function between(a: Stretch, b: Stretch, clock: Clock): TimeFinding | null {
  const gap = { startMs: a.candidate.endMs, endMs: b.candidate.startMs }
  const gapMs = gap.endMs - gap.startMs
  /** Of the original, that lies between; in the candidate's time. */
  const passedMs = (b.original.startMs - a.original.endMs) / a.speed
  if (gapMs <= FILM.gapMs) {
    const at = (gap.startMs + gap.endMs) / 2
    const missing = passedMs - gapMs
    if (missing >= FILM.cutMs) return { kind: 'missing', span: { startMs: at, endMs: at } }
    return null
  }
  if (clock.isStill(a.runs.at(-1)!.to, b.runs[0]!.from)) return { kind: 'frozen', span: gap }
  return { kind: passedMs < gapMs / 2 ? 'inserted' : 'replaced', span: gap }
}
