/**
 * Whether a sound comes from an original, and what was done to it: at which tempo and pitch it is played (sound-tune.ts), in which order it runs through the
 * original (sound-course.ts), and where it differs (sound-findings.ts). Pure.
 */
import { type CandidateSound, PRINT_S, type SoundPrints } from '../fingerprint/index.ts'
import { courseOf } from './sound-course.ts'
import {
  type Compared,
  type Differences,
  differencesOf,
  lyingOf,
  type Piece,
  type SoundDifference,
} from './sound-findings.ts'
import type { SoundProposal } from './sound-index.ts'
import { heard } from './sound-line.ts'
import { tune } from './sound-tune.ts'
import { FILM, SOUND } from './thresholds.ts'
import type { Relation } from './verdict.ts'

export interface SoundFinding {
  channel: 'audio'
  kind: SoundDifference['kind'] | 'shifted'
  /** Milliseconds of the candidate; without length where something is missing. */
  span: { startMs: number; endMs: number }
  region: null
  score: number
  /** Seconds by which the sound comes after the picture. Of what is shifted. */
  offsetS?: number
}

/** As of a video: milliseconds of both that run beside each other. */
export interface SoundSegment {
  candidate: { startMs: number; endMs: number }
  original: { startMs: number; endMs: number }
  /** Seconds of the original that pass in one of the candidate. */
  speed: number
}

export interface SoundExamination {
  segments: SoundSegment[]
  findings: SoundFinding[]
  /** Milliseconds of the candidate before and after the segments, where the original would go on and something else is heard. What that is, the picture may tell. */
  beside: SoundSegment['candidate'][]
  transforms: string[]
  limits: string[]
  relation: Exclude<Relation, 'identical'>
  /** Share of what can be heard of the candidate that the original explains, 0 to 1. */
  explained: number
  /** Share of bits that agree where it follows, 0 to 1: half of those of strangers do. */
  score: number
}

/** What was not done. */
export const SOUND_LIMITS = {
  notCompared: 'sound found, not compared for alterations: too much noise',
  mixed: 'sound laid over the original: what is said under it could not be compared',
  long: 'sound at another tempo or pitch: only its first five minutes were compared',
} as const

/** @param proposals lines on which it was found, at one tempo and pitch.
 * @returns null where it does not follow the original. */
export function examineSound(
  candidate: CandidateSound,
  original: SoundPrints,
  proposals: readonly SoundProposal[],
): SoundExamination | null {
  const [main] = proposals.toSorted((a, b) => b.followedS - a.followedS)
  if (!main) return null
  const tuned = tune(heard(candidate), original, main, main.pitch)
  const { tempo } = tuned.line
  // Other lines were found at the tempo of the proposals: what they mean at this one is told about the middle of the candidate.
  const middleS = candidate.startS + (candidate.prints.length * candidate.stepS) / 2
  const others = proposals.filter((one) => one !== main).map(({ offsetS }) => offsetS + (main.tempo - tempo) * middleS)
  const course = courseOf(tuned.heard, original, tempo, [tuned.line.offsetS, ...others])
  if (!course) return null
  const { sound } = tuned.heard
  const endS = sound.startS + Math.max(0, sound.prints.length - 1) * sound.stepS + PRINT_S
  const compared = { heard: tuned.heard, original, tempo, endS, ...course }
  return answer(compared, differencesOf(compared, course.runs), tuned.pitch, candidate)
}

function answer(
  of: Compared,
  { pieces, found, beside }: Differences,
  pitch: number,
  candidate: CandidateSound,
): SoundExamination {
  const isNoisy = of.differing > SOUND.notCompared
  const findings = isNoisy ? [] : found.map(findingOf)
  const shares = { inTime: followedShare(of, pieces), whole: wholeShare(of, pieces) }
  const mixed = findings.some(({ kind }) => kind === 'mixed')
  const isShort = of.heard.sound.prints.length * of.heard.sound.stepS < 0.95 * candidate.prints.length * candidate.stepS
  return {
    segments: pieces.map((piece) => ({ ...lyingOf(of, piece), speed: of.tempo })),
    findings,
    beside: isNoisy ? [] : beside.map(spanOf),
    transforms: transformsOf(of.tempo, pitch),
    limits: [
      ...(isNoisy ? [SOUND_LIMITS.notCompared] : []),
      ...(mixed ? [SOUND_LIMITS.mixed] : []),
      ...(isShort && of.heard.sound.prints.length * of.heard.sound.stepS > 200 ? [SOUND_LIMITS.long] : []),
    ],
    relation: relationOf(findings, shares),
    explained: Math.min(1, shares.inTime),
    score: 1 - of.differing,
  }
}

const findingOf = ({ kind, startS, endS }: SoundDifference): SoundFinding => ({
  channel: 'audio',
  kind,
  span: spanOf({ startS, endS }),
  region: null,
  score: 0.99,
})

const spanOf = ({ startS, endS }: { startS: number; endS: number }) => ({
  startMs: Math.round(1_000 * startS),
  endMs: Math.round(1_000 * endS),
})

function transformsOf(tempo: number, pitch: number): string[] {
  return [
    ...(tempo > 1.015 ? ['sped up'] : tempo < 0.985 ? ['slowed down'] : []),
    ...(pitch > 1 ? ['pitch raised'] : pitch < 1 ? ['pitch lowered'] : []),
  ]
}

function relationOf(findings: readonly SoundFinding[], { inTime, whole }: { inTime: number; whole: number }) {
  if (findings.some(({ kind }) => kind !== 'mixed')) return 'altered'
  if (inTime < 1 - FILM.otherMaterial) return 'composite'
  return whole < FILM.whole ? 'excerpt' : 'same_content'
}

/** Of the candidate's prints that say something those that follow. */
function followedShare({ heard: { sound } }: Compared, pieces: readonly Piece[]): number {
  let [told, followed] = [0, 0]
  for (const [i, print] of sound.prints.entries()) {
    if (print === 0) continue
    const s = sound.startS + i * sound.stepS + PRINT_S / 2
    told++
    followed += Number(pieces.some(({ startS, endS }) => s >= startS && s <= endS))
  }
  return told === 0 ? 0 : followed / told
}

/** Of the original's prints that say something those that are heard. */
function wholeShare({ original, tempo }: Compared, pieces: readonly Piece[]): number {
  let [told, seen] = [0, 0]
  for (const [i, print] of original.prints.entries()) {
    if (print === 0) continue
    const s = original.startS + i * original.stepS + PRINT_S / 2
    told++
    seen += Number(
      pieces.some(({ run, startS, endS }) => {
        const at = (s - run.offsetS) / tempo
        return at >= startS && at <= endS
      }),
    )
  }
  return told === 0 ? 0 : seen / told
}
