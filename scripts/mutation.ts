/** Breaks the contracts in every small way, one at a time, and counts how many of the faults the tests find. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import cliProgress from 'cli-progress'
import { apply, type Mutant, mutantsOf } from './mutation/mutants.ts'
import { createProject, type Project } from './mutation/project.ts'

const USAGE = `Usage: npm run mutation -- [--only TEXT] [--every N] [--jobs N] [--list] [--json FILE]

Breaks the contracts in every small way, one at a time, and runs their tests against each. Exit 1 when fewer than 90 % of the
faults are found. Takes about an hour.

  --only TEXT  faults whose file or line ("abstract/States.sol:40") contains TEXT
  --every N    each N-th fault only: a sample
  --jobs N     copies that are tested at the same time (default 2)
  --list       print the faults and test nothing
  --json FILE  write the outcome of each
  --help       print this`

/** Share of the faults that have to be found. */
const WANTED = 0.9

const ROOT = join(import.meta.dirname, '..')
const require = createRequire(import.meta.url)
const solc = require('solc') as { compile(input: string, callbacks: object): string }

type Outcome = 'killed' | 'survived' | 'equivalent' | 'invalid'

const files = readdirSync(join(ROOT, 'contracts'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.sol') && !path.startsWith('interfaces'))
  .sort()
const sources = new Map(files.map((file) => [file, readFileSync(join(ROOT, 'contracts', file), 'utf8')]))

interface Compiled {
  asts: Map<string, unknown>
  /** All runtime bytecode, or null where it does not compile. */
  bytecode: string | null
}

/** Compiles with one file replaced, without metadata: equal behaviour by an equal text shows as equal bytes. */
function compile(changed?: { file: string; source: string }): Compiled {
  const text = (path: string) =>
    path === changed?.file ? changed.source : readFileSync(join(ROOT, 'contracts', path), 'utf8')
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map((file) => [`contracts/${file}`, { content: text(file) }])),
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['evm.deployedBytecode.object'], '': ['ast'] } },
    },
  }
  const find = (path: string) => {
    const place = path.startsWith('contracts/') ? join(ROOT, path) : join(ROOT, 'node_modules', path)
    return { contents: readFileSync(place, 'utf8') }
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }))
  const failed = (output.errors ?? []).some((error: { severity: string }) => error.severity === 'error')
  const codes = files.flatMap((file) =>
    Object.values(output.contracts?.[`contracts/${file}`] ?? {}).map(
      (contract) => (contract as { evm: { deployedBytecode: { object: string } } }).evm.deployedBytecode.object,
    ),
  )
  const asts = new Map(files.map((file) => [file, output.sources?.[`contracts/${file}`]?.ast as unknown]))
  return { asts, bytecode: failed ? null : codes.join(' ') }
}

async function test(mutant: Mutant, project: Project, original: string | null): Promise<Outcome> {
  const source = sources.get(mutant.file)!
  const changed = apply(mutant, source)
  const { bytecode } = compile({ file: mutant.file, source: changed })
  if (bytecode === null) return 'invalid'
  if (bytecode === original) return 'equivalent'
  project.write(mutant.file, changed)
  try {
    const found = !(await project.passes('solidity')) || !(await project.passes('mocha'))
    return found ? 'killed' : 'survived'
  } finally {
    project.write(mutant.file, source)
  }
}

/** Takes faults from one queue, each job in a copy of its own. */
async function testAll(mutants: Mutant[], jobs: number, original: string | null): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const queue = mutants.entries()
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value} of {total}, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  })
  bar.start(mutants.length, 0)
  const work = async () => {
    const project = createProject(ROOT)
    try {
      for (const [i, mutant] of queue) {
        outcomes[i] = await test(mutant, project, original)
        bar.increment()
      }
    } finally {
      project.remove()
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  bar.stop()
  return outcomes
}

const line = ({ file, line, operator, before, after }: Mutant) =>
  `${file}:${line} ${operator}: ${before.replace(/\s+/g, ' ')} → ${after}`

function report(mutants: Mutant[], outcomes: Outcome[]): number {
  const of = (outcome: Outcome) => mutants.filter((_, i) => outcomes[i] === outcome)
  for (const mutant of of('survived')) console.log(`survived ${line(mutant)}`)
  const [killed, survived] = [of('killed').length, of('survived').length]
  const share = killed / (killed + survived)
  const left = `${of('equivalent').length} make the same bytes, ${of('invalid').length} do not compile`
  console.log(`${killed} of ${killed + survived} faults found (${(100 * share).toFixed(1)} %); ${left}`)
  return share
}

async function requirePassing(): Promise<void> {
  const project = createProject(ROOT)
  const passing = (await project.passes('solidity')) && (await project.passes('mocha'))
  project.remove()
  if (!passing) throw new Error('the tests fail without any fault: run npx hardhat test')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      every: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      list: { type: 'boolean' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(USAGE)
  const { asts, bytecode } = compile()
  const all = files.flatMap((file) => mutantsOf(file, sources.get(file)!, asts.get(file)))
  const mutants = all
    .filter((mutant) => line(mutant).includes(values.only))
    .filter((_, i) => i % Number(values.every) === 0)
  if (values.list) return console.log(`${mutants.map(line).join('\n')}\n${mutants.length} faults`)
  await requirePassing()
  const outcomes = await testAll(mutants, Number(values.jobs), bytecode)
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify(
        mutants.map((mutant, i) => ({ ...mutant, outcome: outcomes[i] })),
        null,
        1,
      )}\n`,
    )
  process.exitCode = report(mutants, outcomes) < WANTED ? 1 : 0
}

main().catch((error: Error & { code?: unknown }) => {
  console.error(`mutation: ${error.message}`)
  process.exitCode = String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
})
