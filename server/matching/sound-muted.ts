/** Where a candidate is silent and the original is not. Pure. */
import { beginsAlike, endsAlike, type Judged, type SoundDifference, secondOf } from './sound-findings.ts'
import type { Levels } from './sound-levels.ts'
import { isAlike } from './sound-other.ts'
import type { Run } from './sound-path.ts'
import { SOUND } from './thresholds.ts'

/** Stretches in which the candidate is silent and the original is loud. */
export function mutedOf(of: Judged, runs: readonly Run[]): SoundDifference[] {
  const { levels, slots } = of
  return onOneLine(of, runs).flatMap((slotsOn) => {
    const groups: number[][] = []
    for (const k of slotsOn) {
      if (levels.original[k]! <= levels.loudDb - SOUND.loudDb || lackOf(levels, k) < SOUND.mutedDb) continue
      const group = groups.at(-1)
      if (group && stays(levels, group.at(-1)!, k)) group.push(k)
      else groups.push([k])
    }
    return groups
      .filter((group) => group.reduce((sum, k) => sum + lackOf(levels, k) - SOUND.mutedDb / 2, 0) >= SOUND.mutedMuch)
      .map((group) => grown(of, group, slotsOn))
      .map(([a, b]) => ({ kind: 'muted' as const, startS: secondOf(of, a), endS: secondOf(of, b + 1) }))
      .filter(({ startS, endS }) => endS - startS >= SOUND.mutedS - slots.stepS)
  })
}

/** Decibels by which it is quieter than the original. */
const lackOf = ({ original, candidate, gainDb }: Levels, k: number) => original[k]! + gainDb - candidate[k]!

/** Slots of runs and of what lies between them, by line; from the first to the last that agrees, for an excerpt may have silence beside it, and to the ends where it
 * begins or ends as the original does. */
function onOneLine(of: Judged, runs: readonly Run[]): number[][] {
  const lines: Run[] = []
  for (const run of runs) {
    const last = lines.at(-1)
    if (last && Math.abs(run.offsetS - last.offsetS) / of.tempo < SOUND.jumpS) last.to = run.to
    else lines.push({ ...run })
  }
  return lines.map((line, i) => {
    const agrees = (k: number) => isAlike(of.wrong[k]!)
    const piece = { run: line, startS: 0, endS: 0 }
    let [from, to] = [line.from, line.to]
    while (from < to && !agrees(from)) from++
    while (to > from && !agrees(to - 1)) to--
    if (i === 0 && beginsAlike(of, piece)) from = 0
    if (i === lines.length - 1 && endsAlike(of, piece)) to = of.slots.count
    return Array.from({ length: to - from }, (_, n) => from + n)
  })
}

/** Whether it is as silent between. */
function stays({ candidate }: Levels, a: number, b: number): boolean {
  const most = Math.max(candidate[a]!, candidate[b]!) + SOUND.excessDb
  for (let k = a; k <= b; k++) if (candidate[k]! > most) return false
  return true
}

/** As far as it stays as silent. */
function grown({ levels: { candidate } }: Judged, group: number[], on: readonly number[]): [number, number] {
  const most = group.map((k) => candidate[k]!).toSorted((x, y) => x - y)[group.length >> 1]! + SOUND.excessDb
  let [a, b] = [group[0]!, group.at(-1)!]
  while (a > on[0]! && candidate[a - 1]! <= most) a--
  while (b < on.at(-1)! && candidate[b + 1]! <= most) b++
  return [a, b]
}
