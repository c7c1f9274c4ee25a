/** A video and its originals along time: lanes, stretches and marks. Pure: seconds and fractions in and out. */
import type { Finding, Match, Span } from './wire.ts'

/** One original, and the part of its time that is drawn. */
export interface Lane {
  match: Match
  /** Of the original. */
  window: Span
}

/** One difference on the timeline. */
export interface Mark {
  finding: Finding
  lane: Lane
  /** In the candidate; of no length for a cut. */
  span: Span
  /** From 0, the first is nearest to the lane: marks that would cover each other stand in rows. */
  row: number
}

export interface Timeline {
  durationS: number
  /** In the order in which the candidate shows them. */
  lanes: Lane[]
  /** What differs in the order of time, then what is laid over. */
  marks: Mark[]
  rows: number
  /** Differences that have no mark: there are too many. */
  unmarked: number
}

/** More would say nothing that a reader could see. The strongest are kept. */
const MAX_LANES = 8
const MAX_MARKS = 60

/** Null where nothing of it has a time. */
export function timelineOf(matches: readonly Match[], durationS: number | null): Timeline | null {
  const timed = matches.filter(({ segments }) => segments.length > 0)
  if (!durationS || !(durationS > 0) || timed.length === 0 || timed[0] !== matches[0]) return null
  const lanes = beside(timed)
    .slice(0, MAX_LANES)
    .sort((a, b) => a.segments[0]!.candidate.startS - b.segments[0]!.candidate.startS)
    .map((match) => ({ match, window: windowOf(match, durationS) }))
  const marks = lanes.flatMap((lane) => marksOf(lane, durationS))
  const placed = inRows(marks.slice(0, MAX_MARKS), durationS)
  const rows = 1 + Math.max(-1, ...placed.map(({ row }) => row))
  return { durationS, lanes, marks: placed, rows, unmarked: marks.length - placed.length }
}

/** Share of its own stretches that a match must explain by itself: another record of what is explained already is no other material. */
const OWN_SHARE = 0.5

/** The first match, and those that explain what none before them does. */
function beside(matches: readonly Match[]): Match[] {
  const explained: Span[] = []
  return matches.filter(({ segments }, index) => {
    const spans = segments.map(({ candidate }) => candidate)
    const whole = spans.reduce((sum, span) => sum + length(span), 0)
    const known = spans.reduce((sum, span) => sum + Math.min(length(span), overlap(span, explained)), 0)
    if (index > 0 && !(whole - known > OWN_SHARE * whole)) return false
    explained.push(...spans)
    return true
  })
}

const length = ({ startS, endS }: Span) => endS - startS

const overlap = (one: Span, others: readonly Span[]) =>
  others.reduce(
    (sum, other) => sum + Math.max(0, Math.min(one.endS, other.endS) - Math.max(one.startS, other.startS)),
    0,
  )

/** An original this many times as long as what is shown of it is drawn in part: a clip of a film would be a line. */
const MUCH_LONGER = 8
/** Of what is drawn in part, how much is drawn beside what is shown. */
const AROUND = 0.5

function windowOf({ segments, original }: Match, durationS: number): Span {
  const originals = segments.map((one) => one.original)
  const shown = {
    startS: Math.min(...originals.map(({ startS }) => startS)),
    endS: Math.max(...originals.map(({ endS }) => endS)),
  }
  const whole = { startS: 0, endS: Math.max(shown.endS, original.durationS ?? 0) }
  if (length(whole) <= MUCH_LONGER * Math.max(length(shown), durationS / MUCH_LONGER)) return whole
  const around = AROUND * Math.max(length(shown), durationS / 2)
  return { startS: Math.max(0, shown.startS - around), endS: Math.min(whole.endS, shown.endS + around) }
}

function marksOf(lane: Lane, durationS: number): Omit<Mark, 'row'>[] {
  const { findings, segments } = lane.match
  const throughout = { startS: segments[0]!.candidate.startS, endS: segments.at(-1)!.candidate.endS }
  const within = (seconds: number) => Math.min(durationS, Math.max(0, seconds))
  return findings.map((finding) => {
    const { startS, endS } = finding.span ?? throughout
    return { finding, lane, span: { startS: within(startS), endS: within(endS) } }
  })
}

/** Kinds that leave the relation as it is. */
const LAID_OVER = ['overlay', 'mixed']
export const isLaidOver = ({ kind }: Finding): boolean => LAID_OVER.includes(kind)

/** Of the width: a mark on a telephone is not narrower. */
const NARROWEST = 0.085
const MOST_ROWS = 4

/** What differs nearest to the lane, what is laid over farther away. */
function inRows(marks: readonly Omit<Mark, 'row'>[], durationS: number): Mark[] {
  const differs = stacked(
    marks.filter(({ finding }) => !isLaidOver(finding)),
    durationS,
    0,
  )
  const first = 1 + Math.max(-1, ...differs.map(({ row }) => row))
  const laid = stacked(
    marks.filter(({ finding }) => isLaidOver(finding)),
    durationS,
    first,
  )
  return [...differs, ...laid]
}

function stacked(marks: readonly Omit<Mark, 'row'>[], durationS: number, first: number): Mark[] {
  const ends: number[] = []
  return marks
    .toSorted((a, b) => a.span.startS - b.span.startS)
    .map((mark) => {
      const startS = mark.span.startS
      const free = ends.findIndex((end) => end <= startS)
      const row = free >= 0 ? free : Math.min(ends.length, MOST_ROWS - 1)
      ends[row] = Math.max(mark.span.endS, startS + NARROWEST * durationS)
      return { ...mark, row: first + row }
    })
}

/** Where a moment lies in a span, 0 to 1. */
export function fractionIn({ startS, endS }: Span, seconds: number): number {
  return endS > startS ? Math.min(1, Math.max(0, (seconds - startS) / (endS - startS))) : 0
}

/** Seconds for which a region that was found in a single frame is shown. */
const SHORTEST_S = 0.25

/** Whether something is to be drawn over the picture at this moment. */
export function isSeenAt({ finding, span }: Mark, seconds: number): boolean {
  return finding.region !== null && span.startS <= seconds && seconds <= Math.max(span.endS, span.startS + SHORTEST_S)
}

/** Stretches of the candidate, a second and longer, that come from no original. */
export function gapsOf({ lanes, durationS }: Timeline): Span[] {
  const spans = lanes.flatMap(({ match }) => match.segments.map(({ candidate }) => candidate))
  const gaps: Span[] = []
  let explainedS = 0
  for (const { startS, endS } of [...spans, { startS: durationS, endS: durationS }].sort(
    (a, b) => a.startS - b.startS,
  )) {
    if (startS - explainedS >= 1) gaps.push({ startS: explainedS, endS: startS })
    explainedS = Math.max(explainedS, endS)
  }
  return gaps
}

/** Seconds between two times at a lane. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]
const MOST_TICKS = 6

/** Round times in a window. */
export function ticksOf({ startS, endS }: Span): number[] {
  const step = STEPS_S.find((one) => (endS - startS) / one <= MOST_TICKS) ?? endS - startS
  const ticks: number[] = []
  for (let at = Math.ceil(startS / step) * step; at <= endS && ticks.length <= MOST_TICKS; at += step) ticks.push(at)
  return ticks
}
