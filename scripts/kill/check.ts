/** What must be true after the last kill. */
import { fromHex } from '../../server/bytes.ts'
import { createCatalogue, openDatabase } from '../../server/catalogue/index.ts'
import { readConfig } from '../../server/config.ts'
import { audit } from '../../server/maintenance/index.ts'
import type { Registered } from '../../server/registry/index.ts'
import type { Settings } from './victim.ts'

/** Says what is wrong. @returns whether nothing is. */
export async function checkAll(settings: Settings, answered: readonly Registered[]): Promise<boolean> {
  const wrong = await missing(settings, answered)
  for (const line of wrong) console.log(line)
  const { difference, tables, blocks } = await audit(readConfig(settings), () => {})
  if (difference) console.log(`differs from an index from zero: ${JSON.stringify(difference)}`)
  for (const { table, rows, digest } of tables) console.log(`${table} ${rows} ${digest}`)
  console.log(`${blocks} stored blocks read`)
  return wrong.length === 0 && difference === null && answered.length > 0
}

/** Of what was answered: each is there once, and its manifest is whole. */
async function missing(settings: Settings, answered: readonly Registered[]): Promise<string[]> {
  const db = await openDatabase({ dataDir: settings.DATA_DIR, databaseUrl: settings.DATABASE_URL || null })
  const catalogue = createCatalogue(db)
  const wrong: string[] = []
  try {
    for (const { recordId, file } of answered) {
      const record = await catalogue.record(fromHex(recordId, 32))
      const anchors = (await catalogue.history(fromHex(recordId, 32)))?.anchors.length ?? 0
      if (!record) wrong.push(`${file} was answered and is missing`)
      else if (record.manifest.state !== 'present') wrong.push(`${file}: its manifest is ${record.manifest.state}`)
      if (anchors > 1) wrong.push(`${file} is registered ${anchors} times`)
    }
    const { records } = await catalogue.counts()
    console.log(`${records} records in the catalogue`)
  } finally {
    await catalogue.close()
  }
  return wrong
}
