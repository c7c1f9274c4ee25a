/** Every threshold of matching in one place, each with where it comes from. */

/** Bits of 256. The PDQ reference's own threshold for a confident match; two random hashes lie this near with probability 10⁻³⁷. */
export const MAX_DISTANCE_BITS = 31

export { MIN_QUALITY } from '../fingerprint/index.ts'

/** Seconds. Records registered less than this apart count as equally old (docs/protocol.md §5). */
export const SAME_AGE_S = 3600

/** Share of the candidate by which one record has to explain more than another for it to count: shares of copies vary by less. */
export const CLEARLY = 0.1

/** Which of too many records a picture is compared with (server/registry/compared.ts). */
export const COMPARED = {
  /** Share of the candidate that is to be explained by a record that may lead before no other is sought by local hashes: they find what else is in it. */
  explained: 0.9,
  /** Near hashes that an answer speaks of: one registration brings 8,192. */
  whole: 1_000,
  /** Of these, that are compared: those that would lead, some that are nearest, and of one publisher, while others wait. */
  near: { all: 20, leading: 14, nearest: 6, ofOne: 4, nearestOfOne: 2 },
  /** Of those that share local hashes, the likeliest whatever they share: a fit costs 3.7 ms. Of 20 crops and framed copies among 3,000 strangers the
   *  original was the first. Fewer where a record explains all: each of the 20 had that share, of strangers a half. */
  likeliest: { all: 8, ofOne: 2, share: 0 },
  besides: { all: 2, ofOne: 1, share: 0.01 },
  /** Of trusted publishers, further ones that share as much at least. */
  trusted: { all: 4, share: 0.005 },
  /** With so much in common further ones are worth a fit, the oldest first and then the likeliest: of those 20 originals 16 have this share, of 3,000 strangers none to three, but for
   *  pages and clocks; lures made for it have up to 1. */
  strong: { share: 0.025, all: 32, oldest: 10, ofOne: 4 },
  /** Videos, each of which takes a second or more: the likeliest, and of those for which a part as much speaks the oldest, trusted publishers' first. */
  films: { all: 12, likeliest: 8, ofOne: 6, part: 0.3, oldest: 4 },
} as const

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
  /** Score from which on a fit is none of chance, before anything else bears it out. Copies of the development corpus have 36 and more, whatever was done to them. Of 25,000 pairs of photographs of different things,
   *  and of 24,000 that an index proposed, none has more than 6.9. Higher without being a copy: pages and diagrams with the same words in the same type (to 60), one scene from two places (to 170), a logo, a caption, what was pasted in from
   *  another original. Evidence tells those. */
  minScore: 10,
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
  /** Entries that a query looks at, as it is and mirrored: so many a record, and so many whatever the number of records. Half of the candidates of the development corpus look at 14 a
   *  record, one in twenty at 17 and more, the last one at 27. */
  lookedAt: 30,
  lookedAtAnyway: 100_000,
} as const

/** Comparison of pictures. Rates are of the benign copies of the development corpus, and of mixtures made at random from other pictures:
 * docs/accuracy.md. */
export const COMPARE = {
  /** Correlation of detail under which two pictures are not copy and original. */
  minLikeness: 0.3,
  /** Share of the candidate that must lie outside the original to be a frame, and of the original that must be missing to be a crop: less is
   *  within what the alignment is unsure of. */
  leastFrame: 0.02,
  leastCrop: 0.02,
  /** Strengths, as ratios of the energy that remains to the energy expected: what a region must have somewhere, and everywhere; and cells
   *  that may lie between its parts. */
  region: { low: 5, high: 20, gap: 2 },
  /** What a strength of smoothed luminance and of colour counts: benign copies reach that much more of them. */
  smoothPart: 0.45,
  colourPart: 0.4,
  /** Regions that stand out in their picture only (faint.ts): cells around a cell whose mean counts, and how much it counts against a strength. None of
   * 1,073 benign copies has one, and none of 240 mixtures; 3 would without `breadth`. */
  faint: {
    radius: 2,
    part: 4.1,
    /** What remains elsewhere: the strength that all but 2 % of the cells have, within limits. A picture that agrees better than any is not more
     * certain, and in one that was altered as a whole nothing stands out. */
    usual: { quantile: 0.98, least: 1, most: 3 },
    region: { low: 10, high: 20, gap: 1 },
    /** Cells to a region that is found by its strength. */
    apart: 4,
    /** Cells: an edge that is off by part of a pixel, or of which compression took some, leaves a line. */
    breadth: 3,
  },
  /** Of a region's peak: weaker cells do not widen its box. */
  heartPart: 0.02,
  maxFindings: 8,
} as const

