/** Whether a batch may be appended. Pure: a node's answers are checked against each other, and against what the contracts
 *  promise (docs/protocol.md §2), before anything is written. */
import { equalBytes, toHex0x } from '../bytes.ts'
import type { BlockHeader, RegistryLog } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'

export interface Batch {
  headers: BlockHeader[]
  logs: RegistryLog[]
}

/** Whoever calls `append` broke its rules. */
function refuse(detail: string): never {
  throw new RegistryError('server.internal', `append: ${detail}`)
}

/** The node says what the contracts cannot have said. */
export function contradict(detail: string, cause?: unknown): never {
  throw new RegistryError('chain.mismatch', `the node's logs contradict the contracts: ${detail}`, { cause })
}

const nameOf = ({ at }: RegistryLog) => `log ${at.logIndex} of block ${at.blockNumber}`

/** @throws RegistryError `server.internal` unless headers rise and link, logs rise, and each log's block has its header. */
export function checkShape({ headers, logs }: Batch): void {
  if (headers.length === 0) refuse('expected the header of the new head, got no headers')
  headers.reduce((before, header) => {
    checkSuccessor(before, header)
    return header
  })
  const numbers = new Set(headers.map(({ number }) => number))
  logs.forEach((log, i) => {
    if (!numbers.has(log.at.blockNumber)) refuse(`${nameOf(log)} has no header`)
    const before = logs[i - 1]
    if (before && !isAfter(log, before)) refuse(`${nameOf(log)} comes after ${nameOf(before)}`)
  })
}

function isAfter({ at }: RegistryLog, { at: before }: RegistryLog): boolean {
  return at.blockNumber > before.blockNumber || (at.blockNumber === before.blockNumber && at.logIndex > before.logIndex)
}

/** @throws RegistryError `server.internal` unless `header` is above `before`, and linked to it where it is the next one. */
export function checkSuccessor(before: BlockHeader, header: BlockHeader): void {
  if (header.number <= before.number) refuse(`block ${header.number} is not above block ${before.number}`)
  if (header.number === before.number + 1 && !equalBytes(header.parentHash, before.hash))
    refuse(`block ${header.number} has the parent ${toHex0x(header.parentHash)}, expected ${toHex0x(before.hash)}`)
}

/** Publishers are counted from 1 without a gap, and created before anything else is said of them.
 * @param count publishers that exist already.
 * @throws RegistryError `chain.mismatch` */
export function checkPublishers(logs: RegistryLog[], count: number): void {
  let last = count
  for (const log of logs) {
    if (log.type === 'publisherCreated') {
      if (log.publisherId !== last + 1) contradict(`${nameOf(log)} creates publisher ${log.publisherId} after ${last}`)
      last++
    }
    if (log.publisherId < 1 || log.publisherId > last)
      contradict(`${nameOf(log)} names publisher ${log.publisherId} of ${last}`)
  }
}

/** Logs of one type, in order. */
export function logsOf<T extends RegistryLog['type']>(
  logs: RegistryLog[],
  type: T,
): Extract<RegistryLog, { type: T }>[] {
  return logs.filter((log): log is Extract<RegistryLog, { type: T }> => log.type === type)
}
