/** A Hardhat network that comes back as it was: what changes it goes through here, one at a time, and into the journal. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import { RegistryError } from '../../server/errors.ts'
import { type Journal, JournalDamaged, type JournalEntry, moveJournalAside, openJournal } from './journal.ts'
import { type Lock, LockHeld, takeLock } from './lock.ts'
import { RpcFault } from './rpc.ts'

export interface DevChain {
  /** @throws RpcFault */
  request(method: string, params: unknown[]): Promise<unknown>
  /** Number of the youngest block at the start, and milliseconds that the replay took. */
  readonly replayed: { blocks: number; tookMs: number }
  /** Waits for what is under way. */
  close(): Promise<void>
}

export interface DevChainOptions {
  /** The journal and the lock are in its folder `devnet`. */
  dataDir: string
  /** Puts an old journal aside and begins anew. */
  fresh: boolean
  log: (message: string) => void
}

const CHAIN_ID = 31337
/** In the past, so that the clock of the chain can be that of the machine; always the same, so that block 0 is. */
const INITIAL_DATE = '2026-01-01T00:00:00.000Z'

const READS = new Set(
  `eth_accounts eth_blobBaseFee eth_blockNumber eth_call eth_chainId eth_coinbase eth_estimateGas eth_feeHistory
  eth_gasPrice eth_getBalance eth_getBlockByHash eth_getBlockByNumber eth_getBlockTransactionCountByHash
  eth_getBlockTransactionCountByNumber eth_getCode eth_getLogs eth_getStorageAt eth_getTransactionByBlockHashAndIndex
  eth_getTransactionByBlockNumberAndIndex eth_getTransactionByHash eth_getTransactionCount eth_getTransactionReceipt
  eth_maxPriorityFeePerGas eth_syncing net_listening net_peerCount net_version web3_clientVersion web3_sha3`.split(
    /\s+/,
  ),
)
const WRITES = new Set(['eth_sendRawTransaction', 'eth_sendTransaction', 'evm_mine'])

type Request = (method: string, params?: unknown[]) => Promise<unknown>

interface Head {
  number: number
  hash: string
  time: number
}

/** Opens the network of a folder, as it was when it was last closed or killed.
 * @throws RegistryError `server.busy` if another process has the folder; `chain.mismatch` if the journal cannot be replayed. */
export async function openChain({ dataDir, fresh, log }: DevChainOptions): Promise<DevChain> {
  const folder = join(dataDir, 'devnet')
  const path = join(folder, 'journal.jsonl')
  await mkdir(folder, { recursive: true })
  const lock = await lockFolder(folder, dataDir)
  try {
    const aside = fresh ? await moveJournalAside(path, new Date()) : null
    if (aside !== null) log(`the old journal is now ${aside}`)
    const journal = await openJournal(path)
    const { request, head, tookMs } = await replay(journal, log)
    return createChain({ journal, lock, request, head, tookMs })
  } catch (error) {
    await lock.release()
    if (error instanceof JournalDamaged) throw unusable(`${path}: ${error.message}`)
    throw error
  }
}

async function lockFolder(folder: string, dataDir: string): Promise<Lock> {
  try {
    return await takeLock(folder)
  } catch (cause) {
    if (!(cause instanceof LockHeld)) throw cause
    const message = `another server (process ${cause.pid ?? 'unknown'}) uses the folder ${dataDir}: stop it, or set DATA_DIR to another folder`
    throw new RegistryError('server.busy', message, { cause })
  }
}

/** Starts a network at block 0 and repeats what the journal holds; a new journal gets its header. */
async function replay(journal: Journal, log: (message: string) => void) {
  const started = performance.now()
  const initialDate = journal.header?.initialDate ?? INITIAL_DATE
  const request = await createNetwork(initialDate)
  let head = await headOf(request)
  requireHeader(journal, head.hash)
  if (journal.header === null)
    await journal.begin({ journal: 'devnet1', chainId: CHAIN_ID, initialDate, genesis: head.hash })
  for await (const entry of journal.entries()) head = await repeat(request, entry, head)
  if (journal.tornBytes > 0) log(`dropped an unfinished line of ${journal.tornBytes} bytes at the end of the journal`)
  return { request, head, tookMs: Math.round(performance.now() - started) }
}

function requireHeader({ header }: Journal, genesis: string): void {
  if (header === null) return
  const { journal, chainId, genesis: expected } = header
  if (journal === 'devnet1' && chainId === CHAIN_ID && expected === genesis) return
  throw unusable(
    `the journal is of another chain (${journal}, chain ${chainId}, first block ${expected}; here ${genesis})`,
  )
}

