/** Empty databases for tests: PGlite in a temporary directory, and PostgreSQL where TEST_DATABASE_URL names one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { Client } from 'pg'
import { openDatabase } from '../../server/catalogue/index.ts'
import type { Tables } from '../../server/catalogue/tables.ts'

export interface TestDatabase {
  /** Migrated and empty. A test that closes it puts the one here that it opens instead. */
  db: Kysely<Tables>
  /** What `openDatabase` was called with, to open it again once `db` is closed. */
  options: { dataDir: string; databaseUrl: string | null }
  /** Closes the database if need be, and removes it. */
  dispose(): Promise<void>
}

const POSTGRESQL = process.env.TEST_DATABASE_URL

let directory: string | undefined
let count = 0

/** A new path in a directory that is removed when the tests end. */
export function temporaryPath(): string {
  if (!directory) {
    const made = mkdtempSync(join(tmpdir(), 'firsthand-catalogue-'))
    process.on('exit', () => rmSync(made, { recursive: true, force: true }))
    directory = made
  }
  return join(directory, String(++count))
}

let template: Promise<string> | undefined

/** A data directory with a new database, made once: creating one takes seconds, copying it does not. What a creation that was
 *  broken off would have left lies there before. */
export function pgliteTemplate(): Promise<string> {
  template ??= createTemplate()
  return template
}

async function createTemplate(): Promise<string> {
  const dataDir = temporaryPath()
  mkdirSync(join(dataDir, 'catalogue.unfinished'), { recursive: true })
  writeFileSync(join(dataDir, 'catalogue.unfinished', 'PG_VERSION'), '1')
  const db = await openDatabase({ dataDir, databaseUrl: null })
  await db.destroy()
  return dataDir
}

export async function openPgliteForTest(): Promise<TestDatabase> {
  const dataDir = temporaryPath()
  await cp(join(await pgliteTemplate(), 'catalogue'), join(dataDir, 'catalogue'), { recursive: true })
  const options = { dataDir, databaseUrl: null }
  const database: TestDatabase = {
    db: await openDatabase(options),
    options,
    async dispose() {
      await database.db.destroy()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return database
}

/** A schema of its own, so that tests share a server without meeting. */
export async function openPostgresForTest(): Promise<TestDatabase> {
  const schema = `test_${process.pid}_${++count}`
  await administer(`create schema ${schema}`)
  const url = new URL(POSTGRESQL!)
  url.searchParams.set('options', `-c search_path=${schema}`)
  const options = { dataDir: temporaryPath(), databaseUrl: url.href }
  const database: TestDatabase = {
    db: await openDatabase(options),
    options,
    async dispose() {
      await database.db.destroy()
      await administer(`drop schema ${schema} cascade`)
    },
  }
  return database
}

async function administer(sql: string): Promise<void> {
  const client = new Client({ connectionString: POSTGRESQL })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Defines the same tests for both databases. */
export function describeOnDatabases(title: string, define: (open: () => Promise<TestDatabase>) => void): void {
  describe(`${title}, in PGlite`, () => define(openPgliteForTest))
  if (POSTGRESQL) describe(`${title}, in PostgreSQL`, () => define(openPostgresForTest))
  else describe(`${title}, in PostgreSQL`, () => void it('is not tested: TEST_DATABASE_URL is not set'))
}
