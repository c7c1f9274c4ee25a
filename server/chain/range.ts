/** Reads a range of blocks and believes it only if its parts agree with each other. */
import { equalBytes, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import type { DecodedLog, Decoder } from './decode.ts'
import type { BlockHeader, Deployment, RegistryLog } from './events.ts'
import type { ChainNode, RawLog } from './node.ts'

export type RangeNode = Pick<ChainNode, 'header' | 'headers' | 'logs'>

export interface RangeRequest {
  from: number
  to: number
  /** The stored block right below `from`, or null where there is none to link to. */
  parent: BlockHeader | null
}

/** What `Sink.append` takes. */
export interface RangeContent {
  headers: BlockHeader[]
  logs: RegistryLog[]
}

/** Reads logs and headers of a range.
 *
 *  The last header is read before everything else and once more after it. As long as it is the same, the chain in between was one, so
 *  what was read belongs together; and because the first header names `parent` as its parent, it belongs to what is stored.
 * @throws RegistryError `chain.mismatch` if the answers contradict each other or what is stored: a reorganisation took place
 * meanwhile, or the node is wrong. `chain.unreachable` as the node. */
export async function readRange(
  node: RangeNode,
  { publisherRegistry, mediaRegistry }: Deployment,
  decode: Decoder,
  { from, to, parent }: RangeRequest,
): Promise<RangeContent> {
  const last = present(await node.header(to), to)
  // Asking by hash where that is possible: some nodes answer with no logs for a number that they do not know yet.
  const range = from === to ? { blockHash: last.hash } : { from, to }
  const [first, rawLogs] = await Promise.all([
    from === to ? last : node.header(from),
    node.logs(range, [publisherRegistry, mediaRegistry]),
  ])
  if (parent !== null) requireLink(parent, present(first, from))
  const decoded = rawLogs.map(decode).filter((log) => log !== null)
  requireOrder(rawLogs, { from, to })
  const headers = await headersOf(node, decoded, last)
  requireLogsIn(decoded, headers)
  requireLinks(headers)
  return { headers, logs: decoded.map(({ log }) => log) }
}

/** Headers of all blocks with logs and of the last one, by number; the last is asked for again after the others. */
async function headersOf(node: RangeNode, decoded: DecodedLog[], last: BlockHeader): Promise<BlockHeader[]> {
  const numbers = new Set(decoded.map(({ log }) => log.at.blockNumber))
  numbers.delete(last.number)
  const asked = [...numbers, last.number]
  const headers = (await node.headers(asked)).map((header, i) => present(header, asked[i]!))
  requireSame(last, headers.at(-1)!)
  return headers
}

function present(header: BlockHeader | null, number: number): BlockHeader {
  if (header === null) throw contradiction(`block ${number} is missing below the head`)
  return header
}

function requireLink(parent: BlockHeader, child: BlockHeader): void {
  if (equalBytes(parent.hash, child.parentHash)) return
  const names = `names ${toHex0x(child.parentHash)} as its parent, expected ${toHex0x(parent.hash)}`
  throw contradiction(`block ${child.number} ${names}`)
}

/** Headers that follow each other directly are linked; between others nothing can be said. */
function requireLinks(headers: BlockHeader[]): void {
  for (const [i, child] of headers.entries()) {
    const parent = headers[i - 1]
    if (parent !== undefined && parent.number + 1 === child.number) requireLink(parent, child)
  }
}

function requireSame(before: BlockHeader, after: BlockHeader): void {
  if (equalBytes(before.hash, after.hash)) return
  throw contradiction(`block ${before.number} changed from ${toHex0x(before.hash)} to ${toHex0x(after.hash)}`)
}

/** All entries, those that are not decoded too, rise and lie inside the range. */
function requireOrder(rawLogs: RawLog[], { from, to }: { from: number; to: number }): void {
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

function requireLogsIn(decoded: DecodedLog[], headers: BlockHeader[]): void {
  const byNumber = new Map(headers.map((header) => [header.number, header]))
  for (const { log, blockHash } of decoded) {
    const { blockNumber, logIndex } = log.at
    const { hash } = byNumber.get(blockNumber)!
    if (equalBytes(hash, blockHash)) continue
    const says = `is in ${toHex0x(blockHash)}, but the block is ${toHex0x(hash)}`
    throw contradiction(`log ${logIndex} of block ${blockNumber} ${says}`)
  }
}

function contradiction(detail: string): RegistryError {
  return new RegistryError('chain.mismatch', detail)
}
