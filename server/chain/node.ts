/** What the parts here ask of a node, typed and checked. Bytes come as `Uint8Array`, numbers as `number` or `bigint`. */
import { toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { headerReader, type NodeHeader } from './header.ts'
import { createRpc, type Rpc, RpcError, type RpcOptions, type RpcOutcome } from './rpc.ts'
import { bigQuantity, bytes, quantity, record } from './values.ts'

export type BlockTag = 'latest' | 'safe' | 'finalized'

/** One entry of `eth_getLogs` as the node sent it: nothing in it is believed before `decode.ts` and `range.ts` saw it. */
export interface RawLog {
  address: string
  topics: string[]
  data: string
  blockNumber: string
  blockHash: string
  transactionHash: string
  logIndex: string
  removed?: boolean
}

/** Blocks `from` to `to`, both included, or the one block of this hash: then the answer cannot be of another fork. */
export type LogRange = { from: number; to: number } | { blockHash: Uint8Array }

export interface CallRequest {
  /** 20 bytes. */
  from?: Uint8Array
  /** 20 bytes; left out to create a contract. */
  to?: Uint8Array
  data: Uint8Array
}

export interface Receipt {
  transactionHash: Uint8Array
  blockNumber: number
  blockHash: Uint8Array
  /** False for a transaction that was mined and reverted. */
  succeeded: boolean
  gasUsed: bigint
  /** 20 bytes; null unless a contract was created. */
  contractAddress: Uint8Array | null
  logs: RawLog[]
}

/** All methods throw RegistryError `chain.unreachable` when the node does not answer, or not with what was asked for. */
export interface ChainNode {
  /** Its host and port, without what is secret in its address. */
  name: string
  chainId(): Promise<number>
  blockNumber(): Promise<number>
  /** Null for a block that the node does not have, or a tag that it does not know. */
  header(block: number | BlockTag): Promise<NodeHeader | null>
  /** As `header` for each, in as few exchanges as possible. */
  headers(blocks: (number | BlockTag)[]): Promise<(NodeHeader | null)[]>
  /** In the node's order, unchecked. */
  logs(range: LogRange, addresses: Uint8Array[]): Promise<RawLog[]>
  /** The logs of each of these blocks, named by hash; of all addresses where none are given. In as few exchanges as possible. */
  blockLogs(blockHashes: Uint8Array[], addresses: Uint8Array[] | null): Promise<RawLog[][]>
  /** Runs without a trace. @throws RegistryError `chain.rejected` with an RpcError as cause if it reverts. */
  call(request: CallRequest, block?: number | BlockTag): Promise<Uint8Array>
  /** @throws RegistryError `chain.rejected` as `call`. */
  estimateGas(request: CallRequest): Promise<bigint>
  /** The code at an address; empty for an account without. */
  code(address: Uint8Array): Promise<Uint8Array>
  /** Wei per gas: base fee of the latest block, and a tip that the node finds fit. */
  fees(): Promise<{ baseFee: bigint; tip: bigint }>
  /** The next nonce of an account, transactions that wait included. */
  nextNonce(address: Uint8Array): Promise<number>
  /** Sends once. @returns the transaction's hash. @throws RegistryError `chain.rejected` if the node refuses it. */
  sendRaw(transaction: Uint8Array): Promise<Uint8Array>
  /** Null as long as the transaction is not mined. */
  receipt(transactionHash: Uint8Array): Promise<Receipt | null>
  close(): void
}

/** @throws RegistryError `request.invalid` if the address is not http or https. */
export function createNode(options: RpcOptions): ChainNode {
  const rpc = createRpc(options)
  const readHeader = headerReader()
  const read = <T>(method: string, params: unknown[], parse: (value: unknown) => T) =>
    reading(method, async () => parse(await rpc.read(method, params)))

  return {
    name: rpc.host,
    chainId: () => read('eth_chainId', [], quantity),
    blockNumber: () => read('eth_blockNumber', [], quantity),
    header: async (block) => (await headers(rpc, [block], readHeader))[0] ?? null,
    headers: (blocks) => headers(rpc, blocks, readHeader),
    logs: (range, addresses) => read('eth_getLogs', [logFilter(range, addresses)], rawLogs),
    blockLogs: (blockHashes, addresses) => blockLogs(rpc, blockHashes, addresses),
    call: (request, block = 'latest') =>
      asking('eth_call', async () => bytes(await rpc.read('eth_call', [callObject(request), blockParam(block)]))),
    estimateGas: (request) =>
      asking('eth_estimateGas', async () => bigQuantity(await rpc.read('eth_estimateGas', [callObject(request)]))),
    code: (address) => read('eth_getCode', [toHex0x(address), 'latest'], bytes),
    fees: () => fees(rpc),
    nextNonce: (address) => read('eth_getTransactionCount', [toHex0x(address), 'pending'], quantity),
    sendRaw: (transaction) =>
      asking('eth_sendRawTransaction', async () =>
        bytes(await rpc.send('eth_sendRawTransaction', [toHex0x(transaction)]), 32),
      ),
    receipt: (hash) => read('eth_getTransactionReceipt', [toHex0x(hash)], receipt),
    close: () => rpc.close(),
  }
}

type HeaderReader = (value: unknown) => NodeHeader

async function headers(rpc: Rpc, blocks: (number | BlockTag)[], read: HeaderReader): Promise<(NodeHeader | null)[]> {
  const calls = blocks.map((block) => ({ method: 'eth_getBlockByNumber', params: [blockParam(block), false] }))
  const outcomes = await rpc.readMany(calls)
  return reading('eth_getBlockByNumber', async () => outcomes.map((outcome, i) => headerOf(outcome, blocks[i]!, read)))
}

function headerOf(outcome: RpcOutcome, asked: number | BlockTag, read: HeaderReader): NodeHeader | null {
  // Nodes answer with an error where a chain has no final block yet, or where they know no such tag.
  if ('error' in outcome && (asked === 'safe' || asked === 'finalized')) return null
  if ('error' in outcome) throw outcome.error
  if (outcome.result === null) return null
  const header = read(outcome.result)
  if (typeof asked === 'number' && header.number !== asked)
    throw new RangeError(`expected block ${asked}, got ${header.number}`)
  return header
}

async function blockLogs(rpc: Rpc, blockHashes: Uint8Array[], addresses: Uint8Array[] | null): Promise<RawLog[][]> {
  const filters = blockHashes.map((blockHash) => logFilter({ blockHash }, addresses))
  const outcomes = await rpc.readMany(filters.map((filter) => ({ method: 'eth_getLogs', params: [filter] })))
  return reading('eth_getLogs', async () =>
    outcomes.map((outcome) => {
      if ('error' in outcome) throw outcome.error
      return rawLogs(outcome.result)
    }),
  )
}

async function fees(rpc: Rpc): Promise<{ baseFee: bigint; tip: bigint }> {
  const [history, tip] = await rpc.readMany([
    { method: 'eth_feeHistory', params: ['0x1', 'latest', []] },
    { method: 'eth_maxPriorityFeePerGas', params: [] },
  ])
  return reading('eth_feeHistory', async () => {
    if (history === undefined || 'error' in history) throw history?.error ?? new RangeError('no answer')
    // The last entry is of the block to come.
    const baseFee = bigQuantity(lastOf(record(history.result).baseFeePerGas))
    // 1 gwei is what geth proposes where nothing else is known.
    return { baseFee, tip: tip !== undefined && 'result' in tip ? bigQuantity(tip.result) : 1_000_000_000n }
  })
}

function lastOf(value: unknown): unknown {
  if (!Array.isArray(value)) throw new RangeError(`expected a list of numbers, got ${typeof value}`)
  return value.at(-1)
}

/** Runs a read; whatever is wrong with its answer makes the node useless for it. */
async function reading<T>(method: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new RegistryError('chain.unreachable', `${method}: the node answered: ${message}`, { cause })
  }
}

