/** A chain as JSON: what a truthful node answers, with headers that have the hash of their fields. */
import { encodeRlp, keccak256 } from 'ethers'
import { toHex0x } from '../../server/bytes.ts'
import { bloomOf } from '../../server/chain/bloom.ts'
import type { RegistryEvent } from '../../server/chain/events.ts'
import type { RawLog } from '../../server/chain/node.ts'
import { DEPLOYMENT, rawLog } from './events.ts'

type Json = Record<string, unknown>

export interface JsonChain {
  /** The result of a call, or null. */
  answer(method: string, params: unknown[]): unknown
  headHash: string
  logs: RawLog[]
}

const zeros = (length: number) => `0x${'00'.repeat(length)}`
const hex = (value: number) => `0x${value.toString(16)}`
const rlpNumber = (value: number) => (value === 0 ? '0x' : hex(value).replace(/^0x(?=(?:..)*.$)/, '0x0'))

function headerOf(number: number, parentHash: string, logs: RawLog[]): Json {
  const numbers = { difficulty: 0, number, gasLimit: 30_000_000, gasUsed: 21_000, timestamp: 1_000 + number }
  const bytes = {
    parentHash,
    sha3Uncles: zeros(32),
    miner: zeros(20),
    stateRoot: zeros(32),
    transactionsRoot: zeros(32),
    receiptsRoot: zeros(32),
    logsBloom: toHex0x(bloomOf(logs)),
  }
  const rest = { extraData: '0x1234', mixHash: zeros(32), nonce: zeros(8) }
  const fields = [...Object.values(bytes), ...Object.values(numbers).map(rlpNumber), ...Object.values(rest)]
  const hash = keccak256(encodeRlp([...fields, rlpNumber(7)]))
  const shown = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, hex(value)]))
  return { ...bytes, ...shown, ...rest, baseFeePerGas: '0x7', hash, transactions: [], uncles: [], size: '0x200' }
}

/** @param blocks the events of each block, from block 1 on. */
export function jsonChain(blocks: RegistryEvent[][]): JsonChain {
  const headers = [headerOf(0, zeros(32), [])]
  const logs: RawLog[][] = [[]]
  for (const [i, events] of blocks.entries()) {
    const at = { blockNumber: i + 1, blockHash: new Uint8Array(32), transactionHash: new Uint8Array(32).fill(i) }
    const raw = events.map((event, logIndex) => rawLog(event, { ...at, logIndex }))
    const header = headerOf(i + 1, String(headers[i]!.hash), raw)
    headers.push(header)
    logs.push(raw.map((log) => ({ ...log, blockHash: String(header.hash) })))
  }

  function logsFor({ blockHash, fromBlock, toBlock }: { blockHash?: string; fromBlock?: string; toBlock?: string }) {
    const isAsked = (i: number) =>
      blockHash ? headers[i]!.hash === blockHash : i >= Number(fromBlock) && i <= Number(toBlock)
    return logs.filter((_, i) => isAsked(i)).flat()
  }
  return {
    headHash: String(headers.at(-1)!.hash),
    logs: logs.flat(),
    answer(method, [first]) {
      if (method === 'eth_chainId') return hex(DEPLOYMENT.chainId)
      if (method === 'eth_getLogs') return logsFor(first as object)
      if (method !== 'eth_getBlockByNumber') return null
      return (first === 'latest' ? headers.at(-1) : headers[Number(first)]) ?? null
    },
  }
}
