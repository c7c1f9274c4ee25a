/** What is promised of a PostgreSQL that goes away: whoever asks hears of it, and nobody else. */
import { expect } from 'chai'
import { sql } from 'kysely'
import { Client } from 'pg'
import { createCatalogue } from '../../server/catalogue/index.ts'
import { openPostgresForTest, type TestDatabase } from './databases.ts'
import { created, madeChain } from './made.ts'

const POSTGRESQL = process.env.TEST_DATABASE_URL

if (POSTGRESQL) describe('a connection to PostgreSQL that breaks', () => define(POSTGRESQL))
else describe('a connection to PostgreSQL that breaks', () => void it('is not tested: TEST_DATABASE_URL is not set'))

function define(url: string): void {
  let database: TestDatabase
  let administrator: Client

  before(async () => {
    database = await openPostgresForTest()
    administrator = new Client({ connectionString: url })
    await administrator.connect()
  })
  after(async () => {
    await administrator.end()
    await database.dispose()
  })

  const terminate = (pid: number) => administrator.query('select pg_terminate_backend($1, 5000)', [pid])

  it('fails the transaction that it is used for, and the next one has another', async () => {
    const { db } = database
    const failure = await db
      .transaction()
      .execute(async (trx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
        await terminate(rows[0]!.pid)
        await sql`select 1`.execute(trx)
      })
      .catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(Error)
    const { rows } = await sql<{ one: number }>`select 1 as one`.execute(db)
    expect(rows).to.deep.equal([{ one: 1 }])
  })

  it('fails the append that copies, which can be repeated', async () => {
    const catalogue = createCatalogue(database.db)
    const batch = madeChain().block(created(1))
    const held = await holdTable(new URL(database.options.databaseUrl!))
    const appending = catalogue.append(batch).catch((error: unknown) => error)
    await terminate(await waiting(administrator))
    await held.end()
    expect(await appending).to.be.instanceOf(Error)
    expect(await catalogue.head()).to.equal(null)
    await catalogue.append(batch)
    expect((await catalogue.head())!.number).to.equal(batch.headers[0]!.number)
  })
}

/** Lets nobody write headers until it ends. */
async function holdTable(url: URL): Promise<Client> {
  const client = new Client({ connectionString: url.href })
  await client.connect()
  await client.query('begin')
  await client.query('lock table headers in share mode')
  return client
}

/** @returns the process of the server that waits to copy into the table. */
async function waiting(administrator: Client): Promise<number> {
  for (;;) {
    const { rows } = await administrator.query<{ pid: number }>(
      "select pid from pg_stat_activity where query like 'copy \"headers\"%' and wait_event_type = 'Lock'",
    )
    if (rows[0]) return rows[0].pid
  }
}