async function repeat(request: Request, { time, method, params, blockHash }: JournalEntry, head: Head): Promise<Head> {
  await setTime(request, time)
  // What was mined and reverted then does so again.
  await request(method, params).catch(() => {})
  const now = await headOf(request)
  if (now.number === head.number + 1 && now.hash === blockHash) return now
  throw unusable(
    `block ${head.number + 1} came out as ${now.hash}, and the journal has ${blockHash}: was Hardhat updated?`,
  )
}

function unusable(detail: string): RegistryError {
  return new RegistryError(
    'chain.mismatch',
    `${detail} Start with --fresh to put the journal aside and begin a new chain.`,
  )
}

/** An own network with automatic mining. Needs no hardhat.config.ts and no particular working directory. */
async function createNetwork(initialDate: string): Promise<Request> {
  const dev = {
    type: 'edr-simulated',
    chainType: 'l1',
    chainId: CHAIN_ID,
    hardfork: 'osaka',
    blockGasLimit: 60_000_000n,
    initialDate: new Date(initialDate),
    // Many blocks in one second leave the chain's clock where it is, instead of ahead of the machine's.
    allowBlocksWithSameTimestamp: true,
    // As other nodes: a transaction that was mined and reverted has a receipt that says so.
    throwOnTransactionFailures: false,
    mining: { auto: true, interval: 0 },
  } as const
  const hardhat = await createHardhatRuntimeEnvironment({ networks: { dev } }, {}, import.meta.dirname)
  const { provider } = await hardhat.network.create({ network: 'dev' })
  return (method, params = []) => provider.request({ method, params })
}

async function headOf(request: Request): Promise<Head> {
  const block = (await request('eth_getBlockByNumber', ['latest', false])) as Record<
    'number' | 'hash' | 'timestamp',
    string
  >
  return { number: Number(block.number), hash: block.hash, time: Number(block.timestamp) }
}

async function setTime(request: Request, time: number): Promise<void> {
  await request('evm_setNextBlockTimestamp', [`0x${time.toString(16)}`])
}

interface Parts {
  journal: Journal
  lock: Lock
  request: Request
  head: Head
  tookMs: number
}

function createChain({ journal, lock, request, head: replayedHead, tookMs }: Parts): DevChain {
  let head = replayedHead
  let queue: Promise<unknown> = Promise.resolve()
  let broken: RpcFault | undefined

  async function write(method: string, params: unknown[]): Promise<unknown> {
    if (broken) throw broken
    const time = Math.max(Math.floor(Date.now() / 1000), head.time)
    await setTime(request, time)
    const outcome = await request(method, params).then(
      (result) => () => result,
      (error: unknown) => () => {
        throw faultOf(error)
      },
    )
    const now = await headOf(request)
    if (now.number !== head.number) await record({ time: now.time, method, params, blockHash: now.hash })
    head = now
    return outcome()
  }

  /** A block that is not in the journal must not be built upon: the next start would lack it. */
  async function record(entry: JournalEntry): Promise<void> {
    try {
      await journal.append(entry)
    } catch (error) {
      broken = new RpcFault(-32000, `the journal cannot be written, restart the server: ${(error as Error).message}`)
      throw broken
    }
  }

  function serialised(method: string, params: unknown[]): Promise<unknown> {
    // Time is the journal's: a block gets that of the machine.
    if (method === 'evm_mine' && params.length > 0) throw new RpcFault(-32602, 'evm_mine takes no parameters here')
    const result = queue.then(() => write(method, params))
    queue = result.catch(() => {})
    return result
  }

  return {
    async request(method, params) {
      if (WRITES.has(method)) return serialised(method, params)
      if (READS.has(method)) return request(method, params).catch((error) => Promise.reject(faultOf(error)))
      const hint = 'this network keeps a journal and answers few methods; `npx hardhat node` has the rest'
      throw new RpcFault(-32601, `Method not found: ${method.slice(0, 80)}: ${hint}`)
    },
    replayed: { blocks: replayedHead.number, tookMs },
    async close() {
      await queue
      await journal.close()
      await lock.release()
    },
  }
}

function faultOf(error: unknown): RpcFault {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown }
  return new RpcFault(
    typeof code === 'number' ? code : -32603,
    typeof message === 'string' ? message : String(error),
    data,
  )
}
