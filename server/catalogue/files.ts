/** Files that are whole after a crash, of the process or of the machine. */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What went wrong is only that the thing is not there. */
function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** `value`, or `otherwise` where a file or directory does not exist. */
export async function ifPresent<T, U>(value: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await value
  } catch (error) {
    if (isAbsent(error)) return otherwise
    throw error
  }
}

export async function readIfPresent(file: string): Promise<Uint8Array | null> {
  const bytes = await ifPresent(readFile(file), null)
  return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

export async function exists(path: string): Promise<boolean> {
  return (await ifPresent(stat(path), null)) !== null
}

/** Full paths of what is in a directory; nothing when it is absent. */
export async function listing(directory: string): Promise<string[]> {
  const names = await ifPresent(readdir(directory), [] as string[])
  return names.map((name) => join(directory, name))
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a new file and makes its content, though not yet its name, durable. */
export async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Moves files, replacing what is there, and makes their new names durable. Directories are made as needed. */
export async function moveDurably(moves: { from: string; to: string }[]): Promise<void> {
  const parents = new Set(moves.map(({ to }) => dirname(to)))
  for (const parent of parents) await mkdir(parent, { recursive: true })
  for (const { from, to } of moves) await rename(from, to)
  for (const parent of parents) await syncDirectory(parent)
  for (const grandparent of new Set([...parents].map(dirname))) await syncDirectory(grandparent)
}

/** Seconds after which an unfinished file is nobody's any more: longer than writing one ever takes. */
const ABANDONED_S = 3600

/** Removes what a crash left unfinished in a directory; what another may still be writing is younger.
 * @param now seconds since 1970. */
export async function removeAbandoned(directory: string, now: number): Promise<void> {
  for (const path of await listing(directory)) {
    const found = await ifPresent(stat(path), null)
    if (found && found.mtimeMs / 1000 < now - ABANDONED_S) await rm(path, { recursive: true, force: true })
  }
}
