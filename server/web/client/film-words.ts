/** What a video shows of its original and what differs in it, in words. Pure; what is seen and heard, never what it means. */
import { percent, scoreText, whereabouts } from './finding-words.ts'
import type { Finding, Segment, Span } from './wire.ts'
import { clock, plain } from './words.ts'

const KINDS: Record<string, string> = {
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
const HEARD: Record<string, string> = {
  replaced: 'the sound is not that of the original',
  inserted: 'other sound is inserted',
  reordered: 'parts of the sound are in another order',
  repeated: 'a stretch of the sound is repeated',
}

/** `A region differs from 0:06 to 0:10`. */
export function filmFindingName(finding: Finding, segments: readonly Segment[]): string {
  const words = kindWords(finding, segments)
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} ${whenWords(finding, segments)}`
}

function kindWords({ kind, channel, span, offsetS }: Finding, segments: readonly Segment[]): string {
  if (kind === 'missing') return missingWords(span ? missingS(span.startS, segments) : null, channel)
  if (kind === 'shifted' && typeof offsetS === 'number')
    return `the sound comes ${Math.abs(offsetS).toFixed(2)} s ${offsetS > 0 ? 'after' : 'before'} the picture`
  if (channel === 'audio' && Object.hasOwn(HEARD, kind)) return HEARD[kind]!
  return Object.hasOwn(KINDS, kind) ? KINDS[kind]! : plain(kind, 40)
}

function whenWords({ kind, span }: Finding, segments: readonly Segment[]): string {
  if (!span || isThroughout(span, segments)) return 'throughout'
  return kind === 'missing' ? `at ${clock(span.startS)}` : `from ${fromTo(span)}`
}

/** Share of what is matched from which on a difference is everywhere in it. */
const THROUGHOUT = 0.95

function isThroughout({ startS, endS }: Span, segments: readonly Segment[]): boolean {
  const [from, to] = [segments[0]?.candidate.startS ?? 0, segments.at(-1)?.candidate.endS ?? 0]
  return to > from && Math.min(endS, to) - Math.max(startS, from) >= THROUGHOUT * (to - from)
}

/** `0:06 to 0:10`; with tenths where whole seconds would hide a short stretch. */
export function fromTo({ startS, endS }: Span): string {
  const tenths = endS - startS < 2
  return `${clock(startS, tenths)} to ${clock(endS, tenths)}`
}

const missingWords = (lengthS: number | null, channel: string) => {
  const whose = channel === 'audio' ? "the original's sound" : 'the original'
  return `${lengthS === null ? `a part of ${whose} is` : `${lengthS.toFixed(1)} s of ${whose} are`} missing`
}

/** Seconds by which the stretches on both sides of a cut may miss it, and what the grid of samples leaves between them. */
const NEAR_S = 1
const LEAST_S = 0.05

/** Seconds of the original between the stretches on both sides of a cut; null where they do not tell. */
function missingS(cutS: number, segments: readonly Segment[]): number | null {
  const before = segments.findLast(({ candidate }) => Math.abs(candidate.endS - cutS) < NEAR_S)
  const after = segments.find((one) => one !== before && Math.abs(one.candidate.startS - cutS) < NEAR_S)
  if (!before || !after) return null
  // Frames of the candidate between the two are of the original, too.
  const shownS = Math.max(0, after.candidate.startS - before.candidate.endS) * (before.speed ?? 1)
  const lengthS = after.original.startS - before.original.endS - shownS
  return lengthS >= LEAST_S ? lengthS : null
}

/** Where in the picture, and how surely: `top left, 12 % × 9 % of the picture; score 0.99`. */
export function filmFindingDetail({ region, score }: Finding): string {
  const place = region && `${whereabouts(region)}, ${percent(region.w)} × ${percent(region.h)} of the picture; `
  return `${place ?? ''}score ${scoreText(score)}`
}

/** `A`, `B`: lanes of several originals. */
export const letterOf = (lane: number): string => String.fromCharCode(65 + lane)
