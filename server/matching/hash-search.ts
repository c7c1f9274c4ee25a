/** What is found by hashes of whole pictures and frames. */
import { type Fingerprint, ORIENTATIONS } from '../fingerprint/index.ts'
import { type AlignedStretch, align, createTally, type TimedHash } from './align.ts'
import type { Filing, Stored } from './filing.ts'
import { evenly } from './film-layouts.ts'
import type { Answer, Found, Segment } from './found.ts'
import {
  MAX_DISTANCE_BITS,
  MAX_TIME_ERROR_MS,
  MIN_EXPLAINED,
  MIN_QUALITY,
  MIN_SEGMENT_FRAMES,
  SAMPLE_MS,
  WHOLE,
} from './thresholds.ts'

/** Frames of a candidate that vote: a still scene of two hours resembles itself 10⁸ times otherwise. All are checked afterwards. */
const MAX_VOTERS = 600
/** Resemblances after which no more frames vote, and frames that vote all the same: a still scene must not hold up the server (10⁶ cost
 *  0.3 s, node 24). */
const MAX_VOTES = 1_000_000
const MIN_VOTERS = 30

export const NO_PLACE = 'its place in the original is not known: manifest unavailable'

export function createHashSearch(filing: Filing): (candidate: Fingerprint, maxDistanceBits?: number) => Answer {
  function find(candidate: Fingerprint, maxDistanceBits = MAX_DISTANCE_BITS): Answer {
    return candidate.picture ? findPicture(candidate.picture, maxDistanceBits) : findVideo(candidate, maxDistanceBits)
  }

  function findPicture(picture: NonNullable<Fingerprint['picture']>, maxDistanceBits: number): Answer {
    if (picture.quality < MIN_QUALITY)
      return {
        kind: 'inconclusive',
        reason: `too featureless to compare: quality ${picture.quality} of 100, ${MIN_QUALITY} needed`,
      }
    const best = new Map<Stored, { distance: number; turn: number }>()
    for (const [turn, hash] of [...picture.orientations.entries(), ...picture.reduced.entries()])
      filing.visit(hash, maxDistanceBits, ({ owner, distanceBits }) => {
        if (owner.original.kind === 'image' && distanceBits < (best.get(owner)?.distance ?? 256))
          best.set(owner, { distance: distanceBits, turn })
      })
    return { kind: 'found', found: [...best].map(([owner, { distance, turn }]) => pictureFound(owner, distance, turn)) }
  }

  function findVideo(candidate: Fingerprint, maxDistanceBits: number): Answer {
    const frames = candidate.frames.filter((frame) => frame.quality >= MIN_QUALITY)
    if (frames.length < MIN_SEGMENT_FRAMES)
      return {
        kind: 'inconclusive',
        reason: `too short or too featureless: ${frames.length} of its frames can be compared, ${MIN_SEGMENT_FRAMES} are needed`,
      }
    const { votes, voters } = tally(frames, maxDistanceBits)
    const found = [...votes]
      .map(([owner, own]) =>
        own.timed
          ? alignedFound(owner, frames, candidate.durationMs ?? 0, own.offsets(), maxDistanceBits)
          : untimedFound(owner, own, voters),
      )
      .filter((match) => match !== null)
    return { kind: 'found', found }
  }

  /** Which originals the frames vote for, those left out that too few frames name to ever be accepted. */
  function tally(
    frames: readonly TimedHash[],
    maxDistanceBits: number,
  ): { votes: Map<Stored, OriginalVotes>; voters: number } {
    const votes = new Map<Stored, OriginalVotes>()
    let [hits, voters] = [0, 0]
    for (const frame of spread(evenly(frames, MAX_VOTERS))) {
      if (hits > MAX_VOTES && voters >= MIN_VOTERS) break
      voters++
      filing.visit(frame.hash, maxDistanceBits, ({ owner, timeMs, distanceBits }) => {
        hits++
        if (owner.original.kind !== 'video') return
        const own = votes.get(owner) ?? originalVotes()
        votes.set(owner, own)
        own.add(frame.timeMs, timeMs, distanceBits)
      })
    }
    for (const [owner, own] of votes) if (own.frames() < MIN_EXPLAINED * voters) votes.delete(owner)
    return { votes, voters }
  }

  return find
}

