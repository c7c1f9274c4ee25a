/** `firsthand backup` and `firsthand restore`: catalogue, blocks, withdrawals and the journal of a local chain, in one file. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DumpedRows, dumpRows, openDatabase, restoreRows, schemaOf } from '../catalogue/index.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { readArchive, verifyArchive, writeArchive } from './archive.ts'

/** What of the server's directory goes along, in this order: the journal after the rows, so that it has at least their blocks. */
const FOLDERS = ['blocks', 'withdrawn']
const JOURNAL = 'devnet/journal.jsonl'

/** A path that an archive may name: below the folders above, and nowhere else. */
const PATH = /^(?:blocks\/[a-z0-9]{2}\/[a-z0-9]+|withdrawn\/[a-z0-9]+|devnet\/journal\.jsonl)$/

export interface BackupReport {
  rows: number
  files: number
}

/** Writes one state of the database, and the files. @throws RegistryError `request.invalid` if the file exists. */
export async function backup(config: Config, path: string): Promise<BackupReport> {
  if (existsSync(path)) throw new RegistryError('request.invalid', `${path} exists: give another name`)
  const unfinished = `${path}.unfinished`
  await rm(unfinished, { force: true })
  const archive = await writeArchive(unfinished, await schemaOf())
  const db = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL })
  const report: BackupReport = { rows: 0, files: 0 }
  try {
    await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (snapshot) => {
        for await (const { content, ...rows } of dumpRows(snapshot)) {
          await archive.add({ kind: 'rows', ...rows, bytes: content.length }, content)
          report.rows += rows.rows
        }
      })
  } finally {
    await db.destroy()
  }
  for (const name of await filesOf(config.DATA_DIR)) {
    const content = await readFile(join(config.DATA_DIR, name))
    await archive.add({ kind: 'file', path: name, bytes: content.length }, content)
    report.files++
  }
  await archive.end()
  await rename(unfinished, path)
  return report
}

async function filesOf(dataDir: string): Promise<string[]> {
  const names: string[] = []
  for (const folder of FOLDERS) {
    if (!existsSync(join(dataDir, folder))) continue
    for (const name of await readdir(join(dataDir, folder), { recursive: true }))
      names.push(`${folder}/${name.replaceAll('\\', '/')}`)
  }
  return [...names, ...(existsSync(join(dataDir, JOURNAL)) ? [JOURNAL] : [])].filter((name) => PATH.test(name)).sort()
}

/** Into an empty DATA_DIR and database. A file that is damaged is refused before anything is touched.
 * @throws RegistryError `request.invalid` */
export async function restore(config: Config, path: string): Promise<BackupReport> {
  const schema = await verifyArchive(path)
  if (JSON.stringify(schema) !== JSON.stringify(await schemaOf()))
    throw new RegistryError(
      'request.invalid',
      `the backup has the form ${schema.at(-1)?.split(' ')[0]}: restore it with the program that wrote it, then upgrade`,
    )
  for await (const { entry } of readArchive(path, 'file'))
    if (!PATH.test(entry.path)) throw new RegistryError('request.invalid', `the backup names a file "${entry.path}"`)
  if (existsSync(join(config.DATA_DIR, JOURNAL)))
    throw new RegistryError('request.invalid', `${config.DATA_DIR} has a local chain: restore into an empty DATA_DIR`)
  const report: BackupReport = { rows: 0, files: 0 }
  const db = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL })
  try {
    await restoreRows(db, counted(config, path, report))
  } finally {
    await db.destroy()
  }
  return report
}

/** Rows, and then the files: should one of these fail, the transaction that takes the rows does, and all can be tried again. */
async function* counted({ DATA_DIR }: Config, path: string, report: BackupReport): AsyncGenerator<DumpedRows> {
  for await (const { entry, content } of readArchive(path, 'rows')) {
    report.rows += entry.rows
    yield { ...entry, table: entry.table as DumpedRows['table'], content }
  }
  // The journal last: where it is, nothing can be restored any more.
  for (const isLast of [false, true])
    for await (const { entry, content } of readArchive(path, 'file')) {
      if ((entry.path === JOURNAL) !== isLast) continue
      await writeWhole(join(DATA_DIR, entry.path), content)
      report.files++
    }
}

async function writeWhole(to: string, content: Uint8Array): Promise<void> {
  const unfinished = `${to}.restoring`
  await mkdir(dirname(to), { recursive: true })
  await writeFile(unfinished, content, { flush: true })
  await rename(unfinished, to)
}
