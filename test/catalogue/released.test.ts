/** A database of each form that was released becomes one of this program, and keeps what it must. A new migration brings its rows here. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type Kysely, sql } from 'kysely'
import { createCatalogue, digestCatalogue } from '../../server/catalogue/index.ts'
import { migrate, readMigrations } from '../../server/catalogue/migrate.ts'
import type { Tables } from '../../server/catalogue/tables.ts'
import { describeOnDatabases, type TestDatabase } from './databases.ts'

const FORMS = ['0001-first', '0002-anchors', '0003-declarations']

/** Forms of which no row is thrown away. */
const KEPT = FORMS.slice(1)

/** As if it had just been created by an older program. */
async function becomes(db: Kysely<Tables>, form: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE'`.execute(db)
  for (const { name } of rows) await sql`drop table ${sql.table(name)} cascade`.execute(db)
  const known = await readMigrations()
  await migrate(db, known.slice(0, known.findIndex(({ name }) => name === form) + 1))
  await sql.raw(readFileSync(new URL(`released/${form}.sql`, import.meta.url), 'utf8')).execute(db)
}

describeOnDatabases('a database of a released form', (open) => {
  let database: TestDatabase

  before(async function () {
    this.timeout(120_000)
    database = await open()
  })
  after(() => database.dispose())

  it('has rows here for each migration', async () => {
    expect((await readMigrations()).map(({ name }) => name)).to.deep.equal(FORMS)
  })

  it('0001-first keeps lookups, manifests and sequences, and is indexed anew', async () => {
    const { db } = database
    await becomes(db, '0001-first')
    await migrate(db)
    const catalogue = createCatalogue(db)
    expect(await catalogue.head()).to.equal(null)
    expect(await catalogue.counts()).to.deep.equal({ records: 0, publishers: 0 })
    expect(await catalogue.lookup('a lookup', 0)).to.include({ body: '{"id":"a lookup"}', expiresAt: 1_800_000_000 })
    expect(await db.selectFrom('manifests').select(['title', 'state']).orderBy('record_id').execute()).to.deep.equal([
      { title: 'A title', state: 'present' },
      { title: null, state: 'mismatch' },
    ])
    const meta = await db.selectFrom('meta').selectAll().executeTakeFirstOrThrow()
    expect(meta).to.include({ next_sequence: 8, record_count: 0, chain_id: null, start_block: null })
  })

  for (const form of KEPT)
    it(`${form} keeps every row`, async () => {
      const { db } = database
      await becomes(db, form)
      await migrate(db)
      const known = form !== '0002-anchors'
      expect(await db.selectFrom('declarations').select(['since', 'declared_by', 'contested']).execute()).to.deep.equal(
        [{ since: 1_700_000_001, declared_by: known ? new Uint8Array([3]) : null, contested: false }],
      )
      const digests = await digestCatalogue(db)
      const rows = Object.fromEntries(digests.map(({ table, rows }) => [table, rows]))
      expect(rows).to.deep.equal({
        ...{ meta: 1, publishers: 1, profiles: 1, keys_added: 2, keys_ended: 1, compromises: 1, custody_events: 1 },
        ...{ batches: 1, records: 3, changes: 1, manifests: 1 },
      })
      const catalogue = createCatalogue(db)
      expect((await catalogue.head())!.number).to.equal(9)
      const [latest] = await catalogue.records({ limit: 1 })
      expect(latest).to.include({ sequence: 8, kind: 'video', registeredAt: 1_700_000_012 })
      expect(latest!.anchor).to.include({ way: 'rooted', blockNumber: 2 })
      expect(await catalogue.lookup('a lookup', 0)).to.include({ body: '{"id":"a lookup"}' })
      expect(await db.selectFrom('meta').select('next_sequence').executeTakeFirstOrThrow()).to.deep.equal({
        next_sequence: 9,
      })
    })
})
