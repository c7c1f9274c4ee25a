/** Blocks that wait for their registration: `<directory>/<root>/<CID>`, a directory a root, whose time of change is when it expires.
 *  Strangers fill it, so what waits is bounded. */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { RegistryError } from '../errors.ts'
import { cidName, isCid } from './cid.ts'
import { exists, listing, moveDurably, removeAbandoned, syncDirectory, writeDurably } from './files.ts'
import type { Block, BlockStore, BlockToRead } from './types.ts'

export interface HeldLimits {
  /** Bytes that may wait altogether, as they are on disk. */
  heldBytes?: number
  /** Bytes that may wait of one holder. */
  holderBytes?: number
  /** Seconds that a root may wait. */
  heldS?: number
}

/** docs/protocol.md §3: a transaction that takes longer than ten minutes is sent again, and so are its blocks. */
const DEFAULT_LIMITS = { heldBytes: 1024 ** 3, holderBytes: 160 * 1024 ** 2, heldS: 600 }

/** Seconds after which a holder that has its share is told to come back: most of what waits is registered within a few blocks. */
const HOLDER_RETRY_S = 10

/** Bytes. A file takes at least a block of the disk, so that a million tiny ones are not free. */
const DISK_BLOCK = 4096

/** Adoption is renaming the root's directory to this and then moving its files: a crash between is finished at the next start. */
const ADOPTING = '.adopting'

interface Taken {
  bytes: number
  /** Whoever held it last; null where that is not bounded, or not known since a restart. */
  holder: string | null
}

interface Waiting extends Taken {
  expiresAt: number
}

export interface HeldOptions {
  directory: string
  /** The present in seconds since 1970. */
  now(): number
  limits: HeldLimits
  /** Moves files, in this order, to where blocks are kept. */
  keep(files: string[]): Promise<void>
}

/** @returns with `ready`, which rejects if the directory cannot be read. */
export function createHeld({
  directory,
  now,
  limits,
  keep,
}: HeldOptions): Pick<BlockStore, 'hold' | 'adopt' | 'expireHeld'> & { ready: Promise<void> } {
  const { heldBytes, holderBytes, heldS } = { ...DEFAULT_LIMITS, ...limits }
  const waiting = new Map<string, Waiting>()
  const inTurn = createTurns()
  /** What is being written. */
  const writing = new Set<Taken>()

  async function load(): Promise<void> {
    await mkdir(directory, { recursive: true })
    await removeAbandoned(join(directory, '.new'), now())
    for (const path of await listing(directory)) {
      if (path.endsWith(ADOPTING)) await finish(path)
      else if (isCid(basename(path))) await count(path, null)
    }
  }

  /** Notes what a root's directory holds. */
  async function count(path: string, holder: string | null): Promise<void> {
    const sizes = await Promise.all((await listing(path)).map(async (file) => (await stat(file)).size))
    const { mtimeMs } = await stat(path)
    waiting.set(basename(path), { expiresAt: Math.floor(mtimeMs / 1000), bytes: sizes.reduce(addOnDisk, 0), holder })
  }

  function reserve(bytes: number, holder: string | null): Taken {
    const all = [...waiting.values(), ...writing]
    const own = bytesOf(all.filter((one) => holder !== null && one.holder === holder))
    if (holder !== null && own + bytes > holderBytes) {
      const detail = `${own} bytes of this client wait for their registration and ${holderBytes} may: ${bytes} more are too many now`
      throw new RegistryError('request.rate_limited', detail, { retryAfterS: HOLDER_RETRY_S })
    }
    const taken = bytesOf(all)
    if (taken + bytes > heldBytes) {
      const first = [...waiting.values()].reduce((least, { expiresAt }) => Math.min(least, expiresAt), now() + heldS)
      const detail = `${taken} bytes wait for their registration and ${heldBytes} may: ${bytes} more are too many now`
      throw new RegistryError('server.busy', detail, { retryAfterS: Math.max(1, first - now()) })
    }
    const reserved = { bytes, holder }
    writing.add(reserved)
    return reserved
  }

  async function hold(
    root: string,
    blocks: (Block | BlockToRead)[],
    holder: string | null = null,
  ): Promise<{ expiresAt: number }> {
    const target = join(directory, cidName(root))
    for (const { cid } of blocks) cidName(cid)
    await ready
    const bytes = blocks.map((one) => ('bytes' in one ? one.bytes.length : one.byteLength)).reduce(addOnDisk, 0)
    const reserved = reserve(bytes, holder)
    const fresh = join(directory, '.new', randomUUID())
    try {
      await mkdir(fresh, { recursive: true })
      for (const one of blocks) await writeDurably(join(fresh, one.cid), 'bytes' in one ? one.bytes : await one.read())
      return await inTurn(() => place(fresh, target, holder))
    } finally {
      writing.delete(reserved)
      await rm(fresh, { recursive: true, force: true })
    }
  }

  /** Gives what was written its name. A root that waits already gets what it lacks, and waits anew. */
  async function place(fresh: string, target: string, holder: string | null): Promise<{ expiresAt: number }> {
    if (await exists(target))
      await moveDurably((await listing(fresh)).map((from) => ({ from, to: join(target, basename(from)) })))
    else await rename(fresh, target)
    const expiresAt = now() + heldS
    await utimes(target, expiresAt, expiresAt)
    await syncDirectory(directory)
    await count(target, holder)
    return { expiresAt }
  }

  async function adopt(root: string): Promise<boolean> {
    const path = join(directory, cidName(root))
    await ready
    // Asked for every record at every start: an answer from memory.
    if (!waiting.has(root)) return false
    return inTurn(async () => {
      if (!waiting.has(root)) return false
      const adopting = path + ADOPTING
      // One of these is left when an earlier attempt failed on the way.
      if (await exists(adopting)) await finish(adopting)
      if (await exists(path)) {
        await rename(path, adopting)
        await finish(adopting)
      }
      return waiting.delete(root)
    })
  }

  /** Moves the root last: where it is kept, all that it links to is. */
  async function finish(adopting: string): Promise<void> {
    const root = basename(adopting, ADOPTING)
    const files = await listing(adopting)
    await keep(files.filter((file) => basename(file) !== root))
    await keep(files.filter((file) => basename(file) === root))
    await rmdir(adopting)
  }

  async function expireHeld(time: number): Promise<number> {
    await ready
    return inTurn(async () => {
      const expired = [...waiting].filter(([, { expiresAt }]) => expiresAt <= time)
      for (const [root] of expired) {
        await rm(join(directory, root), { recursive: true, force: true })
        waiting.delete(root)
      }
      return expired.length
    })
  }

  const ready = load()
  return { hold, adopt, expireHeld, ready }
}

const bytesOf = (all: Taken[]): number => all.reduce((sum, { bytes }) => sum + bytes, 0)

function addOnDisk(sum: number, bytes: number): number {
  return sum + Math.ceil(bytes / DISK_BLOCK) * DISK_BLOCK
}

/** Runs one after the other what would otherwise move the same directory at once. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
