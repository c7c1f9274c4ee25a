/** How loud a sound is along its time, for people to look at. Pure. */
import { type Fingerprint, levelDb, PRINT_MIDDLE_S, type SoundPrints } from '../fingerprint/index.ts'
import type { Segment } from '../matching/index.ts'

/** Values: a screen shows no more. */
const MOST = 240
/** Milliseconds of one, at least. */
const LEAST_MS = 50
/** Decibels below full scale: drawn as nothing, and as all. */
const [QUIET_DB, LOUD_DB] = [-60, -10]

type Span = Segment['original']

/** @returns for equal parts of its duration the loudest moment of each, 0 to 100; null where nothing is heard, or not known when. */
export function loudnessOf({ sound, durationMs }: Fingerprint): number[] | null {
  const prints = sound?.prints
  return prints && durationMs ? loudnessIn(prints, { startMs: 0, endMs: durationMs }) : null
}

/** Of an original the same about what of it is heard or seen: half as much before and behind it. @returns with the span that it is of. */
export function loudnessAround(prints: SoundPrints, shown: readonly Span[], durationMs: number | null) {
  const [first, last] = [Math.min(...shown.map((one) => one.startMs)), Math.max(...shown.map((one) => one.endMs))]
  const endOfPrints = 1_000 * (prints.startS + prints.prints.length * prints.stepS)
  const span = {
    startMs: Math.max(0, first - (last - first) / 2),
    endMs: Math.min(durationMs ?? endOfPrints, last + (last - first) / 2),
  }
  return span.endMs > span.startMs ? { span, values: loudnessIn(prints, span) } : null
}

function loudnessIn({ levels, startS, stepS }: SoundPrints, { startMs, endMs }: Span): number[] {
  const count = Math.max(1, Math.min(MOST, Math.floor((endMs - startMs) / LEAST_MS)))
  const parts = new Array<number>(count).fill(0)
  for (const [i, level] of levels.entries()) {
    const at = (count * (1_000 * (startS + i * stepS + PRINT_MIDDLE_S) - startMs)) / (endMs - startMs)
    if (at < 0 || at > count) continue
    const part = Math.min(count - 1, Math.floor(at))
    parts[part] = Math.max(parts[part]!, heightOf(level))
  }
  return parts
}

const heightOf = (level: number) =>
  Math.round(100 * Math.min(1, Math.max(0, (levelDb(level) - QUIET_DB) / (LOUD_DB - QUIET_DB))))
