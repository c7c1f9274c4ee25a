/**
 * The file through which a decoder process sees media.
 *
 * A running process cannot be handed another descriptor from Node, and starting one for each file would cost 0.1 s.
 * So each process inherits one descriptor, for reading only, of a file without a name, and the parent copies the
 * media of each job into that file.
 */
import { randomUUID } from 'node:crypto'
import { read as readCallback } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { noRoom } from '../errors.ts'

const read = promisify(readCallback)

/** Bytes copied at a time. */
const CHUNK_BYTES = 1 << 20

const full = noRoom('media that is decoded')

export interface Scratch {
  /** For the child to inherit: reading only. Closed here once it has. */
  readOnlyFd: number
  closeReadOnly(): Promise<void>
  /** Replaces the content with the first `byteLength` bytes of `fd`.
   * @throws RangeError if there are fewer; RegistryError `server.busy` if there is no room; the signal's reason. */
  fill(fd: number, byteLength: number, signal?: AbortSignal): Promise<void>
  /** Media is not kept beyond its job. */
  empty(): Promise<void>
  close(): Promise<void>
}

/** Creates the file in `directory`, opens it twice and takes away its name. */
export async function openScratch(directory: string): Promise<Scratch> {
  const path = join(directory, `firsthand-${randomUUID()}`)
  const written = await open(path, 'wx', 0o600)
  try {
    const shown = await open(path, 'r')
    return {
      readOnlyFd: shown.fd,
      closeReadOnly: () => shown.close(),
      async fill(fd, byteLength, signal) {
        await written.truncate(0)
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, byteLength))
        for (let at = 0; at < byteLength; ) {
          signal?.throwIfAborted()
          const { bytesRead } = await read(fd, chunk, 0, Math.min(chunk.length, byteLength - at), at)
          if (bytesRead === 0) throw new RangeError(`"byteLength" expected ${byteLength}, the file ends at ${at}`)
          await writeAll(chunk.subarray(0, bytesRead), at)
          at += bytesRead
        }
      },
      empty: () => written.truncate(0),
      close: () => written.close(),
    }
  } catch (error) {
    await written.close()
    throw error
  } finally {
    await unlink(path)
  }

  async function writeAll(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await written.write(bytes, at, bytes.length - at, position + at).catch(full)
      at += bytesWritten
    }
  }
}
