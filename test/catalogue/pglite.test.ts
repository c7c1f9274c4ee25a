/** What PGlite promises of itself, and what is promised around it. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { Kysely, sql } from 'kysely'
import { createCatalogue, openDatabase } from '../../server/catalogue/index.ts'
import { openPglite } from '../../server/catalogue/pglite.ts'
import { pgliteDialect } from '../../server/catalogue/pglite-dialect.ts'
import type { Tables } from '../../server/catalogue/tables.ts'
import { byteaArray } from '../../server/catalogue/wire.ts'
import { RegistryError } from '../../server/errors.ts'
import { openPgliteForTest, pgliteTemplate, type TestDatabase } from './databases.ts'
import { created, digestOf, madeChain, registered } from './made.ts'
import { RECORDS, type Said } from './writer.ts'

describe('the database in a data directory', () => {
  let database: TestDatabase

  before(async function () {
    this.timeout(120_000)
    database = await openPgliteForTest()
  })
  after(() => database.dispose())

  it('is created whole, whatever an earlier attempt left', async () => {
    const files = readdirSync(await pgliteTemplate()).sort()
    expect(files).to.deep.equal(['catalogue', 'catalogue.lock'])
  })

  it('is open in one place at a time', async () => {
    const error = await openDatabase(database.options).catch((cause) => cause)
    expect(error).to.be.instanceOf(RegistryError)
    expect(error.code).to.equal('server.internal')
    expect(error.message).to.match(/catalogue\.lock" is locked: another server uses this data directory/)
  })

  it('has what was committed when it is opened again', async () => {
    const chain = madeChain()
    const catalogue = createCatalogue(database.db)
    await catalogue.append(chain.block(created(1), registered('a'), registered('b')))
    await catalogue.close()
    database.db = await openDatabase(database.options)
    const again = createCatalogue(database.db)
    expect(await again.head()).to.deep.equal(chain.head())
    expect(await again.counts()).to.deep.equal({ records: 2, publishers: 1 })
  })

  it('has committed what a listener fails on: the indexer is not told, the process is', async () => {
    const { append, onChange, head } = createCatalogue(database.db)
    const chain = madeChain()
    chain.skip((await head())!.number)
    onChange(() => {
      throw new Error('a listener')
    })
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
    try {
      chain.skip(1)
      await append(chain.block(registered('c')))
      expect(await uncaught).to.have.property('message', 'a listener')
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
    expect((await head())!.number).to.equal(chain.head()!.number)
  })

  it('writes its log through to the disk, and keeps checksums', async () => {
    await database.db.destroy()
    const client = await openPglite(join(database.options.dataDir, 'catalogue'))
    const shown = async (name: string) => Object.values((await client.query(`show ${name}`, [])).rows[0]!)[0]
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums'])
      expect(await shown(setting), setting).to.equal('on')
    expect(await shown('wal_sync_method')).to.equal('fsync')
    await client.close()
    database.db = await openDatabase(database.options)
  })

  it('looks for many records by their index, though it has no statistics', async () => {
    const catalogue = createCatalogue(database.db)
    const chain = madeChain()
    chain.skip((await catalogue.head())!.number + 1)
    await catalogue.append(chain.block(...Array.from({ length: 2_000 }, (_, i) => registered(`many ${i}`))))
    const ids = byteaArray(Array.from({ length: 200 }, (_, i) => digestOf(`absent ${i}`)))
    const { rows } = await sql<Record<string, string>>`
      explain select record_id from records where record_id = any(${ids}::bytea[])`.execute(database.db)
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).to.include('records_by_record').and.not.include('Seq Scan')
  })

  it('whose log has grown is tidied while it is used', async function () {
    this.timeout(60_000)
    await database.db.destroy()
    const directory = join(database.options.dataDir, 'catalogue')
    const dialect = pgliteDialect(await openPglite(directory), 4 * 1024 * 1024)
    const db = new Kysely<Tables>({ dialect })
    const { putLookup, expireLookups } = createCatalogue(db)
    const bytesOf = async (expression: string) =>
      (await sql<{ bytes: number }>`select (${sql.raw(expression)})::float8 as bytes`.execute(db)).rows[0]!.bytes
    for (let i = 0; i < 200; i++) {
      await putLookup({ id: `${i}`, createdAt: 0, expiresAt: 0, body: randomBytes(100_000).toString('base64') })
      await expireLookups(1)
    }
    expect(await bytesOf("pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"), 'written').to.be.above(25e6)
    expect(await bytesOf("pg_total_relation_size('lookups')"), 'the place of deleted rows').to.be.below(15e6)
    const logged = bytesOf('select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) from pg_control_checkpoint()')
    expect(await logged, 'since the last checkpoint').to.be.below(9e6)
    await db.destroy()
    database.db = await openDatabase(database.options)
  })

  it('that is closed says so to whoever asks it', async () => {
    await database.db.destroy()
    const client = await openPglite(join(database.options.dataDir, 'catalogue'))
    const [last] = await Promise.all([client.query('select 1 as one', []), client.close()])
    expect(last.rows).to.deep.equal([{ one: 1 }])
    const error = await client.query('select 1', []).catch((cause) => cause)
    expect(error).to.be.instanceOf(RegistryError)
    expect(error.message).to.match(/the database in ".*" has stopped/)
    await client.close()
    database.db = await openDatabase(database.options)
  })

  it('that cannot be opened says why, and can be opened once that is mended', async function () {
    this.timeout(60_000)
    await database.db.destroy()
    const control = join(database.options.dataDir, 'catalogue', 'global', 'pg_control')
    renameSync(control, `${control}.away`)
    const error = await openDatabase(database.options).catch((cause) => cause)
    expect(error).to.be.instanceOf(RegistryError)
    expect(error.message).to.match(/has stopped|could not be created/)
    renameSync(`${control}.away`, control)
    database.db = await openDatabase(database.options)
  })
})

describe('a server that is killed while it appends', () => {
  /** Starts the writer and kills it some time after its first commit. @returns what it said. */
  async function writeAndDie(dataDir: string, lifeMs: number): Promise<Said[]> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: Said[] = []
    for await (const line of createInterface(child.stdout)) {
      if (line.endsWith('}')) said.push(JSON.parse(line))
      if (said.length === 2) setTimeout(() => child.kill('SIGKILL'), lifeMs)
    }
    return said
  }

  it('loses no committed block and keeps no half of one, ten times', async function () {
    this.timeout(240_000)
    const { options, db } = await openPgliteForTest()
    await db.destroy()
    let committed = 0
    let blocks = 0
    for (let round = 0; round <= 10; round++) {
      const said = await writeAndDie(options.dataDir, 20 + 37 * round)
      const [first, ...commits] = said
      const { head, records, counted, highest, sequences } = (first as Extract<Said, { found: object }>).found
      const known = `round ${round}, ${commits.length} commits seen`
      expect(head, known).to.be.at.least(committed)
      expect(head, known).to.equal(highest)
      expect(records % RECORDS, known).to.equal(0)
      expect([counted, sequences], known).to.deep.equal([records, records])
      expect(records / RECORDS, known).to.be.at.least(blocks)
      committed = (commits.at(-1) as { committed: number }).committed
      blocks = records / RECORDS + commits.length
    }
    // Each round comes to its second commit at least, however slow the machine is.
    expect(blocks, 'blocks in ten rounds').to.be.above(10)
  })
})
