/** The local network as a process of its own (docs/protocol.md §8). `server/chain/devnet.ts` starts it; by hand it runs too. */
import { parseArgs } from 'node:util'
import { RegistryError } from '../server/errors.ts'
import { type DevChain, openChain } from './devnet/chain.ts'
import { type RpcServer, serveRpc } from './devnet/rpc.ts'

const USAGE = `Usage: node scripts/devnet.ts --data-dir DIR [--port 8545] [--exact-port] [--fresh]

Runs a Hardhat network on 127.0.0.1 that keeps its blocks in DIR/devnet/journal.jsonl.

  --data-dir DIR   where the journal is kept
  --port PORT      default 8545; another free one when it is taken
  --exact-port     fail when the port is taken
  --fresh          put the old journal aside and begin a new chain
  --help           print this`

/** To the parent, or to the terminal. */
type Message =
  | { type: 'log'; message: string }
  | { type: 'ready'; port: number; blocks: number; tookMs: number }
  | { type: 'failed'; code: string; message: string }

function tell(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(message, () => resolve())
    else {
      if (message.type === 'ready') console.log(`http://127.0.0.1:${message.port} (${message.blocks} blocks)`)
      else console.log(message.message)
      resolve()
    }
  })
}

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    port: { type: 'string', default: '8545' },
    'exact-port': { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
})

let chain: DevChain | undefined
let server: RpcServer | undefined
let ending = false

/** Finishes what is under way, so that the journal holds all that was answered. */
async function end(): Promise<void> {
  if (ending) return
  ending = true
  await server?.close()
  await chain?.close()
  process.exit(0)
}

/** Under a parent, the channel to it decides: Ctrl-C reaches the whole group, and the parent has more to finish first. */
function listenForTheEnd(): void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, process.send ? () => {} : () => void end())
  process.on('message', (message) => void (message === 'close' && end()))
  // Also when the parent was killed.
  process.on('disconnect', () => void end())
}

async function main(dataDir: string): Promise<void> {
  const port = Number(values.port)
  const log = (message: string) => void tell({ type: 'log', message })
  chain = await openChain({ dataDir, fresh: values.fresh, log })
  server = await serveRpc(chain.request, port, values['exact-port'])
  if (port !== 0 && server.port !== port) log(`port ${port} is taken, using ${server.port} instead`)
  await tell({ type: 'ready', port: server.port, ...chain.replayed })
}

listenForTheEnd()
if (values.help || !values['data-dir']) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}
try {
  await main(values['data-dir'])
} catch (error) {
  const code = error instanceof RegistryError ? error.code : 'server.internal'
  await tell({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) })
  await chain?.close()
  process.exit(1)
}
