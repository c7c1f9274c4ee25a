/** Prints on another clock. Pure. */
import { type CandidateSound, DENSER, type SoundPrints } from './sound-prints.ts'
import { ALL_NARROW } from './sound-spectrum.ts'

/** The same prints, heard so much later. Those that would begin before time 0 are left out. */
export function laterBy<T extends SoundPrints | CandidateSound>(of: T, seconds: number): T {
  const startS = of.startS + seconds
  // A row of a candidate's spectrum is as long as `DENSER` of its prints.
  const together = 'weakest' in of ? DENSER : 1
  const whole = Math.max(0, Math.ceil(-startS / (together * of.stepS)))
  const early = Math.min(of.prints.length, together * whole)
  const moved = {
    ...of,
    startS: startS + early * of.stepS,
    prints: of.prints.subarray(early),
    levels: of.levels.subarray(early),
  }
  if (!('weakest' in of)) return moved
  return { ...moved, weakest: of.weakest.subarray(early), spectrum: of.spectrum.subarray(whole * ALL_NARROW) }
}
