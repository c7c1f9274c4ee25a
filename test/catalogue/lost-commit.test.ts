/** A commit of which the answer is lost is told all the same: nobody knows whether it happened. */
import { expect } from 'chai'
import type { Kysely } from 'kysely'
import { toHex } from '../../server/bytes.ts'
import { type Catalogue, type Changes, createCatalogue } from '../../server/catalogue/index.ts'
import type { Tables } from '../../server/catalogue/tables.ts'
import { openPgliteForTest, type TestDatabase } from './databases.ts'
import { batchOf, claimed, created, type MadeChain, madeChain, recordIdOf, registered, rooted } from './made.ts'

const LOST = new Error('Connection terminated unexpectedly')

describe('a commit of which the answer is lost', () => {
  let database: TestDatabase
  let catalogue: Catalogue
  let chain: MadeChain
  let told: Changes[]
  let losing = false

  before(async function () {
    this.timeout(120_000)
    database = await openPgliteForTest()
    catalogue = createCatalogue(losingAnswers(database.db, () => losing))
    catalogue.onChange((changes) => told.push(changes))
  })
  after(() => database.dispose())
  beforeEach(async () => {
    told = []
    await catalogue.rollback(-1)
    chain = madeChain()
    await catalogue.append(chain.block(created(1)))
    told = []
  })

  async function lose(work: Promise<void>): Promise<void> {
    losing = true
    expect(await work.catch((error: unknown) => error)).to.equal(LOST)
    losing = false
  }
  const changedIds = () => told.map(({ changed }) => changed.map(toHex))
  const idsOf = (...names: string[]) => names.map((name) => toHex(recordIdOf(name)))

  it('of an append is told at once, and again with the next commit', async () => {
    await lose(catalogue.append(chain.block(registered('a'))))
    await catalogue.append(chain.block(registered('b')))
    await catalogue.append(chain.block(registered('c')))
    expect(changedIds()).to.deep.equal([idsOf('a'), idsOf('a', 'b'), idsOf('c')])
  })

  it('of a roll-back is told as what may have changed', async () => {
    const block = chain.block(registered('a'))
    await catalogue.append(block)
    told = []
    await lose(catalogue.rollback(block.headers[0]!.number - 1))
    expect(changedIds()).to.deep.equal([idsOf('a')])
    expect(told[0]!.removed).to.deep.equal([])
  })

  it('of a list is told, and so is a list that was named', async () => {
    await lose(catalogue.append(chain.block(rooted('l', 1, 'signer of l'))))
    expect(told[0]!.lists).to.deep.equal([batchOf('l', 1).listDigest])
    told = []
    await lose(catalogue.setList({ publisherId: 1, ...batchOf('l', 1) }, [claimed('a')]))
    expect(changedIds()).to.deep.equal([idsOf('a')])
  })

  it('is not told where the work itself failed', async () => {
    const twice = registered('a')
    expect(await catalogue.append(chain.block(twice, twice)).catch((error: unknown) => error)).to.be.instanceOf(Error)
    expect(told).to.deep.equal([])
  })
})

/** A database that commits and then says, while `isLosing`, that its connection broke. */
function losingAnswers(db: Kysely<Tables>, isLosing: () => boolean): Kysely<Tables> {
  const transaction = () => ({
    async execute<T>(work: Parameters<ReturnType<Kysely<Tables>['transaction']>['execute']>[0]): Promise<T> {
      const result = await db.transaction().execute(work)
      if (isLosing()) throw LOST
      return result as T
    },
  })
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'transaction') return transaction
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
