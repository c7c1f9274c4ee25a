/** What differs from the original and how a copy lies on it, in words. Pure; what is seen, never what it means. */
import type { Finding, Placement, Region } from './wire.ts'
import { plain, span } from './words.ts'

/** Share of a picture's sides from which on a place in it is not worth naming. */
const MOST_OF_IT = 0.6
/** Less than this is missing by rounding alone. */
const WHOLE = 0.97

/** `Region 1`, as it is drawn. @param index counts from 0. */
export function findingName({ region }: Finding, index: number): string {
  return `${region ? 'Region' : 'Difference'} ${index + 1}`
}

/** `differs from the original, top left, 12 % × 9 % of the picture; score 0.99`. */
export function findingSentence(finding: Finding): string {
  const { region, score } = finding
  const place = region && `${whereabouts(region)}, ${percent(region.w)} × ${percent(region.h)} of the picture`
  const when = finding.span && span(finding.span)
  return `${[kindWords(finding.kind), when, place].filter(Boolean).join(', ')}; score ${scoreText(score)}`
}

function kindWords(kind: string): string {
  if (kind === 'region') return 'differs from the original'
  return kind === 'overlay' ? 'something is laid over it' : plain(kind, 40)
}

/** Two digits, and no 1.00 for what is less. */
export const scoreText = (score: number) => (Math.floor(score * 100) / 100).toFixed(2)

/** `top left`, by the middle of the region. */
export function whereabouts({ x, y, w, h }: Region): string {
  if (w > MOST_OF_IT && h > MOST_OF_IT) return 'over most of it'
  const down = ['top', null, 'bottom'][third(y + h / 2)]
  const across = ['left', null, 'right'][third(x + w / 2)]
  if (down && across) return `${down} ${across}`
  if (down) return `${down} in the middle`
  return across ? `on the ${across}` : 'in the middle'
}

const third = (at: number) => Math.min(2, Math.max(0, Math.floor(at * 3)))

/** `12 %`; what is there is never none. */
export function percent(fraction: number): string {
  return fraction > 0 && fraction < 0.01 ? 'under 1 %' : `${Math.round(fraction * 100)} %`
}

/** How much of the one is in the other, where it is not all. @param file what the candidate is called. */
export function placementSentence({ candidate, original }: Placement, file = 'your file'): string | null {
  const [inOriginal, inCandidate] = [original.w * original.h, candidate.w * candidate.h]
  const sentences = [
    inOriginal < WHOLE && `${file[0]!.toUpperCase()}${file.slice(1)} shows ${percent(inOriginal)} of the original.`,
    inCandidate < WHOLE && `The original fills ${percent(inCandidate)} of ${file}.`,
  ]
  return sentences.filter(Boolean).join(' ') || null
}

/** `rotated -5` as a person says it; others are words already. */
export function transformWords(transform: string): string {
  const turn = /^rotated (-?)(\d{1,3})$/.exec(transform)
  if (!turn) return plain(transform, 60)
  return `turned ${turn[2]}°${turn[2] === '180' ? '' : turn[1] ? ' anticlockwise' : ' clockwise'}`
}
