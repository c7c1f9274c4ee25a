/**
 * Where a video lies in another one: votes of its frames for an offset, then a check frame by frame.
 *
 * Each frame of the candidate that resembles a frame of the original votes for the difference of their times. Frames that really come
 * from the original agree; frames alike by accident do not. The offsets with most votes are then checked by comparing the
 * candidate's frames with those of the original at that offset, and the best are kept as segments until
 * nothing more is explained: a copy with a cut has two.
 *
 * Robust to what PDQ is robust to. Blind to speed, mirrors and crops. Pure.
 */
import { distanceBits } from '../bytes.ts'
import { MAX_TIME_ERROR_MS, MIN_SEGMENT_FRAMES, SAMPLE_MS, SEGMENT_GAP_MS } from './thresholds.ts'

/** A frame that is not featureless. */
export interface TimedHash {
  timeMs: number
  hash: Uint8Array
}

/** One resemblance between a frame of the candidate and a frame of the original. */
export interface Vote {
  candidateMs: number
  originalMs: number
}

/** A stretch of the candidate that follows the original at one offset. */
export interface AlignedStretch {
  /** Add to a time of the candidate to get the time of the original. */
  offsetMs: number
  startMs: number
  endMs: number
  /** Frames of the candidate that resemble the original's at this offset. */
  frames: number
  /** Sum over these frames, bits. */
  distanceBits: number
}

/** Offsets that are checked in each round; a video of one still picture has as many as frames, all equally right. */
const OFFSETS_CHECKED = 12
/** Rounds, and so segments of one original in one candidate. */
const MAX_ROUNDS = 8

/** Counts votes as they come: one count a frame of the candidate and bin, however often the frame is repeated in the original. */
export function createTally() {
  const bins = new Map<number, { frames: number; lastMs: number }>()
  return {
    add({ candidateMs, originalMs }: Vote): void {
      const bin = Math.round((originalMs - candidateMs) / SAMPLE_MS)
      const entry = bins.get(bin)
      if (!entry) bins.set(bin, { frames: 1, lastMs: candidateMs })
      else if (entry.lastMs !== candidateMs) {
        entry.frames++
        entry.lastMs = candidateMs
      }
    },
    /** Offsets in milliseconds, those with most votes first; of equally many the nearest to no offset. */
    offsets(): number[] {
      return [...bins]
        .sort(([a, { frames: m }], [b, { frames: n }]) => n - m || Math.abs(a) - Math.abs(b))
        .slice(0, 4 * OFFSETS_CHECKED)
        .map(([bin]) => bin * SAMPLE_MS)
    },
  }
}

/** Aligns a candidate with one original.
 * @param candidate frames in order of time, featureless ones left out; so for `original`.
 * @param offsets hypotheses in milliseconds, most likely first.
 * @returns stretches in order of the candidate's time; they share no frame. */
export function align(
  candidate: readonly TimedHash[],
  original: readonly TimedHash[],
  offsets: readonly number[],
  maxDistanceBits: number,
): AlignedStretch[] {
  const found: AlignedStretch[] = []
  let left = candidate
  for (let round = 0; round < MAX_ROUNDS && left.length >= MIN_SEGMENT_FRAMES; round++) {
    const best = offsets
      .slice(0, round === 0 ? OFFSETS_CHECKED : 4 * OFFSETS_CHECKED)
      .map((offset) => follow(left, original, offset, maxDistanceBits))
      .filter((pairs) => pairs.length >= MIN_SEGMENT_FRAMES)
      .sort((a, b) => b.length - a.length || meanDistance(a) - meanDistance(b))[0]
    if (!best) break
    const used = new Set(best.map((pair) => pair.candidate))
    left = left.filter((frame) => !used.has(frame))
    found.push(...stretches(best))
  }
  return found.sort((a, b) => a.startMs - b.startMs)
}

interface Pair {
  candidate: TimedHash
  originalMs: number
  distance: number
}

/** The candidate's frames that resemble the original's at this offset, each with the nearest in time's best. */
function follow(
  candidate: readonly TimedHash[],
  original: readonly TimedHash[],
  offsetMs: number,
  maxDistanceBits: number,
): Pair[] {
  const pairs: Pair[] = []
  let from = 0
  for (const frame of candidate) {
    const at = frame.timeMs + offsetMs
    while (from < original.length && original[from]!.timeMs < at - MAX_TIME_ERROR_MS) from++
    let best: Pair | null = null
    for (let i = from; i < original.length && original[i]!.timeMs <= at + MAX_TIME_ERROR_MS; i++) {
      const distance = distanceBits(frame.hash, original[i]!.hash)
      if (distance <= maxDistanceBits && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
        best = { candidate: frame, originalMs: original[i]!.timeMs, distance }
    }
    if (best) pairs.push(best)
  }
  return pairs
}

/** Cuts at gaps in which nothing resembles, and drops what is too short to mean anything. */
function stretches(pairs: Pair[]): AlignedStretch[] {
  const groups: Pair[][] = []
  for (const pair of pairs) {
    const group = groups.at(-1)
    if (group && pair.candidate.timeMs - group.at(-1)!.candidate.timeMs <= SEGMENT_GAP_MS) group.push(pair)
    else groups.push([pair])
  }
  return groups.filter((group) => group.length >= MIN_SEGMENT_FRAMES).map(stretch)
}

function stretch(pairs: Pair[]): AlignedStretch {
  const shifts = pairs.map((pair) => pair.originalMs - pair.candidate.timeMs).sort((a, b) => a - b)
  return {
    offsetMs: shifts[shifts.length >> 1]!,
    startMs: pairs[0]!.candidate.timeMs,
    endMs: pairs.at(-1)!.candidate.timeMs,
    frames: pairs.length,
    distanceBits: pairs.reduce((sum, pair) => sum + pair.distance, 0),
  }
}

const meanDistance = (pairs: Pair[]) => pairs.reduce((sum, pair) => sum + pair.distance, 0) / pairs.length
