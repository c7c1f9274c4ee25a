/** What differs in a video, in clauses: what, and when in the candidate. What is seen and heard, never what it means. Pure. */
import { clock, fromTo, type Span } from '../times.ts'
import type { FindingKind, FindingView, SegmentView } from './views.ts'

/** What is said of one, and of several; `missing` has a length of its own. */
const WORDS: Record<Exclude<FindingKind, 'missing'>, string> = {
  region: 'a region differs',
  replaced: 'the picture is replaced by other material',
  inserted: 'other material is inserted',
  reordered: 'its parts are in another order',
  repeated: 'a stretch is repeated',
  frozen: 'the picture stands still',
  muted: 'the sound is silent',
  shifted: 'the sound is shifted against the picture',
  overlay: 'something is laid over the picture',
  mixed: 'something is laid over the sound',
}

/** The same of what is heard. */
const HEARD: Partial<Record<FindingKind, string>> = {
  replaced: 'the sound is not that of the original',
  inserted: 'other sound is inserted',
  reordered: 'parts of the sound are in another order',
  repeated: 'a stretch of the sound is repeated',
}

/** Kinds that leave the relation as it is. */
const LAID_OVER: readonly FindingKind[] = ['overlay', 'mixed']

export const isLaidOver = ({ kind }: Pick<FindingView, 'kind'>): boolean => LAID_OVER.includes(kind)

/** One finding, without its time: `a region differs`. */
export function findingWords({ kind, channel, span, offsetS }: FindingView, segments: readonly SegmentView[]): string {
  if (kind === 'missing') return missingWords(span ? missingS(span.startS, segments) : null, channel)
  if (kind === 'shifted' && offsetS !== undefined)
    return `the sound comes ${Math.abs(offsetS).toFixed(2)} s ${offsetS > 0 ? 'after' : 'before'} the picture`
  return (channel === 'audio' && HEARD[kind]) || WORDS[kind]
}

/** Some findings, those of one kind together: `a region differs from 0:06 to 0:10 and from 0:20 to 0:25`. */
export function findingClauses(findings: readonly FindingView[], segments: readonly SegmentView[]): string[] {
  const alike = Map.groupBy(findings, ({ kind, channel }) => `${channel} ${kind}`)
  return alike
    .values()
    .map((some) => (some[0]!.kind === 'missing' ? missing(some, segments) : clause(some, segments)))
    .toArray()
}

function clause(some: readonly FindingView[], segments: readonly SegmentView[]): string {
  const words = findingWords(some[0]!, segments)
  const spans = joined(some.flatMap(({ span }) => span ?? []))
  if (spans.length === 0 || spans.some((span) => isThroughout(span, segments))) return `${words} throughout`
  if (spans.length > MOST_TOLD) return `${words} in ${spans.length} stretches, first from ${fromTo(spans[0]!)}`
  return `${words} ${listed(spans.map((span) => `from ${fromTo(span)}`))}`
}

/** Stretches and cuts that a sentence names one by one. */
const MOST_TOLD = 3

function missing(some: readonly FindingView[], segments: readonly SegmentView[]): string {
  const cuts = some.flatMap(({ span }) => (span ? [span.startS] : [])).toSorted((a, b) => a - b)
  const [first, ...others] = cuts
  const { channel } = some[0]!
  if (first === undefined) return missingWords(null, channel)
  const told = `${missingWords(missingS(first, segments), channel)} at ${clock(first)}`
  if (cuts.length > MOST_TOLD)
    return `parts of ${WHOSE[channel]} are missing in ${cuts.length} places, first at ${clock(first)}`
  return listed([told, ...others.map((at) => `${lengthWords(missingS(at, segments))} at ${clock(at)}`)])
}

const WHOSE = { video: 'the original', audio: "the original's sound" } as const

const missingWords = (lengthS: number | null, channel: FindingView['channel']) =>
  lengthS === null
    ? `a part of ${WHOSE[channel]} is missing`
    : `${lengthWords(lengthS)} of ${WHOSE[channel]} are missing`

const lengthWords = (lengthS: number | null) => (lengthS === null ? 'a part' : `${lengthS.toFixed(1)} s`)

/** Seconds by which the stretches on both sides of a cut may miss it. */
const NEAR_S = 1
/** Less is the grid of samples. */
const LEAST_S = 0.05

/** Seconds of the original that lie between the stretches on both sides of a cut; null where they do not tell. */
export function missingS(cutS: number, segments: readonly SegmentView[]): number | null {
  const before = segments.findLast(({ candidate }) => Math.abs(candidate.endS - cutS) < NEAR_S)
  const after = segments.find((one) => one !== before && Math.abs(one.candidate.startS - cutS) < NEAR_S)
  if (!before || !after) return null
  // Frames of the candidate between the two are of the original, too.
  const shownS = Math.max(0, after.candidate.startS - before.candidate.endS) * before.speed
  const lengthS = after.original.startS - before.original.endS - shownS
  return lengthS >= LEAST_S ? lengthS : null
}

/** Spans in order, those that touch as one. */
function joined(spans: readonly Span[]): Span[] {
  const joint: Span[] = []
  for (const span of spans.toSorted((a, b) => a.startS - b.startS)) {
    const last = joint.at(-1)
    if (last && span.startS <= last.endS) last.endS = Math.max(last.endS, span.endS)
    else joint.push({ ...span })
  }
  return joint
}

/** Share of what is matched from which on a difference is everywhere in it. */
const THROUGHOUT = 0.95

function isThroughout({ startS, endS }: Span, segments: readonly SegmentView[]): boolean {
  const [first, last] = [segments[0], segments.at(-1)]
  if (!first || !last) return false
  const [from, to] = [first.candidate.startS, last.candidate.endS]
  return Math.min(endS, to) - Math.max(startS, from) >= THROUGHOUT * (to - from)
}

/** a, b and c. */
export const listed = (words: string[]): string =>
  [words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' and ')
