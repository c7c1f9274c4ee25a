/** A new, empty cluster of PGlite. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RegistryError } from '../errors.ts'
import { syncDirectory } from './files.ts'

/** Creates it beside `directory`, then renames: whatever ends this early leaves no half cluster.
 * @throws RegistryError `server.internal` with what the creating process complained of. */
export async function createCluster(directory: string): Promise<void> {
  const unfinished = `${directory}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  const child = fork(new URL('./pglite-create.ts', import.meta.url), [unfinished], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaint = ''
  child.stderr?.on('data', (piece: Buffer) => {
    complaint = (complaint + piece.toString()).slice(-2000)
  })
  const [code, signal] = await once(child, 'exit')
  if (code !== 0)
    throw new RegistryError('server.internal', `"${directory}" could not be created: ${signal ?? complaint.trim()}`)
  await rename(unfinished, directory)
  await syncDirectory(dirname(directory))
}