/** Runs what the chain itself may refuse. */
async function asking<T>(method: string, run: () => Promise<T>): Promise<T> {
  return reading(method, async () => {
    try {
      return await run()
    } catch (cause) {
      if (!(cause instanceof RpcError)) throw cause
      throw new RegistryError('chain.rejected', `${method}: ${cause.message}`, { cause })
    }
  })
}

const hex = (value: number): string => `0x${value.toString(16)}`
const blockParam = (block: number | BlockTag): string => (typeof block === 'number' ? hex(block) : block)

function logFilter(range: LogRange, addresses: Uint8Array[] | null): object {
  const address = addresses?.map(toHex0x)
  if ('blockHash' in range) return { blockHash: toHex0x(range.blockHash), address }
  return { fromBlock: hex(range.from), toBlock: hex(range.to), address }
}

function callObject({ from, to, data }: CallRequest): object {
  return { ...(from && { from: toHex0x(from) }), ...(to && { to: toHex0x(to) }), data: toHex0x(data) }
}

function rawLogs(value: unknown): RawLog[] {
  if (!Array.isArray(value)) throw new RangeError(`expected a list of logs, got ${typeof value}`)
  return value.map(rawLog)
}

/** Only that each value is of its type: what is in it, `decode.ts` and `range.ts` look at. */
function rawLog(value: unknown): RawLog {
  const log = record(value)
  for (const name of ['address', 'data', 'blockNumber', 'blockHash', 'transactionHash', 'logIndex'])
    if (typeof log[name] !== 'string') throw new RangeError(`"${name}" of a log expected hex, got ${typeof log[name]}`)
  if (!Array.isArray(log.topics) || !log.topics.every((topic) => typeof topic === 'string'))
    throw new RangeError('"topics" of a log expected a list of hex')
  return log as unknown as RawLog
}

function receipt(value: unknown): Receipt | null {
  if (value === null) return null
  const { transactionHash, blockNumber, blockHash, status, gasUsed, contractAddress, logs } = record(value)
  return {
    transactionHash: bytes(transactionHash, 32),
    blockNumber: quantity(blockNumber),
    blockHash: bytes(blockHash, 32),
    succeeded: quantity(status) === 1,
    gasUsed: bigQuantity(gasUsed),
    contractAddress: typeof contractAddress === 'string' ? bytes(contractAddress, 20) : null,
    logs: rawLogs(logs),
  }
}
