/** Digests of the catalogue, table by table, and the first difference between two. Both read rows in pieces: memory stays small. */
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { toHex, toHex0x } from '../bytes.ts'
import { createByteWriter } from './byte-writer.ts'
import {
  CANONICAL_TABLES,
  type CanonicalRow,
  type CanonicalTable,
  canonicalRows,
  columnsOf,
  keyOf,
} from './canonical.ts'
import type { Tables } from './tables.ts'

export interface TableDigest {
  table: CanonicalTable
  rows: number
  /** SHA-256 over all rows, as hex. */
  digest: string
}

/** Where two catalogues differ first. A row that is not there is null. */
export interface Difference {
  table: CanonicalTable
  key: Record<string, string | number | null>
  /** The columns that differ, or all of a row that only one has. */
  ours: Record<string, string | number | null> | null
  theirs: Record<string, string | number | null> | null
}

/** Bytes before a value: which form it has. A number is not a text of its digits. */
const FORM = { null: 0, number: 1, bytes: 2, text: 3 } as const

/** @param onRows is told how many rows were read of a table, piece by piece. */
export async function digestCatalogue(
  db: Kysely<Tables>,
  onRows: (table: CanonicalTable, rows: number) => void = () => {},
): Promise<TableDigest[]> {
  const digests: TableDigest[] = []
  for (const table of CANONICAL_TABLES) {
    const hash = createHash('sha256')
    const columns = columnsOf(table)
    let count = 0
    for await (const rows of canonicalRows(db, table)) {
      hash.update(encode(rows, columns))
      count += rows.length
      onRows(table, count)
    }
    digests.push({ table, rows: count, digest: hash.digest('hex') })
  }
  return digests
}

/** Each value with its form and length, so that no two lists of rows have the same bytes. */
function encode(rows: readonly CanonicalRow[], columns: readonly string[]): Uint8Array {
  const out = createByteWriter()
  for (const row of rows) {
    for (const column of columns) {
      const value = row[column] ?? null
      if (value === null) out.uint16(FORM.null)
      else if (typeof value === 'number') {
        out.uint16(FORM.number)
        out.integer(value, 8)
      } else {
        const bytes = typeof value === 'string' ? Buffer.from(value) : value
        out.uint16(typeof value === 'string' ? FORM.text : FORM.bytes)
        out.uint32(bytes.length)
        out.bytes(bytes)
      }
    }
  }
  return out.taken()
}

/** @returns null where all canonical rows are the same. */
export async function firstDifference(ours: Kysely<Tables>, theirs: Kysely<Tables>): Promise<Difference | null> {
  for (const table of CANONICAL_TABLES) {
    const [left, right] = [oneByOne(ours, table), oneByOne(theirs, table)]
    for (;;) {
      const [a, b] = [(await left.next()).value ?? null, (await right.next()).value ?? null]
      if (a === null && b === null) break
      const difference = differenceOf(table, a, b)
      if (difference) return difference
    }
  }
  return null
}

async function* oneByOne(db: Kysely<Tables>, table: CanonicalTable): AsyncGenerator<CanonicalRow, undefined> {
  for await (const rows of canonicalRows(db, table)) yield* rows
}

function differenceOf(table: CanonicalTable, a: CanonicalRow | null, b: CanonicalRow | null): Difference | null {
  const key = keyOf(table)
  const order = a && b ? compare(a, b, key) : a ? -1 : 1
  const columns = columnsOf(table)
  // Of two rows with different keys, the lower one lacks on the other side.
  if (order !== 0) {
    const row = order < 0 ? a! : b!
    const whole = shown(row, columns)
    return { table, key: shown(row, key), ours: order < 0 ? whole : null, theirs: order < 0 ? null : whole }
  }
  const unlike = columns.filter((column) => toText(a![column]) !== toText(b![column]))
  if (unlike.length === 0) return null
  return { table, key: shown(a!, key), ours: shown(a!, unlike), theirs: shown(b!, unlike) }
}

/** In the order of the database: numbers by value, bytes by their first difference. */
function compare(a: CanonicalRow, b: CanonicalRow, key: readonly string[]): number {
  for (const name of key) {
    const [x, y] = [a[name], b[name]]
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : Buffer.compare(x as Uint8Array, y as Uint8Array)
    if (order !== 0) return order
  }
  return 0
}

const toText = (value: CanonicalRow[string] | undefined): string =>
  value instanceof Uint8Array ? `bytes ${toHex(value)}` : `${typeof value} ${value}`

function shown(row: CanonicalRow, columns: readonly string[]): Record<string, string | number | null> {
  return Object.fromEntries(
    columns.map((column) => {
      const value = row[column] ?? null
      return [column, value instanceof Uint8Array ? toHex0x(value) : value]
    }),
  )
}
