/** Where the indexer writes: rows and checkpoint change in one transaction, or not at all. */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { toHex0x } from '../bytes.ts'
import type { BlockHeader, RegistryLog, Sink } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import { type Batch, checkPublishers, checkShape, checkSuccessor, contradict, logsOf } from './batch.ts'
import { type Commit, distinct } from './commit.ts'
import { anchorsOf, insertHeaders, insertLogs } from './insert.ts'
import { createSeen, type Seen } from './seen.ts'
import { OTHER_TABLES, type Tables } from './tables.ts'
import type { Changes } from './types.ts'
import { byteaArray } from './wire.ts'

/** SQLSTATE class 23, integrity constraint violation: a row that the contracts cannot have written. */
const CONSTRAINT_VIOLATION = /^23/

/** Records that are removed by one statement. */
const PIECE_SIZE = 10_000

/** @param commit of `createCommitter`. */
export function createSink(db: Kysely<Tables>, commit: Commit): Sink {
  const seen = createSeen()
  return {
    head: () => headerAtOrBelow(db, Number.MAX_SAFE_INTEGER),
    headerAtOrBelow: (number) => headerAtOrBelow(db, number),

    async append(batch) {
      checkShape(batch)
      const lists = logsOf(batch.logs, 'batchRooted').map(({ listDigest }) => listDigest)
      try {
        const written = await committed(commit, lists, (trx) => append(trx, batch, seen))
        seen.committed(written.ids, written.from, written.to)
      } catch (error) {
        throw explained(error)
      }
    },

    async rollback(number) {
      if (!Number.isSafeInteger(number) || number < -1)
        throw new RegistryError('server.internal', `rollback: "number" expected a block or -1, got ${number}`)
      await commit(async (trx) => ({ ...(await rollback(trx, number)), lists: [] }))
    },
  }
}

/** What was written, once it is certain that it was. */
async function committed(commit: Commit, lists: Uint8Array[], work: (trx: Transaction<Tables>) => Promise<Written>) {
  const done: Written[] = []
  await commit(async (trx) => {
    const written = await work(trx)
    done.push(written)
    return { changed: written.changed, removed: [], lists }
  })
  return done[0]!
}

async function headerAtOrBelow(db: Kysely<Tables>, number: number): Promise<BlockHeader | null> {
  const row = await db
    .selectFrom('headers')
    .selectAll()
    .where('number', '<=', number)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? { number: row.number, hash: row.hash, parentHash: row.parent_hash, time: row.time } : null
}

/** Locks out other writers until the end of the transaction and takes the next free sequence. */
export async function lockSequence(trx: Transaction<Tables>): Promise<number> {
  const meta = await trx.selectFrom('meta').select('next_sequence').forUpdate().executeTakeFirstOrThrow()
  return meta.next_sequence
}

interface Written {
  /** Records that this may have changed. */
  changed: Uint8Array[]
  /** Records of the anchors that were written, and their sequences. */
  ids: Uint8Array[]
  from: number
  to: number
}

async function append(trx: Transaction<Tables>, batch: Batch, seen: Seen): Promise<Written> {
  const { headers, logs } = batch
  const sequence = await lockSequence(trx)
  const head = await headerAtOrBelow(trx, Number.MAX_SAFE_INTEGER)
  if (head && headers[0]) checkSuccessor(head, headers[0])
  checkPublishers(logs, await countPublishers(trx))
  const anchors = anchorsOf(batch)
  const ids = distinct(anchors.map(({ claim }) => claim.recordId))
  const known = await present(trx, seen.possible(ids, sequence))
  await insertHeaders(trx, headers)
  await insertLogs(trx, batch, anchors, sequence)
  if (logs.some(({ type }) => type === 'publisherCreated')) await requireOwnCustody(trx, headers[0]!.number)
  if (anchors.length > ids.length || known.size > 0) await requireVoidBefore(trx, sequence)
  if (logs.some(isChange)) await requireVoidChangesBefore(trx, headers[0]!.number)
  if (logs.some(({ type }) => type === 'compromiseDeclared')) await requireEarlierSince(trx, headers[0]!.number)
  await advance(trx, { anchors: anchors.length, records: ids.length - known.size })
  const disowned = await idsOfMoved(trx, headers[0]!.number - 1)
  const changed = disowned.length > 0 ? distinct([...ids, ...disowned]) : ids
  return { changed, ids, from: sequence, to: sequence + anchors.length }
}

