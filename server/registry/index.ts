export {
  type Description,
  EVIDENCE_CHOICES,
  type EvidenceChoice,
  FEATURE_BYTES,
  type Fingerprint,
  fromDocument,
  KINDS,
  MAX_DOCUMENT_SOUND_S,
  toDocument,
} from '../fingerprint/index.ts'
export { anchorBy, BATCH_SIZES, WAYS, type Way } from './anchoring.ts'
export * from './car.ts'
export type { BytesOnDisk } from './car-file.ts'
export { createExaminers, type Draw, type Examine, type Examiners } from './examiners.ts'
export { type FetcherParts, type FetchReport, fetchMissing } from './fetcher.ts'
export { findingWords } from './finding-words.ts'
export type { Candidate, Decode, Lookups } from './lookups.ts'
export { REASONS } from './present.ts'
export { type Client, createQuota, type Quota, type Share } from './quota.ts'
export * from './registrar.ts'
export * from './registry.ts'
export { createRemoteMedia, type RemoteMedia } from './remote.ts'
export { createSavedSearch, type Entry, type SavedSearch } from './saved-search.ts'
export { createSync, type Sync } from './sync.ts'
export * from './views.ts'
