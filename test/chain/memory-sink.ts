/** A sink in memory that holds its callers to the contract of `Sink`. */
import { equalBytes } from '../../server/bytes.ts'
import type { BlockHeader, RegistryLog, Sink } from '../../server/chain/events.ts'

export interface MemorySink extends Sink {
  readonly headers: readonly BlockHeader[]
  readonly logs: readonly RegistryLog[]
  /** Numbers that were rolled back to, in order. */
  readonly rollbacks: readonly number[]
  /** The next `append` or `rollback` fails with this, and changes nothing. */
  failNext(error: Error): void
}

export function memorySink(): MemorySink {
  let headers: BlockHeader[] = []
  let logs: RegistryLog[] = []
  const rollbacks: number[] = []
  let failure: Error | undefined

  async function transaction(change: () => void): Promise<void> {
    await Promise.resolve()
    const error = failure
    failure = undefined
    if (error) throw error
    change()
  }

  function append(batch: { headers: BlockHeader[]; logs: RegistryLog[] }): void {
    requireAbove(headers.at(-1)?.number ?? -1, batch.headers)
    requireAnchored(batch)
    headers = [...headers, ...batch.headers]
    logs = [...logs, ...batch.logs]
  }

  return {
    head: async () => headers.at(-1) ?? null,
    headerAtOrBelow: async (number) => headers.findLast((header) => header.number <= number) ?? null,
    append: (batch) => transaction(() => append(batch)),
    rollback: (number) =>
      transaction(() => {
        headers = headers.filter((header) => header.number <= number)
        logs = logs.filter((log) => log.at.blockNumber <= number)
        rollbacks.push(number)
      }),
    failNext: (error) => {
      failure = error
    },
    get headers() {
      return headers
    },
    get logs() {
      return logs
    },
    rollbacks,
  }
}

function requireAbove(head: number, headers: BlockHeader[]): void {
  if (headers.length === 0) throw new RangeError('"headers" expected at least one')
  let before = head
  for (const header of headers) {
    if (header.number <= before) throw new RangeError(`header ${header.number} expected above ${before}`)
    before = header.number
  }
}

/** Each log rises and has its block's header in the batch; headers that follow each other are linked. */
function requireAnchored({ headers, logs }: { headers: BlockHeader[]; logs: RegistryLog[] }): void {
  const numbers = new Set(headers.map((header) => header.number))
  for (const [i, { at }] of logs.entries()) {
    if (!numbers.has(at.blockNumber)) throw new RangeError(`log of block ${at.blockNumber} expected its header`)
    const before = logs[i - 1]?.at
    if (before && (before.blockNumber - at.blockNumber || before.logIndex - at.logIndex) >= 0)
      throw new RangeError(`log ${at.logIndex} of block ${at.blockNumber} expected after the one before`)
  }
  for (const [i, child] of headers.entries()) {
    const parent = headers[i - 1]
    if (parent && parent.number + 1 === child.number && !equalBytes(parent.hash, child.parentHash))
      throw new RangeError(`header ${child.number} expected to be linked to ${parent.number}`)
  }
}