const isChange = ({ type }: RegistryLog) => type === 'mediaRevoked' || type === 'mediaSuperseded'

/** Ids have no gaps, so the highest one is how many there are. */
async function countPublishers(trx: Transaction<Tables>): Promise<number> {
  const { count } = await trx
    .selectFrom('publishers')
    .select(({ fn }) => fn.max('publisher_id').as('count'))
    .executeTakeFirstOrThrow()
  return count ?? 0
}

/** Takes sequences for anchors, and counts records that had none before. */
export async function advance(
  trx: Transaction<Tables>,
  { anchors, records }: { anchors: number; records: number },
): Promise<void> {
  if (anchors === 0) return
  await sql`update meta set next_sequence = next_sequence + ${anchors}::bigint,
    record_count = record_count + ${records}::bigint`.execute(trx)
}

/** An account is custody of one publisher, until it hands it over. */
async function requireOwnCustody(trx: Transaction<Tables>, block: number): Promise<void> {
  const { rows } = await sql<{ publisher_id: number }>`
    select p.publisher_id from publishers p join publishers o on o.custody = p.custody and o.publisher_id < p.publisher_id
    where p.block_number >= ${block}::bigint and not exists (
      select 1 from custody_events e where e.publisher_id = o.publisher_id and e.type = 'custodyTransferred')
    limit 1`.execute(trx)
  if (rows[0]) contradict(`publisher ${rows[0].publisher_id} has the custody account of another`)
}

/** Stored once, unless what was stored is void (docs/protocol.md §2.2). */
async function requireVoidBefore(trx: Transaction<Tables>, sequence: number): Promise<void> {
  const { rows } = await sql<{ record_id: Uint8Array }>`
    select r.record_id from records r join records o on o.record_id = r.record_id and o.way = 1
      and (o.block_number, o.log_index) < (r.block_number, r.log_index)
    where r.sequence >= ${sequence}::bigint and r.way = 1 and not exists (
      select 1 from compromises c where c.publisher_id = o.publisher_id and c.account = o.signer and c.since <= o.time
        and (c.block_number, c.log_index) < (r.block_number, r.log_index))
    limit 1`.execute(trx)
  if (rows[0]) contradict(`record ${toHex0x(rows[0].record_id)} is registered again and was not void`)
}

/** Revoked once, superseded once, unless what was said is void. */
async function requireVoidChangesBefore(trx: Transaction<Tables>, block: number): Promise<void> {
  const { rows } = await sql<{ record_id: Uint8Array }>`
    select r.record_id from changes r join changes o on o.record_id = r.record_id and o.kind = r.kind
      and (o.block_number, o.log_index) < (r.block_number, r.log_index)
    where r.block_number >= ${block}::bigint and not exists (
      select 1 from compromises c where c.publisher_id = o.publisher_id and c.account = o.signer and c.since <= o.time
        and (c.block_number, c.log_index) < (r.block_number, r.log_index))
    limit 1`.execute(trx)
  if (rows[0]) contradict(`${toHex0x(rows[0].record_id)} is revoked or superseded again, and that was not void`)
}

/** A declaration is extended to an earlier time only. */
async function requireEarlierSince(trx: Transaction<Tables>, block: number): Promise<void> {
  const { rows } = await sql<{ account: Uint8Array }>`
    select c.account from compromises c join compromises o on o.publisher_id = c.publisher_id and o.account = c.account
      and (o.block_number, o.log_index) < (c.block_number, c.log_index) and o.since <= c.since
    where c.block_number >= ${block}::bigint limit 1`.execute(trx)
  if (rows[0]) contradict(`${toHex0x(rows[0].account)} is declared again, since no earlier time`)
}

