/** What the catalogue answers. Rows are projections of the chain; bytes stay bytes. */
import type { Deployment, Sink } from '../chain/index.ts'
import type { Kind } from '../fingerprint/index.ts'

export interface PublisherRow {
  publisherId: number
  /** 20 bytes. */
  custody: Uint8Array
  /** Empty for a publisher that never had a profile. */
  profileUri: string
  /** From a `data:` profile that matches its digest; null where it cannot be read. */
  name: string | null
  domain: string | null
  /** Seconds since 1970. */
  createdAt: number
  keys: { key: Uint8Array; addedAt: number; endedAt: number | null }[]
}

/** How a record's manifest stands to its anchor. */
export type ManifestState = 'present' | 'missing' | 'mismatch'

export interface RecordRow {
  /** 32 bytes. */
  recordId: Uint8Array
  /** Grows by one a record in the order of the chain; never used again after a rollback. The cursor of listings. */
  sequence: number
  publisherId: number
  publisherName: string | null
  publisherDomain: string | null
  contentDigest: Uint8Array
  manifestDigest: Uint8Array
  signer: Uint8Array
  /** Null for a kind that this version does not know. */
  kind: Kind | null
  algorithm: number
  perceptualHashes: Uint8Array[]
  registeredAt: number
  anchor: { transactionHash: Uint8Array; blockNumber: number; blockHash: Uint8Array; logIndex: number }
  revoked: { at: number; reason: number; signer: Uint8Array } | null
  manifest: {
    state: ManifestState
    title: string | null
    durationMs: number | null
    width: number | null
    height: number | null
  }
}

export interface RecordFilter {
  contentDigest?: Uint8Array
  publisherId?: number
  kind?: Kind
  /** Only records with a smaller `sequence`: newest first. */
  before?: number
  /** Oldest first instead: what somebody registers later cannot push out what was there. */
  oldestFirst?: boolean
  limit: number
}

/** What an append or a rollback did to the records. Not told of manifests: whoever calls `setManifest` knows. */
export interface Changes {
  /** Ids, in the order of the chain. */
  added: Uint8Array[]
  /** Ids, in no particular order. */
  removed: Uint8Array[]
}

export interface LookupRow {
  id: string
  /** Seconds since 1970. */
  createdAt: number
  expiresAt: number
  /** The finished lookup as JSON. */
  body: string
}

export interface Catalogue extends Sink {
  /** Ties the catalogue to one deployment. @throws RegistryError `chain.mismatch` if it holds another one's rows. */
  bind(deployment: Deployment): Promise<void>
  record(recordId: Uint8Array): Promise<RecordRow | null>
  /** Rows for the ids that exist, in no particular order. */
  recordsById(recordIds: Uint8Array[]): Promise<RecordRow[]>
  records(filter: RecordFilter): Promise<RecordRow[]>
  /** All records in pieces, oldest first: to fill the matcher at start. */
  allRecords(pieceSize?: number): AsyncIterable<RecordRow[]>
  publisher(publisherId: number): Promise<PublisherRow | null>
  counts(): Promise<{ records: number; publishers: number }>
  /** Keeps what a manifest says beside its record, and does nothing when the record is not here. Survives a rollback of the record,
   *  for the record may come again; counts only while the record names the same manifest digest. */
  setManifest(recordId: Uint8Array, manifest: RecordRow['manifest']): Promise<void>
  putLookup(row: LookupRow): Promise<void>
  lookup(id: string, now: number): Promise<LookupRow | null>
  deleteLookup(id: string): Promise<boolean>
  /** Removes lookups that expired before `now`; returns how many. */
  expireLookups(now: number): Promise<number>
  /** Called after each committed append or rollback, in the order of commits. What it throws does not reach the indexer, and ends
   *  the process as an uncaught exception. Returns the way to stop. */
  onChange(listener: (changes: Changes) => void): () => void
  close(): Promise<void>
}

export interface Block {
  /** The CID as text, base32. */
  cid: string
  bytes: Uint8Array
}

/** Content-addressed blocks on disk, and CARs that wait for their registration. Every function throws RegistryError `block.invalid`
 *  for a CID that is not CIDv1 in base32. Times are seconds since 1970. */
export interface BlockStore {
  get(cid: string): Promise<Uint8Array | null>
  /** Writes each block whole or not at all; each is expected to be checked against its CID already. */
  put(blocks: Block[]): Promise<void>
  /** Holds blocks under their root until `adopt` or until they expire; holding a root again adds to it and renews it. @throws RegistryError `server.busy` when too much waits. */
  hold(root: string, blocks: Block[]): Promise<{ expiresAt: number }>
  /** Keeps the held blocks of `root` for good, the root last. False if none are held. Can be called again after a crash or a failure on
   *  the way. */
  adopt(root: string): Promise<boolean>
  /** Drops what expired at `now` or before; returns how many roots. */
  expireHeld(now: number): Promise<number>
}
