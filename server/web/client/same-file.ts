/** Whether a file is the one that was looked up. */
import type { Candidate } from './wire.ts'

/** Bytes up to which a file is read to be sure: it lies in memory while it is. */
const MAX_DIGESTED = 512 * 1024 ** 2

/** By its size, and its digest where the page can compute it (only over https or on this machine). */
export async function isSameFile(file: File, { sizeBytes, contentDigest }: Candidate): Promise<boolean> {
  if (file.size !== sizeBytes) return false
  if (!globalThis.crypto?.subtle || file.size > MAX_DIGESTED) return true
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === contentDigest
}
