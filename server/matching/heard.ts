/** What is heard of a record, and what that says beside what is seen of it. Pure. */
import {
  type CandidateSound,
  type Fingerprint,
  type ManifestSound,
  PRINT_MIDDLE_S,
  type SoundPrints,
} from '../fingerprint/index.ts'
import type { Finding, Found, ProposedSound, Segment } from './found.ts'

import type { SoundExamination } from './sound.ts'
import type { SoundProposal } from './sound-index.ts'
import { heardBesidePicture } from './sound-picture.ts'

/** Of videos of which only the picture was compared: another voice would not have been noticed. */
export const SOUND_NOT_COMPARED = 'sound not compared'
/** Of a video that is found by its sound alone, and of a sound that is found in a video. */
export const ONLY_SOUND = 'only its sound was compared'

/** Transforms. */
const REMOVED = 'sound removed'
const ADDED = 'sound added'

/** What of a candidate can be compared; null where there is nothing, or what a client sent is not enough. */
export function soundOf({ sound }: Fingerprint): CandidateSound | null {
  return sound?.prints && 'weakest' in sound.prints ? sound.prints : null
}

/** Why nothing can be said of a sound that has no prints. */
export function inaudible({ sound }: Fingerprint): string {
  if (!sound) return 'the fingerprint has no sound to compare by'
  if (!sound.readable) return 'its sound cannot be decoded'
  return sound.prints
    ? 'the prints in the fingerprint are those of an original'
    : 'too featureless to compare: silence, a hum, or less than a second of sound'
}

/** A match by sound alone. @param isVideo whether the candidate has a picture, which the record does not explain. */
export function foundByEar({ key, kind }: ProposedSound, sound: SoundExamination, isVideo: boolean): Found {
  const alone = isVideo || kind === 'video'
  return {
    key,
    relation: relationOf(sound, isVideo, kind === 'video'),
    distanceBits: null,
    orientation: null,
    way: null,
    likeness: likenessOf(sound),
    explained: isVideo ? sound.explained / 2 : sound.explained,
    transforms: sound.transforms,
    segments: sound.segments.map((segment) => ({ ...segment, placement: null })),
    placement: null,
    findings: plainly(sound.findings),
    limits: alone ? [ONLY_SOUND, ...sound.limits] : sound.limits,
  }
}

/** A video with the sound of a record has another picture; a sound is a part of a video. */
function relationOf({ relation }: SoundExamination, isVideo: boolean, ofVideo: boolean): Found['relation'] {
  if (relation === 'altered') return relation
  if (isVideo) return 'composite'
  return ofVideo && relation === 'same_content' ? 'excerpt' : relation
}

/** Of strangers half the bits agree. */
const likenessOf = ({ score }: SoundExamination) => Math.max(0, 2 * score - 1)

/** What there is to say of the sound of a video without comparing prints; null where both have some. */
export function withoutComparing(
  candidate: Fingerprint,
  original: ManifestSound | null,
  segments: readonly Segment[],
): Partial<Found> | null {
  const { sound } = candidate
  if (!original || sound === undefined || original.without === 'unreadable') return UNKNOWN
  if (sound && !sound.readable) return UNKNOWN
  if (!sound?.prints) return original.prints ? { transforms: [REMOVED] } : {}
  if (original.prints) return soundOf(candidate) ? null : UNKNOWN
  // A track on which nothing is to be heard says that nothing was; without a track nobody knows.
  const findings = original.without === 'featureless' ? heardInSilence(sound.prints, segments) : []
  return findings.length > 0 ? { findings } : { transforms: [ADDED] }
}

/** Seconds that something must be heard in silence, and for which it may pause. */
const IN_SILENCE = { leastS: 1, pauseS: 1 }

function heardInSilence({ prints, startS, stepS }: SoundPrints, segments: readonly Segment[]): Finding[] {
  const spans: { startMs: number; endMs: number }[] = []
  for (const [i, print] of prints.entries()) {
    if (print === 0) continue
    const middleMs = 1_000 * (startS + i * stepS + PRINT_MIDDLE_S)
    if (!segments.some(({ candidate }) => middleMs >= candidate.startMs && middleMs < candidate.endMs)) continue
    const last = spans.at(-1)
    if (last && middleMs - last.endMs <= 1_000 * IN_SILENCE.pauseS) last.endMs = middleMs
    else spans.push({ startMs: middleMs, endMs: middleMs })
  }
  return spans
    .filter(({ startMs, endMs }) => endMs - startMs >= 1_000 * IN_SILENCE.leastS)
    .map((span) => ({ channel: 'audio', kind: 'replaced', span, region: null, score: 0.99 }))
}

const UNKNOWN: Partial<Found> = { limits: [SOUND_NOT_COMPARED] }

