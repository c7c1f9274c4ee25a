/** Keeps a second server off a directory whose files only one process may write. */
import { DatabaseSync } from 'node:sqlite'
import { RegistryError } from '../errors.ts'

/** Takes a lock that ends with the process, however it ends, so it is never stale.
 * @param file created when absent, and left when the lock is released.
 * @returns the way to release it.
 * @throws RegistryError `server.internal` if another process, or this one, holds it. */
export function lockFile(file: string): () => void {
  // SQLite, for Node has no file locks and a file with a process id outlives kill -9 and misleads in containers.
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    const detail = `"${file}" is locked: another server uses this data directory; stop it, or set DATA_DIR`
    throw new RegistryError('server.internal', detail, { cause })
  }
  return () => {
    if (lock.isOpen) lock.close()
  }
}
