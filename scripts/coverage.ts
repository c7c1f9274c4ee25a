/** Runs the contracts' tests with coverage, and fails where a line of contracts/ is not run by any. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const USAGE = `Usage: npm run coverage

Runs the contracts' tests and measures which lines they run. Exit 1 for a line of contracts/ that none does. The pages are in coverage/html.

  --help  print this`

const ROOT = join(import.meta.dirname, '..')

/** Lines of each contract, by file: how many, and which were not run. */
function readReport(lcov: string): Map<string, { lines: number; missed: number[] }> {
  const files = new Map<string, { lines: number; missed: number[] }>()
  for (const part of lcov.split('end_of_record')) {
    const file = /^SF:(.*)$/m.exec(part)?.[1]
    if (!file?.startsWith('contracts/')) continue
    const lines = [...part.matchAll(/^DA:(\d+),(\d+)$/gm)].map(([, line, runs]) => ({ line: +line!, runs: +runs! }))
    files.set(file, { lines: lines.length, missed: lines.filter(({ runs }) => runs === 0).map(({ line }) => line) })
  }
  return files
}

function main(): number {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const { status } = spawnSync('hardhat', ['test', '--coverage'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error('the tests fail: run npx hardhat test')
  const files = readReport(readFileSync(join(ROOT, 'coverage/lcov.info'), 'utf8'))
  if (files.size === 0) throw new Error('coverage/lcov.info names no contract')
  for (const [file, { missed }] of files) for (const line of missed) console.log(`not run: ${file}:${line}`)
  const [lines, missed] = [...files.values()].reduce(([a, b], f) => [a + f.lines, b + f.missed.length], [0, 0])
  console.log(`${lines - missed} of ${lines} lines of ${files.size} contracts are run by tests`)
  return missed === 0 ? 0 : 1
}

process.exitCode = main()
