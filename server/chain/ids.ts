/** Ids as the contracts form them (docs/protocol.md §1). */
import { keccak256 } from 'ethers'
import { fromHex, toHex0x } from '../bytes.ts'
import type { Deployment } from './events.ts'

const UINT32_MAX = 0xffff_ffff

/** `keccak256(abi.encode(uint256 chainId, address registry, uint32 publisherId, bytes32 contentDigest))`.
 * @param registry the media registry, 20 bytes.
 * @param contentDigest SHA-256 of the file, 32 bytes.
 * @returns 32 bytes.
 * @throws RangeError if a number or a length is out of range. */
export function recordId(
  chainId: number,
  registry: Uint8Array,
  publisherId: number,
  contentDigest: Uint8Array,
): Uint8Array {
  requireLength('registry', registry, 20)
  requireLength('contentDigest', contentDigest, 32)
  requireUint('chainId', chainId, Number.MAX_SAFE_INTEGER)
  requireUint('publisherId', publisherId, UINT32_MAX)
  const words = new Uint8Array(4 * 32)
  const view = new DataView(words.buffer)
  view.setBigUint64(24, BigInt(chainId))
  words.set(registry, 32 + 12)
  view.setUint32(2 * 32 + 28, publisherId)
  words.set(contentDigest, 3 * 32)
  return fromHex(keccak256(words))
}

/** How a record is cited: `eip155:<chainId>:<mediaRegistry>/<recordId>`. */
export function citation(deployment: Pick<Deployment, 'chainId' | 'mediaRegistry'>, id: Uint8Array): string {
  return `eip155:${deployment.chainId}:${toHex0x(deployment.mediaRegistry)}/${toHex0x(id)}`
}

function requireLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`"${name}" expected ${length} bytes, got ${bytes.length}`)
}

function requireUint(name: string, value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max)
    throw new RangeError(`"${name}" expected an integer of 0 to ${max}, got ${value}`)
}
