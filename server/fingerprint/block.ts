/** Blocks of a manifest or a list: bytes under a CID, written and read (docs/protocol.md §3). */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import * as z from 'zod'
import { describeIssues, RegistryError } from '../errors.ts'

export const MAX_BLOCK_BYTES = 1 << 20
/** Blocks that a root links to at most: those of a video of six hours. */
export const MAX_LINKS = 2_000

export interface ManifestBlock {
  cid: string
  bytes: Uint8Array
}

/** Codec of blocks that are bytes and nothing else. */
const RAW = 0x55

export async function rawBlock(bytes: Uint8Array): Promise<ManifestBlock> {
  return { cid: CID.createV1(RAW, await sha256.digest(bytes)).toString(), bytes }
}

/** A value as a block of DAG-CBOR under its CID. @throws RegistryError `block.invalid` over 1 MiB. */
export async function encodeBlock(value: unknown): Promise<ManifestBlock> {
  const bytes = dagCbor.encode(value)
  if (bytes.length > MAX_BLOCK_BYTES)
    throw new RegistryError(
      'block.invalid',
      `a block has at most ${MAX_BLOCK_BYTES} bytes, this one has ${bytes.length}`,
    )
  return { cid: CID.createV1(dagCbor.code, await sha256.digest(bytes)).toString(), bytes }
}

/** CID of the root block that an anchor names by its SHA-256. */
export function manifestCid(digest: Uint8Array): string {
  return CID.createV1(dagCbor.code, Digest.create(sha256.code, digest)).toString()
}

/** Whether blocks of such a CID are taken: version 1, DAG-CBOR or raw, SHA-256. */
export function isBlockCid({ version, code, multihash }: CID): boolean {
  return version === 1 && (code === dagCbor.code || code === RAW) && multihash.code === sha256.code
}

/** Checks a block against its CID: version 1, DAG-CBOR or raw, SHA-256, at most 1 MiB.
 * @throws RegistryError `block.invalid` saying which of these fails. */
export async function checkBlock(cid: CID, bytes: Uint8Array): Promise<void> {
  const problem = !isBlockCid(cid)
    ? 'is not CIDv1 of dag-cbor or raw with sha2-256'
    : bytes.length > MAX_BLOCK_BYTES
      ? `has ${bytes.length} bytes, at most ${MAX_BLOCK_BYTES} are taken`
      : Buffer.compare((await sha256.digest(bytes)).digest, cid.multihash.digest) !== 0
        ? 'does not hash to its CID'
        : null
  if (problem) throw new RegistryError('block.invalid', `block ${cid} ${problem}`)
}

export const bytes = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `expected ${length} bytes`)
/** To what a block of it can be: a list whose links are none would be waited for without end. */
export const linkShape = z.custom<CID>((value) => {
  const cid = CID.asCID(value)
  return cid !== null && isBlockCid(cid)
}, 'expected a link to a block: CIDv1 of dag-cbor or raw with sha2-256')

/** A block of a known shape. @throws RegistryError `block.invalid` for any other. */
export function decodeBlock<T>(shape: z.ZodType<T>, cid: string, bytes: Uint8Array): T {
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch (cause) {
    throw new RegistryError('block.invalid', `block ${cid} is not DAG-CBOR`, { cause })
  }
  const read = shape.safeParse(value)
  if (!read.success) throw new RegistryError('block.invalid', `block ${cid}: ${describeIssues(read.error)}`)
  return read.data
}
