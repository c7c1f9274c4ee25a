/** A long candidate is followed window by window, each through those parts of the original for which its own frames speak: hours in hours at once would be a
 *  gigabyte of pairs. Pure. */
import type { FrameVote } from './film-layouts.ts'

interface Span {
  startMs: number
  endMs: number
}

/** A part of the candidate, with the votes of its frames. */
export interface FilmWindow extends Span {
  /** Whether a time of the candidate is in it. */
  holds(ms: number): boolean
  votes: readonly FrameVote[]
}

const WINDOW_MS = 1_800_000

/** Equal parts, none longer than half an hour. Each time of the candidate is in one of them. */
export function windowsOf(durationMs: number, votes: readonly FrameVote[]): FilmWindow[] {
  const count = Math.max(1, Math.ceil(durationMs / WINDOW_MS))
  const at = (i: number) => (i * durationMs) / count
  return Array.from({ length: count }, (_, i) => {
    const holds = (ms: number) => (i === 0 || ms >= at(i)) && (i === count - 1 || ms < at(i + 1))
    return { startMs: at(i), endMs: at(i + 1), holds, votes: votes.filter(({ candidateMs }) => holds(candidateMs)) }
  })
}

/** Spans that are compared for one window at the most: half an hour of the stretches that are registered. */
const MAX_SPANS = 90
/** Beside those that the window would fill: it may be sped up, or put together of pieces. */
const SPARE = { part: 1.5, more: 4 }

/** Spans of the original that a window most likely shows: each vote speaks for all that it would show if it went on as there. @param spans about as long as each
 *  other. @returns them in order. */
export function spokenFor<T extends Span>(spans: readonly T[], { startMs, endMs, votes }: FilmWindow): T[] {
  const [first] = spans
  if (!first) return []
  const weights = new Map(spans.map((span) => [span, 0]))
  for (const { candidateMs, originalMs, share } of votes) {
    const begins = originalMs - (candidateMs - startMs)
    for (const span of spans)
      if (span.startMs < begins + endMs - startMs && span.endMs > begins) weights.set(span, weights.get(span)! + share)
  }
  const count = Math.ceil((SPARE.part * (endMs - startMs)) / (first.endMs - first.startMs)) + SPARE.more
  return [...weights]
    .filter(([, weight]) => weight > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, Math.min(MAX_SPANS, count))
    .map(([span]) => span)
    .sort((a, b) => a.startMs - b.startMs)
}

/** Those that some window shows. @param durationMs of the candidate. */
export function spokenForByAny<T extends Span>(
  spans: readonly T[],
  votes: readonly FrameVote[],
  durationMs: number,
): T[] {
  const any = new Set(windowsOf(durationMs, votes).flatMap((window) => spokenFor(spans, window)))
  return spans.filter((span) => any.has(span))
}
