/** Kysely over PGlite: the PostgreSQL dialect with a driver of one connection. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { copiedBy } from './copy.ts'
import type { PgliteClient } from './pglite.ts'

/** Bytes of write-ahead log after which the database is tidied. PGlite has no checkpointer and no autovacuum: the log would grow
 *  until the database is closed, and deleted rows would keep their place for ever. Rarely, for after a checkpoint every page is
 *  logged whole when it first changes. */
const MAX_LOG_BYTES = 128 * 1024 * 1024

/** Uses of the connection between two looks at the log. */
const LOOK_EVERY = 16

/** @param maxLogBytes for tests: bytes of write-ahead log after which the database is tidied. */
export function pgliteDialect(client: PgliteClient, maxLogBytes = MAX_LOG_BYTES): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => createDriver(client, maxLogBytes),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

function createDriver(client: PgliteClient, maxLogBytes: number): Driver {
  const connection = createConnection(client)
  const mutex = createMutex()
  let uses = 0

  const execute = async (sql: string) => {
    await client.query(sql, [])
  }
  return {
    async init() {},
    async acquireConnection() {
      await mutex.lock()
      return connection
    },
    beginTransaction: () => execute('begin'),
    commitTransaction: () => execute('commit'),
    rollbackTransaction: () => execute('rollback'),
    async releaseConnection() {
      if (++uses % LOOK_EVERY !== 0) return mutex.unlock()
      // Not awaited: the one who releases must neither wait for it nor be blamed for its failure, which the next query meets.
      tidy(client, maxLogBytes)
        .catch(() => {})
        .finally(mutex.unlock)
    },
    destroy: () => client.close(),
  }
}

async function tidy(client: PgliteClient, maxLogBytes: number): Promise<void> {
  const { rows } = await client.query(
    'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) > $1 as long from pg_control_checkpoint()',
    [maxLogBytes],
  )
  if (!rows[0]?.long) return
  await client.query('vacuum', [])
  await client.query('checkpoint', [])
}

function createConnection(client: PgliteClient): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const copied = copiedBy(sql, parameters)
      const { rows, affectedRows } = await (copied ? client.copy(sql, copied) : client.query(sql, parameters))
      return { rows: rows as R[], ...(affectedRows !== undefined && { numAffectedRows: BigInt(affectedRows) }) }
    },
    // biome-ignore lint/correctness/useYield: the interface wants a generator, and PGlite has no cursors
    async *streamQuery() {
      throw new TypeError('PGlite does not stream: read in pieces')
    },
  }
}

interface Mutex {
  lock(): Promise<void>
  unlock(): void
}

/** First come, first served. */
function createMutex(): Mutex {
  const queue: (() => void)[] = []
  let locked = false
  return {
    async lock() {
      if (locked) await new Promise<void>((resolve) => queue.push(resolve))
      locked = true
    },
    unlock() {
      const next = queue.shift()
      if (next) next()
      else locked = false
    },
  }
}
