/** Evidence that a publisher gives to its server alone (`kept1`, docs/protocol.md §3). */
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import { bytes, decodeBlock, encodeBlock, type ManifestBlock } from './block.ts'

const KEPT = 'kept1'
const SALT_BYTES = 16

/** With salt, so that nobody finds out by its CID which of some pictures it is of. */
export const keptBlock = (evidence: Uint8Array): Promise<ManifestBlock> =>
  encodeBlock({ firsthand: KEPT, salt: crypto.getRandomValues(new Uint8Array(SALT_BYTES)), evidence })

const keptShape = z.strictObject({
  firsthand: z.literal(KEPT),
  salt: bytes(SALT_BYTES),
  evidence: z.instanceof(Uint8Array),
})

/** The evidence in a block that is kept from all but the server it was handed to; null for any other block. */
export function keptEvidence(block: Uint8Array): Uint8Array | null {
  // Most are none, and a hostile one takes thirty times its size when it is decoded.
  if (!Buffer.from(block.buffer, block.byteOffset, block.length).includes(KEPT)) return null
  try {
    return decodeBlock(keptShape, 'kept', block).evidence
  } catch (error) {
    if (error instanceof RegistryError) return null
    throw error
  }
}
