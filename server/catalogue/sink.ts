/** Where the indexer writes: rows and checkpoint change in one transaction, or not at all. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { BlockHeader, RegistryLog, Sink } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import { type Batch, checkPublishers, checkShape, checkSuccessor, contradict, logsOf } from './batch.ts'
import { insertHeaders, insertLogs } from './insert.ts'
import { OTHER_TABLES, type Tables } from './tables.ts'
import type { Changes } from './types.ts'

/** SQLSTATE class 23, integrity constraint violation: a row that the contracts cannot have written. */
const CONSTRAINT_VIOLATION = /^23/

/** Records that are removed by one statement. */
const PIECE_SIZE = 10_000

/** @param changed is called after each commit. */
export function createSink(db: Kysely<Tables>, changed: (changes: Changes) => void): Sink {
  return {
    head: () => headerAtOrBelow(db, Number.MAX_SAFE_INTEGER),
    headerAtOrBelow: (number) => headerAtOrBelow(db, number),

    async append(batch) {
      checkShape(batch)
      try {
        await db.transaction().execute((trx) => append(trx, batch))
      } catch (error) {
        throw explained(error)
      }
      changed({ added: logsOf(batch.logs, 'mediaRegistered').map(({ recordId }) => recordId), removed: [] })
    },

    async rollback(number) {
      if (!Number.isSafeInteger(number) || number < -1)
        throw new RegistryError('server.internal', `rollback: "number" expected a block or -1, got ${number}`)
      const removed = await db.transaction().execute((trx) => rollback(trx, number))
      changed({ added: [], removed })
    },
  }
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
async function lockSequence(trx: Transaction<Tables>): Promise<number> {
  const meta = await trx.selectFrom('meta').select('next_sequence').forUpdate().executeTakeFirstOrThrow()
  return meta.next_sequence
}

async function append(trx: Transaction<Tables>, { headers, logs }: Batch): Promise<void> {
  const sequence = await lockSequence(trx)
  const head = await headerAtOrBelow(trx, Number.MAX_SAFE_INTEGER)
  if (head && headers[0]) checkSuccessor(head, headers[0])
  checkPublishers(logs, await countPublishers(trx))
  await insertHeaders(trx, headers)
  await insertLogs(trx, logs, sequence)
  await advance(trx, countRecords(logs))
}

/** Ids have no gaps, so the highest one is how many there are. */
async function countPublishers(trx: Transaction<Tables>): Promise<number> {
  const { count } = await trx
    .selectFrom('publishers')
    .select(({ fn }) => fn.max('publisher_id').as('count'))
    .executeTakeFirstOrThrow()
  return count ?? 0
}

function countRecords(logs: RegistryLog[]): number {
  return logs.reduce((count, { type }) => count + (type === 'mediaRegistered' ? 1 : 0), 0)
}

async function advance(trx: Transaction<Tables>, records: number): Promise<void> {
  if (records === 0) return
  await trx
    .updateTable('meta')
    .set({
      next_sequence: sql`next_sequence + ${records}::bigint`,
      record_count: sql`record_count + ${records}::bigint`,
    })
    .execute()
}

async function rollback(trx: Transaction<Tables>, number: number): Promise<Uint8Array[]> {
  await lockSequence(trx)
  const removed = await removeRecords(trx, number)
  for (const table of OTHER_TABLES) await trx.deleteFrom(table).where('block_number', '>', number).execute()
  await trx.deleteFrom('headers').where('number', '>', number).execute()
  await trx
    .updateTable('meta')
    .set({ record_count: sql`record_count - ${removed.length}::bigint` })
    .execute()
  return removed
}

/** Sequences rise with blocks, so the rows to go are the last ones, and no index on blocks is kept for the sake of this. */
async function removeRecords(trx: Transaction<Tables>, number: number): Promise<Uint8Array[]> {
  const last = await trx
    .selectFrom('records')
    .select('sequence')
    .where('block_number', '<=', number)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  const first = last?.sequence ?? 0
  const removed: Uint8Array[] = []
  for (;;) {
    const piece = await removePiece(trx, first)
    if (piece.length === 0) return removed
    for (const { record_id } of piece) removed.push(record_id)
  }
}

/** A million ids in one answer would take hundreds of megabytes on their way. */
function removePiece(trx: Transaction<Tables>, above: number): Promise<{ record_id: Uint8Array }[]> {
  return trx
    .deleteFrom('records')
    .where('sequence', 'in', (from) =>
      from.selectFrom('records').select('sequence').where('sequence', '>', above).orderBy('sequence').limit(PIECE_SIZE),
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
