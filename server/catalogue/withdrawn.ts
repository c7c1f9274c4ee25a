/** Blocks that the operator of this server withdrew: `<directory>/withdrawn/<CID>`, a file each, so that the command can change them while
 *  the server runs. The blocks themselves stay where they are: to undo it is to forget the file. */
import { randomUUID } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cidName, isCid } from './cid.ts'
import { ifPresent, listing, moveDurably, writeDurably } from './files.ts'

export interface Withdrawal {
  /** Seconds since 1970, by this machine's clock. */
  at: number
  /** For whoever asks for the block; null where none was given. */
  reason: string | null
}

export interface Withdrawals {
  /** All of them by CID, as they were a second ago at most. */
  all(): Promise<ReadonlyMap<string, Withdrawal>>
  /** Withdraws a block, be it here or not; again changes the reason. @throws RegistryError `block.invalid` for what is no CIDv1. */
  withdraw(cid: string, withdrawal: Withdrawal): Promise<void>
  /** @returns whether it was withdrawn. */
  restore(cid: string): Promise<boolean>
}

/** Milliseconds for which an answer is not looked up again: every block that is served asks. */
const FRESH_MS = 1_000
/** Milliseconds after which a change of the directory has a time of its own: of two within one tick of the disk's clock (4 ms, or 1 s on old
 *  file systems), the second cannot be told from the first. */
const SETTLED_MS = 1_000

/** @param directory the server's; `withdrawn` is below it. @param nowMs since 1970. */
export function createWithdrawals(directory: string, nowMs = () => Date.now()): Withdrawals {
  const root = join(directory, 'withdrawn')
  let [known, stamp, readAt] = [new Map<string, Withdrawal>(), -1, -Infinity]
  let latest: Promise<ReadonlyMap<string, Withdrawal>> = Promise.resolve(known)

  function all(): Promise<ReadonlyMap<string, Withdrawal>> {
    const now = nowMs()
    // The clock may be set back.
    if (Math.abs(now - readAt) < FRESH_MS) return latest
    readAt = now
    latest = look()
    latest.catch(() => {
      readAt = -Infinity
    })
    return latest
  }

  async function look(): Promise<ReadonlyMap<string, Withdrawal>> {
    const lookedAt = nowMs()
    // Each change moves a file into the directory or out of it.
    const changedAt = (await ifPresent(stat(root), null))?.mtimeMs ?? 0
    if (changedAt === stamp) return known
    known = new Map(await Promise.all((await listing(root)).filter((path) => isCid(basename(path))).map(read)))
    stamp = lookedAt - changedAt > SETTLED_MS ? changedAt : -1
    return known
  }

  async function withdraw(cid: string, withdrawal: Withdrawal): Promise<void> {
    const to = join(root, cidName(cid))
    const from = join(root, `.${randomUUID()}`)
    await writeDurably(from, new TextEncoder().encode(JSON.stringify(withdrawal)))
    await moveDurably([{ from, to }])
    readAt = -Infinity
  }

  async function restore(cid: string): Promise<boolean> {
    const path = join(root, cidName(cid))
    const there = (await ifPresent(stat(path), null)) !== null
    await rm(path, { force: true })
    readAt = -Infinity
    return there
  }

  return { all, withdraw, restore }
}

/** A file that cannot be read withdraws all the same: it was put there to do so. */
async function read(path: string): Promise<[string, Withdrawal]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const { at, reason } = parse(text)
  return [
    basename(path),
    { at: Number.isSafeInteger(at) ? Number(at) : 0, reason: typeof reason === 'string' ? reason : null },
  ]
}

function parse(text: string): { at?: unknown; reason?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}
