/** Measures what each thing costs on chain, and writes the tables of docs/gas.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measure } from './gas/measure.ts'
import { render } from './gas/render.ts'

const USAGE = `Usage: npm run gas [-- --check]

Runs the committed bytecode on a Hardhat network in this process, and writes the measured tables into docs/gas.md.

  --check  write nothing; exit 1 when the page says something else
  --help   print this`

const PAGE = join(import.meta.dirname, '../docs/gas.md')
const [BEGIN, END] = ['<!-- measured: npm run gas -->', '<!-- end -->']

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } })
  if (values.help) return console.log(USAGE)
  const page = await readFile(PAGE, 'utf8')
  const [before, rest = ''] = page.split(BEGIN)
  const written = `${before}${BEGIN}\n\n${render(await measure())}\n${END}${rest.split(END)[1] ?? ''}`
  if (written === page) return console.log('docs/gas.md is up to date')
  if (!values.check) {
    await writeFile(PAGE, written)
    return console.log('wrote docs/gas.md')
  }
  const old = new Set(page.split('\n'))
  for (const line of written.split('\n')) if (!old.has(line)) console.error(`now ${line}`)
  console.error('docs/gas.md differs from what is measured: run npm run gas, and see whether that is what was meant')
  process.exitCode = 1
}

main().catch((error: Error & { code?: unknown }) => {
  console.error(`gas: ${error.message}`)
  process.exitCode = String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
})
