/** What a comparison found, as JSON says it: seconds, and everything that a match may leave unsaid. Pure. */
import type { Found } from '../matching/index.ts'
import type { FindingKind, FindingView, SegmentView } from './views.ts'

interface SpanMs {
  startMs: number
  endMs: number
}

type Stretch = Found['segments'][number]

/** A finding as matching tells it. One of a picture has no time, and is seen. */
interface Difference {
  channel?: FindingView['channel']
  kind: FindingKind
  span?: SpanMs | null
  region: FindingView['region']
  score: number
  offsetS?: number
}

export function presentSegment({ candidate, original, speed, placement }: Stretch): SegmentView {
  return { candidate: presentSpan(candidate), original: presentSpan(original), speed, placement }
}

export function presentFinding({
  channel = 'video',
  kind,
  span = null,
  region,
  score,
  offsetS,
}: Difference): FindingView {
  const finding = { channel, kind, span: span && presentSpan(span), region, score }
  return offsetS === undefined ? finding : { ...finding, offsetS }
}

export function presentSpan({ startMs, endMs }: SpanMs): { startS: number; endS: number } {
  return { startS: startMs / 1000, endS: endMs / 1000 }
}