/** The same items in an order in which any beginning covers the whole: every twentieth, then their neighbours. */
function spread<T>(items: readonly T[]): T[] {
  return Array.from({ length: 20 }, (_, turn) => items.filter((_, i) => i % 20 === turn)).flat()
}

function originalVotes() {
  const bins = createTally()
  const nearest = new Map<number, number>()
  return {
    timed: false,
    add(candidateMs: number, originalMs: number | null, distance: number): void {
      nearest.set(candidateMs, Math.min(distance, nearest.get(candidateMs) ?? 256))
      if (originalMs === null) return
      this.timed = true
      bins.add({ candidateMs, originalMs })
    },
    offsets: () => bins.offsets(),
    frames: () => nearest.size,
    meanDistance: () => nearest.values().reduce((sum, d) => sum + d, 0) / nearest.size,
  }
}
type OriginalVotes = ReturnType<typeof originalVotes>

function pictureFound(owner: Stored, distance: number, turn: number): Found {
  const transforms = turn === 0 ? [] : ORIENTATIONS[turn]!.split(' and ')
  return {
    key: owner.original.key,
    relation: 'same_content',
    distanceBits: distance,
    orientation: turn,
    way: turn < 4 ? 'plain' : 'mirrored',
    likeness: 1,
    explained: 1,
    transforms,
    segments: [],
    placement: null,
    findings: [],
    limits: [],
  }
}

function untimedFound(owner: Stored, votes: OriginalVotes, voters: number): Found | null {
  if (votes.frames() < MIN_SEGMENT_FRAMES) return null
  return {
    key: owner.original.key,
    relation: 'excerpt',
    orientation: null,
    way: null,
    likeness: 1,
    distanceBits: Math.round(votes.meanDistance()),
    explained: votes.frames() / voters,
    transforms: [],
    segments: [],
    placement: null,
    findings: [],
    limits: [NO_PLACE],
  }
}

function alignedFound(
  owner: Stored,
  frames: readonly TimedHash[],
  durationMs: number,
  offsets: number[],
  maxDistanceBits: number,
): Found | null {
  const original = owner.original.frames as TimedHash[]
  const stretches = align(frames, original, offsets, maxDistanceBits)
  const matched = stretches.reduce((sum, s) => sum + s.frames, 0)
  const explained = matched / frames.length
  if (explained < MIN_EXPLAINED) return null
  const whole = inOnePiece(stretches) && explained >= WHOLE && covered(original, stretches) >= WHOLE
  return {
    key: owner.original.key,
    relation: whole ? 'same_content' : 'excerpt',
    orientation: null,
    way: null,
    likeness: 1,
    distanceBits: Math.round(stretches.reduce((sum, s) => sum + s.distanceBits, 0) / matched),
    explained,
    transforms: [],
    segments: stretches.map((stretch) => segment(stretch, durationMs)),
    placement: null,
    findings: [],
    limits: [],
  }
}

/** Whether all stretches have one offset. There may be several without a cut: nothing is compared while the screen is black. */
function inOnePiece(stretches: readonly AlignedStretch[]): boolean {
  return stretches.every(({ offsetMs }) => Math.abs(offsetMs - stretches[0]!.offsetMs) <= MAX_TIME_ERROR_MS)
}

/** Share of the original's frames that lie in a stretch; one sample of tolerance at each end. */
function covered(original: readonly TimedHash[], stretches: readonly AlignedStretch[]): number {
  const inside = original.filter(({ timeMs }) =>
    stretches.some((s) => timeMs >= s.startMs + s.offsetMs - SAMPLE_MS && timeMs <= s.endMs + s.offsetMs + SAMPLE_MS),
  )
  return inside.length / original.length
}

/** A stretch lasts until the frame after its last one would have been sampled. */
function segment({ startMs, endMs, offsetMs }: AlignedStretch, durationMs: number): Segment {
  const lastsTo = Math.min(endMs + SAMPLE_MS, Math.max(durationMs, endMs))
  return {
    candidate: { startMs, endMs: lastsTo },
    original: { startMs: startMs + offsetMs, endMs: lastsTo + offsetMs },
    speed: 1,
    placement: null,
  }
}
