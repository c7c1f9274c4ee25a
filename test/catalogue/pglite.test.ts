/** What PGlite promises of itself, and what is promised around it. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { createCatalogue, openDatabase } from '../../server/catalogue/index.ts'
import { openPglite, type PgliteClient } from '../../server/catalogue/pglite.ts'
import { RegistryError } from '../../server/errors.ts'
import { openPgliteForTest, pgliteTemplate, type TestDatabase } from './databases.ts'
import { created, madeChain, registered } from './made.ts'
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

  it('whose log has grown is tidied while it is used', async function () {
    this.timeout(120_000)
    const { db } = database
    const logFiles = () => readdirSync(join(database.options.dataDir, 'catalogue', 'pg_wal')).length
    const body = Array.from({ length: 1_000_000 }, () => String.fromCharCode(33 + Math.random() * 90)).join('')
    const put = (id: number) => createCatalogue(db).putLookup({ id: `${id}`, createdAt: 0, expiresAt: 0, body })
    for (let i = 0; i < 140; i++) await put(i)
    const grown = logFiles()
    for (let i = 140; i < 160; i++) await put(i)
    expect(Math.max(grown, logFiles()), 'segments of 1 MB').to.be.below(190)
    for (let i = 0; i < 140; i++) await put(i)
    expect(logFiles(), 'segments of 1 MB').to.be.below(190)
  })

  describe('that stops', () => {
    let client: PgliteClient

    it('fails what waits and what is asked afterwards, and says so', async () => {
      await database.db.destroy()
      client = await openPglite(join(database.options.dataDir, 'catalogue'))
      // The thread ends on a message that it does not understand.
      const waiting = client
        .query('select 1', [new Uint8Array(1), Symbol('not to be sent') as never])
        .catch((error) => error)
      expect(await waiting).to.be.instanceOf(TypeError)
      await client.close()
      const error = await client.query('select 1', []).catch((cause) => cause)
      expect(error).to.be.instanceOf(RegistryError)
      expect(error.message).to.match(/has stopped/)
      await client.close()
    })
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
    expect(existsSync(join(options.dataDir, 'catalogue.unfinished'))).to.equal(false)
  })
})
