/** Records as they are asked for: each with its block, its publisher's profile, its revocation and its manifest. */
import { type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Kind } from '../fingerprint/index.ts'
import type { Tables } from './tables.ts'
import type { AnchorRow, Catalogue, RecordFilter, RecordHistory, RecordRow, StateChangeRow } from './types.ts'
import { DECLARATION, disownedBy, disownedOf, isVoid } from './void.ts'
import { byteaArray, storable } from './wire.ts'

/** Numbers of `kind` on chain, docs/protocol.md §2.2. */
const KIND_NUMBERS: Record<Kind, number> = { image: 1, video: 2, audio: 3 }
const KINDS = new Map(Object.entries(KIND_NUMBERS).map(([kind, number]) => [number, kind as Kind]))

/** Of each list of a record's history. */
const MAX_HISTORY = 100

/** Bytes of a word on chain. */
const WORD_BYTES = 32

/** Records in a piece of `allRecords`. With 2,000 the process took 345 MB while it read 100,000, with 500 it takes 256, and neither is
 *  faster (30,000 records a second, node 24.21). */
const PIECE_SIZE = 500

type Records = Pick<Catalogue, 'record' | 'recordsById' | 'records' | 'allRecords' | 'history' | 'setManifest'>

export function createRecords(db: Kysely<Tables>): Records {
  const recordsById = async (recordIds: Uint8Array[]) => {
    if (recordIds.length === 0) return []
    const chosen = leading(db)
    return complete(db, chosen.where(sql<boolean>`record_id = any(${byteaArray(recordIds)}::bytea[])`))
  }
  return {
    recordsById,
    record: async (recordId) => (await recordsById([recordId]))[0] ?? null,
    records: (filter) => complete(db, filtered(db, filter), filter.oldestFirst ? 'asc' : 'desc'),
    allRecords: (pieceSize = PIECE_SIZE) => allRecords(db, pieceSize),
    history: (recordId) => history(db, recordId),
    setManifest: (recordId, manifest) => setManifest(db, recordId, manifest),
  }
}

type Chosen = SelectQueryBuilder<Tables, 'records', Tables['records']>

/** Anchors that lead their record: the earliest that is not void, else the earliest. A row of its record's index answers for most. */
function leading(db: Kysely<Tables>): Chosen {
  return db
    .selectFrom('records')
    .selectAll()
    .where(
      sql<boolean>`sequence = (select o.sequence from records o where o.record_id = records.record_id
        order by exists (select 1 from compromises v where v.publisher_id = o.publisher_id and v.account = o.signer
          and v.since <= o.time), o.block_number, o.log_index, o.leaf_index limit 1)`,
    )
}

function filtered(
  db: Kysely<Tables>,
  { contentDigest, publisherId, kind, before, limit, oldestFirst }: RecordFilter,
): Chosen {
  let chosen = leading(db)
  if (contentDigest) chosen = chosen.where('content_digest', '=', contentDigest)
  if (publisherId !== undefined) chosen = chosen.where('publisher_id', '=', publisherId)
  if (kind) chosen = chosen.where('kind', '=', KIND_NUMBERS[kind])
  if (before !== undefined) chosen = chosen.where('sequence', '<', before)
  return chosen.orderBy('sequence', oldestFirst ? 'asc' : 'desc').limit(limit)
}

async function* allRecords(db: Kysely<Tables>, pieceSize: number): AsyncGenerator<RecordRow[]> {
  let after = 0
  for (;;) {
    const chosen = leading(db).where('sequence', '>', after).orderBy('sequence')
    const piece = await complete(db, chosen.limit(pieceSize), 'asc')
    const last = piece.at(-1)
    if (!last) return
    yield piece
    after = last.sequence
  }
}

async function complete(db: Kysely<Tables>, chosen: Chosen, order: 'asc' | 'desc' = 'asc'): Promise<RecordRow[]> {
  const rows = await joined(db, chosen).orderBy('r.sequence', order).execute()
  return rows.map(toRecord)
}

/** Joins what belongs to the chosen records. They are chosen first: no join ever sees a whole table. */
function joined(db: Kysely<Tables>, chosen: Chosen) {
  return db
    .selectFrom(chosen.as('r'))
    .innerJoin('headers as h', 'h.number', 'r.block_number')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('profiles')
          .select(['name', 'domain'])
          .whereRef('profiles.publisher_id', '=', 'r.publisher_id')
          .orderBy('block_number', 'desc')
          .orderBy('log_index', 'desc')
          .limit(1)
          .as('p'),
      (join) => join.onTrue(),
    )
    .leftJoin('declarations as c', disownedBy('r'))
    .leftJoinLateral(
      (from) => changeOf(from, 1).as('v'),
      (join) => join.onTrue(),
    )
    .leftJoinLateral(
      (from) => changeOf(from, 2).as('s'),
      (join) => join.onTrue(),
    )
    .leftJoin('manifests as m', (join) =>
      join.onRef('m.record_id', '=', 'r.record_id').onRef('m.manifest_digest', '=', 'r.manifest_digest'),
    )
    .selectAll('r')
    .select(['h.hash as block_hash', 'p.name', 'p.domain'])
    .select(DECLARATION)
    .select(['v.signer as revoker', 'v.reason', 'v.time as revoked_at'])
    .select(['s.signer as superseder', 's.superseded_by', 's.time as superseded_at'])
    .select(['m.state', 'm.title', 'm.duration_ms', 'm.width', 'm.height'])
}

