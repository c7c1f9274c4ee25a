/** The tables of `migrations/`, as Kysely sees them: bytea is Uint8Array, every integer a number, on both databases. */

/** Where the log stands that wrote a row. */
interface Anchored {
  block_number: number
  log_index: number
}

/** The events that `custody_events` holds, by the names that the chain gives them. */
export const CUSTODY_EVENTS = [
  'custodyOffered',
  'custodyRecoveryOffered',
  'custodyTransferred',
  'recoveryChangeStarted',
  'recoveryChangeCancelled',
  'recoveryChanged',
] as const
export type CustodyEventType = (typeof CUSTODY_EVENTS)[number]

export interface Tables {
  meta: {
    id: number
    chain_id: number | null
    publisher_registry: Uint8Array | null
    media_registry: Uint8Array | null
    start_block: number | null
    next_sequence: number
    record_count: number
  }
  headers: { number: number; hash: Uint8Array; parent_hash: Uint8Array; time: number }
  publishers: Anchored & { publisher_id: number; custody: Uint8Array }
  profiles: Anchored & {
    publisher_id: number
    uri: string
    digest: Uint8Array
    name: string | null
    domain: string | null
  }
  keys_added: Anchored & { publisher_id: number; key: Uint8Array }
  keys_ended: Anchored & { publisher_id: number; key: Uint8Array }
  compromises: Anchored & { publisher_id: number; account: Uint8Array; since: number; declared_by: Uint8Array | null }
  /** A view: `compromises` with the time of the block, and whether the account that declared was declared itself. */
  declarations: Tables['compromises'] & { declared_at: number; contested: boolean }
  custody_events: Anchored & {
    publisher_id: number
    type: CustodyEventType
    account: Uint8Array | null
    not_before: number | null
  }
  records: Anchored & {
    sequence: number
    record_id: Uint8Array
    publisher_id: number
    content_digest: Uint8Array
    manifest_digest: Uint8Array
    signer: Uint8Array
    kind: number
    algorithm: number
    words: Uint8Array
    /** 1 stored, 2 logged, 3 rooted. */
    way: number
    batch_root: Uint8Array | null
    leaf_index: number
    time: number
    transaction_hash: Uint8Array
  }
  changes: Anchored & {
    record_id: Uint8Array
    publisher_id: number
    content_digest: Uint8Array
    signer: Uint8Array
    /** 1 revoked, 2 superseded. */
    kind: number
    reason: number | null
    superseded_by: Uint8Array | null
    time: number
    transaction_hash: Uint8Array
  }
  batches: Anchored & {
    publisher_id: number
    root: Uint8Array
    list_digest: Uint8Array
    count: number
    signer: Uint8Array
    time: number
    transaction_hash: Uint8Array
    list: 'present' | 'missing' | 'mismatch'
  }
  manifests: {
    record_id: Uint8Array
    manifest_digest: Uint8Array
    state: 'present' | 'missing' | 'mismatch'
    title: string | null
    duration_ms: number | null
    width: number | null
    height: number | null
  }
  lookups: { id: string; created_at: number; expires_at: number; body: string }
}

/** The tables of rows of the chain beside `records`, in an order in which rows may be deleted. */
export const OTHER_TABLES = [
  'batches',
  'changes',
  'custody_events',
  'compromises',
  'keys_ended',
  'keys_added',
  'profiles',
  'publishers',
] as const
