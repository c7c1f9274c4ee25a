/** Breaks the contracts in every small way, one at a time, and counts how many of the faults the tests find. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import cliProgress from 'cli-progress'
import { type Compiled, compileSources, contractFiles } from './mutation/compiler.ts'
import { apply, type Mutant, mutantsOf } from './mutation/mutants.ts'
import { createProject, type Project } from './mutation/project.ts'
import { createSuites, type Suites } from './mutation/suites.ts'

const USAGE = `Usage: npm run mutation -- [--only TEXT] [--every N] [--from K] [--list] [--json FILE]

Breaks the contracts in every small way, one at a time, and runs their tests against each. Exit 1 when fewer than 90 % of the
faults are found. Takes about an hour of one core.

  --only TEXT  faults whose file or line ("abstract/States.sol:40") contains TEXT
  --every N    each N-th fault only: a sample
  --from K     begins with the K-th fault (default 0): with --every, parts that can run side by side
  --list       print the faults and test nothing
  --json FILE  write the outcome of each
  --help       print this`

/** Share of the faults that have to be found. */
const WANTED = 0.9

const ROOT = join(import.meta.dirname, '..')

type Outcome = 'killed' | 'survived' | 'equivalent' | 'invalid'

const files = contractFiles(ROOT).filter((path) => !path.startsWith('interfaces'))
const sources = new Map(files.map((file) => [file, readFileSync(join(ROOT, 'contracts', file), 'utf8')]))
const OUTPUTS = ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object']

/** Both registries with one file replaced. Of a registry that does not import the file, nothing is compiled again. */
function compile(
  changed: { file: string; source: string } | null,
  known: Compiled | null,
  optimised = false,
): Compiled {
  const roots = ['PublisherRegistry.sol', 'MediaRegistry.sol'].filter(
    (root) => !changed || mayImport(root, changed.file),
  )
  const texts = new Set([...roots, ...(changed ? [changed.file] : files)])
  const text = (file: string) => (file === changed?.file ? changed.source : sources.get(file)!)
  const compiled = compileSources(
    ROOT,
    Object.fromEntries([...texts].map((file) => [`contracts/${file}`, text(file)])),
    OUTPUTS,
    optimised,
  )
  const fresh = new Set(compiled.artifacts.map(({ id }) => id.name))
  const artifacts = [...compiled.artifacts, ...(known?.artifacts ?? []).filter(({ id }) => !fresh.has(id.name))]
  return { ...compiled, artifacts }
}

/** The two registries import each other's interfaces only. */
function mayImport(root: string, file: string): boolean {
  if (file.endsWith('Registry.sol')) return root === file
  return root === 'MediaRegistry.sol' || file === 'libraries/Signatures.sol'
}

/** What runs on a chain. */
const codeOf = ({ artifacts }: Compiled) =>
  artifacts
    .filter(({ id }) => /^(Publisher|Media)Registry$/.test(id.name))
    .map(({ id, contract }) => `${id.name} ${contract.bytecode}`)
    .sort()
    .join(' ')

interface Tests {
  original: Compiled
  /** Faults that make the same code as this are none. */
  optimised: Compiled
  suites: Suites
  project: Project
}

/** The Solidity tests first: those in TypeScript take ten times as long. */
async function test(mutant: Mutant, { original, optimised, suites, project }: Tests): Promise<Outcome> {
  const source = sources.get(mutant.file)!
  const changed = apply(mutant, source)
  const compiled = compile({ file: mutant.file, source: changed }, original)
  if (compiled.errors.length > 0) return 'invalid'
  if (!(await suites.pass(compiled.artifacts, mutant.file))) return 'killed'
  if (codeOf(compile({ file: mutant.file, source: changed }, optimised, true)) === codeOf(optimised))
    return 'equivalent'
  project.write(mutant.file, changed)
  try {
    return (await project.passes()) ? 'survived' : 'killed'
  } finally {
    project.write(mutant.file, source)
  }
}

async function testAll(mutants: Mutant[], tests: Tests): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value} of {total}, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  })
  bar.start(mutants.length, 0)
  for (const mutant of mutants) {
    outcomes.push(await test(mutant, tests))
    if (outcomes.at(-1) === 'survived') console.log(`survived ${line(mutant)}`)
    bar.increment()
  }
  bar.stop()
  return outcomes
}

const line = ({ file, line, operator, before, after }: Mutant) =>
  `${file}:${line} ${operator}: ${before.replace(/\s+/g, ' ')} → ${after}`

function report(mutants: Mutant[], outcomes: Outcome[]): number {
  const of = (outcome: Outcome) => mutants.filter((_, i) => outcomes[i] === outcome)
  const [killed, survived] = [of('killed').length, of('survived').length]
  const share = killed / (killed + survived)
  const left = `${of('equivalent').length} make the same bytes, ${of('invalid').length} do not compile`
  console.log(`${killed} of ${killed + survived} faults found (${(100 * share).toFixed(1)} %); ${left}`)
  return share
}

async function prepare(original: Compiled): Promise<Tests> {
  const optimised = compile(null, null, true)
  const tests = { original, optimised, suites: await createSuites(ROOT), project: createProject(ROOT) }
  if ((await tests.suites.pass(original.artifacts, '')) && (await tests.project.passes())) return tests
  tests.project.remove()
  throw new Error('the tests fail without any fault: run npx hardhat test')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      every: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      list: { type: 'boolean' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(USAGE)
  const original = compile(null, null)
  const all = files.flatMap((file) => mutantsOf(file, sources.get(file)!, original.asts.get(`contracts/${file}`)))
  const mutants = all
    .filter((mutant) => line(mutant).includes(values.only))
    .filter((_, i) => i >= Number(values.from) && (i - Number(values.from)) % Number(values.every) === 0)
  if (values.list) return console.log(`${mutants.map(line).join('\n')}\n${mutants.length} faults`)
  const tests = await prepare(original)
  const outcomes = await testAll(mutants, tests).finally(tests.project.remove)
  const told = mutants.map((mutant, i) => ({ ...mutant, outcome: outcomes[i] }))
  if (values.json) writeFileSync(values.json, `${JSON.stringify(told, null, 1)}\n`)
  process.exitCode = report(mutants, outcomes) < WANTED ? 1 : 0
}

main().catch((error: Error & { code?: unknown }) => {
  console.error(`mutation: ${error.message}`)
  process.exitCode = String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
})
