/** How loud a sound is along its time, for people to look at. Pure. */
import { type Fingerprint, levelDb, PRINT_MIDDLE_S } from '../fingerprint/index.ts'

/** Values: a screen shows no more. */
const MOST = 240
/** Decibels below full scale: drawn as nothing, and as all. */
const [QUIET_DB, LOUD_DB] = [-60, -10]

/** @returns for equal parts of its duration the loudest moment of each, 0 to 100; null where nothing is heard, or not known when. */
export function loudnessOf({ sound, durationMs }: Fingerprint): number[] | null {
  const prints = sound?.prints
  if (!prints || !durationMs) return null
  const count = Math.max(1, Math.min(MOST, Math.floor(durationMs / 50)))
  const parts = new Array<number>(count).fill(0)
  for (const [i, level] of prints.levels.entries()) {
    const part = (1_000 * (prints.startS + i * prints.stepS + PRINT_MIDDLE_S)) / durationMs
    const at = Math.min(count - 1, Math.floor(part * count))
    parts[at] = Math.max(parts[at]!, heightOf(level))
  }
  return parts
}

const heightOf = (level: number) =>
  Math.round(100 * Math.min(1, Math.max(0, (levelDb(level) - QUIET_DB) / (LOUD_DB - QUIET_DB))))
