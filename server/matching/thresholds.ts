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

/** Bits of 256. Two features that look like each other: on copies the right ones are 22 apart in the mean, 90 % of them less than this; strangers 126 ± 24. */
export const MAX_LOCAL_BITS = 64

/** How features of a candidate are fitted to those of an original (fit.ts). Lengths are in longer sides of the original. */
export const FIT = {
  /** How far an inlier may lie from where the map puts it: two pixels of the picture in which features are sought, and one of the feature's own level. */
  bound: 0.005,
  boundASize: 0.002,
  /** Powers of two, radians: how far a feature's own size and direction may be off. */
  zoomError: 0.5,
  turnError: 0.6,
  /** By how much of the distance a single feature's map may miss. */
  coneError: 0.3,
  /** Groups of features that are grown, and features of each of which all pairs are tried. */
  seeds: 4,
  pairsOfTwo: 24,
  /** Bounds, in turn, while a map is refined: a squashed or tilted copy is no similarity, and is reached step by step. */
  slacks: [3, 2, 1.5, 1],
  minInliers: 4,
  minForAffine: 8,
  /** Largest change of proportion; a picture of 16:10 made square has 1.6. */
  maxDistortion: 2,
  /** Features nearer than this are one piece of evidence. */
  samePlace: 0.004,
  /** That a random match agrees in size (1 of some 6 powers of two) and direction (1.2 of 6.28 radians). */
  chanceOfPose: 0.03,
} as const

/** Which features vote for a record (local-index.ts). */
export const LOCAL_VOTE = {
  /** Bits of the 64 of a signature: right pairs are 5 apart in the mean, 9 in nine of ten cases. */
  maxBits: 10,
} as const
