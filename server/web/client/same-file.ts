/** Whether a file is the one that was looked up. */
import { digestOf } from './digest.ts'
import type { Candidate } from './wire.ts'

/** By its size and its digest. @throws Error where the file cannot be read. */
export async function isSameFile(file: File, { sizeBytes, contentDigest }: Candidate): Promise<boolean> {
  return file.size === sizeBytes && (await digestOf({ file })) === contentDigest
}
