/** Rooted batches, and the claims of their lists when those come (docs/protocol.md §6). */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Claim, RootedBatch } from '../chain/index.ts'
import { type Commit, distinct } from './commit.ts'
import { insertAnchors } from './insert.ts'
import { advance, lockSequence, present } from './sink.ts'
import type { Tables } from './tables.ts'
import type { BatchFilter, BatchRow, Catalogue } from './types.ts'
import { DECLARATION, disownedBy, disownedOf } from './void.ts'

type Named = { publisherId: number } & RootedBatch

/** @param commit of `createCommitter`. */
export function createLists(db: Kysely<Tables>, commit: Commit): Pick<Catalogue, 'batches' | 'setList'> {
  return {
    batches: (filter) => batches(db, filter),
    setList: (batch, claims) =>
      commit(async (trx) => {
        if (!(await setList(trx, batch, claims)) || !claims) return null
        return { changed: distinct(claims.map(({ recordId }) => recordId)), removed: [], lists: [] }
      }),
  }
}

async function batches(
  db: Kysely<Tables>,
  { publisherId, listDigest, list, before, limit }: BatchFilter,
): Promise<BatchRow[]> {
  let chosen = db.selectFrom('batches as b').leftJoin('declarations as c', disownedBy('b')).selectAll('b')
  if (publisherId !== undefined) chosen = chosen.where('b.publisher_id', '=', publisherId)
  if (listDigest) chosen = chosen.where('b.list_digest', '=', listDigest)
  if (list) chosen = chosen.where('b.list', '=', list)
  if (before)
    chosen = chosen.where(
      sql<boolean>`(b.block_number, b.log_index) < (${before.blockNumber}::bigint, ${before.logIndex}::integer)`,
    )
  const rows = await chosen
    .select(DECLARATION)
    .orderBy('b.block_number', 'desc')
    .orderBy('b.log_index', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    publisherId: row.publisher_id,
    root: row.root,
    listDigest: row.list_digest,
    count: row.count,
    signer: row.signer,
    registeredAt: row.time,
    transactionHash: row.transaction_hash,
    blockNumber: row.block_number,
    logIndex: row.log_index,
    list: row.list,
    disowned: disownedOf(row),
  }))
}

/** Every batch of that name: one that was void may have been registered again. @returns whether there was one. */
async function setList(trx: Transaction<Tables>, batch: Named, claims: Claim[] | null): Promise<boolean> {
  let sequence = await lockSequence(trx)
  const rows = await trx
    .updateTable('batches')
    .set({ list: claims ? 'present' : 'mismatch' })
    .where('publisher_id', '=', batch.publisherId)
    .where('root', '=', batch.root)
    .where('list_digest', '=', batch.listDigest)
    .where('count', '=', batch.count)
    .where('list', '=', 'missing')
    .returningAll()
    .execute()
  if (!claims) return rows.length > 0
  const ids = distinct(claims.map(({ recordId }) => recordId))
  for (const row of rows) {
    const known = await present(trx, ids)
    const at = { blockNumber: row.block_number, logIndex: row.log_index, transactionHash: row.transaction_hash }
    const shared = { publisherId: row.publisher_id, signer: row.signer, way: 3, root: row.root, time: row.time, at }
    await insertAnchors(
      trx,
      claims.map((claim, index) => ({ ...shared, claim, index })),
      sequence,
    )
    await advance(trx, { anchors: claims.length, records: ids.length - known.size })
    sequence += claims.length
  }
  return rows.length > 0
}