/** The change of state that counts: one that is not void. There is at most one of a kind. */
function changeOf(from: ExpressionBuilder<Tables & { r: Tables['records'] }, 'r'>, kind: 1 | 2) {
  return from
    .selectFrom('changes as x')
    .select(['x.signer', 'x.reason', 'x.superseded_by', 'x.time'])
    .whereRef('x.record_id', '=', 'r.record_id')
    .where('x.kind', '=', kind)
    .where((eb) => eb.not(isVoid('x')(eb)))
    .limit(1)
}

type Joined = Awaited<ReturnType<ReturnType<typeof joined>['execute']>>[number]

function toRecord(row: Joined): RecordRow {
  return {
    recordId: row.record_id,
    sequence: row.sequence,
    publisherId: row.publisher_id,
    publisherName: row.name,
    publisherDomain: row.domain,
    contentDigest: row.content_digest,
    manifestDigest: row.manifest_digest,
    signer: row.signer,
    kind: KINDS.get(row.kind) ?? null,
    algorithm: row.algorithm,
    perceptualHashes: words(row.words),
    registeredAt: row.time,
    anchor: toAnchor(row),
    disowned: disownedOf(row),
    revoked: revocation(row),
    superseded: supersession(row),
    manifest: {
      state: row.state ?? 'missing',
      title: row.title,
      durationMs: row.duration_ms,
      width: row.width,
      height: row.height,
    },
  }
}

function revocation({ revoked_at: at, reason, revoker: signer }: Joined): RecordRow['revoked'] {
  return at === null || reason === null || signer === null ? null : { at, reason, signer }
}

function supersession({ superseded_at: at, superseded_by: by, superseder: signer }: Joined): RecordRow['superseded'] {
  return at === null || by === null || signer === null ? null : { at, by, signer }
}

const WAYS = ['stored', 'logged', 'rooted'] as const

type AnchorColumns = Pick<
  Joined,
  | 'way'
  | 'batch_root'
  | 'leaf_index'
  | 'manifest_digest'
  | 'signer'
  | 'time'
  | 'transaction_hash'
  | 'block_number'
  | 'block_hash'
  | 'log_index'
  | 'since'
  | 'declared_at'
  | 'declared_by'
  | 'contested'
>

function toAnchor(row: AnchorColumns): AnchorRow {
  return {
    way: WAYS[row.way - 1]!,
    batch: row.batch_root && { root: row.batch_root, index: row.leaf_index },
    manifestDigest: row.manifest_digest,
    signer: row.signer,
    registeredAt: row.time,
    transactionHash: row.transaction_hash,
    blockNumber: row.block_number,
    blockHash: row.block_hash,
    logIndex: row.log_index,
    disowned: disownedOf(row),
  }
}

async function history(db: Kysely<Tables>, recordId: Uint8Array): Promise<RecordHistory | null> {
  const anchors = await db
    .selectFrom('records as r')
    .innerJoin('headers as h', 'h.number', 'r.block_number')
    .leftJoin('declarations as c', disownedBy('r'))
    .selectAll('r')
    .select('h.hash as block_hash')
    .select(DECLARATION)
    .where('r.record_id', '=', recordId)
    .orderBy('r.block_number')
    .orderBy('r.log_index')
    .orderBy('r.leaf_index')
    .limit(MAX_HISTORY)
    .execute()
  if (anchors.length === 0) return null
  return { anchors: anchors.map(toAnchor), changes: await changesOf(db, recordId) }
}

async function changesOf(db: Kysely<Tables>, recordId: Uint8Array): Promise<StateChangeRow[]> {
  const rows = await db
    .selectFrom('changes as x')
    .leftJoin('declarations as c', disownedBy('x'))
    .selectAll('x')
    .select(DECLARATION)
    .where('x.record_id', '=', recordId)
    .orderBy('x.block_number')
    .orderBy('x.log_index')
    .limit(MAX_HISTORY)
    .execute()
  return rows.map((row) => ({
    change: row.superseded_by
      ? { kind: 'superseded', by: row.superseded_by }
      : { kind: 'revoked', reason: row.reason! },
    at: row.time,
    signer: row.signer,
    transactionHash: row.transaction_hash,
    disowned: disownedOf(row),
  }))
}

function words(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / WORD_BYTES }, (_, i) => bytes.slice(WORD_BYTES * i, WORD_BYTES * (i + 1)))
}

/** A manifest is kept under the record and the digest that the record names: if another branch of
 *  the chain registers the same file with another manifest, this one is not mistaken for it. */
async function setManifest(db: Kysely<Tables>, recordId: Uint8Array, manifest: RecordRow['manifest']): Promise<void> {
  const { state, title, durationMs, width, height } = manifest
  const said = {
    state,
    title: title === null ? null : storable(title),
    duration_ms: durationMs,
    width,
    height,
  }
  const record = await leading(db).where('record_id', '=', recordId).executeTakeFirst()
  if (!record) return
  await db
    .insertInto('manifests')
    .values({ record_id: recordId, manifest_digest: record.manifest_digest, ...said })
    .onConflict((conflict) => conflict.columns(['record_id', 'manifest_digest']).doUpdateSet(said))
    .execute()
}
