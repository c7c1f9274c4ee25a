/** What the catalogue answers. Rows are projections of the chain; bytes stay bytes. */
import type { Claim, Deployment, RootedBatch, Sink } from '../chain/index.ts'
import type { Kind } from '../fingerprint/index.ts'
import type { Withdrawal } from './withdrawn.ts'

/** When a signer was declared compromised, both in seconds since 1970. A declaration may be extended to an earlier time: of what was
 *  signed, the first declaration that made it void counts; of an account, the last one. */
export interface Disowned {
  /** From when on what it signed is void. */
  since: number
  declaredAt: number
  /** The custody account of then, 20 bytes. */
  declaredBy: Uint8Array | null
  /** Whether that account was declared compromised itself, since then or before: then it may have been a thief who declared. */
  contested: boolean
}

export interface PublisherRow {
  publisherId: number
  /** 20 bytes. */
  custody: Uint8Array
  /** Null for none. */
  recovery: Uint8Array | null
  /** Whom custody, and whom recovery, offered custody; null for nobody. */
  custodyOfferedTo: Uint8Array | null
  recoveryOfferedTo: Uint8Array | null
  /** What waits, or null. `to` null: to have none. */
  recoveryChange: { to: Uint8Array | null; notBefore: number } | null
  /** Empty for a publisher that never had a profile. */
  profileUri: string
  /** From a `data:` profile that matches its digest; null where it cannot be read. */
  name: string | null
  domain: string | null
  /** Where its blocks are served, as the same profile says. */
  gateways: string[]
  /** Seconds since 1970. */
  createdAt: number
  /** In the order in which they were added. */
  keys: { key: Uint8Array; addedAt: number; endedAt: number | null; disowned: Disowned | null }[]
  /** Former custody accounts, in the order in which they handed over. */
  formerCustody: { account: Uint8Array; until: number; disowned: Disowned | null }[]
  /** Batches whose list is not here, or is not what was anchored; and how many records they say they hold. */
  unlisted: { batches: number; records: number }
}

/** How a record's manifest stands to its anchor. */
export type ManifestState = 'present' | 'missing' | 'mismatch'

/** The three ways in (docs/protocol.md §2.2). */
export type Way = 'stored' | 'logged' | 'rooted'

/** Where and by whom a record was anchored once. */
export interface AnchorRow {
  way: Way
  /** The batch's root and the claim's place in it; null where stored. */
  batch: { root: Uint8Array; index: number } | null
  manifestDigest: Uint8Array
  signer: Uint8Array
  registeredAt: number
  transactionHash: Uint8Array
  blockNumber: number
  blockHash: Uint8Array
  logIndex: number
  /** Null where it counts. */
  disowned: Disowned | null
}

/** One change of state of a digest, void or not. */
export interface StateChangeRow {
  change: { kind: 'revoked'; reason: number } | { kind: 'superseded'; by: Uint8Array }
  at: number
  signer: Uint8Array
  transactionHash: Uint8Array
  disowned: Disowned | null
}

export interface RecordRow {
  /** 32 bytes. */
  recordId: Uint8Array
  /** Of the leading anchor: grows in the order in which anchors came to be known; never used again after a rollback. The cursor of
   *  listings. */
  sequence: number
  publisherId: number
  publisherName: string | null
  publisherDomain: string | null
  contentDigest: Uint8Array
  /** Of the leading anchor (docs/protocol.md §6), and so are signer, kind, algorithm, words and time. */
  manifestDigest: Uint8Array
  signer: Uint8Array
  /** Null for a kind that this version does not know. */
  kind: Kind | null
  algorithm: number
  perceptualHashes: Uint8Array[]
  registeredAt: number
  /** The leading one. */
  anchor: AnchorRow
  /** Of the leading anchor: not null only where all anchors are void. */
  disowned: Disowned | null
  /** By the change that counts; null where none does. */
  revoked: { at: number; reason: number; signer: Uint8Array } | null
  superseded: { at: number; by: Uint8Array; signer: Uint8Array } | null
  manifest: {
    state: ManifestState
    title: string | null
    durationMs: number | null
    width: number | null
    height: number | null
  }
  /** Set where a record is shown, and not by the catalogue: the operator withdrew its manifest. */
  withdrawn?: Withdrawal
}

