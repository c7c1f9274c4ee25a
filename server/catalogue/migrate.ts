/** Brings a database forward, never back: each file of `migrations/` once, in order, in a transaction of its own. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { type Kysely, sql, type Transaction } from 'kysely'
import { toHex } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import type { Tables } from './tables.ts'

export interface Migration {
  /** `0001-first`: the file's name without `.sql`. */
  name: string
  sql: string
  /** SHA-256 of `sql`, as hex. */
  digest: string
}

interface Applied {
  name: string
  digest: string
}

/** The first eight bytes of SHA-256("firsthand migrations"), as PostgreSQL's advisory locks want them. */
const LOCK_ID = createHash('sha256').update('firsthand migrations').digest().readBigInt64BE()

/** The migrations of this program, in order. */
export async function readMigrations(directory = new URL('./migrations/', import.meta.url)): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async (file) => {
      // A checkout on Windows may have changed the ends of lines; the digest must not follow.
      const text = (await readFile(new URL(file, directory), 'utf8')).replaceAll('\r\n', '\n')
      const digest = toHex(createHash('sha256').update(text).digest())
      return { name: file.slice(0, -'.sql'.length), sql: text, digest }
    }),
  )
}

/** Applies what is missing. Two servers that start at once wait for each other.
 * @throws RegistryError `server.internal` if the database was written by a newer program, or by other migrations. */
export async function migrate(db: Kysely<Tables>, migrations?: Migration[]): Promise<void> {
  const known = migrations ?? (await readMigrations())
  while (await db.transaction().execute((trx) => applyNext(trx, known)));
}

/** Applies one migration; false if none is left. */
async function applyNext(trx: Transaction<Tables>, known: Migration[]): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(${LOCK_ID})`.execute(trx)
  await sql`create table if not exists migrations (
    name text primary key, digest text not null, applied_at timestamptz not null default now())`.execute(trx)
  const applied = (await sql<Applied>`select name, digest from migrations order by name`.execute(trx)).rows
  applied.forEach((row, i) => {
    checkApplied(row, known[i])
  })
  const next = known[applied.length]
  if (!next) return false
  await sql.raw(next.sql).execute(trx)
  await sql`insert into migrations (name, digest) values (${next.name}, ${next.digest})`.execute(trx)
  return true
}

function checkApplied(applied: Applied, known: Migration | undefined): void {
  const where = `the database has migration "${applied.name}" (sha256 ${applied.digest.slice(0, 12)}…)`
  if (!known)
    throw new RegistryError(
      'server.internal',
      `${where}, which this program does not know: start a newer version of it`,
    )
  if (applied.name !== known.name)
    throw new RegistryError('server.internal', `${where} where this program has "${known.name}": use another database`)
  if (applied.digest !== known.digest)
    throw new RegistryError(
      'server.internal',
      `${where}, but this program's file of that name has ${known.digest.slice(0, 12)}…: it was changed after it was applied`,
    )
}
