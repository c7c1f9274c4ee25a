/** `npm run simulate -- --seeds 10000 [--first N] [--trace]`: the indexer against nodes that fail and lie, many times over (docs/protocol.md §6). Exits
 *  with 1 and says seed and last events of each run that did not end as it must. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { simulate } from '../test/simulation/run.ts'
import type { Outcome } from '../test/simulation/world.ts'

/** Seeds that a worker does before it says so. */
const PIECE = 50
/** Lines of a trace that are shown unless all are asked for. */
const SHOWN = 25

interface Piece {
  seeds: number
  crashes: number
  blocks: number
  logs: number
  failed: Outcome[]
}

async function work({ first, seeds, step }: { first: number; seeds: number; step: number }): Promise<void> {
  let piece: Piece = { seeds: 0, crashes: 0, blocks: 0, logs: 0, failed: [] }
  for (let seed = first; seed < seeds; seed += step) {
    const outcome = await simulate(seed)
    piece.seeds++
    piece.crashes += outcome.crashes
    piece.blocks += outcome.blocks
    piece.logs += outcome.logs
    if (outcome.failures.length > 0) piece.failed.push(outcome)
    if (piece.seeds < PIECE && seed + step < seeds) continue
    parentPort!.postMessage(piece)
    piece = { seeds: 0, crashes: 0, blocks: 0, logs: 0, failed: [] }
  }
}

function show({ seed, failures, trace }: Outcome, whole: boolean): void {
  console.log(`\nseed ${seed}: ${failures.join('; ')}`)
  for (const line of whole ? trace : trace.slice(-SHOWN)) console.log(`  ${line}`)
}

async function main(): Promise<number> {
  const options = { seeds: { type: 'string' }, first: { type: 'string' }, trace: { type: 'boolean' } } as const
  const { values } = parseArgs({ options })
  const [count, first] = [Number(values.seeds ?? 1_000), Number(values.first ?? 0)]
  if (!(Number.isSafeInteger(count) && count > 0 && Number.isSafeInteger(first) && first >= 0)) {
    console.error('simulate: --seeds expected a number above 0, --first one from 0')
    return 2
  }
  const began = performance.now()
  const total: Piece = { seeds: 0, crashes: 0, blocks: 0, logs: 0, failed: [] }
  const step = Math.min(availableParallelism(), count)
  await Promise.all(
    Array.from({ length: step }, (_, i) => {
      const worker = new Worker(import.meta.filename, { workerData: { first: first + i, seeds: first + count, step } })
      worker.on('message', (piece: Piece) => add(total, piece, { whole: values.trace ?? false, count }))
      return new Promise<void>((resolve, reject) => worker.once('error', reject).once('exit', () => resolve()))
    }),
  )
  const seconds = (performance.now() - began) / 1000
  const { seeds, crashes, blocks, logs, failed } = total
  console.log(
    `\n${seeds} seeds in ${seconds.toFixed(0)} s: ${crashes} crashes, ${blocks} blocks and ${logs} events indexed`,
  )
  console.log(failed.length === 0 ? 'all hold' : `FAILED: ${failed.map(({ seed }) => seed).join(' ')}`)
  return failed.length === 0 && seeds === count ? 0 : 1
}

function add(total: Piece, piece: Piece, { whole, count }: { whole: boolean; count: number }): void {
  for (const outcome of piece.failed) show(outcome, whole)
  for (const name of ['seeds', 'crashes', 'blocks', 'logs'] as const) total[name] += piece[name]
  total.failed.push(...piece.failed)
  process.stderr.write(`\r${total.seeds} of ${count} seeds, ${total.failed.length} failed`)
}

if (isMainThread) process.exit(await main())
else await work(workerData)