/** Everything that was ever said of a record, void or not, each list in the order of the chain and at most 100 long. */
export interface RecordHistory {
  anchors: AnchorRow[]
  changes: StateChangeRow[]
}

/** How a rooted batch's list stands to it. */
export type ListState = 'present' | 'missing' | 'mismatch'

export interface BatchRow {
  publisherId: number
  /** 32 bytes each. */
  root: Uint8Array
  listDigest: Uint8Array
  /** As the publisher says. */
  count: number
  signer: Uint8Array
  registeredAt: number
  transactionHash: Uint8Array
  blockNumber: number
  logIndex: number
  list: ListState
  disowned: Disowned | null
}

export interface BatchFilter {
  publisherId?: number
  listDigest?: Uint8Array
  list?: ListState
  /** Only batches before this place of the chain. */
  before?: { blockNumber: number; logIndex: number }
  /** Newest first. */
  limit: number
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

/** What an append, a rollback or a list did to the records. Not told of manifests: whoever calls `setManifest` knows. */
export interface Changes {
  /** Ids of records that are new, or whose leading anchor may be another one now; each once. Where the answer to a commit was lost, also of
   *  those that may be gone, or never came. */
  changed: Uint8Array[]
  /** Ids of records that are gone; each once. */
  removed: Uint8Array[]
  /** Digests of the lists of rooted batches that came. */
  lists: Uint8Array[]
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
  /** The deployment that it holds blocks of; null for none yet. */
  bound(): Promise<Deployment | null>
  record(recordId: Uint8Array): Promise<RecordRow | null>
  /** Rows for the ids that exist, in no particular order. */
  recordsById(recordIds: Uint8Array[]): Promise<RecordRow[]>
  records(filter: RecordFilter): Promise<RecordRow[]>
  /** Null for a record that is not here. */
  history(recordId: Uint8Array): Promise<RecordHistory | null>
  /** Rooted batches. */
  batches(filter: BatchFilter): Promise<BatchRow[]>
  /** Indexes the claims of a rooted batch, in their order, or notes that its list is another one (`null`). Does nothing where no such
   *  batch is here or its list was taken already. The caller has checked count, root and record ids. */
  setList(batch: { publisherId: number } & RootedBatch, claims: Claim[] | null): Promise<void>
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
  /** Called after each committed append, rollback or list, and after one whose commit failed, in their order. What it throws does not reach the indexer, and ends
   *  the process as an uncaught exception. Returns the way to stop. */
  onChange(listener: (changes: Changes) => void): () => void
  close(): Promise<void>
}

export interface Block {
  /** The CID as text, base32. */
  cid: string
  bytes: Uint8Array
}

/** A block that is read when it is needed. */
export interface BlockToRead {
  cid: string
  byteLength: number
  read(): Promise<Uint8Array>
}

/** Content-addressed blocks on disk, and CARs that wait for their registration. Every function throws RegistryError `block.invalid`
 *  for a CID that is not CIDv1 in base32. Times are seconds since 1970. */
export interface BlockStore {
  get(cid: string): Promise<Uint8Array | null>
  has(cid: string): Promise<boolean>
  /** Writes each block whole or not at all; each is expected to be checked against its CID already. */
  put(blocks: Block[]): Promise<void>
  /** Holds blocks under their root until `adopt` or until they expire; holding a root again adds to it and renews it.
   *  @param holder a client whose share is bounded; null for one whose share is not.
   *  @throws RegistryError `server.busy` when too much waits, `request.rate_limited` when too much of this holder does. */
  hold(root: string, blocks: (Block | BlockToRead)[], holder?: string | null): Promise<{ expiresAt: number }>
  /** Keeps the held blocks of `root` for good, the root last. False if none are held. Can be called again after a crash or a failure on
   *  the way. */
  adopt(root: string): Promise<boolean>
  /** Drops what expired at `now` or before; returns how many roots. */
  expireHeld(now: number): Promise<number>
}
