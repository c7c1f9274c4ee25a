/** The database of the server that is killed: embedded, or a schema of its own in the PostgreSQL of TEST_DATABASE_URL. */
import { Client } from 'pg'

export interface Database {
  /** For DATABASE_URL; empty for the embedded one. */
  url: string
  drop(): Promise<void>
}

/** @param kind `postgres`, or left out. */
export async function createDatabase(kind: string | undefined): Promise<Database> {
  if (kind === undefined) return { url: '', drop: async () => {} }
  const server = process.env.TEST_DATABASE_URL
  if (kind !== 'postgres' || !server)
    throw new TypeError('--database expects postgres, and TEST_DATABASE_URL its address')
  const schema = `kill_${process.pid}`
  await administer(server, `create schema ${schema}`)
  const url = new URL(server)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return { url: url.href, drop: () => administer(server, `drop schema ${schema} cascade`) }
}

async function administer(connectionString: string, statement: string): Promise<void> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
