/** Registers pictures, looks up others, and counts what matches all the same: `npm run strangers -- --help`. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Tinypool } from 'tinypool'
import { createDecoderPool } from '../server/fingerprint/index.ts'
import { createAsker } from './strangers/ask.ts'
import { createKept, decodeFile, picturesOf, versionOf } from './strangers/fingerprints.ts'
import { inOrder } from './strangers/in-order.ts'
import { createRegistries } from './strangers/registry.ts'
import { type Asked, type Head, leaveOut, summarise, tableOf } from './strangers/results.ts'

const USAGE = `Usage: npm run strangers -- --registered DIR --asked DIR [--sizes 100,1000,10000] [--processes 2] [--cache DIR] [--out FILE] [--left-out FILE]

Registers the pictures of one folder in memory, looks up those of another by the server's own search and comparison, and prints how
many match at each size of the registry: of strangers none should. Goes on where it stopped, as long as the code is the same.
10,000 against 10,000 take about 40 minutes of two cores.

  --registered DIR  pictures to register, and no copies of them among
  --asked DIR       those to look up
  --sizes LIST      so many of the registered ones, in turn (default 100,1000,10000); no more than there are
  --processes N     decoders, and examiners (default 2)
  --cache DIR       where fingerprints are kept (default cache/strangers)
  --out FILE        one line of JSON for each picture asked (default CACHE/strangers.jsonl): npm run accuracy -- --strangers FILE
  --left-out FILE   pictures asked that a person found to be no strangers: name, tab, why. They are marked, and count for nothing
  --help            print this`

const { values } = parseArgs({
  options: {
    registered: { type: 'string' },
    asked: { type: 'string' },
    sizes: { type: 'string', default: '100,1000,10000' },
    processes: { type: 'string', default: '2' },
    cache: { type: 'string', default: 'cache/strangers' },
    out: { type: 'string' },
    'left-out': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const processes = Number(values.processes)
const { registered: from, asked: others, cache } = values
if (values.help || !from || !others || !(Number.isInteger(processes) && processes >= 1 && processes <= 64)) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const decoders = createDecoderPool({ size: processes })
const examiners = new Tinypool({
  filename: new URL('./strangers/examine-worker.ts', import.meta.url).href,
  runtime: 'child_process',
  serialization: 'advanced',
  maxThreads: processes,
  // One that starts takes longer than any comparison.
  idleTimeout: 60_000,
  isolateWorkers: false,
})
/** Pictures under way: while one is searched for, others are decoded and compared. */
const AT_ONCE = 2 * processes

const registries = createRegistries()
const fingerprint = createKept(decoders, cache)
const toRegister = picturesOf(from)
const toAsk = picturesOf(others)
const sizes = values.sizes.split(',').map((size) => Math.min(Number(size), toRegister.length))
const out = values.out ?? join(cache, 'strangers.jsonl')
const head: Head = {
  strangers: 1,
  version: versionOf('fingerprint', 'matching', 'registry/pictures.ts', 'registry/sync.ts', 'registry/originals.ts'),
  registered: toRegister.length,
  sizes: [...new Set(sizes)],
  date: new Date().toISOString().slice(0, 10),
}

await inOrder('registering', toRegister, AT_ONCE, (name) => fingerprint(join(from, name)), registries.add)
const asker = createAsker(await registries.ofSizes(head.sizes), registries.fileOf, (pairs) => examiners.run(pairs))
const done = resume()
const left = toAsk.filter((name) => !done.some(({ file }) => file === name))
await inOrder('asking', left, AT_ONCE, ask, async (answer) => {
  done.push(answer)
  appendFileSync(out, `${JSON.stringify(answer)}\n`)
})
const leftOut = values['left-out']
const all = leftOut ? leaveOut(done, readFileSync(leftOut, 'utf8')) : done
if (leftOut) writeFileSync(out, `${[head, ...all].map((line) => JSON.stringify(line)).join('\n')}\n`)
report(all.filter((one) => one.leftOut === undefined))
await examiners.destroy()
await decoders.close()

async function ask(name: string): Promise<Asked> {
  const { view, ...candidate } = await decodeFile(decoders, join(others!, name), 'asked')
  return asker.ask(name, candidate, view ?? null)
}

/** What was asked before, of the same registry with the same code. */
function resume(): Asked[] {
  const { date: _, ...wanted } = head
  if (existsSync(out)) {
    const [first, ...lines] = readFileSync(out, 'utf8').trim().split('\n')
    const { date: __, ...found } = JSON.parse(first!)
    if (JSON.stringify(found) === JSON.stringify(wanted)) return lines.map((line) => JSON.parse(line))
    console.error(`${out} is of other code or another registry: begun anew`)
  }
  writeFileSync(out, `${JSON.stringify(head)}\n`)
  return []
}

function report(asked: readonly Asked[]): void {
  console.log(tableOf(summarise(asked, head.sizes)))
  for (const { file, lookups } of asked)
    for (const { registered, matches } of lookups)
      for (const match of matches)
        console.log(
          `\n${file} matches ${match.file} of ${registered}: ${match.relation}, ${match.distanceBits ?? '-'} bits, likeness ${match.likeness.toFixed(2)}`,
        )
}
