/** The catalogue as canonical rows: what it says of the chain and of manifests, in an order that does not depend on when anything was
 *  indexed. Two catalogues of one chain at one block with the same blocks have the same rows. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from './tables.ts'

/** Tables that are compared, those first that explain a difference in later ones. Lookups are nobody's claim, and are left out. */
export const CANONICAL_TABLES = [
  'meta',
  'publishers',
  'profiles',
  'keys_added',
  'keys_ended',
  'compromises',
  'custody_events',
  'batches',
  'records',
  'changes',
  'manifests',
] as const
export type CanonicalTable = (typeof CANONICAL_TABLES)[number]

export type CanonicalRow = Record<string, string | number | Uint8Array | null>

/** Rows that are read at once. */
const PIECE_SIZE = 2_000

interface Form {
  /** Columns that name a row, in an order that an index has. */
  key: readonly string[]
  /** The others that are compared. */
  others: readonly string[]
  /** Where they come from, if it is not the table itself. */
  from?: RawBuilder<unknown>
}

const AT = ['block_number', 'log_index'] as const

/** Of the header of the block that wrote a row. Headers are no table here: beside those of rows the index keeps the last one of each
 *  range, wherever ranges ended. */
const HEADER = ['block_hash', 'block_parent_hash', 'block_time']
const withHeader = (table: CanonicalTable) => sql`(
  select t.*, h.hash as block_hash, h.parent_hash as block_parent_hash, h.time as block_time
    from ${sql.table(table)} t left join headers h on h.number = t.block_number) as rows`

/** What is said of the manifest that a record's leading anchor names; others may be left from before a roll-back. One that is missing
 *  may have a row or none. */
const MANIFESTS_THAT_COUNT = sql`(select m.* from manifests m where m.state <> 'missing' and m.manifest_digest = (
  select o.manifest_digest from records o where o.record_id = m.record_id
    order by exists (select 1 from compromises v where v.publisher_id = o.publisher_id and v.account = o.signer
      and v.since <= o.time), o.block_number, o.log_index, o.leaf_index limit 1)) as rows`

const FORMS: Record<CanonicalTable, Form> = {
  meta: { key: ['id'], others: ['chain_id', 'publisher_registry', 'media_registry', 'start_block', 'record_count'] },
  publishers: { key: ['publisher_id'], others: ['custody', ...AT] },
  profiles: { key: AT, others: ['publisher_id', 'uri', 'digest', 'name', 'domain'] },
  keys_added: { key: ['publisher_id', 'key'], others: AT },
  keys_ended: { key: ['publisher_id', 'key'], others: AT },
  compromises: { key: AT, others: ['publisher_id', 'account', 'since', 'declared_by'] },
  custody_events: { key: AT, others: ['publisher_id', 'type', 'account', 'not_before'] },
  batches: {
    key: AT,
    others: ['publisher_id', 'root', 'list_digest', 'count', 'signer', 'time', 'transaction_hash', 'list'],
  },
  records: {
    key: ['record_id', ...AT, 'leaf_index'],
    others: [
      ...['publisher_id', 'content_digest', 'manifest_digest', 'signer', 'kind', 'algorithm', 'words'],
      ...['way', 'batch_root', 'time', 'transaction_hash'],
    ],
  },
  changes: {
    key: AT,
    others: [
      ...['record_id', 'publisher_id', 'content_digest', 'signer', 'kind', 'reason', 'superseded_by'],
      ...['time', 'transaction_hash'],
    ],
  },
  manifests: {
    key: ['record_id', 'manifest_digest'],
    others: ['state', 'title', 'duration_ms', 'width', 'height'],
    from: MANIFESTS_THAT_COUNT,
  },
}

const hasHeader = (table: CanonicalTable) => columnsIn(table).includes('block_number')
const columnsIn = (table: CanonicalTable) => [...FORMS[table].key, ...FORMS[table].others]

/** All columns of a table that are compared, in their order; those of the key first. */
export const columnsOf = (table: CanonicalTable): readonly string[] =>
  hasHeader(table) ? [...columnsIn(table), ...HEADER] : columnsIn(table)
export const keyOf = (table: CanonicalTable): readonly string[] => FORMS[table].key

/** Rows in the order of their keys, in pieces. Each piece is read by itself: compare catalogues that nobody writes to. */
export function canonicalRows(db: Kysely<Tables>, table: CanonicalTable): AsyncGenerator<CanonicalRow[]> {
  const from = FORMS[table].from ?? (hasHeader(table) ? withHeader(table) : sql.table(table))
  return rowsInOrder(db, { from, columns: columnsOf(table), key: keyOf(table) })
}

/** @param key columns that name a row, in an order that an index has. */
export async function* rowsInOrder(
  db: Kysely<Tables>,
  { from, columns, key }: { from: RawBuilder<unknown>; columns: readonly string[]; key: readonly string[] },
): AsyncGenerator<CanonicalRow[]> {
  const selected = sql.join(columns.map((name) => sql.ref(name)))
  const order = sql.join(key.map((name) => sql.ref(name)))
  let last: CanonicalRow | undefined
  for (;;) {
    const after = last ? sql`where (${order}) > (${sql.join(key.map((name) => parameterOf(last!, name)))})` : sql``
    const { rows } = await sql<CanonicalRow>`
      select ${selected} from ${from} ${after} order by ${order} limit ${PIECE_SIZE}::bigint`.execute(db)
    if (rows.length === 0) return
    yield rows
    last = rows.at(-1)
  }
}

/** A parameter says its type: the planner has nothing else to go by in a comparison of rows. */
function parameterOf(row: CanonicalRow, name: string): RawBuilder<unknown> {
  const value = row[name]
  if (typeof value === 'number') return sql`${value}::bigint`
  return typeof value === 'string' ? sql`${value}::text` : sql`${value}::bytea`
}
