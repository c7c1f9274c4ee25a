/** What a registry stands on, in memory. */

import { toHex } from '../../server/bytes.ts'
import type {
  BatchRow,
  Block,
  BlockStore,
  BlockToRead,
  Catalogue,
  Changes,
  LookupRow,
  PublisherRow,
  RecordRow,
  StateChangeRow,
  Withdrawal,
  Withdrawals,
} from '../../server/catalogue/index.ts'
import type { Claim } from '../../server/chain/index.ts'
import { anchoredWords, type Fingerprint, KINDS, manifestCid } from '../../server/fingerprint/index.ts'
import { randomBytes, seeded } from '../random.ts'

export const DEPLOYMENT = {
  chainId: 31_337,
  publisherRegistry: new Uint8Array(20).fill(1),
  mediaRegistry: new Uint8Array(20).fill(2),
  startBlock: 1,
}

/** A record of `of`, as the index has it before its manifest came. */
export function recordOf(of: Fingerprint, sequence: number, change: Partial<RecordRow> = {}): RecordRow {
  const random = seeded(sequence)
  const { algorithm, words } = anchoredWords(of)
  return {
    recordId: randomBytes(random),
    sequence,
    publisherId: 7,
    publisherName: 'Quay News',
    publisherDomain: null,
    contentDigest: of.contentDigest,
    manifestDigest: randomBytes(random),
    signer: randomBytes(random, 20),
    kind: KINDS.includes(of.kind) ? of.kind : null,
    algorithm,
    perceptualHashes: words,
    registeredAt: 1_700_000_000,
    anchor: {
      way: 'stored',
      batch: null,
      manifestDigest: new Uint8Array(32),
      signer: new Uint8Array(20),
      registeredAt: 1_700_000_000,
      transactionHash: randomBytes(random),
      blockNumber: 100 + sequence,
      blockHash: randomBytes(random),
      logIndex: 0,
      disowned: null,
    },
    disowned: null,
    revoked: null,
    superseded: null,
    manifest: { state: 'missing', title: null, durationMs: null, width: null, height: null },
    ...change,
  }
}

export const PUBLISHER: PublisherRow = {
  publisherId: 7,
  custody: new Uint8Array(20).fill(3),
  profileUri: 'data:application/json,%7B%7D',
  name: 'Quay News',
  domain: null,
  gateways: [],
  createdAt: 1_600_000_000,
  keys: [
    { key: new Uint8Array(20).fill(4), addedAt: 1_600_000_100, endedAt: null, disowned: null },
    { key: new Uint8Array(20).fill(5), addedAt: 1_600_000_100, endedAt: 1_600_000_200, disowned: null },
  ],
  recovery: null,
  custodyOfferedTo: null,
  recoveryOfferedTo: null,
  recoveryChange: null,
  formerCustody: [],
  unlisted: { batches: 0, records: 0 },
}

type Unused = 'head' | 'headerAtOrBelow' | 'append' | 'rollback' | 'bind' | 'bound'
export type MemoryCatalogue = Omit<Catalogue, Unused> & {
  /** As an append would: rows first, then the news of them. */
  insert(...rows: RecordRow[]): void
  /** As a rollback would. */
  drop(...rows: RecordRow[]): void
  lookups: Map<string, LookupRow>
  /** Rooted batches, and what lists were taken for them. */
  rooted: BatchRow[]
  taken: (Claim[] | null)[]
  /** Of every record. */
  changes: StateChangeRow[]
  /** While it holds an error, every question fails with it. */
  broken: Error | null
}