/** When a region that differs is an overlay: see overlay.ts. On the development corpus all regions of 117 of 125 copies with overlays are told, and 9 of 241 altered
 * ones taken for some: pasted graphics, and words on a plate of their own. */
export const OVERLAY = {
  /** That differ: fewer are of few inks by accident. */
  pixels: 100,
  /** Letters: few pixels are even, but these are of few inks; a badge has more even pixels, and compression blurs its inks. Shares of the
   * pixels that differ, and of those that are even. */
  strokes: { even: 0.09, inks: 0.96, contrast: 0 },
  badge: { even: 0.6, inks: 0.84, contrast: 0 },
  /** A sign on a plate: what compression blurs is told by its two shades. Grey levels. */
  sign: { even: 0.45, inks: 0.84, contrast: 100 },
  /** Grey levels between two inks, or else the part of an ink that is near its middle: less is a plain thing, not an ink. */
  contrast: 50,
  crisp: 0.6,
  /** Share of even pixels of an ink that the ground does not have. */
  foreign: 0.7,
  /** Slopes of the copy to those of the original: what covers detail with something plainer is no drawing. */
  edges: 0.7,
  /** From so many on letters may be of the ground's own inks, white on white with a dark rim: a changed word brings in no more than it takes away. */
  ownEdges: 3,
  /** Share of the pixels through which the original shines by one rule, and how much of it. */
  shining: { blended: 0.42, least: 0.2, most: 0.85 },
  /** What is no part of the drawing though it touches it: so many cells and as strong somewhere, for a drawing has a halo, so far from every cell of
   * whose differing pixels that share is of an ink or shines through. Pixels of a photograph are so by accident in one of twenty cases. Of 125 overlays of
   * the development corpus none has such a thing; with 12 cells of any strength three had. */
  beside: { cells: 48, high: 100, apart: 2, drawn: 0.25 },
} as const

/** Strength against the share of benign copies that have a region as strong. Of 1,073 of the development corpus, whose maps were given, one reached 20; of 240 mixtures of
 * other pictures, most of them graded more than people do, two. Through a whole lookup more may. */
const FALSE_ALARMS = [
  [20, 0.005],
  [24, 0.003],
  [40, 0.002],
] as const

/** 1 minus the rate of false alarms at this strength. */
export function scoreOf(strength: number): number {
  return 1 - (FALSE_ALARMS.findLast(([from]) => strength >= from)?.[1] ?? 0.02)
}

/** When a picture is taken for a copy of an original. */
export const EXAMINE = {
  /** Score from which a fit is believed where no hash of the whole bears it out. Copies of the development corpus have 36 and more; what is above and is none
   *  (pages in the same type, one scene from two places) evidence tells, where there is some. */
  leastScore: 20,
  /** Spread of a fit's inliers (fit.ts). Copies of the development corpus have 0.057 and more; plain pictures that share an edge or an arc at most 0.034, in
   *  17 cases of 21 that agree by half (docs/accuracy.md, Strangers). */
  leastSpread: 0.045,
  /** Agreement of detail below which what only local hashes found is another picture: other pages in the same type have 0.3 to 0.46, copies of the
   *  development corpus 0.54 and more. */
  leastLikeness: 0.5,
  /** Share of the original that a copy shows which is not called an excerpt. */
  whole: 0.93,
  /** Share of the common part that differs, and agreement of detail, beyond which it is another picture of the same scene, where only local hashes
   *  found it. The second picture of a stereo pair has 0.98 and 0.51; close faces that were swapped 0.5 to 0.6, with 0.58 and more. */
  another: { differs: 0.7, likeness: 0.55 },
} as const

