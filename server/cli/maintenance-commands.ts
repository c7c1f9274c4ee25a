/** `firsthand audit`, `rebuild`, `backup` and `restore`: what an operator does in the server's own directory and database. */
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { note, print, printJson } from './terminal.ts'

/** Milliseconds between two lines of progress. */
const TELL_MS = 1_000

export function maintenanceCommands(root: Command, config: Config, done: (code: Promise<number>) => void): void {
  const command = (signature: string, description: string) =>
    root
      .command(signature)
      .description(description)
      .exitOverride()
      .option('--json', 'one JSON document instead of text', false)

  command(
    'audit',
    'compare catalogue and blocks (DATA_DIR, DATABASE_URL) with the chain; exit 1 at the first difference',
  )
    .addHelpText(
      'after',
      '\nThe embedded database can be open once: stop the server first. With DATABASE_URL it may run.',
    )
    .action(({ json }: { json: boolean }) => done(audit(config, json)))

  command(
    'rebuild',
    'build a catalogue from the chain of RPC_URL and published blocks; goes on where it was broken off',
  )
    .requiredOption('--from-chain', 'say that this is meant')
    .action(({ json }: { json: boolean }) => done(rebuild(config, json)))

  command('backup <file>', 'write catalogue, blocks and the local chain (DATA_DIR, DATABASE_URL) to one file')
    .addHelpText(
      'after',
      '\nThe embedded database can be open once: stop the server first. With DATABASE_URL it may run.',
    )
    .action((file: string, { json }: { json: boolean }) => done(backup(config, file, json)))

  command('restore <file>', 'read such a file into an empty DATA_DIR and database; a damaged one is refused').action(
    (file: string, { json }: { json: boolean }) => done(restore(config, file, json)),
  )
}

async function backup(config: Config, file: string, json: boolean): Promise<number> {
  const report = await (await import('../maintenance/index.ts')).backup(config, file)
  if (json) printJson(report)
  else print(`${file}: ${report.rows} rows and ${report.files} files`)
  return 0
}

async function restore(config: Config, file: string, json: boolean): Promise<number> {
  const report = await (await import('../maintenance/index.ts')).restore(config, file)
  if (json) printJson(report)
  else print(`${report.rows} rows and ${report.files} files restored`)
  return 0
}

/** At most a line a second, and one for each stage. */
function progressLines(quiet: boolean) {
  let [last, at] = ['', 0]
  return ({ stage, done, of }: { stage: string; done: number; of: number | null }) => {
    if (quiet || (stage === last && performance.now() - at < TELL_MS)) return
    last = stage
    at = performance.now()
    note(`${stage}: ${done}${of === null ? '' : ` of ${of}`}`)
  }
}

async function audit(config: Config, json: boolean): Promise<number> {
  const maintenance = await import('../maintenance/index.ts')
  const report = await maintenance.audit(config, progressLines(json))
  if (json) printJson(report, 2)
  else if (report.difference) {
    const { table, key, ours, theirs } = report.difference
    print(`DIFFERS in ${table}`, `key        ${JSON.stringify(key)}`)
    print(`catalogue  ${JSON.stringify(ours)}`, `chain      ${JSON.stringify(theirs)}`)
  } else {
    for (const { table, rows, digest } of report.tables) print(`${table} ${rows} ${digest}`)
    print(
      `The same as the chain up to block ${report.block?.number ?? 'none'}; ${report.blocks} stored blocks are what their names say.`,
    )
    if (report.search) print(searchLine(report.search))
  }
  return report.difference ? 1 : 0
}

function searchLine({ taken, read, refused }: { taken: number; read: number; refused: string | null }): string {
  if (refused !== null) return `A start reads all ${read} manifests; of what is saved of the search: ${refused}.`
  return `A start takes ${taken} manifests from what is saved of the search, which says the same, and reads ${read}.`
}

async function rebuild(config: Config, json: boolean): Promise<number> {
  const maintenance = await import('../maintenance/index.ts')
  const { block, tables, records, blocks, mismatches } = await maintenance.rebuild(config, progressLines(json))
  if (json) printJson({ block, tables, records, blocks, mismatches }, 2)
  else {
    for (const { table, rows, digest } of tables) print(`${table} ${rows} ${digest}`)
    print(`${records} records up to block ${block}; ${blocks.fetched} manifests and lists fetched.`)
    for (const { type, root, publisherId, why } of blocks.examples)
      note(`missing: ${type} ${root} of publisher ${publisherId}: ${why}`)
    if (blocks.missing > 0)
      print(
        `${blocks.missing} manifests and lists are missing: this is the catalogue without them. Run it again to ask anew.`,
      )
    if (mismatches.manifests + mismatches.lists > 0)
      print(
        `${mismatches.manifests} manifests and ${mismatches.lists} lists are not what was anchored, and are marked.`,
      )
  }
  return 0
}