/** Records of several anchors of which declarations above a block make some void. */
async function idsOfMoved(trx: Transaction<Tables>, above: number): Promise<Uint8Array[]> {
  const declared = await trx
    .selectFrom('compromises')
    .select('account')
    .where('block_number', '>', above)
    .limit(1)
    .execute()
  if (declared.length === 0) return []
  const { rows } = await sql<{ record_id: Uint8Array }>`
    select distinct r.record_id from compromises c
      join records r on r.publisher_id = c.publisher_id and r.signer = c.account and r.time >= c.since
    where c.block_number > ${above}::bigint and exists (
      select 1 from records o where o.record_id = r.record_id and o.sequence <> r.sequence)`.execute(trx)
  return rows.map(({ record_id }) => record_id)
}

async function rollback(trx: Transaction<Tables>, number: number): Promise<Pick<Changes, 'changed' | 'removed'>> {
  await lockSequence(trx)
  const moved = await idsOfMoved(trx, number)
  const touched = distinct([...(await removeAnchors(trx, number)), ...moved])
  const left = await present(trx, touched)
  const removed = touched.filter((id) => !left.has(toHex0x(id)))
  for (const table of OTHER_TABLES) await trx.deleteFrom(table).where('block_number', '>', number).execute()
  await trx.deleteFrom('headers').where('number', '>', number).execute()
  await trx
    .updateTable('meta')
    .set({ record_count: sql`record_count - ${removed.length}::bigint` })
    .execute()
  return { changed: touched.filter((id) => left.has(toHex0x(id))), removed }
}

/** Of these ids, as hex, those that still have an anchor. */
export async function present(trx: Transaction<Tables>, ids: Uint8Array[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (let i = 0; i < ids.length; i += PIECE_SIZE) {
    const { rows } = await sql<{ record_id: Uint8Array }>`select distinct record_id from records
      where record_id = any(${byteaArray(ids.slice(i, i + PIECE_SIZE))}::bytea[])`.execute(trx)
    for (const { record_id } of rows) found.add(toHex0x(record_id))
  }
  return found
}

/** Sequences rise with blocks, except for claims of rooted batches, which have an index on blocks. */
async function removeAnchors(trx: Transaction<Tables>, number: number): Promise<Uint8Array[]> {
  const last = await trx
    .selectFrom('records')
    .select('sequence')
    .where('block_number', '<=', number)
    .where('way', '<>', ROOTED)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  const removed: Uint8Array[] = []
  const pieces = [
    sql<boolean>`way <> ${ROOTED} and sequence > ${last?.sequence ?? 0}::bigint`,
    sql<boolean>`way = ${ROOTED} and block_number > ${number}::bigint`,
  ]
  for (const which of pieces) {
    for (;;) {
      const piece = await removePiece(trx, which)
      if (piece.length === 0) break
      for (const { record_id } of piece) removed.push(record_id)
    }
  }
  return removed
}

const ROOTED = sql.lit(3)

/** A million ids in one answer would take hundreds of megabytes on their way. */
function removePiece(trx: Transaction<Tables>, which: RawBuilder<boolean>): Promise<{ record_id: Uint8Array }[]> {
  return trx
    .deleteFrom('records')
    .where('sequence', 'in', (from) =>
      from.selectFrom('records').select('sequence').where(which).orderBy('sequence').limit(PIECE_SIZE),
    )
    .returning('record_id')
    .execute()
}

/** A second registration of a record, a second end of a key: the database's own constraints find them. */
function explained(error: unknown): unknown {
  const { code, constraint, detail } = error as { code?: unknown; constraint?: string; detail?: string }
  if (typeof code !== 'string' || !CONSTRAINT_VIOLATION.test(code)) return error
  return contradict(`${constraint}: ${detail}`, error)
}
