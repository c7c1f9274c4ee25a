/** All rows of the catalogue as they are, sequences and lookups too, for a backup; on either database, for either. */
import { type Kysely, sql } from 'kysely'
import { RegistryError } from '../errors.ts'
import { type CanonicalRow, rowsInOrder } from './canonical.ts'
import { big, bytes, type Column, copyRows, encodeRows, integers, small, texts } from './columns.ts'
import { readMigrations } from './migrate.ts'
import type { Tables } from './tables.ts'

/** Rows of one table, as COPY takes them. */
export interface DumpedRows {
  table: Dumped
  columns: string[]
  rows: number
  content: Uint8Array
}

/** Each table (`declarations` is a view) with the columns of an index to read it by; in an order in which rows may be inserted. */
const KEYS = {
  meta: ['id'],
  headers: ['number'],
  publishers: ['publisher_id'],
  profiles: ['block_number', 'log_index'],
  keys_added: ['publisher_id', 'key'],
  keys_ended: ['publisher_id', 'key'],
  compromises: ['block_number', 'log_index'],
  custody_events: ['block_number', 'log_index'],
  batches: ['block_number', 'log_index'],
  records: ['sequence'],
  changes: ['block_number', 'log_index'],
  manifests: ['record_id', 'manifest_digest'],
  lookups: ['id'],
} as const satisfies Record<Exclude<keyof Tables, 'declarations'>, readonly string[]>
type Dumped = keyof typeof KEYS
const TABLES = Object.keys(KEYS) as Dumped[]

/** The form of the database that this program knows: names and digests of its migrations. */
export async function schemaOf(): Promise<string[]> {
  return (await readMigrations()).map(({ name, digest }) => `${name} ${digest}`)
}

/** @param snapshot a transaction that sees one state. */
export async function* dumpRows(snapshot: Kysely<Tables>): AsyncGenerator<DumpedRows> {
  for (const table of TABLES) {
    const columns = await columnsOf(snapshot, table)
    const names = Object.keys(columns)
    for await (const rows of rowsInOrder(snapshot, { from: sql.table(table), columns: names, key: KEYS[table] }))
      yield { table, columns: names, rows: rows.length, content: encodeRows(rows, Object.values(columns)) }
  }
}

async function columnsOf(db: Kysely<Tables>, table: Dumped): Promise<Record<string, Column<CanonicalRow>>> {
  const { rows } = await sql<{ name: string; type: string }>`select column_name as name, data_type as type
    from information_schema.columns where table_schema = current_schema() and table_name = ${table}
    order by ordinal_position`.execute(db)
  return Object.fromEntries(rows.map(({ name, type }) => [name, columnOf(name, type)]))
}

function columnOf(name: string, type: string): Column<CanonicalRow> {
  const number = (row: CanonicalRow) => row[name] as number | null
  if (type === 'smallint') return small(number)
  if (type === 'integer') return integers(number)
  if (type === 'bigint') return big(number)
  if (type === 'bytea') return bytes((row) => row[name] as Uint8Array | null)
  return texts((row) => row[name] as string | null)
}

/** Fills an empty catalogue in one transaction. @throws RegistryError `request.invalid` if it is not empty. */
export async function restoreRows(db: Kysely<Tables>, dumped: AsyncIterable<DumpedRows>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const table of ['headers', 'manifests', 'lookups'] as const)
      if (await trx.selectFrom(table).select(sql`1`.as('one')).limit(1).executeTakeFirst())
        throw new RegistryError('request.invalid', 'the database holds a catalogue: restore into an empty one')
    await trx.deleteFrom('meta').execute()
    for await (const { table, columns, content } of dumped) {
      if (!TABLES.includes(table))
        throw new RegistryError('request.invalid', `the backup has an unknown table "${table}"`)
      await copyRows(trx, table, columns, content)
    }
  })
}
