/** A program that is there to be killed: says what it finds in a data directory, then appends blocks without end and says which one
 *  was committed. Every block holds RECORDS records, and every fifth one is rolled back and appended again. */
import { sql } from 'kysely'
import { type Catalogue, createCatalogue, openDatabase } from '../../server/catalogue/index.ts'
import { created, joined, madeChain, registered } from './made.ts'

/** Records in a block. */
export const RECORDS = 40

/** What the program says, a line of JSON each. */
export type Said =
  | { found: { head: number; records: number; counted: number; highest: number; sequences: number } }
  | { committed: number }

const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`)

async function look(db: Awaited<ReturnType<typeof openDatabase>>, catalogue: Catalogue): Promise<number> {
  const head = (await catalogue.head())?.number ?? 0
  const { rows } = await sql<{ records: number; highest: number | null; sequences: number }>`
    select count(*) as records, max(block_number) as highest, count(distinct sequence) as sequences from records`.execute(
    db,
  )
  const { records, highest, sequences } = rows[0]!
  say({ found: { head, records, counted: (await catalogue.counts()).records, highest: highest ?? 0, sequences } })
  return head
}

async function run(dataDir: string): Promise<void> {
  const db = await openDatabase({ dataDir, databaseUrl: null })
  const catalogue = createCatalogue(db)
  const chain = madeChain()
  chain.skip(await look(db, catalogue))
  // Unlinked to what is there: the chain of this run is another one, and its first block leaves a gap.
  chain.skip(1)
  let publishers = (await catalogue.counts()).publishers
  for (;;) {
    const records = Array.from({ length: RECORDS }, (_, i) => registered(`${process.pid} ${chain.head()?.number} ${i}`))
    const batch = joined(chain.block(...(publishers === 0 ? [created(1)] : []), ...records))
    publishers = 1
    await catalogue.append(batch)
    const { number } = batch.headers[0]!
    if (number % 5 === 0 && number > 5) {
      await catalogue.rollback(number - 1)
      await catalogue.append(batch)
    }
    say({ committed: number })
  }
}

if (import.meta.main) await run(process.argv[2]!)
