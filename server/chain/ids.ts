/** Ids as the contracts form them (docs/protocol.md §1). */
import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { AbiCoder, keccak256 } from 'ethers'
import { fromHex, toHex0x } from '../bytes.ts'
import type { Claim, Deployment, Registration } from './events.ts'

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

/** A registration as one publisher's claim. */
export function claimOf(
  { chainId, mediaRegistry }: Pick<Deployment, 'chainId' | 'mediaRegistry'>,
  publisherId: number,
  registration: Registration,
): Claim {
  return { ...registration, recordId: recordId(chainId, mediaRegistry, publisherId, registration.contentDigest) }
}

/** What a commitment hashes, in order. */
const COMMITTED = ['bytes32', 'bytes32', 'uint8', 'uint8', 'bytes32[]']

const committedOf = ({ recordId, manifestDigest, kind, algorithm, perceptualHashes }: Claim) => [
  toHex0x(recordId),
  toHex0x(manifestDigest),
  kind,
  algorithm,
  perceptualHashes.map(toHex0x),
]

/** `keccak256(abi.encode(recordId, manifestDigest, kind, algorithm, perceptualHashes))`. @returns 32 bytes. */
export function commitmentOf(claim: Claim): Uint8Array {
  return fromHex(keccak256(AbiCoder.defaultAbiCoder().encode(COMMITTED, committedOf(claim))))
}

/** A claim's leaf in the tree of its batch: the commitment, hashed again. @returns 32 bytes. */
export function leafOf(claim: Claim): Uint8Array {
  return fromHex(keccak256(commitmentOf(claim)))
}

/** The root of claims in their order, unsorted. @returns 32 bytes. @throws RangeError without any. */
export function rootOf(claims: readonly Claim[]): Uint8Array {
  return fromHex(treeOf(claims).root)
}

/** The siblings of a claim's leaf, from the leaf on, 32 bytes each. */
export function proofOf(claims: readonly Claim[], index: number): Uint8Array[] {
  return treeOf(claims)
    .getProof(index)
    .map((sibling) => fromHex(sibling))
}

function treeOf(claims: readonly Claim[]) {
  if (claims.length === 0) throw new RangeError('"claims" expected at least one')
  return StandardMerkleTree.of(claims.map(committedOf), COMMITTED, { sortLeaves: false })
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
