/** A backup brings back all of it, on either database, and one that is damaged touches nothing. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { createBlockStore, createCatalogue, digestCatalogue, openDatabase } from '../../server/catalogue/index.ts'
import { readConfig } from '../../server/config.ts'
import { RegistryError } from '../../server/errors.ts'
import { backup, restore } from '../../server/maintenance/index.ts'
import { madeBlock } from '../catalogue/block-writer.ts'
import { describeOnDatabases, openPgliteForTest, type TestDatabase, temporaryPath } from '../catalogue/databases.ts'
import {
  compromised,
  created,
  joined,
  keyAdded,
  logged,
  madeChain,
  profile,
  recordIdOf,
  registered,
  revoked,
  rooted,
} from '../catalogue/made.ts'

const configOf = ({ options }: TestDatabase) =>
  readConfig({ DATA_DIR: options.dataDir, DATABASE_URL: options.databaseUrl ?? '' })

const refusal = (work: Promise<unknown>): Promise<RegistryError> =>
  work.then(
    () => expect.fail('was not refused'),
    (error) => error,
  )

describeOnDatabases('a backup', (open) => {
  const file = temporaryPath()
  const block = madeBlock('a block')
  const used: TestDatabase[] = []
  let original: Awaited<ReturnType<typeof read>>

  /** Everything that a backup has. */
  async function read(database: TestDatabase) {
    const catalogue = createCatalogue(database.db)
    const records = await catalogue.records({ limit: 100 })
    const { dataDir } = database.options
    return {
      digests: await digestCatalogue(database.db),
      head: await catalogue.head(),
      sequences: records.map(({ sequence }) => sequence),
      lookup: await catalogue.lookup('a lookup', 0),
      block: await createBlockStore({ directory: dataDir, now: () => 0 }).get(block.cid),
      journal: readFileSync(join(dataDir, 'devnet/journal.jsonl'), 'utf8'),
    }
  }

  async function empty(how: () => Promise<TestDatabase>): Promise<TestDatabase> {
    const database = await how()
    used.push(database)
    await database.db.destroy()
    return database
  }

  before(async function () {
    this.timeout(240_000)
    const database = await open()
    used.push(database)
    const { dataDir } = database.options
    const catalogue = createCatalogue(database.db)
    const chain = madeChain()
    await catalogue.append(
      joined(
        chain.block(created(1), profile(1, '{"name":"One"}'), keyAdded(1, 'key')),
        chain.block(registered('gone'), registered('a', { signer: 'key' })),
      ),
    )
    await catalogue.rollback(1)
    chain.rollback(1)
    await catalogue.append(chain.block(registered('a', { signer: 'key' }), logged('batch', ['b', 'c'], 'key')))
    await catalogue.append(chain.block(rooted('list', 2, 'key'), revoked('a'), compromised('key', 99)))
    const said = { state: 'present', title: 'A title \u2028', durationMs: null, width: 1, height: 2 } as const
    await catalogue.setManifest(recordIdOf('a'), said)
    await catalogue.putLookup({ id: 'a lookup', createdAt: 1, expiresAt: 2, body: '{"a":1}' })
    await createBlockStore({ directory: dataDir, now: () => 0 }).put([block])
    mkdirSync(join(dataDir, 'devnet'), { recursive: true })
    writeFileSync(join(dataDir, 'devnet/journal.jsonl'), '{"journal":"devnet1"}\n')
    original = await read(database)
    await database.db.destroy()
    const report = await backup(configOf(database), file)
    expect(report.files).to.equal(2)
    expect(await refusal(backup(configOf(database), file))).to.have.property('code', 'request.invalid')
  })
  after(async () => {
    for (const database of used) await database.dispose()
  })

  for (const [name, how] of [
    ['such a database', () => open()],
    ['PGlite', openPgliteForTest],
  ] as const)
    it(`is restored into ${name} as it was, and then not once more`, async function () {
      this.timeout(120_000)
      const database = await empty(how)
      await restore(configOf(database), file)
      database.db = await openDatabase(database.options)
      expect(await read(database)).to.deep.equal(original)
      const catalogue = createCatalogue(database.db)
      const chain = madeChain()
      chain.skip(20)
      await catalogue.append(chain.block(registered('later')))
      const [latest] = await catalogue.records({ limit: 1 })
      expect(latest!.sequence, 'never used before').to.be.above(Math.max(...original.sequences))
      await database.db.destroy()
      expect(await refusal(restore(configOf(database), file))).to.have.property('code', 'request.invalid')
    })

  it('is restored whole or not at all: where a file has no room, the rows go too, and it can be tried again', async function () {
    this.timeout(120_000)
    const database = await empty(open)
    const { dataDir } = database.options
    const inTheWay = join(dataDir, 'devnet/journal.jsonl.restoring')
    mkdirSync(inTheWay, { recursive: true })
    expect((await restore(configOf(database), file).catch((error: Error) => error)) as Error).to.be.instanceOf(Error)
    rmSync(inTheWay, { recursive: true })
    await restore(configOf(database), file)
    database.db = await openDatabase(database.options)
    expect(await read(database)).to.deep.equal(original)
    await database.db.destroy()
  })

  it('that is damaged or cut off anywhere is refused before anything is touched', async function () {
    this.timeout(120_000)
    const whole = readFileSync(file)
    const database = await empty(open)
    const damaged = temporaryPath()
    const cases = [
      ...[0, 40, whole.length >> 1, whole.length - 90, whole.length - 20].map((at) => {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= 1
        return bytes
      }),
      ...[0, 10, whole.length >> 1, whole.length - 1].map((length) => whole.subarray(0, length)),
      Buffer.concat([whole, Buffer.from('\n')]),
    ]
    const held = () => (existsSync(database.options.dataDir) ? readdirSync(database.options.dataDir) : [])
    const there = held()
    for (const [i, bytes] of cases.entries()) {
      writeFileSync(damaged, bytes)
      const error = await refusal(restore(configOf(database), damaged))
      expect(error, `case ${i}`).to.be.instanceOf(RegistryError)
      expect(error.message, `case ${i}`).to.match(/^the backup is damaged: /)
      expect(held()).to.deep.equal(there)
    }
  })
})