/** A video with what is known of its sound. */
export function joined(seen: Found, { transforms = [], limits = [], findings = [] }: Partial<Found>): Found {
  const altered = findings.some(({ kind }) => kind !== 'mixed')
  return {
    ...seen,
    relation: altered ? 'altered' : seen.relation,
    transforms: [...new Set([...seen.transforms, ...transforms])],
    findings: [...seen.findings, ...findings],
    limits: [...seen.limits, ...limits],
  }
}

/** Lines on which the sound would follow if it went with the picture, where it was not found by itself. */
export function alongPicture(segments: readonly Segment[], record = 0): SoundProposal[] {
  return segments.map(({ candidate, original, speed }) => ({
    record,
    offsetS: (original.startMs - speed * candidate.startMs) / 1_000,
    tempo: speed,
    pitch: 1,
    votes: 0,
    differing: 0,
    followedS: (candidate.endMs - candidate.startMs) / 1_000,
  }))
}

/** Speeds up to which a sound that does not follow is another one, and none that could not be followed. */
const FOLLOWED_SPEED = 0.05
/** Seconds of prints that say something, of both, for that. */
const LEAST_TOLD_S = 3
/** Milliseconds by which two ends may miss each other, and still be of one cut. */
const SAME_CUT_MS = 400

/** What the sound of a video says beside its picture. @param sound null where it does not follow the original's. */
export function besidePicture(
  seen: Found,
  sound: SoundExamination | null,
  candidate: CandidateSound,
  original: SoundPrints,
): Partial<Found> {
  if (!sound && !isOther(seen.segments, candidate, original)) return UNKNOWN
  const own = sound ? sound.findings.filter((one) => isHere(one, seen) && !isSeenToo(one, seen)) : []
  const beside = heardBesidePicture(sound, seen.segments).filter((one) => !own.some((other) => isTold(one, other)))
  return { findings: plainly([...own, ...beside]), transforms: sound?.transforms ?? [], limits: sound?.limits ?? [] }
}

function isOther(segments: readonly Segment[], candidate: CandidateSound, original: SoundPrints): boolean {
  if (segments.some(({ speed }) => Math.abs(speed - 1) > FOLLOWED_SPEED)) return false
  return (
    toldS(
      candidate,
      segments.map((one) => one.candidate),
    ) >= LEAST_TOLD_S &&
    toldS(
      original,
      segments.map((one) => one.original),
    ) >= LEAST_TOLD_S
  )
}

/** Seconds of prints within spans that say something. */
function toldS({ prints, startS, stepS }: SoundPrints, spans: readonly { startMs: number; endMs: number }[]): number {
  const isIn = (ms: number) => spans.some(({ startMs, endMs }) => ms >= startMs && ms < endMs)
  const count = prints.reduce((sum, print, i) => sum + Number(print !== 0 && isIn(1_000 * (startS + i * stepS))), 0)
  return count * stepS
}

/** What lies beside the stretches that the picture follows is of something else, and where its edge is the two do not agree to a tenth. */
function isHere({ span }: Finding, { segments }: Found): boolean {
  if (!span) return true
  const lengthMs = span.endMs - span.startMs
  const least = Math.min(lengthMs / 2, AT_EDGE_MS)
  return segments.some(({ candidate }) => {
    const commonMs = Math.min(span.endMs, candidate.endMs) - Math.max(span.startMs, candidate.startMs)
    return lengthMs === 0 ? commonMs >= -SAME_CUT_MS : commonMs > least
  })
}

/** Milliseconds. */
const AT_EDGE_MS = 1_000

/** A pause in what was put in place of the original is no other difference. */
function plainly(findings: readonly Finding[]): Finding[] {
  const others = findings.filter(({ kind }) => kind === 'replaced' || kind === 'inserted')
  return findings.filter((one) => one.kind !== 'muted' || !others.some((other) => isMostlyIn(one, other)))
}

const isTold = (one: Finding, other: Finding) => one.kind === other.kind && isMostlyIn(one, other)

function isMostlyIn({ span: one }: Finding, { span: other }: Finding): boolean {
  if (!one || !other) return false
  const commonMs = Math.min(one.endMs, other.endMs) - Math.max(one.startMs, other.startMs)
  return commonMs > (one.endMs - one.startMs) / 2
}

/** A cut through both is told once. */
function isSeenToo({ kind, span }: Finding, { findings }: Found): boolean {
  return findings.some(
    (other) =>
      other.kind === kind &&
      span &&
      other.span &&
      Math.abs(other.span.startMs - span.startMs) <= SAME_CUT_MS &&
      Math.abs(other.span.endMs - span.endMs) <= SAME_CUT_MS,
  )
}
