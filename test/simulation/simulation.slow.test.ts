import { expect } from 'chai'
import type { Kysely } from 'kysely'
import { toHex } from '../../server/bytes.ts'
import { createCatalogue } from '../../server/catalogue/index.ts'
import { OTHER_TABLES, type Tables } from '../../server/catalogue/tables.ts'
import { describeOnDatabases, type TestDatabase } from '../catalogue/databases.ts'
import { simulate } from './run.ts'
import type { Catalogues } from './world.ts'

const IN_MEMORY = 1_500
const IN_A_DATABASE = 25
/** No test of the quick suite runs these. */
const FIRST = 100_000

async function expectToHold(seed: number, catalogues?: Catalogues): Promise<void> {
  const { failures, trace } = await simulate(seed, catalogues)
  expect(failures, `seed ${seed}:\n${trace.slice(-30).join('\n')}`).to.deep.equal([])
}

describe(`the simulation of ${IN_MEMORY} seeds`, () => {
  it('holds', async () => {
    for (let i = 0; i < IN_MEMORY; i++) await expectToHold(FIRST + i)
  })
})

/** Rows of every table that the chain writes, without what depends on the order in which it came. */
async function rowsOf(db: Kysely<Tables>) {
  const rows: Record<string, string[]> = {}
  const blocks = new Set<number>()
  for (const table of ['records', ...OTHER_TABLES] as const) {
    const all: object[] = await db.selectFrom(table).selectAll().execute()
    for (const row of all) blocks.add((row as { block_number: number }).block_number)
    rows[table] = all.map(text).sort()
  }
  const headers = await db.selectFrom('headers').selectAll().orderBy('number').execute()
  // Headers of blocks without logs depend on where ranges ended, but for the last.
  rows.headers = headers.filter(({ number }, i) => blocks.has(number) || i === headers.length - 1).map(text)
  const { record_count } = await db.selectFrom('meta').select('record_count').executeTakeFirstOrThrow()
  return { rows, record_count }
}

const text = (row: object) =>
  JSON.stringify(row, (name, value) => {
    if (name === 'sequence') return undefined
    return value instanceof Uint8Array ? toHex(value) : value
  })

describeOnDatabases(`the simulation of ${IN_A_DATABASE} seeds`, (open) => {
  let databases: TestDatabase[]

  before(async () => {
    databases = [await open(), await open()]
  })
  after(async () => {
    for (const database of databases) await database.dispose()
  })

  it('holds, table by table', async () => {
    const [indexed, fromZero] = databases.map(({ db }) => createCatalogue(db)) as [
      Catalogues['indexed'],
      Catalogues['indexed'],
    ]
    const dbOf = new Map(databases.map(({ db }, i) => [i === 0 ? indexed : fromZero, db]))
    for (let i = 0; i < IN_A_DATABASE; i++) {
      await indexed.rollback(-1)
      await fromZero.rollback(-1)
      await expectToHold(FIRST + i, { indexed, fromZero, content: (one) => rowsOf(dbOf.get(one)!), real: true })
    }
  })
})
