/** Whether a node left out logs: answers to `eth_getLogs` beside the blooms of the headers (docs/protocol.md §6). */
import { equalBytes, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { bitCount, bloomOf, covers, mayHold, QUIET_BITS } from './bloom.ts'
import type { NodeHeader } from './header.ts'
import type { ChainNode, RawLog } from './node.ts'
import { asksTooMuch } from './rpc.ts'
import { mapInTurns } from './turns.ts'

/** A block and those of its logs that the node gave. */
export interface BlockLogs {
  header: NodeHeader
  logs: RawLog[]
}

/** Cause of the error for an answer with holes: a smaller question, or one by hash, may be answered better. */
export class HoleError extends Error {
  override readonly name = 'HoleError'
}

/** @param rawLogs in order; of no other blocks than these. */
export function logsOfBlocks(headers: NodeHeader[], rawLogs: RawLog[]): BlockLogs[] {
  let next = 0
  return headers.map((header) => {
    const first = next
    while (next < rawLogs.length && Number(rawLogs[next]!.blockNumber) === header.number) next++
    return { header, logs: rawLogs.slice(first, next) }
  })
}

/** Blocks whose bloom leaves it open whether logs of these addresses are missing.
 * @throws RegistryError `chain.mismatch` for a log that the bloom rules out. */
export async function findDoubtful(addresses: Uint8Array[], blocks: BlockLogs[]): Promise<BlockLogs[]> {
  const ours = addresses.map((address) => toHex0x(address) as string)
  const doubts = await mapInTurns(
    blocks,
    (block) => isDoubtful(block, ours),
    ({ logs }) => logs.length,
  )
  return blocks.filter((_, i) => doubts[i])
}

/** Asks again for doubtful blocks: by the block's hash, and where few logs are to be expected for all of them, because those must make up
 *  the bloom exactly.
 * @throws RegistryError `chain.mismatch` where logs are missing, or of another block. */
export async function settleDoubts(
  node: Pick<ChainNode, 'blockLogs'>,
  addresses: Uint8Array[],
  doubtful: BlockLogs[],
): Promise<void> {
  const quiet = doubtful.filter(({ header }) => bitCount(header.logsBloom) <= QUIET_BITS)
  const busy = doubtful.filter((block) => !quiet.includes(block))
  await Promise.all([settleQuiet(node, addresses, quiet), settleBusy(node, addresses, busy)])
}

function isDoubtful({ header, logs }: BlockLogs, ours: string[]): boolean {
  if (logs.length === 0) return ours.some((address) => mayHold(header.logsBloom, address))
  const bloom = bloomOf(logs)
  if (!covers(header.logsBloom, bloom)) throw contradiction(header, 'its bloom rules out the logs that the node gives')
  return !equalBytes(bloom, header.logsBloom)
}

async function settleQuiet(node: Pick<ChainNode, 'blockLogs'>, addresses: Uint8Array[], blocks: BlockLogs[]) {
  if (blocks.length === 0) return
  let answers: RawLog[][]
  try {
    answers = await node.blockLogs(hashesOf(blocks), null)
  } catch (error) {
    // Some nodes want addresses in every question.
    if (!asksTooMuch(error)) throw error
    return settleBusy(node, addresses, blocks)
  }
  const ours = addresses.map((address) => toHex0x(address) as string)
  for (const [i, { header, logs }] of blocks.entries()) {
    const all = answers[i]!
    if (!equalBytes(bloomOf(all), header.logsBloom)) throw contradiction(header, 'its logs do not make up its bloom')
    const again = all.filter(({ address }) => ours.includes(address.toLowerCase()))
    requireSame(header, logs, again)
  }
}

async function settleBusy(node: Pick<ChainNode, 'blockLogs'>, addresses: Uint8Array[], blocks: BlockLogs[]) {
  if (blocks.length === 0) return
  const answers = await node.blockLogs(hashesOf(blocks), addresses)
  for (const [i, { header, logs }] of blocks.entries()) requireSame(header, logs, answers[i]!)
}

const hashesOf = (blocks: BlockLogs[]) => blocks.map(({ header }) => header.hash)

function requireSame(header: NodeHeader, logs: RawLog[], again: RawLog[]): void {
  if (logs.length === again.length && logs.every((log, i) => isSame(log, again[i]!))) return
  throw contradiction(header, `the node gives ${logs.length} logs of it in a range and ${again.length} by its hash`)
}

function isSame(a: RawLog, b: RawLog): boolean {
  const of = ({ address, topics, data, blockHash, transactionHash, logIndex }: RawLog) =>
    [address, ...topics, data, blockHash, transactionHash, logIndex].join(' ').toLowerCase()
  return of(a) === of(b)
}

function contradiction({ number }: NodeHeader, detail: string): RegistryError {
  return new RegistryError('chain.mismatch', `block ${number}: ${detail}`, { cause: new HoleError(detail) })
}
