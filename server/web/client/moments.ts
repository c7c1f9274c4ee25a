/** Which moment of an original a moment of the copy is, and the other way round. Pure: seconds in and out. */
import type { Lane, Timeline } from './timeline.ts'
import type { Match, Segment, Span } from './wire.ts'

/** A moment of an original. */
export interface Place {
  lane: Lane
  originalS: number
}

/** One that the copy shows. */
export interface Shown extends Place {
  segment: Segment
}

/** A moment as both sides know it. */
export interface Moment {
  /** Null where the copy has nothing of it. */
  copyS: number | null
  /** Null where no original has anything of it. */
  original: Place | null
  /** Whether what the copy has there is something else, in the place of the original. */
  replaced: boolean
}

const length = ({ startS, endS }: Span) => endS - startS
/** Seconds of the original that pass in one second of the copy. */
const speedOf = ({ candidate, original, speed }: Segment) => speed ?? length(original) / length(candidate)

/** Those that hold a moment: from their beginning up to their end, which is no more of them but where the copy ends. */
function holding(segments: readonly Segment[], side: 'candidate' | 'original', seconds: number, lastS: number) {
  return segments.filter(({ candidate, [side]: { startS, endS } }) => {
    return startS <= seconds && (seconds < endS || (seconds === endS && candidate.endS >= lastS))
  })
}

/** What a moment of the copy comes from; null where that is no original. */
export function comesFrom(timeline: Timeline, copyS: number): Shown | null {
  return inLanes(timeline, copyS, ({ match }) => match.segments)
}

export function momentOfCopy(timeline: Timeline, copyS: number): Moment {
  const shown = comesFrom(timeline, copyS)
  if (shown) return { copyS, original: shown, replaced: false }
  const original = inLanes(timeline, copyS, ({ match }) => standIns(match, timeline.durationS))
  return { copyS, original, replaced: original !== null }
}

/** The first lane that has a moment of the copy. A file may go on for some frames after what was measured of it. */
function inLanes({ lanes, durationS }: Timeline, copyS: number, segmentsOf: (lane: Lane) => Segment[]): Shown | null {
  const at = Math.min(copyS, durationS)
  for (const lane of lanes) {
    const [segment] = holding(segmentsOf(lane), 'candidate', at, durationS)
    if (!segment) continue
    const originalS = segment.original.startS + (at - segment.candidate.startS) * speedOf(segment)
    if (Number.isFinite(originalS) && originalS >= 0) return { lane, segment, originalS }
  }
  return null
}

/** @param nearS of the copy: where it shows the moment more than once, the time nearest to this counts. */
export function momentOfOriginal({ durationS }: Timeline, original: Place, nearS: number): Moment {
  const { match } = original.lane
  const shownS = copyOf(match.segments, durationS, original.originalS, nearS)
  if (shownS !== null) return { copyS: shownS, original, replaced: false }
  const copyS = copyOf(standIns(match, durationS), durationS, original.originalS, nearS)
  return { copyS, original, replaced: copyS !== null }
}

function copyOf(segments: readonly Segment[], lastS: number, originalS: number, nearS: number): number | null {
  const times = holding(segments, 'original', originalS, lastS)
    .map((segment) => segment.candidate.startS + (originalS - segment.original.startS) / speedOf(segment))
    .filter((copyS) => Number.isFinite(copyS) && copyS >= 0)
  return times.sort((a, b) => Math.abs(a - nearS) - Math.abs(b - nearS))[0] ?? null
}

/** Where the copy leaves out a moment of an original: the edge of the stretch that lies nearest to it in the original.
 *  @returns seconds of the copy. */
export function leftOutAt({ match }: Lane, originalS: number): number {
  const edges = match.segments.flatMap(({ candidate, original }) => [
    { copyS: candidate.startS, awayS: Math.abs(original.startS - originalS) },
    { copyS: candidate.endS, awayS: Math.abs(original.endS - originalS) },
  ])
  const [edge] = edges.filter(({ copyS }) => Number.isFinite(copyS)).sort((a, b) => a.awayS - b.awayS)
  return Math.max(0, edge?.copyS ?? 0)
}

/** By how much a stretch in the place of another may be longer or shorter than it: beyond that no moment of the one is in the place of one of the other. */
const MOST_STRETCHED = 2
/** Share of what lies between two stretches that must be said to be replaced. What is inserted stands in no other's place. */
const REPLACED_SHARE = 0.5

/** Of what is replaced, the stretches of the original that it stands in the place of: those between the stretches around it. */
function standIns({ segments, findings }: Match, durationS: number): Segment[] {
  const spans = findings.flatMap(({ kind, span }) => (kind === 'replaced' && span ? [span] : []))
  const made = [null, ...segments].map((before, i) => {
    const after = segments[i] ?? null
    const candidate = { startS: before?.candidate.endS ?? 0, endS: after?.candidate.startS ?? durationS }
    const overlaps = spans.map((span) => Math.min(span.endS, candidate.endS) - Math.max(span.startS, candidate.startS))
    if (!(Math.max(...overlaps) > REPLACED_SHARE * length(candidate)) || length(candidate) <= 0) return null
    const original = between(before, after, length(candidate))
    const speed = length(original) / length(candidate)
    return speed >= 1 / MOST_STRETCHED && speed <= MOST_STRETCHED ? { candidate, original, speed } : null
  })
  return made.filter((one) => one !== null)
}

/** Before the first stretch and after the last, the original is taken to go on as it does in it. */
function between(before: Segment | null, after: Segment | null, copyS: number): Span {
  const startS = before?.original.endS ?? after!.original.startS - copyS * speedOf(after!)
  const endS = after?.original.startS ?? startS + copyS * speedOf(before!)
  return { startS, endS }
}
