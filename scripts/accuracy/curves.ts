/** Curves of what is right against what is wrong, over every threshold, with 95 % intervals. Pure. */

import { upperBound } from '../strangers/bounds.ts'
import type { Asked } from '../strangers/results.ts'
import type { Measured } from './beside.ts'
import type { Result } from './results.ts'

/** A share of so many, and both ends of its exact interval of 95 %. */
export interface Share {
  share: number
  low: number
  high: number
}

export interface CurvePoint {
  threshold: number
  right: Share
  wrong: Share
}

/** @throws RangeError without trials. */
export function shareOf(count: number, trials: number): Share {
  if (trials === 0) throw new RangeError('expected trials, got none')
  return {
    share: count / trials,
    low: 1 - upperBound(trials - count, trials, 0.975),
    high: upperBound(count, trials, 0.975),
  }
}

/** One point for each threshold. */
function curve(right: readonly number[], wrong: readonly number[], thresholds: readonly number[]): CurvePoint[] {
  const reach = (values: readonly number[], threshold: number) => values.filter((value) => value >= threshold).length
  return thresholds.map((threshold) => ({
    threshold,
    right: shareOf(reach(right, threshold), right.length),
    wrong: shareOf(reach(wrong, threshold), wrong.length),
  }))
}

/** Scores of fits at which copies and strangers are told apart, before evidence is looked at. */
export const FIT_THRESHOLDS = [2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60]

/** Copies whose fit to their own original reaches a score, against lookups of strangers of which anything does, for each size of the registry. */
export function foundAgainstFalse(measured: readonly Measured[], asked: readonly Asked[]): Map<number, CurvePoint[]> {
  const copies = measured.map(({ score }) => score).filter((score) => score !== null)
  const sizes = asked[0]?.lookups.map(({ registered }) => registered) ?? []
  return new Map(
    sizes.map((size, i) => {
      const strangers = asked.map(({ lookups }) => lookups[i]!.bestScore)
      return [size, curve(copies, strangers, FIT_THRESHOLDS)]
    }),
  )
}

/** Altered copies in which a finding that is no overlay reaches a score, against benign copies without an overlay in which one does. */
export function alteredAgainstFalseAlarms(results: readonly Result[]): CurvePoint[] {
  const pictures = results.filter(({ kind }) => kind === 'image')
  const altered = pictures.filter(({ expected }) => expected === 'altered').map(strongest)
  const benign = pictures.filter(({ falseAltered }) => typeof falseAltered === 'boolean').map(strongest)
  const thresholds = [...new Set([...altered, ...benign])].filter((score) => score > 0).sort((a, b) => a - b)
  return altered.length > 0 && benign.length > 0 ? curve(altered, benign, thresholds) : []
}

/** Highest score of a finding of the first match that is no overlay; 0 without one. */
function strongest({ answer }: Result): number {
  const findings = answer?.matches?.[0]?.findings ?? []
  return findings.reduce((most, { kind, score }) => (kind === 'overlay' ? most : Math.max(most, score)), 0)
}
