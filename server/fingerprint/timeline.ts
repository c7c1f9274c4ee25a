/**
 * Which frames of a video are taken: two a second by presentation time. For each multiple of 500 ms from the first
 * frame on it is the first frame shown at or after it, and no frame twice: so, the first frame of each stretch of 500
 * ms that has one (docs/protocol.md §4).
 *
 * Times are compared in whole milliseconds, as they are stored: 30 frames a second in ticks of 1/90,000 s or of 1 ms
 * are then the same frames.
 */
import { FRAMES_PER_SECOND } from './job.ts'

/** Milliseconds of the stretches of which the first frame is taken; of an original. */
export const STEP_MS = 1000 / FRAMES_PER_SECOND

/** Milliseconds. A longer leap in a transport stream is two recordings joined, not a pause; FFmpeg's own tool takes
 * the same 10 s. */
export const LEAP_FORWARD_MS = 10_000
/** Milliseconds. Frames come out in order of presentation: so far back it is another clock; some AVI files stutter by
 * a few frames. */
export const LEAP_BACK_MS = 500

export interface Timing {
  /** Seconds a tick, as a fraction. */
  timeBase: { num: number; den: number }
  /** Milliseconds from frame to frame where a frame does not say. */
  frameMs: number
  /** Whether the format allows its clock to start anew (MPEG streams). */
  discontinuous: boolean
  /** Milliseconds of the stretches of which the first frame is chosen. */
  stepMs?: number
}

export interface Placed {
  /** Milliseconds from the first frame. */
  timeMs: number
  /** Where the frame ends, likewise. */
  endMs: number
  /** The first frame of its stretch. */
  chosen: boolean
}

export interface Timeline {
  /** Places the next frame in order of presentation.
   * @param pts ticks, null if the frame has none; @param duration ticks, 0 if unknown. */
  place(pts: bigint | null, duration: bigint): Placed
  /** Seconds of the container's clock at which the first frame is shown; null where no frame says. */
  zeroS(): number | null
  /** Where a packet's frame will be placed, if nothing unusual happens; null before the first frame. */
  foresee(pts: bigint): number | null
}

export function createTimeline({ timeBase, frameMs, discontinuous, stepMs = STEP_MS }: Timing): Timeline {
  const toMs = (ticks: bigint) => (Number(ticks) * 1000 * timeBase.num) / timeBase.den
  let origin: bigint | null = null
  let shiftMs = 0
  let lastMs = 0
  let expectedMs = 0
  let stretch = -1

  function timeOf(pts: bigint | null): number {
    if (pts === null) return expectedMs
    origin ??= pts - BigInt(Math.round((expectedMs * timeBase.den) / (1000 * timeBase.num)))
    const plain = toMs(pts - origin) + shiftMs
    const leaps = plain < lastMs - LEAP_BACK_MS || (discontinuous && plain > expectedMs + LEAP_FORWARD_MS)
    if (leaps) shiftMs += expectedMs - plain
    return leaps ? expectedMs : plain
  }

  return {
    place(pts, duration) {
      const exactMs = Math.max(0, timeOf(pts))
      const timeMs = Math.round(exactMs)
      const durationMs = duration > 0n ? toMs(duration) : frameMs
      const of = Math.floor(timeMs / stepMs)
      const chosen = of > stretch
      if (chosen) stretch = of
      lastMs = exactMs
      expectedMs = exactMs + durationMs
      return { timeMs, endMs: Math.round(expectedMs), chosen }
    },
    zeroS: () => (origin === null ? null : (Number(origin) * timeBase.num) / timeBase.den),
    foresee: (pts) => (origin === null ? null : Math.round(toMs(pts - origin) + shiftMs)),
  }
}

/** Decides, packet by packet in order of decoding, whether its frame will be chosen, so that work on others may be
 * skipped.
 *
 * A packet is held until a later one is decoded no sooner than it is shown: by then every frame shown before it has
 * been seen. Where that does not come soon, or times are missing, the answer is "needed": skipping is an
 * optimisation, never a decision. */
export interface Foresight<P> {
  /** @returns packets whose fate is known now, in order. */
  push(packet: P, shownMs: number | null, decodedMs: number | null): { packet: P; needed: boolean }[]
  flush(): { packet: P; needed: boolean }[]
}

/** Packets. H.264 reorders by at most 16 frames, each of two fields. */
const MAX_HELD = 32
/** Times remembered: two seconds at 120 frames a second and some. */
const MAX_SEEN = 320

export function createForesight<P>(stepMs = STEP_MS): Foresight<P> {
  const held: { packet: P; shownMs: number | null }[] = []
  const seen: number[] = []
  let newestMs = -Infinity
  let trusted = true

  const isFirstOfStretch = (ms: number) => {
    const from = Math.floor(ms / stepMs) * stepMs
    return !seen.some((other) => other >= from && other < ms)
  }
  const judge = ({ packet, shownMs }: (typeof held)[number]) => ({
    packet,
    needed: !trusted || shownMs === null || isFirstOfStretch(shownMs),
  })

  return {
    push(packet, shownMs, decodedMs) {
      held.push({ packet, shownMs })
      if (shownMs !== null) seen.push(shownMs)
      if (seen.length > MAX_SEEN) seen.shift()
      // Times of decoding rise, but where the clock starts anew; the timeline mends that when the frame comes out,
      // and what was foreseen no longer agrees with it.
      const leaps = decodedMs !== null && (decodedMs < newestMs || decodedMs > newestMs + LEAP_FORWARD_MS)
      if (leaps && newestMs > -Infinity) trusted = false
      newestMs = Math.max(newestMs, decodedMs ?? newestMs)
      const out = []
      if (decodedMs === null || held.length > MAX_HELD) {
        for (const { packet } of held.splice(0)) out.push({ packet, needed: true })
        return out
      }
      while (held.length > 0 && (held[0]!.shownMs ?? decodedMs) <= decodedMs) out.push(judge(held.shift()!))
      return out
    },
    flush: () => held.splice(0).map(judge),
  }
}