/** How a video is laid along an original (film-course.ts). Frames are vectors of length 1 over some 1,300 cells. */
export const FILM = {
  /** Cells of the original's frame that a candidate must show. */
  leastCells: 40,
  /** Grey levels of standard deviation: under it a frame shows nothing. */
  leastContrast: 3,
  /** What is left of a frame when a stranger's is taken away, and how much a pair may speak against a line. */
  strangers: 0.35,
  mostAgainst: 1.5,
  /** Share of the candidate that follows the original at its own speed, from which on no other is tried; how many others are looked at closely; and how
   * much more one must bring. */
  followed: 0.85,
  /** And that must follow at another speed for it to be believed: what hardly moves follows at some speed for a while. */
  followedElse: 0.8,
  /** Milliseconds of a leap from line to line that another speed explains. */
  slipMs: 1_500,
  speeds: 4,
  /** Share that follows under one layout from which on no other is tried. */
  settled: 0.95,
  better: { much: 1.05, nearly: 0.95 },
  /** What each run must bring beyond its pairs: a copy at one speed is fewer runs than the same at another. */
  anotherRun: 10,
  /** How many times what is off in half of the cells is something laid over. */
  muchOff: 2.5,
  /** Share of what moves in the original that must be left when these are left out. */
  leastMovementKept: 0.6,
  /** Pairs of a run: a second and a half. */
  leastPairs: 3,
  /** Squared length of the difference from the middle of a run from which on something moves, in both or in one: rough evidence leaves up to 0.01. */
  moving: 2e-3,
  /** Part of what a frame's evidence lost that is left in cells of four pixels a side: mostly fine detail is lost, of which they hold little. */
  lossKept: 0.5,
  movingMuch: 1.5e-2,
  /** How many times the movement of a quarter of the pairs is an event. */
  event: 4,
  /** Pairs in which something must move for movement to decide. */
  leastMoving: 4,
  /** Median correlation of what moves. Copies of the development corpus have 0.95 and more, with a pasted face too; other seconds of the same
   *  shot at most 0.6. */
  leastAgreement: 0.75,
  leastBeside: 0.5,
  /** Milliseconds. Lines so near are one; so long nothing need agree; so near to its ends a candidate is followed to its end; so much must be missing,
   *  or shown twice, to be told: moments are 500 apart. */
  sameLineMs: 200,
  gapMs: 1_100,
  /** Of a film whose pictures were thinned out: of so many one lies within a frame of a moment (film.ts of fingerprint). In a scene
   * that hardly moves they lie a little off, as far as which lines are one, and nothing is cut. So many that would show a moment may not: it shows little. And how much of what a run gains
   *  it must gain on a neighbour's line to lie on that. */
  thinned: { pictures: 20, missed: 3, asWell: 0.5, apartMs: 1_000 },
  edgeMs: 700,
  cutMs: 300,
  repeatedMs: 400,
  /** Of the squared difference of the pictures before and after, what is expected to remain: so many times what remains of it in the middle, within limits. */
  motion: { reserve: 2, least: 0.02, most: 0.5 },
  /** Milliseconds within which another moment bears out what differs, and how much more it may have lost: one step of its coefficients is 1.19 times
   *  the next finer one, and what is lost goes by the square. */
  nearMs: 4_500,
  asMuch: 1.5,
  /** Of strengths that two moments have: what a region must have somewhere, and everywhere; and moments that it must last. */
  region: { low: 3.5, high: 7, gap: 1 },
  /** Strength of a region, the middle one of its moments, that is clear; and else how many times it must be what remains elsewhere in one of them: benign
   * copies of the development corpus have 12 and 4.1, real forgeries of a small face 8 to 11 and 5 to 7. */
  clear: 14,
  standsOut: 4.5,
  /** Share of the moments in which it must be drawn to be an overlay: so small a picture does not tell it each time, and another content must not pass. */
  drawn: 0.75,
  /** Cells of a region, of 4×4 pixels of 192: fewer are an edge that is laid a little off. */
  leastRegion: 6,
  leastMoments: 2,
  /** Share of other material, in time or area, from which on it is a composite; share of the original that a copy must show to be the whole. */
  otherMaterial: 0.2,
  whole: 0.93,
} as const

