/** Whether a picture comes from each of some originals, and what was done to it: geometry by local hashes, then comparison with the evidence. Pure. */
import { decodeEvidence, decodeLocal, type Evidence, ORIENTATIONS, type Planes } from '../fingerprint/index.ts'
import type { Affine } from './affine.ts'
import {
  type Comparison,
  comparePictures,
  DISAGREES,
  type NotCompared,
  type PictureFinding,
  TOO_LITTLE,
} from './compare.ts'
import { type Fit, fitFeatures, type PreparedFeatures, prepareFeatures, type Way } from './fit.ts'
import { type Placement, placementOf } from './placement.ts'
import { EXAMINE, FIT } from './thresholds.ts'
import { turnOver } from './turn-over.ts'
import type { Relation } from './verdict.ts'

export interface PictureCandidate {
  width: number
  height: number
  /** `local1`. */
  local: Uint8Array | null
  /** What it is compared by: its view, else its evidence. */
  view: Planes | null
  evidence: Uint8Array | null
}

export interface PictureOriginal {
  key: string
  width: number
  height: number
  local: Uint8Array | null
  evidence: Uint8Array | null
  /** What was done to the candidate if it is a whole copy, by its PDQ hashes: a number of `ORIENTATIONS`; null where they do not match. */
  orientation: number | null
  /** Whether the candidate shows it as it is or mirrored, where that is known. */
  way: Way | null
}

/** What was found of one original. */
export interface Examined {
  key: string
  relation: Exclude<Relation, 'identical'>
  /** Share of the candidate that the original explains, 0 to 1. */
  explained: number
  transforms: string[]
  /** Null where it is not known. */
  placement: Placement | null
  findings: PictureFinding[]
  /** Of the detail that both show, how much agrees, 0 to 1; 0 where it was not compared. */
  likeness: number
  /** Whether it was compared with the evidence; if not, why not. */
  notCompared: string | null
}

/** The originals that the candidate comes from. */
export function examinePicture(candidate: PictureCandidate, originals: readonly PictureOriginal[]): Examined[] {
  const features = candidate.local && prepareFeatures(decodeLocal(candidate.local, 'candidate'))
  const planes = candidate.view ?? evidenceOf(candidate.evidence)
  return originals.map((original) => examineOne(candidate, original, features, planes)).filter((one) => one !== null)
}

/** Written by anybody. */
function evidenceOf(bytes: Uint8Array | null): Evidence | null {
  try {
    return bytes && decodeEvidence(bytes)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Why a picture was not compared. */
const NO_EVIDENCE = 'no evidence of the original is published'
const NO_VIEW = 'the fingerprint has no evidence to compare by'
/** Though there is evidence of both. */
export const NOT_LAID = 'the picture could not be laid over its original'

function examineOne(
  candidate: PictureCandidate,
  original: PictureOriginal,
  features: PreparedFeatures | null,
  planes: Planes | null,
): Examined | null {
  const { key, orientation } = original
  const fit = features && original.local ? fitFeatures(features, decodeLocal(original.local), original.way) : null
  const byFeatures = isSound(fit, orientation) ? fit.transform : null
  // Of those that local hashes propose most fit by chance only: their evidence need not be read.
  if (!byFeatures && orientation === null) return null
  const evidence = evidenceOf(original.evidence)
  if (!evidence || !planes) {
    const why = evidence ? NO_VIEW : NO_EVIDENCE
    if (orientation !== null) return wholeCopy(key, orientation, why)
    return byFit(candidate, original, fit!, why)
  }
  // What its manifest says of its size is the registrant's word; what is compared has a size of its own.
  const whole = orientation === null ? null : turnOver(orientation, candidate, evidence)
  const comparison = compareBy([byFeatures, whole], evidence, planes)
  // Where there is evidence, it decides.
  if (!comparison.compared)
    return orientation === null
      ? null
      : wholeCopy(key, orientation, comparison.reason === DISAGREES ? NOT_LAID : comparison.reason)
  // Another picture of the same scene has the features of the original and little of what lies between them.
  if (orientation === null && isAnother(comparison)) return null
  return compared(key, placementOf(comparison.transform, candidate, evidence), comparison)
}

/** @param orientation null where local hashes alone speak for it. */
function isSound(fit: Fit | null, orientation: number | null): fit is Fit {
  const least = orientation === null ? EXAMINE.leastScore : FIT.minScore
  return fit !== null && fit.score >= least && fit.spread >= EXAMINE.leastSpread
}

/** The comparison by the first of these transforms by which the pictures agree; else whether they disagree by one. */
function compareBy(transforms: (Affine | null)[], evidence: Planes, planes: Planes): Comparison | NotCompared {
  let not: NotCompared = { compared: false, reason: TOO_LITTLE }
  for (const transform of transforms) {
    const comparison = transform && comparePictures(evidence, planes, transform)
    if (comparison?.compared) return comparison
    if (comparison?.reason === DISAGREES) not = comparison
  }
  return not
}

function isAnother({ findings, explained, likeness }: Comparison): boolean {
  if (likeness < EXAMINE.leastLikeness) return true
  const regions = findings.filter(({ kind }) => kind === 'region')
  const differs = regions.reduce((sum, { region }) => sum + region.w * region.h, 0)
  return differs > EXAMINE.another.differs * explained && likeness < EXAMINE.another.likeness
}

function compared(key: string, placement: Placement, comparison: Comparison): Examined {
  const { explained, transforms, findings, likeness } = comparison
  return {
    key,
    relation: relationOf(comparison),
    explained,
    transforms,
    placement,
    findings,
    likeness: Math.max(0, likeness),
    notCompared: null,
  }
}

function relationOf({ findings, around, seen }: Comparison): Examined['relation'] {
  if (findings.some(({ kind }) => kind === 'region')) return 'altered'
  if (around === 'other') return 'composite'
  return seen < EXAMINE.whole ? 'excerpt' : 'same_content'
}

function wholeCopy(key: string, orientation: number, notCompared: string): Examined {
  const transforms = orientation === 0 ? [] : ORIENTATIONS[orientation]!.split(' and ')
  return {
    key,
    relation: 'same_content',
    explained: 1,
    transforms,
    placement: null,
    findings: [],
    likeness: 0,
    notCompared,
  }
}

/** Which part it shows is known, and nothing more. */
function byFit(candidate: PictureCandidate, original: PictureOriginal, fit: Fit, notCompared: string): Examined {
  const placement = placementOf(fit.transform, candidate, original)
  return {
    key: original.key,
    relation: 'excerpt',
    explained: placement.candidate.w * placement.candidate.h,
    transforms: fit.mirrored ? ['mirrored'] : [],
    placement,
    findings: [],
    likeness: 0,
    notCompared,
  }
}
