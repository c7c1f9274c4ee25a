/** One process at a time in a folder. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Lock {
  release(): Promise<void>
}

/** The lock is held by a process that lives. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld'
  /** Null where the holder did not say. */
  readonly pid: number | null

  constructor(pid: number | null) {
    super(`process ${pid ?? 'unknown'} holds the lock`)
    this.pid = pid
  }
}

/** Milliseconds. A child whose parent was killed needs a moment to notice and to end. */
const PATIENCE_MS = 3_000
const RETRY_MS = 50

/** Takes the lock of a folder. It ends with the process, however that ends, so it is never stale.
 * @throws LockHeld after waiting a little for a holder that is about to end. */
export async function takeLock(folder: string, patienceMs = PATIENCE_MS): Promise<Lock> {
  const until = performance.now() + patienceMs
  const holder = join(folder, 'pid')
  for (;;) {
    const release = tryLock(join(folder, 'lock'))
    if (release !== null) {
      // For the message to somebody else, and for whoever wants to look: nothing depends on it.
      await writeFile(holder, `${process.pid}\n`)
      return { release: () => rm(holder, { force: true }).finally(release) }
    }
    if (performance.now() > until) throw new LockHeld(await readPid(holder))
    await sleep(RETRY_MS)
  }
}

/** By SQLite, for Node itself has no locks on files, and a file that holds a process id outlives `kill -9`. */
function tryLock(file: string): (() => void) | null {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('begin exclusive')
    return () => database.close()
  } catch (error) {
    database.close()
    // SQLITE_BUSY
    if ((error as { errcode?: number }).errcode === 5) return null
    throw error
  }
}

async function readPid(file: string): Promise<number | null> {
  return Number(await readFile(file, 'utf8').catch(() => '')) || null
}
