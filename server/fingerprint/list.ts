/** The list of claims of a rooted batch as blocks (docs/protocol.md §3, `list1`). */
import { CID } from 'multiformats/cid'
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import { decodeBlock, encodeBlock, linkShape, MAX_LINKS, type ManifestBlock, manifestCid } from './block.ts'

/** A claim of the list: what a registration says. */
export interface Listed {
  /** 32 bytes each. */
  contentDigest: Uint8Array
  manifestDigest: Uint8Array
  kind: number
  algorithm: number
  /** 0 to 64 words of 32 bytes. */
  perceptualHashes: Uint8Array[]
}

/** As the contract takes them. */
export const MAX_LEAVES = 8_192
const MAX_WORDS = 64
const WORD_BYTES = 32
/** Well below the 256 KiB that are read of a block. */
const MAX_LEAF_BLOCK_BYTES = 200_000
/** Of a claim in a leaf block, beside its words: two digests with their heads, two numbers, the list's head. */
const LEAF_BYTES = 2 * 34 + 2 * 2 + 1 + 3

/** CID of the root block that an anchor names by its SHA-256. */
export const listCid = manifestCid

/** @returns root: CID of the root block as text; digest: its SHA-256, to be anchored; blocks: all blocks, the root first.
 *  @throws RangeError without claims, or with more than 8,192. */
export async function writeList(
  claims: readonly Listed[],
): Promise<{ root: string; digest: Uint8Array; blocks: ManifestBlock[] }> {
  if (claims.length === 0 || claims.length > MAX_LEAVES)
    throw new RangeError(`"claims" expected 1 to ${MAX_LEAVES}, got ${claims.length}`)
  const leafBlocks = await Promise.all([...stretches(claims)].map(leafBlock))
  const leaves = leafBlocks.map(({ cid }) => CID.parse(cid))
  const root = await encodeBlock({ firsthand: 'list1', count: claims.length, leaves })
  return { root: root.cid, digest: CID.parse(root.cid).multihash.digest, blocks: [root, ...leafBlocks] }
}

/** Bytes that claims take in a list, about. */
export function listBytes(claims: readonly Listed[]): number {
  return claims.reduce((sum, { perceptualHashes }) => sum + LEAF_BYTES + WORD_BYTES * perceptualHashes.length, 0)
}

function* stretches(claims: readonly Listed[]): Generator<Listed[]> {
  let stretch: Listed[] = []
  let bytes = 0
  for (const claim of claims) {
    const own = listBytes([claim])
    if (bytes + own > MAX_LEAF_BLOCK_BYTES) {
      yield stretch
      stretch = []
      bytes = 0
    }
    stretch.push(claim)
    bytes += own
  }
  yield stretch
}

function leafBlock(claims: Listed[]): Promise<ManifestBlock> {
  const leaves = claims.map(({ contentDigest, manifestDigest, kind, algorithm, perceptualHashes }) => {
    const words = new Uint8Array(Buffer.concat(perceptualHashes))
    return [contentDigest, manifestDigest, kind, algorithm, words]
  })
  return encodeBlock({ firsthand: 'leaves1', leaves })
}

const bytesOf = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `expected ${length} bytes`)
const byte = z.int().min(0).max(255)
const words = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length % WORD_BYTES === 0 && value.length <= MAX_WORDS * WORD_BYTES,
  `expected at most ${MAX_WORDS} words of ${WORD_BYTES} bytes`,
)
const rootShape = z.strictObject({
  firsthand: z.literal('list1'),
  count: z.int().min(1).max(MAX_LEAVES),
  leaves: z.array(linkShape).min(1).max(MAX_LINKS),
})
const leavesShape = z.strictObject({
  firsthand: z.literal('leaves1'),
  leaves: z
    .array(z.tuple([bytesOf(32), bytesOf(32), byte.min(1), byte, words]))
    .min(1)
    .max(MAX_LEAVES),
})

/** Reads a list from blocks that were checked against their CIDs.
 * @param root CID of the root block. @param get a block by CID, or null.
 * @returns the claims in their order, or null where a block is missing.
 * @throws RegistryError `block.invalid` for what is no list. */
export async function readList(
  root: string,
  get: (cid: string) => Promise<Uint8Array | null>,
): Promise<Listed[] | null> {
  const bytes = await get(root)
  if (!bytes) return null
  const { count, leaves } = decodeBlock(rootShape, root, bytes)
  const claims: Listed[] = []
  for (const cid of leaves.map(String)) {
    const linked = await get(cid)
    if (!linked) return null
    for (const leaf of decodeBlock(leavesShape, cid, linked).leaves) claims.push(listed(cid, leaf))
    if (claims.length > count) break
  }
  if (claims.length !== count)
    throw new RegistryError('block.invalid', `block ${root}: "count" expected ${claims.length} or more, got ${count}`)
  return claims
}

type Leaf = z.infer<typeof leavesShape>['leaves'][number]

/** @throws RegistryError `block.invalid` for a claim that the contract would refuse. */
function listed(cid: string, [contentDigest, manifestDigest, kind, algorithm, bytes]: Leaf): Listed {
  if (contentDigest.every((one) => one === 0))
    throw new RegistryError('block.invalid', `block ${cid}: a content digest is zero`)
  if ((algorithm === 0) !== (bytes.length === 0))
    throw new RegistryError('block.invalid', `block ${cid}: algorithm ${algorithm} with ${bytes.length} bytes of words`)
  const perceptualHashes = Array.from({ length: bytes.length / WORD_BYTES }, (_, i) =>
    bytes.slice(WORD_BYTES * i, WORD_BYTES * (i + 1)),
  )
  return { contentDigest, manifestDigest, kind, algorithm, perceptualHashes }
}
