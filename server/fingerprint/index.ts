export { checkBlock, isBlockCid, MAX_BLOCK_BYTES, MAX_LINKS, manifestCid } from './block.ts'
export type { Confinement } from './confine.ts'
export * from './document.ts'
export {
  decodeEvidence,
  EVIDENCE_SIDE,
  type Evidence,
  encodeEvidence,
  MAX_EVIDENCE_BYTES,
} from './evidence.ts'
export { EVIDENCE_CHOICES, type EvidenceChoice } from './evidence-blocks.ts'
export { pixelsOf } from './evidence-pixels.ts'
export { pictureOf } from './film.ts'
export * from './fingerprint.ts'
export { keptEvidence } from './kept.ts'
export { type Listed, listBytes, listCid, MAX_LEAVES, readList, writeList } from './list.ts'
export {
  type Detail,
  featuresOf,
  LOCAL_WORDS as WORDS_A_FEATURE,
  type LocalFeatures,
  localFeatures,
  localGrids,
  MAX_CANDIDATE_FEATURES,
  MAX_FEATURES,
  PLACE_PARTS,
  SIZE_RATIO,
} from './local.ts'
export { decodeLocal, encodeLocal, FEATURE_BYTES } from './local-code.ts'
export { MIRRORED as MIRRORED_BITS } from './local-pattern.ts'
export { ALGORITHMS, anchoredWords, type Description, writeManifest } from './manifest.ts'
export { type Manifest, mismatch, readManifest, type Stretch } from './manifest-read.ts'
export { MIN_QUALITY, type PixelPlane } from './pdq.ts'
export type { Losses, Plane, Planes } from './planes.ts'
export { createDecoderPool, type DecoderPool } from './pool.ts'
export { type ManifestSound, readPrints } from './sound-blocks.ts'
export {
  type CandidateSound,
  createRetuner,
  DENSER,
  isFeatureless,
  levelDb,
  PRINT_MIDDLE_S,
  PRINT_S,
  PRINT_STEP_S,
  PrintMaker,
  type Retuner,
  SOUND_SAMPLE_RATE,
  type SoundPrints,
} from './sound-prints.ts'
export { type Key, readKeys, readStretch, type Still } from './timed-blocks.ts'
export { colourView, greyView, type Size, sizeWithin } from './view.ts'
