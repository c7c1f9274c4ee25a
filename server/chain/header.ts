/** Block headers as nodes write them, checked by their own hash. */
import { RegistryError } from '../errors.ts'
import type { BlockHeader } from './events.ts'
import { checkHeaderHash } from './header-hash.ts'
import { bytes, quantity, record } from './values.ts'

/** A header with what says which logs its block may hold. */
export interface NodeHeader extends BlockHeader {
  /** 256 bytes. */
  logsBloom: Uint8Array
}

/** @throws RangeError */
export function readHeader(value: unknown): NodeHeader {
  const { number, hash, parentHash, timestamp, logsBloom } = record(value)
  return {
    number: quantity(number),
    hash: bytes(hash, 32),
    parentHash: bytes(parentHash, 32),
    time: quantity(timestamp),
    logsBloom: bytes(logsBloom, 256),
  }
}

/** Reads headers of one node. From the first one on whose fields have its hash, that is asked of all: before it, the chain may be one
 *  whose headers are hashed in another way.
 * @returns a reader that throws RangeError, or RegistryError `chain.mismatch` for a header that is not what its hash says. */
export function headerReader(): (value: unknown) => NodeHeader {
  let hashed = false
  return (value) => {
    const header = readHeader(value)
    const verdict = checkHeaderHash(record(value), header.hash)
    if (verdict === 'right') hashed = true
    if (verdict === 'wrong' && hashed)
      throw new RegistryError('chain.mismatch', `the fields of block ${header.number} do not have its hash`)
    return header
  }
}
