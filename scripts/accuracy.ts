/** Measures recognition against a corpus with known truth and writes docs/accuracy.md: `npm run accuracy -- --help`. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'

const USAGE = `Usage: npm run accuracy -- --evaluator FILE --corpus DIR --copies DIR [--only image|video|audio] [--write]

Starts a fresh local registry, registers the originals of the corpus, looks up every copy, and prints the tables.

  --evaluator FILE  the program that registers, asks and scores (evaluate.mjs)
  --corpus DIR      originals/{images,videos,audio} and what belongs to them
  --copies DIR      altered and re-encoded copies, with manifest.jsonl
  --only KIND       one kind of media
  --write           put the tables into docs/accuracy.md, between its markers
  --help            print this`

const { values } = parseArgs({
  options: {
    evaluator: { type: 'string' },
    corpus: { type: 'string' },
    copies: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const { evaluator, corpus, copies } = values
if (values.help || !evaluator || !corpus || !copies) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const directory = mkdtempSync(join(tmpdir(), 'firsthand-accuracy-'))
const env = { ...process.env, DATA_DIR: directory, PORT: '0', RPC_PORT: '0', LOG_LEVEL: 'warn' }
const server = await startServer(readConfig(env))
try {
  const { code, output } = await evaluate(server.url)
  if (values.write) write(output)
  else console.log(output)
  const results = readFileSync(join(directory, 'results.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  console.log(inconclusive(results))
  process.exitCode = code
} finally {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
}

function evaluate(url: string): Promise<{ code: number; output: string }> {
  const firsthand = fileURLToPath(new URL('../bin/firsthand.mjs', import.meta.url))
  const args = [
    evaluator!,
    '--corpus',
    corpus!,
    '--copies',
    copies!,
    '--server',
    url,
    '--register',
    `${process.execPath} ${firsthand} register`,
  ]
  args.push('--out', join(directory, 'results.jsonl'), ...(values.only ? ['--only', values.only] : []))
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, output })))
}

/** What was too featureless to be compared: not a miss, and never silent. */
function inconclusive(
  results: { file: string; kind: string; verdict: string; answer?: { reason?: string } }[],
): string {
  const lines = results
    .filter((r) => r.verdict === 'inconclusive' && r.kind !== 'audio')
    .map((r) => `- ${r.file}: ${r.answer?.reason}`)
  return `\nInconclusive pictures and videos: ${lines.length}\n${lines.join('\n')}`
}

function write(tables: string): void {
  const file = new URL('../docs/accuracy.md', import.meta.url)
  const [before, , after] = readFileSync(file, 'utf8').split(/<!-- (?:begin|end) tables -->\n/)
  if (before === undefined || after === undefined) throw new Error('docs/accuracy.md lacks its markers')
  writeFileSync(file, `${before}<!-- begin tables -->\n${tables.trim()}\n<!-- end tables -->\n${after}`)
  console.log('docs/accuracy.md is written')
}
