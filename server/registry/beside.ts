/** Which matches of a video stand beside the leading one, as the originals of a compilation do. Pure. */
import type { MatchView, SegmentView } from './views.ts'

/** Share of its own stretches that a match must explain by itself: another record of what is explained already is no other material. */
const OWN_SHARE = 0.5

/** Of the matches after the first, in their order, those that explain stretches of the candidate which none before them does. */
export function besideTheFirst(matches: readonly MatchView[]): MatchView[] {
  const [first, ...others] = matches
  if (!first || first.segments.length === 0) return []
  const explained = [...first.segments]
  return others.filter(({ segments }) => {
    const whole = lengthS(segments)
    const own = whole - segments.reduce((sum, one) => sum + overlapS(one, explained), 0)
    if (whole === 0 || own < OWN_SHARE * whole) return false
    explained.push(...segments)
    return true
  })
}

const lengthS = (segments: readonly SegmentView[]) =>
  segments.reduce((sum, { candidate }) => sum + candidate.endS - candidate.startS, 0)

/** At most; stretches of different matches may overlap. */
function overlapS({ candidate: one }: SegmentView, others: readonly SegmentView[]): number {
  const parts = others.map(
    ({ candidate }) => Math.min(one.endS, candidate.endS) - Math.max(one.startS, candidate.startS),
  )
  return Math.min(
    one.endS - one.startS,
    parts.reduce((sum, part) => sum + Math.max(0, part), 0),
  )
}
