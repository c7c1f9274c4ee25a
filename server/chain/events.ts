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

export interface MediaRegistered {
  type: 'mediaRegistered'
  /** 32 bytes. */
  recordId: Uint8Array
  publisherId: number
  /** 32 bytes. */
  contentDigest: Uint8Array
  /** 20 bytes. */
  signer: Uint8Array
  /** 1 image, 2 video, 3 audio; others are unknown to this version. */
  kind: number
  /** 0 none, 1 PDQ, 2 sound; others are opaque. */
  algorithm: number
  /** SHA-256 of the manifest's root block, 32 bytes. */
  manifestDigest: Uint8Array
  /** 0 to 64 words of 32 bytes. */
  perceptualHashes: Uint8Array[]
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

export type RegistryEvent = PublisherCreated | ProfileChanged | KeyAdded | KeyEnded | MediaRegistered | MediaRevoked

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
