/** Runs forge's static analysis over the contracts, and fails on any finding that is not explained here. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const USAGE = `Usage: node scripts/analyse.ts

Analyses contracts/ with \`forge lint\` (severities high, med and low), which it takes from the PATH:
  npm install --prefix DIR @foundry-rs/forge-linux-amd64@1.7.1
  PATH=DIR/node_modules/@foundry-rs/forge-linux-amd64/bin:$PATH node scripts/analyse.ts
Without forge it says so and does nothing. Exit 1 for a finding that is not explained in this file.

  --help  print this`

const ROOT = join(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

/** Findings that are no faults: of this lint, in lines with this text. */
const EXPLAINED: { lint: string; text: string; why: string }[] = [
  {
    lint: 'block-timestamp',
    text: 'block.timestamp',
    why: 'deadlines of days and weeks, and times of records: a proposer can shift them by seconds, which docs/protocol.md §1 says',
  },
  { lint: 'incorrect-shift', text: '1 << ', why: 'a bit at a place: the order is meant' },
]

/** forge asks for a native compiler; this is the one of the lock, by the same interface. */
const COMPILER = `#!${process.execPath}
const { readFileSync } = require('node:fs')
if (process.argv.includes('--version')) {
  console.log('solc, the solidity compiler commandline interface\\nVersion: VERSION+commit.00000000.Linux.g++')
  process.exit(0)
}
process.stdout.write(require(SOLC).compile(readFileSync(0, 'utf8')))
`

function prepare(folder: string): void {
  cpSync(join(ROOT, 'contracts'), join(folder, 'contracts'), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const compiler = join(folder, 'solc.cjs')
  const version: string = require('solc/package.json').version
  writeFileSync(compiler, COMPILER.replace('VERSION', version).replace('SOLC', JSON.stringify(require.resolve('solc'))))
  chmodSync(compiler, 0o755)
  const settings = [
    '[profile.default]',
    'src = "contracts"',
    'libs = ["node_modules"]',
    'evm_version = "cancun"',
    `solc = ${JSON.stringify(compiler)}`,
    'remappings = ["@openzeppelin/=node_modules/@openzeppelin/"]',
  ]
  writeFileSync(join(folder, 'foundry.toml'), `${settings.join('\n')}\n`)
}

interface Finding {
  code: { code: string } | null
  level: string
  message: string
  spans: { file_name: string; line_start: number; text: { text: string }[] }[]
}

/** forge writes one finding a line, and other lines between them. */
function parse(output: string): Finding[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Finding)
    .filter(({ spans }) => spans?.length > 0)
}

const textOf = ({ spans }: Finding) => spans.flatMap(({ text }) => text.map((line) => line.text)).join(' ')

function isExplained(finding: Finding): boolean {
  return EXPLAINED.some(({ lint, text }) => finding.code?.code === lint && textOf(finding).includes(text))
}

function analyse(folder: string): number {
  prepare(folder)
  const { status, stdout, stderr } = spawnSync('forge', ['lint', '--json', '--severity', 'high', 'med', 'low'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const output = `${stdout}\n${stderr}`
  const findings = parse(output)
  if (status !== 0 && findings.length === 0) throw new Error(`forge failed: ${output.trim()}`)
  const unexplained = findings.filter((finding) => !isExplained(finding))
  for (const finding of unexplained) {
    const [span] = finding.spans
    console.log(`${span?.file_name}:${span?.line_start} ${finding.code?.code}: ${finding.message}`)
  }
  console.log(`${findings.length} findings, ${unexplained.length} of them not explained in scripts/analyse.ts`)
  return unexplained.length === 0 ? 0 : 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } })
  if (values.help) return console.log(USAGE)
  if (spawnSync('forge', ['--version']).error)
    return console.log('no forge on the PATH: the contracts are not analysed')
  const folder = mkdtempSync(join(tmpdir(), 'analysis-'))
  try {
    process.exitCode = analyse(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

main().catch((error: Error & { code?: unknown }) => {
  console.error(`analyse: ${error.message}`)
  process.exitCode = String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
})
