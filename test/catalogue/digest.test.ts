/** Digests are of what the catalogue says, and of nothing else. */
import { expect } from 'chai'
import { sql } from 'kysely'
import { type Catalogue, createCatalogue, digestCatalogue, firstDifference } from '../../server/catalogue/index.ts'
import { describeOnDatabases, type TestDatabase } from './databases.ts'
import {
  batchOf,
  claimed,
  compromised,
  created,
  joined,
  keyAdded,
  keyEnded,
  logged,
  type MadeChain,
  madeChain,
  profile,
  recordIdOf,
  registered,
  revoked,
  rooted,
  superseded,
} from './made.ts'

const PRESENT = { state: 'present', title: 'A title', durationMs: 2_000, width: 3, height: 4 } as const
const CLAIMS = [claimed('d'), claimed('e')]

/** Something in every table. */
function blocksOf(chain: MadeChain) {
  return [
    chain.block(created(1), profile(1, '{"name":"One"}'), keyAdded(1, 'key'), keyAdded(1, 'other')),
    chain.block(registered('a', { signer: 'key' }), registered('b', { signer: 'other' })),
    chain.block(logged('batch', ['a', 'c'], 'key'), rooted('list', 2, 'key')),
    chain.block(revoked('a', 1, 1, 'key'), superseded('b', 'c', 'key'), keyEnded(1, 'other')),
    chain.block(compromised('other', 1), { type: 'custodyOffered', publisherId: 1, to: null }),
  ]
}

async function settle(catalogue: Catalogue): Promise<void> {
  await catalogue.setList({ publisherId: 1, ...batchOf('list', 2) }, CLAIMS)
  await catalogue.setManifest(recordIdOf('a'), PRESENT)
}

describeOnDatabases('digests of a catalogue', (open) => {
  let one: TestDatabase
  let two: TestDatabase

  before(async function () {
    this.timeout(240_000)
    one = await open()
    two = await open()
    const blocks = blocksOf(madeChain())
    const first = createCatalogue(one.db)
    await first.append(joined(...blocks))
    await settle(first)
    // The other way: block by block, with a branch that was taken back, blocks without anything, and the list early.
    const second = createCatalogue(two.db)
    for (const block of blocks.slice(0, 3)) await second.append(block)
    const branch = madeChain()
    branch.skip(9)
    await second.append(branch.block(registered('x'), revoked('a')))
    await second.rollback(3)
    await second.setList({ publisherId: 1, ...batchOf('list', 2) }, CLAIMS)
    for (const block of blocks.slice(3)) await second.append(block)
    await settle(second)
    await second.setManifest(recordIdOf('b'), { ...PRESENT, state: 'missing', title: null })
  })
  after(async () => {
    await one.dispose()
    await two.dispose()
  })

  it('are the same whatever way led there', async () => {
    const digests = await digestCatalogue(one.db)
    expect(await digestCatalogue(two.db)).to.deep.equal(digests)
    expect(digests.filter(({ rows }) => rows === 0)).to.deep.equal([])
    expect(await firstDifference(one.db, two.db)).to.equal(null)
  })

  /** Damages a row, looks, and mends it. */
  async function damaged<T>(statement: string, mend: string, look: () => Promise<T>): Promise<T> {
    await sql.raw(statement).execute(two.db)
    try {
      return await look()
    } finally {
      await sql.raw(mend).execute(two.db)
    }
  }

  const DAMAGES: [table: string, damage: string, mend: string][] = [
    ['meta', 'update meta set record_count = record_count + 1', 'update meta set record_count = record_count - 1'],
    [
      'publishers',
      'update headers set time = time + 1 where number = 1',
      'update headers set time = time - 1 where number = 1',
    ],
    ['profiles', `update profiles set name = 'Two'`, `update profiles set name = 'One'`],
    [
      'keys_added',
      'update keys_added set log_index = log_index + 100',
      'update keys_added set log_index = log_index - 100',
    ],
    ['keys_ended', 'update keys_ended set log_index = 99', 'update keys_ended set log_index = 4'],
    ['compromises', 'update compromises set since = since + 1', 'update compromises set since = since - 1'],
    ['custody_events', 'update custody_events set not_before = 0', 'update custody_events set not_before = null'],
    ['batches', `update batches set list = 'missing'`, `update batches set list = 'present'`],
    ['records', 'update records set kind = kind + 1', 'update records set kind = kind - 1'],
    ['changes', 'update changes set reason = 7 where kind = 1', 'update changes set reason = 1 where kind = 1'],
    [
      'manifests',
      `update manifests set title = null where state = 'present'`,
      `update manifests set title = 'A title' where state = 'present'`,
    ],
  ]

  for (const [table, damage, mend] of DAMAGES)
    it(`tell that ${table} differ, and no table before them`, async () => {
      const before = await digestCatalogue(one.db)
      const [after, difference] = await damaged(damage, mend, async () => [
        await digestCatalogue(two.db),
        await firstDifference(one.db, two.db),
      ])
      const unlike = after.filter(({ digest }, i) => digest !== before[i]!.digest).map((entry) => entry.table)
      expect(unlike[0]).to.equal(table)
      expect(difference).to.include({ table })
      expect(difference!.ours).to.not.deep.equal(difference!.theirs)
      expect(await digestCatalogue(two.db)).to.deep.equal(before)
    })

  it('name a row that only one has, from both sides', async () => {
    const row = await two.db.selectFrom('changes').selectAll().where('kind', '=', 1).executeTakeFirstOrThrow()
    await two.db.deleteFrom('changes').where('kind', '=', 1).execute()
    const [lacks, has] = [await firstDifference(one.db, two.db), await firstDifference(two.db, one.db)]
    await two.db.insertInto('changes').values(row).execute()
    expect(lacks).to.deep.include({ table: 'changes', key: { block_number: 4, log_index: 0 }, theirs: null })
    expect(lacks!.ours).to.include({ kind: 1, reason: 1 })
    expect(has).to.deep.equal({ ...lacks, ours: null, theirs: lacks!.ours })
  })
})
