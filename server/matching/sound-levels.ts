/** How loud a candidate is along an original, and how loud it ought to be. What is laid over a sound can make it louder, never quieter. Pure. */
import { levelDb, PRINT_MIDDLE_S, type SoundPrints } from '../fingerprint/index.ts'
import type { Heard } from './sound-line.ts'
import { medianOf, type Run, type Slots } from './sound-path.ts'
import { SOUND } from './thresholds.ts'

/** Of each slot, decibels. Not a number where one of both has none. */
export interface Levels {
  original: Float32Array
  candidate: Float32Array
  /** What of the candidate is more than of the original. */
  excess: Float32Array
  /** How loud the original is where it is loud. */
  loudDb: number
  /** How much is added to the original to make the candidate. */
  gainDb: number
  /** How much louder the candidate is where it is quietest than the original where that is. */
  raisedDb: number
  /** How loud the candidate is where it is quietest. */
  floorDb: number
}

/** @param shifts of each slot the number of the original's print that meets slot 0, on the line that it follows or would. */
export function levelsAlong(
  { sound }: Heard,
  original: SoundPrints,
  slots: Slots,
  shifts: Int32Array,
  runs: readonly Run[],
): Levels {
  const of = Float32Array.from({ length: slots.count }, (_, k) => levelAt(original.levels, k + shifts[k]!))
  const first = (slots.firstS - PRINT_MIDDLE_S - sound.startS) / sound.stepS
  const ratio = slots.stepS / sound.stepS
  const candidate = of.map((_, k) => levelAt(sound.levels, Math.round(first + k * ratio)))
  const [begin, end] = [runs[0]!.from, runs.at(-1)!.to]
  const known = [...of.keys()].filter((k) => k >= begin && k < end && !Number.isNaN(of[k]! + candidate[k]!))
  const isFollowed = followedOf(runs, slots.count)
  const loudDb = quantile(
    known.map((k) => of[k]!),
    0.8,
  )
  const loud = known.filter((k) => isFollowed[k] && of[k]! > loudDb - SOUND.loudDb)
  const gainDb = medianOf(loud.map((k) => candidate[k]! - of[k]!))
  const [lowest, least] = [of, candidate].map((one) =>
    quantile(
      known.map((k) => one[k]!),
      LOWEST,
    ),
  ) as [number, number]
  const excess = of.map((db, k) => candidate[k]! - db - gainDb)
  return { original: of, candidate, excess, loudDb, gainDb, raisedDb: least - lowest - gainDb, floorDb: least }
}

/** Part of the time that is quietest. */
const LOWEST = 0.07

function followedOf(runs: readonly Run[], count: number): Uint8Array {
  const followed = new Uint8Array(count)
  for (const { from, to } of runs) followed.fill(1, from, to)
  return followed
}

const levelAt = (levels: Uint8Array, i: number) => (i >= 0 && i < levels.length ? levelDb(levels[i]!) : Number.NaN)

const quantile = (values: number[], part: number) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))] ?? 0

interface Gap {
  from: number
  to: number
}

/** At the rim of a pause a level depends on a hundredth of a second. */
function isQuietAround(original: Float32Array, k: number, db: number): boolean {
  for (let i = Math.max(0, k - 1); i <= Math.min(original.length - 1, k + 1); i++) if (original[i]! > db) return false
  return true
}

/** What is heard where the original is quiet, beside a gap. */
export interface Pauses {
  count: number
  /** Share of them in which the candidate is not. */
  filled: number
  /** Decibels by which what fills them varies: music or a voice does, hiss and rain hardly. */
  variesDb: number
}

/** @param agrees whether the prints of a slot do: what is only louder is not filled. */
export function pausesBeside(
  { original, candidate, excess, loudDb }: Levels,
  gaps: readonly Gap[],
  agrees: (slot: number) => boolean,
): Pauses {
  const quiet = [...original.keys()].filter(
    (k) =>
      isQuietAround(original, k, loudDb - SOUND.quietDb) &&
      !Number.isNaN(excess[k]!) &&
      !gaps.some(({ from, to }) => k >= from && k < to),
  )
  const filled = quiet.filter((k) => excess[k]! > SOUND.excessDb && !agrees(k)).map((k) => candidate[k]!)
  const mean = filled.reduce((sum, db) => sum + db, 0) / filled.length
  const square = filled.reduce((sum, db) => sum + (db - mean) ** 2, 0) / filled.length
  return { count: quiet.length, filled: filled.length / quiet.length, variesDb: Math.sqrt(square) }
}
