/** Measures recognition against a corpus with known truth and writes docs/accuracy.md: `npm run accuracy -- --help`. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { type Measured, tableBeside } from './accuracy/beside.ts'
import { alteredAgainstFalseAlarms, foundAgainstFalse } from './accuracy/curves.ts'
import { between, withTables } from './accuracy/document.ts'
import { drawAlteredAgainstFalseAlarms, drawBySize, drawFoundAgainstFalse } from './accuracy/figures.ts'
import { filmTable } from './accuracy/films.ts'
import { measure, measureFilms } from './accuracy/measure.ts'
import { inconclusive, type Result, readResults } from './accuracy/results.ts'
import { type Asked, readStrangers, summarise, tableOf } from './strangers/results.ts'

const USAGE = `Usage: npm run accuracy -- --evaluator FILE --corpus DIR --copies DIR [--only image|video|audio] [--strangers FILE] [--write]

Starts a fresh local registry, registers the originals of the corpus, looks up every copy, and prints the tables: what the answers are
worth, and what PDQ alone would find of pictures, and vPDQ of videos.

  --evaluator FILE  the program that registers, asks and scores (evaluate.mjs)
  --results FILE    instead of the evaluator: what it wrote before. The tables of the answers stay as they are
  --corpus DIR      originals/{images,videos,audio} and what belongs to them
  --copies DIR      altered and re-encoded copies, with manifest.jsonl
  --only KIND       one kind of media
  --strangers FILE  what npm run strangers wrote
  --write           put the tables into docs/accuracy.md, between its markers, each kind in the place of its own, and draw docs/figures/
  --help            print this`

const { values } = parseArgs({
  options: {
    evaluator: { type: 'string' },
    results: { type: 'string' },
    corpus: { type: 'string' },
    copies: { type: 'string' },
    only: { type: 'string' },
    strangers: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const { evaluator, corpus, copies } = values
if (values.help || !(evaluator || values.results) || !corpus || !copies) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const { output, results, code } = values.results
  ? { output: null, results: readResults(readFileSync(values.results, 'utf8')), code: 0 }
  : await runEvaluator()
const measured = await measure(results, { corpus, copies })
const beside = tableBeside(results, measured)
const films = filmTable(results, await measureFilms(results, { corpus, copies }))
const strangers = values.strangers ? readStrangers(readFileSync(values.strangers, 'utf8')) : null
console.log(
  [output ?? '', beside, films, strangers ? tableOf(summarise(strangers.asked, strangers.head.sizes)) : ''].join(
    '\n\n',
  ),
)
console.log(inconclusive(results))
if (values.write) {
  write()
  draw(results, measured, strangers?.asked ?? null)
}
process.exitCode = code

async function runEvaluator(): Promise<{ output: string; results: Result[]; code: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-accuracy-'))
  const env = { ...process.env, DATA_DIR: directory, PORT: '0', RPC_PORT: '0', LOG_LEVEL: 'warn' }
  const server = await startServer(readConfig(env))
  try {
    const out = join(directory, 'results.jsonl')
    const { code, output } = await evaluate(server.url, out)
    return { code, output, results: readResults(readFileSync(out, 'utf8')) }
  } finally {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function evaluate(url: string, out: string): Promise<{ code: number; output: string }> {
  const firsthand = fileURLToPath(new URL('../bin/firsthand.mjs', import.meta.url))
  const args = [evaluator!, '--corpus', corpus!, '--copies', copies!, '--server', url]
  args.push('--register', `${process.execPath} ${firsthand} register`, '--out', out)
  if (values.only) args.push('--only', values.only)
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, output })))
}

function write(): void {
  const file = new URL('../docs/accuracy.md', import.meta.url)
  let document = readFileSync(file, 'utf8')
  if (output) document = withTables(document, output, new Date().toISOString().slice(0, 10))
  if (measured.length > 0) document = between(document, 'beside', beside)
  if (results.some(({ kind }) => kind === 'video')) document = between(document, 'films', films)
  if (strangers) document = between(document, 'strangers', tableOf(summarise(strangers.asked, strangers.head.sizes)))
  writeFileSync(file, document)
  console.log('docs/accuracy.md is written')
}

/** What there are no figures for stays as it is. */
function draw(results: readonly Result[], measured: readonly Measured[], asked: readonly Asked[] | null): void {
  const directory = new URL('../docs/figures/', import.meta.url)
  mkdirSync(directory, { recursive: true })
  const save = (name: string, svg: string) => writeFileSync(new URL(name, directory), svg)
  const alterations = alteredAgainstFalseAlarms(results)
  if (alterations.length > 0) save('altered.svg', drawAlteredAgainstFalseAlarms(alterations))
  if (asked) save('strangers.svg', drawBySize(asked))
  if (asked && measured.length > 0) save('found.svg', drawFoundAgainstFalse(foundAgainstFalse(measured, asked)))
}
