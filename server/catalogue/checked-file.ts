/** A file that is whole or not there, and ends with the SHA-256 of all before: what can be made again, kept to be there sooner. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { equalBytes } from '../bytes.ts'
import { moveDurably, readIfPresent, removeAbandoned } from './files.ts'

const DIGEST_BYTES = 32

/** Replaces the file at once, when all of it is on the disk. One at a time writes it. */
export async function writeChecked(file: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const unfinished = join(dirname(file), '.new')
  await mkdir(unfinished, { recursive: true })
  await removeAbandoned(unfinished, Date.now() / 1000)
  const from = join(unfinished, randomUUID())
  try {
    await writePieces(from, pieces)
    await moveDurably([{ from, to: file }])
  } finally {
    await rm(from, { force: true })
  }
}

async function writePieces(file: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx')
  const hash = createHash('sha256')
  try {
    for (const piece of pieces) {
      hash.update(piece)
      await handle.writeFile(piece)
    }
    await handle.writeFile(hash.digest())
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @returns what was written; null where there is no such file; 'damaged' where it is not what was written. */
export async function readChecked(file: string): Promise<Uint8Array | 'damaged' | null> {
  const bytes = await readIfPresent(file)
  if (bytes === null) return null
  const content = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES))
  const digest = createHash('sha256').update(content).digest()
  return equalBytes(digest, bytes.subarray(content.length)) ? content : 'damaged'
}