export function memoryCatalogue(publishers: PublisherRow[] = [PUBLISHER]): Catalogue & MemoryCatalogue {
  const rows = new Map<string, RecordRow>()
  const listeners = new Set<(changes: Changes) => void>()
  const tell = (changes: Changes) => {
    for (const listener of listeners) listener(changes)
  }
  const ids = (changed: RecordRow[]) => changed.map((row) => row.recordId)
  const all = () => {
    if (catalogue.broken) throw catalogue.broken
    return [...rows.values()].sort((a, b) => a.sequence - b.sequence)
  }
  const catalogue: MemoryCatalogue = {
    lookups: new Map(),
    broken: null,
    rooted: [],
    taken: [],
    changes: [],
    insert(...added) {
      for (const row of added) rows.set(toHex(row.recordId), row)
      tell({ changed: ids(added), removed: [], lists: [] })
    },
    drop(...removed) {
      for (const row of removed) rows.delete(toHex(row.recordId))
      tell({ changed: [], removed: ids(removed), lists: [] })
    },
    record: async (recordId) => all().find((row) => toHex(row.recordId) === toHex(recordId)) ?? null,
    recordsById: async (recordIds) => {
      const wanted = new Set(recordIds.map(toHex))
      return all().filter((row) => wanted.has(toHex(row.recordId)))
    },
    records: async ({ contentDigest, publisherId, kind, before, limit, oldestFirst }) =>
      (oldestFirst ? all().toReversed() : all())
        .filter((row) => contentDigest === undefined || toHex(row.contentDigest) === toHex(contentDigest))
        .filter((row) => publisherId === undefined || row.publisherId === publisherId)
        .filter((row) => kind === undefined || row.kind === kind)
        .filter((row) => before === undefined || row.sequence < before)
        .toReversed()
        .slice(0, limit),
    async *allRecords(pieceSize = 2) {
      const found = all()
      for (let i = 0; i < found.length; i += pieceSize) yield found.slice(i, i + pieceSize)
    },
    history: async (recordId) => {
      const row = rows.get(toHex(recordId))
      return row ? { anchors: [row.anchor], changes: catalogue.changes } : null
    },
    batches: async ({ listDigest, list, before, limit }) =>
      catalogue.rooted
        .filter((row) => listDigest === undefined || toHex(row.listDigest) === toHex(listDigest))
        .filter((row) => !list || row.list === list)
        .filter((row) => !before || row.blockNumber < before.blockNumber)
        .toSorted((a, b) => b.blockNumber - a.blockNumber)
        .slice(0, limit),
    setList: async ({ listDigest }, claims) => {
      for (const row of catalogue.rooted)
        if (toHex(row.listDigest) === toHex(listDigest)) row.list = claims ? 'present' : 'mismatch'
      catalogue.taken.push(claims)
    },
    publisher: async (id) => publishers.find((row) => row.publisherId === id) ?? null,
    counts: async () => ({ records: rows.size, publishers: publishers.length }),
    setManifest: async (recordId, manifest) => {
      const key = toHex(recordId)
      const row = rows.get(key)
      if (row) rows.set(key, { ...row, manifest })
    },
    putLookup: async (row) => {
      if (catalogue.broken) throw catalogue.broken
      catalogue.lookups.set(row.id, row)
    },
    lookup: async (id, now) => {
      const row = catalogue.lookups.get(id)
      return row && row.expiresAt > now ? row : null
    },
    deleteLookup: async (id) => catalogue.lookups.delete(id),
    expireLookups: async (now) => {
      const expired = [...catalogue.lookups.values()].filter((row) => row.expiresAt <= now)
      for (const { id } of expired) catalogue.lookups.delete(id)
      return expired.length
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {},
  }
  return catalogue as Catalogue & MemoryCatalogue
}

/** Blocks by their names; what is held is kept when it is adopted. */
export function memoryBlocks(now = () => 0): BlockStore & { kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>()
  const held = new Map<string, Block[]>()
  const put = (blocks: Block[]) => {
    for (const { cid, bytes } of blocks) kept.set(cid, bytes)
  }
  return {
    kept,
    get: async (cid) => kept.get(cid) ?? null,
    has: async (cid) => kept.has(cid),
    put: async (blocks) => put(blocks),
    hold: async (root, blocks) => {
      const read = (one: Block | BlockToRead) => ('bytes' in one ? one.bytes : one.read())
      held.set(root, await Promise.all(blocks.map(async (one) => ({ cid: one.cid, bytes: await read(one) }))))
      return { expiresAt: now() + 600 }
    },
    adopt: async (root) => {
      put(held.get(root) ?? [])
      return held.delete(root)
    },
    expireHeld: async () => 0,
  }
}

export function memoryWithdrawals(cids: string[] = []): Withdrawals {
  const all = new Map<string, Withdrawal>(cids.map((cid) => [cid, { at: 0, reason: null }]))
  return {
    all: async () => all,
    withdraw: async (cid, withdrawal) => void all.set(cid, withdrawal),
    restore: async (cid) => all.delete(cid),
  }
}

/** The CID of the manifest that a record names. */
export const rootOf = (row: RecordRow) => manifestCid(row.manifestDigest)

/** Resolves when the event loop has turned: everything that waits for nothing else is done. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
