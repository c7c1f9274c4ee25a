/** One database behind two doors: PostgreSQL where there is one, else PGlite in the data directory. */
import { join } from 'node:path'
import { type Dialect, Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { RegistryError } from '../errors.ts'
import { CopyingClient } from './copy.ts'
import { migrate } from './migrate.ts'
import { openPglite } from './pglite.ts'
import { pgliteDialect } from './pglite-dialect.ts'
import type { Tables } from './tables.ts'
import { parserOf } from './wire.ts'

export interface DatabaseOptions {
  /** The server's directory; PGlite keeps its files in `catalogue` below it. */
  dataDir: string
  /** `postgres://…`; PGlite when null or left out. */
  databaseUrl?: string | null | undefined
}

/** Connections to PostgreSQL: one writes, the others answer. */
const MAX_CONNECTIONS = 10

/** Milliseconds until a PostgreSQL that does not answer is given up. */
const CONNECT_TIMEOUT_MS = 10_000

/** Opens the database and brings it to the form that this program knows. `destroy()` closes it.
 * @throws RegistryError `server.internal` if it does not answer, is in use, or does not fit this program. */
export async function openDatabase({ dataDir, databaseUrl }: DatabaseOptions): Promise<Kysely<Tables>> {
  const dialect = databaseUrl
    ? await postgresDialect(databaseUrl)
    : pgliteDialect(await openPglite(join(dataDir, 'catalogue')))
  const db = new Kysely<Tables>({ dialect })
  try {
    await migrate(db)
    if (!databaseUrl) await gatherStatistics(db)
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** PGlite has nobody who does it. Without, joins of records with their manifests go through whole tables: of 5,000, all are read in
 *  11.6 s instead of 0.5 (a busy machine, node 24.21). */
async function gatherStatistics(db: Kysely<Tables>): Promise<void> {
  await sql`analyze headers, publishers, profiles, compromises, records, changes, batches, manifests`.execute(db)
}

async function postgresDialect(connectionString: string): Promise<Dialect> {
  const pool = new Pool({
    connectionString,
    Client: CopyingClient,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'firsthand',
    types: { getTypeParser: (oid: number) => parserOf(oid) as never },
  })
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {})
  try {
    const client = await pool.connect()
    client.release()
  } catch (cause) {
    await pool.end()
    // Without the address: it may hold a password.
    throw new RegistryError('server.internal', `PostgreSQL at DATABASE_URL: ${(cause as Error).message}`, { cause })
  }
  return new PostgresDialect({ pool })
}
