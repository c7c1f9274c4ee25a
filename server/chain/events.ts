/** What the contracts say, as data (docs/protocol.md §2). Decoding is in `decode.ts`. */

/** Where a log stands. */
export interface LogPosition {
  blockNumber: number
  /** Position of the log in its block; with `blockNumber` it orders all logs. */
  logIndex: number
  /** 32 bytes. */
  transactionHash: Uint8Array
}

/** A block as far as the index needs it. */
export interface BlockHeader {
  number: number
  /** 32 bytes. */
  hash: Uint8Array
  /** 32 bytes. */
  parentHash: Uint8Array
  /** Seconds since 1970, by the chain's clock. */
  time: number
}

export interface PublisherCreated {
  type: 'publisherCreated'
  publisherId: number
  /** 20 bytes. */
  custody: Uint8Array
}

export interface ProfileChanged {
  type: 'profileChanged'
  publisherId: number
  uri: string
  /** SHA-256 of what `uri` yields, 32 bytes. */
  digest: Uint8Array
}

export interface KeyAdded {
  type: 'keyAdded'
  publisherId: number
  /** 20 bytes. */
  key: Uint8Array
}

export interface KeyEnded {
  type: 'keyEnded'
  publisherId: number
  /** 20 bytes. */
  key: Uint8Array
}

export interface CompromiseDeclared {
  type: 'compromiseDeclared'
  publisherId: number
  /** A key or a former custody account, 20 bytes. */
  account: Uint8Array
  /** The custody account that declares, 20 bytes. */
  custody: Uint8Array
  /** Seconds since 1970: what the account signed from here on is void. */
  since: number
}

export interface CustodyOffered {
  type: 'custodyOffered'
  publisherId: number
  /** 20 bytes; null withdraws the offer. */
  to: Uint8Array | null
}

export interface CustodyRecoveryOffered {
  type: 'custodyRecoveryOffered'
  publisherId: number
  /** 20 bytes; null withdraws the offer. */
  to: Uint8Array | null
}

export interface CustodyTransferred {
  type: 'custodyTransferred'
  publisherId: number
  /** 20 bytes each. */
  from: Uint8Array
  to: Uint8Array
}

export interface RecoveryChangeStarted {
  type: 'recoveryChangeStarted'
  publisherId: number
  /** 20 bytes; null for none. */
  to: Uint8Array | null
  /** Seconds since 1970. */
  notBefore: number
}

export interface RecoveryChangeCancelled {
  type: 'recoveryChangeCancelled'
  publisherId: number
}

export interface RecoveryChanged {
  type: 'recoveryChanged'
  publisherId: number
  /** 20 bytes; null for none. */
  recovery: Uint8Array | null
}

/** What is claimed about one original; as in the contract. */
export interface Registration {
  /** SHA-256 of the file, 32 bytes. */
  contentDigest: Uint8Array
  /** SHA-256 of the manifest's root block, 32 bytes. */
  manifestDigest: Uint8Array
  /** 1 image, 2 video, 3 audio; others are unknown to this version. */
  kind: number
  /** 0 none, 1 PDQ, 2 sound; others are opaque. */
  algorithm: number
  /** 0 to 64 words of 32 bytes; none exactly when `algorithm` is 0. */
  perceptualHashes: Uint8Array[]
}

/** A registration, and the record that it is for one publisher. */
export interface Claim extends Registration {
  /** 32 bytes. */
  recordId: Uint8Array
}

export interface MediaRegistered extends Claim {
  type: 'mediaRegistered'
  publisherId: number
  /** 20 bytes. */
  signer: Uint8Array
}

export interface BatchLogged {
  type: 'batchLogged'
  publisherId: number
  /** 32 bytes. */
  root: Uint8Array
  /** 20 bytes. */
  signer: Uint8Array
  /** 1 to 1,024, in the order of the tree. */
  claims: Claim[]
}

/** A root with a list that is published elsewhere (docs/protocol.md §3). */
export interface RootedBatch {
  /** 32 bytes each. */
  root: Uint8Array
  listDigest: Uint8Array
  /** 1 to 8,192, as the publisher says. */
  count: number
}

export interface BatchRooted extends RootedBatch {
  type: 'batchRooted'
  publisherId: number
  /** 20 bytes. */
  signer: Uint8Array
}

export interface MediaRevoked {
  type: 'mediaRevoked'
  /** 32 bytes. */
  recordId: Uint8Array
  publisherId: number
  /** 32 bytes. */
  contentDigest: Uint8Array
  /** 20 bytes. */
  signer: Uint8Array
  reason: number
}

export interface MediaSuperseded {
  type: 'mediaSuperseded'
  /** 32 bytes. */
  recordId: Uint8Array
  publisherId: number
  /** 32 bytes. */
  contentDigest: Uint8Array
  /** 20 bytes. */
  signer: Uint8Array
  /** Another content digest of the publisher, 32 bytes. */
  supersededBy: Uint8Array
}

export type PublisherEvent =
  | PublisherCreated
  | ProfileChanged
  | KeyAdded
  | KeyEnded
  | CompromiseDeclared
  | CustodyOffered
  | CustodyRecoveryOffered
  | CustodyTransferred
  | RecoveryChangeStarted
  | RecoveryChangeCancelled
  | RecoveryChanged
export type MediaEvent = MediaRegistered | BatchLogged | BatchRooted | MediaRevoked | MediaSuperseded
/** `NoncesCancelled` is none of them: no record depends on it. */
export type RegistryEvent = PublisherEvent | MediaEvent

export type RegistryLog = RegistryEvent & { at: LogPosition }

/** Which contracts on which chain. */
export interface Deployment {
  chainId: number
  /** 20 bytes each. */
  publisherRegistry: Uint8Array
  mediaRegistry: Uint8Array
  /** The block that holds the older of the two; nothing of ours is before it. */
  startBlock: number
}

/** Where the indexer writes. Implemented by the catalogue; the chain knows no database. */
export interface Sink {
  /** The last block that was appended, or null for an empty index. */
  head(): Promise<BlockHeader | null>
  /** The stored header with the highest number at or below `number`, or null. Headers are kept of every block that holds a log of
   *  ours and of each range's last block, so a fork is found between two of them. */
  headerAtOrBelow(number: number): Promise<BlockHeader | null>
  /** Appends in one transaction: logs, in order, the headers that anchor them, and the new head (the last header).
   *  Invariant: `logs` lie above the present head and at or below the last header. */
  append(batch: { headers: BlockHeader[]; logs: RegistryLog[] }): Promise<void>
  /** Removes in one transaction everything above block `number`; -1 empties the index. */
  rollback(number: number): Promise<void>
}
