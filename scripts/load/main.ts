/** `npm run load -- --minutes 10 --factor 4`: what becomes of a server that is asked more than it can serve. Exits 1 where it fails. */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startServerProcess, temporaryFolder } from '../../test/e2e/server.ts'
import { type Client, createClient } from './client.ts'
import { mean, megabytes, milliseconds, quantile } from './figures.ts'
import { type MemoryWatch, watchMemory } from './memory.ts'
import { type Overload, overload } from './overload.ts'
import { findSustainable, type Sustained } from './sustain.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, factor: { type: 'string', default: '4' } },
})
const [minutes, factor] = [Number(values.minutes), Number(values.factor)]
if (!(minutes > 0 && minutes <= 60 && factor > 0 && factor <= 20)) {
  console.error('load: expected --minutes up to 60 and --factor up to 20')
  process.exit(2)
}
/** How much the memory of the last third may exceed that of the middle one, with room for what garbage collection does; in the first
 *  the heap grows to its working size. */
const FLAT = 1.15
const tell = (line: string) => process.stderr.write(`${line}\n`)

const folder = temporaryFolder()
const server = await startServerProcess(folder.path)
const client = createClient(server.url)
let failed = true
try {
  failed = await run(client, server.child.pid!)
} finally {
  client.close()
  await server.stop()
  folder.remove()
}
process.exit(failed ? 1 : 0)

async function run(to: Client, pid: number): Promise<boolean> {
  const { id } = JSON.parse((await to.lookUp()).body) as { id: string }
  const sustained = await findSustainable(to, tell)
  const rate = factor * sustained.rate
  tell(`${sustained.rate.toFixed(1)} lookups/s can be sustained; now ${rate.toFixed(1)} a second for ${minutes} min`)
  const memory = watchMemory(pid)
  const found = await overload(to, rate, 60 * minutes, `/v1/lookups/${id}`)
  memory.stop()
  return report(sustained, found, memory, await recovery(to))
}

/** Milliseconds until a lookup is served again. @throws Error if none is for a minute. */
async function recovery(to: Client): Promise<number> {
  const startedMs = performance.now()
  while (performance.now() - startedMs < 60_000) {
    if ((await to.lookUp()).status === 200) return performance.now() - startedMs
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('no lookup was served for a minute after the overload')
}

function report(sustained: Sustained, found: Overload, memory: MemoryWatch, recoveryMs: number): boolean {
  const { sent, servedMs, toldS, faults, cheapMs } = found
  const p99 = quantile(servedMs, 0.99)
  const [first, middle, last] = thirds(memory)
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}\n`)
  console.log(
    `| what | ${sustained.askers} asking in turn | ${factor} times as much for ${minutes} min |\n| --- | --- | --- |`,
  )
  const row = (what: string, before: string, then: string) => console.log(`| ${what} | ${before} | ${then} |`)
  row('pictures asked for a second', sustained.rate.toFixed(1), (sent / (60 * minutes)).toFixed(1))
  row('answered a second', sustained.rate.toFixed(1), (servedMs.length / (60 * minutes)).toFixed(1))
  row('p50 of the answered', milliseconds(sustained.p50Ms), milliseconds(quantile(servedMs, 0.5)))
  row(
    'p99 of the answered',
    milliseconds(sustained.p99Ms),
    `${milliseconds(p99)} (${(p99 / sustained.p99Ms).toFixed(2)}×)`,
  )
  row(
    'sent away with Retry-After',
    '0',
    `${toldS.length}: ${quantile(toldS, 0)} to ${quantile(toldS, 1)} s, p50 ${quantile(toldS, 0.5)} s`,
  )
  row('anything else', '0', String([...faults.values()].reduce((a, b) => a + b, 0)))
  row('p99 of what costs little', '', milliseconds(quantile(cheapMs, 0.99)))
  row(
    'server in memory',
    megabytes(memory.samples[0]!.server),
    `${megabytes(first.server)}, ${megabytes(middle.server)}, ${megabytes(last.server)} by thirds of the time, at most ${megabytes(peak(memory, 'server'))}`,
  )
  row(
    'decoders in memory',
    megabytes(memory.samples[0]!.decoders),
    `${megabytes(first.decoders)}, ${megabytes(middle.decoders)}, ${megabytes(last.decoders)}, at most ${megabytes(peak(memory, 'decoders'))}`,
  )
  row('served again after', '', milliseconds(recoveryMs))
  for (const [what, count] of faults) console.log(`\n${count} times: ${what}`)
  return judge({
    'p99 is at most twice as long': p99 <= 2 * sustained.p99Ms,
    'memory is flat': last.server <= FLAT * middle.server && last.decoders <= FLAT * middle.decoders,
    'whoever is not served is told when to come back, and nothing else happens': faults.size === 0,
  })
}

function judge(facts: Record<string, boolean>): boolean {
  for (const [fact, holds] of Object.entries(facts)) console.log(`\n${holds ? 'holds' : 'FAILS'}: ${fact}`)
  return Object.values(facts).includes(false)
}

function peak({ samples }: MemoryWatch, of: 'server' | 'decoders'): number {
  return Math.max(...samples.map((sample) => sample[of]))
}

function thirds({ samples }: MemoryWatch) {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const meanOf = (part: MemoryWatch['samples']) => ({
    server: mean(part.map(({ server }) => server)),
    decoders: mean(part.map(({ decoders }) => decoders)),
  })
  return [meanOf(samples.slice(0, third)), meanOf(samples.slice(third, -third)), meanOf(samples.slice(-third))] as const
}
