import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { sql } from 'kysely'
import { openDatabase } from '../../server/catalogue/index.ts'
import { type Migration, migrate, readMigrations } from '../../server/catalogue/migrate.ts'
import { RegistryError } from '../../server/errors.ts'
import { describeOnDatabases, type TestDatabase } from './databases.ts'

function migration(name: string, text: string): Migration {
  return { name, sql: text, digest: createHash('sha256').update(text).digest('hex') }
}

describeOnDatabases('migrations', (open) => {
  let database: TestDatabase
  let first: Migration[]

  before(async function () {
    this.timeout(120_000)
    database = await open()
    first = await readMigrations()
  })
  after(() => database.dispose())
  afterEach(async () => {
    await sql`delete from migrations where name >= '0100'`.execute(database.db)
    await sql`drop table if exists later`.execute(database.db)
  })

  async function refusalOf(migrations: Migration[]): Promise<string> {
    const error = await migrate(database.db, migrations).catch((cause) => cause)
    expect(error).to.be.instanceOf(RegistryError)
    expect(error.code).to.equal('server.internal')
    return error.message
  }

  const names = async () =>
    (await sql<{ name: string }>`select name from migrations order by name`.execute(database.db)).rows.map(
      ({ name }) => name,
    )

  it('of this program have been applied to a database that is open, and are applied once', async () => {
    expect(await names()).to.deep.equal(first.map(({ name }) => name))
    await migrate(database.db, first)
    expect(await names()).to.deep.equal(first.map(({ name }) => name))
  })

  it('that are new are applied in order', async () => {
    const more = [
      migration('0100-make', 'create table later (n int); insert into later values (1);'),
      migration('0101-fill', 'insert into later values (2)'),
    ]
    await migrate(database.db, [...first, ...more])
    expect((await sql`select n from later order by n`.execute(database.db)).rows).to.deep.equal([{ n: 1 }, { n: 2 }])
    expect(await names()).to.deep.equal([...first.map(({ name }) => name), '0100-make', '0101-fill'])
  })

  it('that fail leave nothing of themselves, and keep those before them', async () => {
    const more = [
      migration('0100-make', 'create table later (n int)'),
      migration('0101-fail', 'insert into later values (1); select nothing'),
    ]
    const error = await migrate(database.db, [...first, ...more]).catch((cause) => cause)
    expect(error.message).to.match(/"nothing" does not exist/)
    expect((await sql`select * from later`.execute(database.db)).rows).to.deep.equal([])
    expect(await names()).to.deep.equal([...first.map(({ name }) => name), '0100-make'])
  })

  it('that this program does not know stop it', async () => {
    await migrate(database.db, [...first, migration('0100-make', 'create table later (n int)')])
    expect(await refusalOf(first)).to.match(/has migration "0100-make" .* does not know: start a newer version/)
  })

  it('that were changed after they were applied stop it', async () => {
    const changed = { ...first[0]!, digest: '00'.repeat(32) }
    expect(await refusalOf([changed, ...first.slice(1)])).to.match(/"0001-first" .* was changed after it was applied/)
  })

  it('that have another place stop it', async () => {
    const other = migration('0000-before', 'select 1')
    expect(await refusalOf([other, ...first])).to.match(/"0001-first" .* where this program has "0000-before"/)
  })
})

const url = process.env.TEST_DATABASE_URL
describe('two servers that start at once on one PostgreSQL', () => {
  it(`migrate it once${url ? '' : ': not tested, TEST_DATABASE_URL is not set'}`, url ? migrateAtOnce : undefined)
})

async function migrateAtOnce(): Promise<void> {
  const { openPostgresForTest } = await import('./databases.ts')
  const { db, options, dispose } = await openPostgresForTest()
  await sql`drop table migrations, meta, headers, publishers, profiles, keys_ended, keys_added, compromises, custody_events, records, changes, batches, manifests, lookups cascade`.execute(
    db,
  )
  const opened = await Promise.all([1, 2, 3, 4].map(() => openDatabase(options)))
  const { rows } = await sql`select name from migrations`.execute(db)
  expect(rows).to.have.length((await readMigrations()).length)
  for (const one of opened) await one.destroy()
  await dispose()
}
