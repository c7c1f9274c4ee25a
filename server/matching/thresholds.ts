/** Every threshold of matching in one place, each with where it comes from. */

/** Bits of 256. The PDQ reference's own threshold for a confident match; two random hashes lie this near with probability 10⁻³⁷. */
export const MAX_DISTANCE_BITS = 31

export { MIN_QUALITY } from '../fingerprint/index.ts'

/** Seconds. Records registered less than this apart count as equally old (docs/protocol.md §5). */
export const SAME_AGE_S = 3600

/** Milliseconds between two sampled frames (docs/protocol.md §4); also the width of the bins in which votes are counted. */
export const SAMPLE_MS = 500

/** Milliseconds. Frames are sampled every 500 ms, so the nearest one in another video lies at most half of that away; the rest
 *  is for containers that round. */
export const MAX_TIME_ERROR_MS = 300

/** Frames that must agree on one offset. Two can be alike by accident of a still scene; a clip of two seconds has four. */
export const MIN_SEGMENT_FRAMES = 3

/** Milliseconds without resemblance after which a stretch ends. */
export const SEGMENT_GAP_MS = 3_000

/** Share of the candidate's frames with enough detail that one original must explain. On the development corpus copies reach 0.5 to 1.0 (re-encoded,
 *  resized, graded: 0.95 and more), another take by the same fixed camera at most 0.33, strangers 0. */
export const MIN_EXPLAINED = 0.5

/** Share of the frames with enough detail, of both sides, that the stretches must cover for a copy to be the whole original. */
export const WHOLE = 0.9