/** When a sound is taken for a copy (sound-index.ts) and what differs of it (sound.ts). Shares of bits that differ are of the 26 most certain of 32. */
export const SOUND = {
  /** Prints of 46 ms: three seconds, and at least one and a half. */
  window: 64,
  leastWindow: 32,
  /** Share of bits that may differ over two, three or six seconds in a row for a copy, or over all of a shorter one. Copies of the development corpus have over three at most
   * 0.03 where they are only encoded anew, 0.08 under noise at 10 dB, 0.11 under music; one synthetic voice that reads a phrase twice has 0.1 to 0.25. */
  believed: [
    { prints: 43, differing: 0.05 },
    { prints: 64, differing: 0.1 },
    { prints: 128, differing: 0.2 },
  ],
  /** And where it is known that it comes from there, in which it may follow. */
  differing: 0.25,
  /** How many times as long a candidate must follow at another tempo than at its own. */
  anotherTempo: 1.1,
  /** Share of bits that differ, and tempo off 1, up to which no others are tried. */
  settled: 0.12,
  settledTempo: 0.035,
  /** Share of bits that is expected to differ where a candidate follows, at least and at most. */
  leastExpected: 0.1,
  mostExpected: 0.3,
  /** What a run must bring beyond its cost to be believed, and a line that was searched for among all others; prints that must be left for one. */
  leastGain: 4,
  leastFound: 12,
  leastSearched: 12,
  /** Decibels under the level that the loudest fifth of the original has: what is louder is loud, what is quieter than the second is quiet. */
  loudDb: 15,
  quietDb: 22,
  /** Decibels more than expected of something that is laid over the original, and fewer, of something that is taken away; and fewer where it is silent. */
  excessDb: 6,
  lackDb: 7,
  /** Decibels by which something must stand out of noise for its prints to agree. */
  outDb: 8,
  /** Seconds by which runs end too early and begin too late beside another sound, at the middle of some hundred. */
  blurBeforeS: 0.06,
  blurAfterS: 0.12,
  mutedDb: 18,
  /** Sum over prints of what is lacking beyond half of that. */
  mutedMuch: 50,
  /** Share of what is quiet in the original in which prints must agree for it to tell of another sound. */
  pausesAgree: 0.9,
  /** Share of what is quiet in the original that must be filled for something to be laid over it, of so many prints at least, and decibels by which it must vary to be
   * more than noise; and share of bits that differ up to which nothing is, where there are no pauses. */
  mixed: 0.3,
  variesDb: 1,
  uncovered: 0.06,
  leastQuiet: 9,
  /** Seconds: of another offset to be a cut; of what lies between two lines to be more than a cut; of what is replaced, repeated, silenced; to the ends. */
  jumpS: 0.15,
  betweenS: 0.5,
  otherS: 0.3,
  repeatedS: 0.25,
  mutedS: 0.25,
  edgeS: 0.35,
  alignedS: 0.5,
  /** How much must speak against the original's line for it to be another sound, and where something is laid over the whole; and then the share of
   * what is loud in the original that must be lacking. */
  against: 8,
  againstCovered: 16,
  lacking: 0.15,
  /** Decibels of another level that speak for another sound as much as 1 does, and at most. */
  levelDb: 6,
  levelMost: 2,
  /** Milliseconds of sound against picture that are called shifted: copies of the development corpus have up to 42, a frame; and at another speed, up to 98; and
   * up to how many, for beyond it is the sound of other seconds. Milliseconds in which both must follow, and of another sound while the picture goes on. */
  shiftedMs: 80,
  shiftedElseMs: 180,
  otherSecondsMs: 4_000,
  togetherMs: 1_000,
  besideMs: 700,
  /** Share of bits that differ where it follows from which on it is found, and not compared. */
  notCompared: 0.2,
} as const
