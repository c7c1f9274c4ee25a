/** Whatever is appended and rolled back on the way, the catalogue is that of the chain as it ended. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Kysely } from 'kysely'
import { toHex } from '../../server/bytes.ts'
import type { Batch } from '../../server/catalogue/batch.ts'
import { type Catalogue, createCatalogue } from '../../server/catalogue/index.ts'
import { OTHER_TABLES, type Tables } from '../../server/catalogue/tables.ts'
import type { RegistryEvent } from '../../server/chain/index.ts'
import { describeOnDatabases, type TestDatabase } from './databases.ts'
import { created, joined, keyAdded, keyEnded, type MadeChain, madeChain, profile, registered, revoked } from './made.ts'
import { memoryCatalogue } from './memory-catalogue.ts'

/** What to do, as numbers: which events, how far back. What they come to depends on the chain at that point. */
type Step = { append: number[][] } | { rollback: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ append: fc.array(fc.array(fc.nat(), { maxLength: 6 }), { minLength: 1, maxLength: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ rollback: fc.nat({ max: 6 }) }) },
  ),
  { minLength: 1, maxLength: 12 },
)

/** Few names, so that what was rolled back comes again, on another branch and with another manifest. */
const NAMES = Array.from({ length: 9 }, (_, i) => `name ${i}`)

/** What happens once at most, as a text: `mediaRegistered <recordId>`, `keyEnded <publisherId> <key>`. */
function onceOf(event: RegistryEvent): string {
  const subject = 'recordId' in event ? event.recordId : 'key' in event ? event.key : new Uint8Array()
  return `${event.type} ${'key' in event ? event.publisherId : ''} ${toHex(subject)}`
}

/** An event that the contracts can emit after these: the one that is picked, or else the next one that can be. */
function possibleEvent(before: RegistryEvent[], pick: number): RegistryEvent {
  const publishers = before.filter(({ type }) => type === 'publisherCreated').length
  if (publishers === 0) return created(1)
  const happened = new Set(before.map(onceOf))
  const name = NAMES[pick % NAMES.length]!
  const publisherId = 1 + (pick % publishers)
  const key = `${publisherId} ${name}`
  const once = [
    registered(name, { publisherId, kind: pick % 5, manifest: `${pick}` }),
    revoked(name, 1 + (pick % 4), publisherId),
    keyAdded(publisherId, key),
    ...(happened.has(onceOf(keyAdded(publisherId, key))) ? [keyEnded(publisherId, key)] : []),
  ].filter((event) => !happened.has(onceOf(event)))
  const always = [profile(publisherId, `{"name":"${pick}","domain":"host-${pick}.example"}`), created(publishers + 1)]
  const choices = [...once, ...always]
  return choices[Math.floor(pick / 7) % choices.length]!
}

/** Calls the sinks as the steps say. @returns the blocks of the chain as it ended. */
async function perform(program: Step[], sinks: Catalogue[], afterEach: () => Promise<void>): Promise<Batch[]> {
  const chain = madeChain()
  let blocks: Batch[] = []
  for (const step of program) {
    if ('rollback' in step) {
      const to = blocks.at(-1 - step.rollback)?.headers[0]?.number ?? -1
      blocks = blocks.filter(({ headers }) => headers[0]!.number <= to)
      chain.rollback(to)
      for (const sink of sinks) await sink.rollback(to)
    } else {
      const batch = nextBlocks(chain, joined(...blocks).logs, step.append)
      blocks = [...blocks, ...batch]
      for (const sink of sinks) await sink.append(joined(...batch))
    }
    await afterEach()
  }
  return blocks
}

/** A block for each list of picks. */
function nextBlocks(chain: MadeChain, before: RegistryEvent[], lists: number[][]): Batch[] {
  const events = [...before]
  return lists.map((picks) => {
    chain.skip((picks[0] ?? 0) % 3)
    const first = events.length
    for (const pick of picks) events.push(possibleEvent(events, pick))
    return chain.block(...events.slice(first))
  })
}

/** Every table of the chain, row by row; sequences only by their order. */
async function dump(db: Kysely<Tables>): Promise<Record<string, unknown[]>> {
  const tables: Record<string, unknown[]> = {
    records: (await db.selectFrom('records').selectAll().orderBy('sequence').execute()).map((row) => ({
      ...row,
      sequence: null,
    })),
    headers: await db.selectFrom('headers').selectAll().orderBy('number').execute(),
    counts: await db.selectFrom('meta').select('record_count').execute(),
  }
  for (const table of OTHER_TABLES)
    tables[table] = await db.selectFrom(table).selectAll().orderBy('block_number').orderBy('log_index').execute()
  return tables
}

async function read(catalogue: Catalogue): Promise<unknown> {
  const rows = await catalogue.records({ limit: 1000 })
  const publishers = await Promise.all([1, 2, 3, 4, 5].map((id) => catalogue.publisher(id)))
  return { rows: rows.map((row) => ({ ...row, sequence: null })), publishers, counts: await catalogue.counts() }
}

describeOnDatabases('random appends and rollbacks', (open) => {
  let database: TestDatabase
  let catalogue: Catalogue

  before(async function () {
    this.timeout(120_000)
    database = await open()
    catalogue = createCatalogue(database.db)
  })
  after(() => database.dispose())

  it('give, table by table, what the final chain gives when it is indexed from zero', async function () {
    this.timeout(120_000)
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        await catalogue.rollback(-1)
        const blocks = await perform(program, [catalogue], async () => {})
        const reached = await dump(database.db)
        await catalogue.rollback(-1)
        for (const rows of Object.values({ ...(await dump(database.db)), counts: [] })) expect(rows).to.deep.equal([])
        if (blocks.length > 0) await catalogue.append(joined(...blocks))
        expect(reached).to.deep.equal(await dump(database.db))
      }),
      { numRuns: 40 },
    )
  })

  it('give the answers that the catalogue in memory gives', async function () {
    this.timeout(120_000)
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        await catalogue.rollback(-1)
        const memory = memoryCatalogue()
        await perform(program, [catalogue, memory], async () => {
          expect(await read(catalogue)).to.deep.equal(await read(memory))
        })
      }),
      { numRuns: 20 },
    )
  })

  it('never give a sequence twice, and always the higher one to what comes later', async function () {
    this.timeout(120_000)
    let highest = 0
    let run = 0
    /** Which run and block a sequence was given in. */
    const given = new Map<number, string>()
    const check = async () => {
      const rows = await catalogue.records({ limit: 1000 })
      for (const { sequence, anchor } of rows.toReversed()) {
        const block = `${run} ${toHex(anchor.blockHash)}`
        if (!given.has(sequence)) expect(sequence).to.be.above(highest)
        else expect(given.get(sequence)).to.equal(block)
        given.set(sequence, block)
        highest = Math.max(highest, sequence)
      }
    }
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        run++
        await catalogue.rollback(-1)
        await perform(program, [catalogue], check)
      }),
      { numRuns: 20 },
    )
  })
})
