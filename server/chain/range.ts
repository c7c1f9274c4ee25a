/** Reads a range of blocks and believes it only if its parts agree with each other (docs/protocol.md §6). */
import { equalBytes, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { findDoubtful, logsOfBlocks, settleDoubts } from './completeness.ts'
import type { DecodedLog, Decoder } from './decode.ts'
import type { BlockHeader, Deployment, RegistryLog } from './events.ts'
import type { NodeHeader } from './header.ts'
import type { ChainNode, RawLog } from './node.ts'
import { type InOrder, mapInTurns } from './turns.ts'

export type RangeNode = Pick<ChainNode, 'header' | 'headers' | 'logs' | 'blockLogs'>

/** Blocks `from` to `to`, both included. */
export interface Span {
  from: number
  to: number
}

export interface RangeContent {
  /** What `Sink.append` takes. */
  batch: { headers: BlockHeader[]; logs: RegistryLog[] }
  /** Of the first block: the hash of the block that the range lies upon. */
  parentHash: Uint8Array
  /** How many blocks it has. */
  blocks: number
}

/** Reads the headers of all blocks of a range, and its logs.
 *
 *  The headers are linked to each other by their hashes, so they are one chain whenever each was read. Each log names one of them by its
 *  hash, and each block's bloom says whether logs are missing.
 * @param inOrder for the part that computes, where several ranges are read at once.
 * @throws RegistryError `chain.mismatch` if the answers contradict each other: a reorganisation took place meanwhile, or the node is
 * wrong. `chain.unreachable` as the node. */
export async function readRange(
  node: RangeNode,
  { publisherRegistry, mediaRegistry }: Deployment,
  decode: Decoder,
  span: Span,
  inOrder: InOrder = (work) => work(),
): Promise<RangeContent> {
  const addresses = [publisherRegistry, mediaRegistry]
  const { headers, rawLogs } = await readBoth(node, addresses, span)
  const { decoded, doubtful } = await inOrder(async () => {
    requireOrder(rawLogs, span)
    const blocks = logsOfBlocks(headers, rawLogs)
    for (const { header, logs } of blocks) for (const log of logs) requireIn(log, header)
    return { decoded: await mapInTurns(rawLogs, decode), doubtful: await findDoubtful(addresses, blocks) }
  })
  await settleDoubts(node, addresses, doubtful)
  const logs = decoded.filter((one) => one !== null).map(({ log }: DecodedLog) => log)
  return { batch: { headers: kept(headers, logs), logs }, parentHash: headers[0]!.parentHash, blocks: headers.length }
}

async function readBoth(node: RangeNode, addresses: Uint8Array[], { from, to }: Span) {
  if (from === to) {
    // Asking by hash where that is possible: some nodes answer with no logs for a number that they do not know yet.
    const header = present(await node.header(to), to)
    return { headers: [header], rawLogs: await node.logs({ blockHash: header.hash }, addresses) }
  }
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const [found, rawLogs] = await Promise.all([node.headers(numbers), node.logs({ from, to }, addresses)])
  const headers = found.map((header, i) => present(header, numbers[i]!))
  headers.reduce((parent, child) => {
    requireLink(parent.hash, child)
    return child
  })
  return { headers, rawLogs }
}

/** What is stored: the headers of blocks that hold logs, and the last one. */
function kept(headers: NodeHeader[], logs: RegistryLog[]): BlockHeader[] {
  const numbers = new Set([...logs.map(({ at }) => at.blockNumber), headers.at(-1)!.number])
  return headers
    .filter(({ number }) => numbers.has(number))
    .map(({ number, hash, parentHash, time }) => ({ number, hash, parentHash, time }))
}

function present(header: NodeHeader | null, number: number): NodeHeader {
  if (header === null)
    throw contradiction(`block ${number} is missing below the head: the node has pruned it or does not have it yet`)
  return header
}

/** @throws RegistryError `chain.mismatch` unless `child` names this hash as its parent. */
export function requireLink(parentHash: Uint8Array, child: { number: number; parentHash: Uint8Array }): void {
  if (equalBytes(parentHash, child.parentHash)) return
  const names = `names ${toHex0x(child.parentHash)} as its parent, expected ${toHex0x(parentHash)}`
  throw contradiction(`block ${child.number} ${names}`)
}

/** All entries, those that are not decoded too, rise and lie inside the range. */
function requireOrder(rawLogs: RawLog[], { from, to }: Span): void {
  let before = { block: -1, index: -1 }
  for (const raw of rawLogs) {
    const at = { block: Number(raw.blockNumber), index: Number(raw.logIndex) }
    if (raw.removed === true) throw contradiction(`log ${at.index} of block ${at.block} is marked as removed`)
    if (!(at.block >= from && at.block <= to))
      throw contradiction(`log ${at.index} of block ${at.block} is outside of blocks ${from} to ${to}`)
    if (!(at.block > before.block || (at.block === before.block && at.index > before.index)))
      throw contradiction(`log ${at.index} of block ${at.block} follows log ${before.index} of block ${before.block}`)
    before = at
  }
}

function requireIn({ blockHash, blockNumber, logIndex }: RawLog, { hash }: BlockHeader): void {
  const expected = toHex0x(hash)
  if (blockHash.toLowerCase() === expected) return
  const says = `is in ${blockHash.slice(0, 66)}, but the block is ${expected}`
  throw contradiction(`log ${Number(logIndex)} of block ${Number(blockNumber)} ${says}`)
}

export function contradiction(detail: string, cause?: unknown): RegistryError {
  return new RegistryError('chain.mismatch', detail, { cause })
}
