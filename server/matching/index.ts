export { distanceBits } from '../bytes.ts'
export { type Affine, apply } from './affine.ts'
export { type Comparison, comparePictures, type NotCompared, type PictureFinding } from './compare.ts'
export { type Examined, examinePicture, NOT_LAID, type PictureCandidate, type PictureOriginal } from './examine.ts'
export { type ExaminedFilm, examineFilm } from './film.ts'
export type { FilmCandidate, FilmOriginal } from './film-follow.ts'
export { evenly, type FrameVote } from './film-layouts.ts'
export { isThinned, toldFromMs } from './film-sight.ts'
export { spokenForByAny } from './film-windows.ts'
export { type Fit, fitFeatures, type PreparedFeatures, prepareFeatures, type Way } from './fit.ts'
export * from './found.ts'
export { createHammingIndex } from './hamming.ts'
export { NO_PLACE } from './hash-search.ts'
export {
  alongPicture,
  besidePicture,
  foundByEar,
  inaudible,
  joined,
  ONLY_SOUND,
  SOUND_NOT_COMPARED,
  soundOf,
  withoutComparing,
} from './heard.ts'
export { createLocalIndex, type LocalIndex, type Voted } from './local-index.ts'
export * from './matcher.ts'
export type { Placement } from './placement.ts'
export { examineSound, SOUND_LIMITS, type SoundExamination, type SoundFinding, type SoundSegment } from './sound.ts'
export { SoundIndex, type SoundProposal } from './sound-index.ts'
export { COMPARED, FIT, MAX_DISTANCE_BITS, MIN_QUALITY, SAME_AGE_S } from './thresholds.ts'
export { THRESHOLDS_TEXT } from './thresholds-text.ts'
export * from './verdict.ts'
