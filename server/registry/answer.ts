/** Matches as the answer to a lookup: which leads, whether another contradicts it, and all of it in words. Pure. */
import { toHex, toHex0x } from '../bytes.ts'
import type { RecordRow } from '../catalogue/index.ts'
import type { Fingerprint, Kind } from '../fingerprint/index.ts'
import { type Found, NOT_LAID, ONLY_SOUND, type Relation, rank, type Verdict } from '../matching/index.ts'
import { presentFinding, presentSegment, presentSpan } from './compared-view.ts'
import { loudnessAround, loudnessOf } from './loudness.ts'
import { TOO_MANY } from './pictures.ts'
import {
  type Context,
  isoTime,
  presentAnchor,
  presentDisowned,
  presentPublisherBrief,
  presentSupersession,
  stateOf,
  trustOf,
} from './present.ts'
import { NOT_COMPARED, summarise, summariseConflict } from './summary.ts'
import type { LookupView, MatchView } from './views.ts'

/** What a finished lookup says beside its life as a job. */
export type Answer = Pick<
  LookupView,
  'kind' | 'verdict' | 'reason' | 'summary' | 'candidate' | 'matches' | 'conflict' | 'limits'
>

/** A record with what was found of it. */
export interface Match {
  row: RecordRow
  relation: Relation
  distanceBits: number | null
  likeness: number
  explained: number
  transforms: string[]
  segments: Found['segments']
  placement: Found['placement']
  findings: Found['findings']
  limits: string[]
  heard?: Found['heard']
}

export function identity(row: RecordRow): Match {
  return {
    row,
    relation: 'identical',
    distanceBits: 0,
    likeness: 1,
    explained: 1,
    transforms: [],
    segments: [],
    placement: null,
    findings: [],
    limits: [],
  }
}

/** The verdict is the relation to the match that leads. @param reason why nothing could be searched for; null where it was. */
export function answer(
  candidate: Fingerprint,
  found: Match[],
  reason: string | null,
  limit: number,
  context: Context,
): Answer {
  const { matches, conflict } = rank(
    found.map((match) => ({
      ...match,
      disowned: match.row.disowned !== null,
      publisherId: match.row.publisherId,
      trust: trustOf(match.row.publisherId, context),
      registeredAt: match.row.registeredAt,
      sequence: match.row.sequence,
      fits: fits(match),
      passedOver: match.limits.includes(TOO_MANY),
      onlySound: candidate.kind === 'video' && match.limits.includes(ONLY_SOUND),
    })),
  )
  const views = matches.slice(0, limit).map((match) => presentMatch(match, context))
  const verdict: Verdict = matches[0]?.relation ?? (reason ? 'inconclusive' : 'not_registered')
  const conflictView = conflict && presentMatch(conflict, context)
  const conflictSummary = conflictView && summariseConflict(conflictView, views[0]!)
  return {
    kind: candidate.kind,
    verdict,
    reason: verdict === 'inconclusive' ? reason : null,
    summary: [
      summarise({
        verdict,
        kind: candidate.kind,
        reason,
        matches: views,
        compared: !matches[0]?.limits.includes(NOT_COMPARED),
      }),
      ...(conflictSummary ? [conflictSummary] : []),
    ].join(' '),
    candidate: presentCandidate(candidate),
    matches: views,
    conflict: conflictView && { recordId: conflictView.recordId, summary: conflictSummary! },
    limits: [...new Set(matches.slice(0, limit).flatMap((match) => match.limits))],
  }
}

function fits({ relation, limits }: Match): boolean | null {
  if (limits.includes(NOT_LAID)) return false
  return relation === 'identical' || limits.includes(NOT_COMPARED) ? null : true
}

function presentCandidate(of: Fingerprint) {
  const loudness = loudnessOf(of)
  const qualities = of.frames.map((frame) => frame.quality).sort((a, b) => a - b)
  return {
    contentDigest: toHex(of.contentDigest),
    sizeBytes: of.byteLength,
    mediaType: of.mediaType,
    quality: of.picture?.quality ?? qualities[qualities.length >> 1] ?? null,
    durationS: of.durationMs === null ? null : of.durationMs / 1000,
    width: of.width,
    height: of.height,
    ...(loudness && { loudness }),
  }
}

/** How loud the original is where the candidate follows it. */
function presentHeard({ heard, segments, row }: Match): Pick<MatchView['original'], 'loudness'> {
  const shown = segments.map(({ original }) => original)
  const around = heard && shown.length > 0 ? loudnessAround(heard, shown, row.manifest.durationMs) : null
  return around ? { loudness: { span: presentSpan(around.span), values: around.values } } : {}
}

/** Bits by which unrelated hashes differ in the mean: the foot of the scale of similarity. */
const UNRELATED_BITS = 128

function presentMatch(match: Match, context: Context): MatchView {
  const { row } = match
  return {
    recordId: toHex0x(row.recordId),
    relation: match.relation,
    similarity: Math.round(
      100 * (match.distanceBits === null ? match.likeness : 1 - match.distanceBits / UNRELATED_BITS),
    ),
    distanceBits: match.distanceBits,
    original: {
      contentDigest: toHex(row.contentDigest),
      kind: row.kind satisfies Kind | null,
      title: row.manifest.title,
      durationS: row.manifest.durationMs === null ? null : row.manifest.durationMs / 1000,
      width: row.manifest.width,
      height: row.manifest.height,
      ...presentHeard(match),
    },
    publisher: presentPublisherBrief(row, context),
    registeredAt: isoTime(row.registeredAt),
    state: stateOf(row),
    disowned: presentDisowned(row.disowned),
    supersession: presentSupersession(row, context),
    anchor: presentAnchor(row.anchor, context),
    segments: match.segments.map(presentSegment),
    transforms: match.transforms,
    placement: match.placement,
    findings: match.findings.map(presentFinding),
    limits: match.limits,
  }
}
