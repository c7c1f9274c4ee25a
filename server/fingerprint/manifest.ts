/** The manifest: a fingerprint and the publisher's description as DAG-CBOR blocks (`manifest1`, docs/protocol.md §3). */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import * as z from 'zod'
import { describeIssues, RegistryError } from '../errors.ts'
import { type Fingerprint, type Frame, KINDS, type Kind } from './fingerprint.ts'
import { decodeLocal } from './local-code.ts'
import { MIN_QUALITY } from './pdq.ts'

export const MAX_BLOCK_BYTES = 1 << 20
/** Blocks that a root links to at most: one for each minute of 33 hours. */
export const MAX_LINKS = 2_000
/** One frame block holds this much of a video, so that one stretch can be fetched and checked alone. */
const FRAME_BLOCK_MS = 60_000
/** Words that a registration may carry (docs/protocol.md §2.2). */
const MAX_WORDS = 64

export interface Description {
  title: string | null
  text: string | null
  sourceUrl: string | null
  /** Content digest of the original that this one was made from, 32 bytes. */
  derivedFrom: Uint8Array | null
}

export interface ManifestBlock {
  cid: string
  bytes: Uint8Array
}

/** A manifest as its readers need it. */
export interface Manifest {
  kind: Kind
  content: { digest: Uint8Array; size: number; type: string }
  description: Description
  extent: { width: number | null; height: number | null; durationMs: number | null }
  perceptual: { algorithm: 'pdq1' | null; words: Uint8Array[]; quality: number[] }
  /** Video only, in order of time. */
  frames: Frame[]
  /** Pictures only: the block of local hashes, `local1`; null without. */
  local: ManifestBlock | null
  /** CID of the block of evidence; null where the publisher gave none to everybody. */
  evidence: string | null
  /** CID of the block of evidence that only the publisher's server has, null where there is none. */
  keptEvidence: string | null
}

/** What a fingerprint puts on the chain.
 * @returns algorithm: 0 none, 1 PDQ; words: 0 to 64 hashes of 32 bytes; quality: 0–100 for each word. */
export function anchoredWords(of: Fingerprint): { algorithm: 0 | 1; words: Uint8Array[]; quality: number[] } {
  const frames = of.picture
    ? [of.picture.orientations[0]!, of.picture.reduced[0]!].map((hash) => ({ hash, quality: of.picture!.quality }))
    : representatives(of.frames)
  return {
    algorithm: frames.length > 0 ? 1 : 0,
    words: frames.map((frame) => frame.hash),
    quality: frames.map((frame) => frame.quality),
  }
}

/** At most 64 frames that are not featureless and differ from the one before, evenly spread over the video. */
function representatives(frames: Frame[]): Frame[] {
  const distinct = frames
    .filter((f) => f.quality >= MIN_QUALITY)
    .filter((f, i, all) => i === 0 || !same(f, all[i - 1]!))
  if (distinct.length <= MAX_WORDS) return distinct
  return Array.from({ length: MAX_WORDS }, (_, i) => distinct[Math.floor((i * distinct.length) / MAX_WORDS)]!)
}

const same = (a: Frame, b: Frame) => Buffer.compare(a.hash, b.hash) === 0

/** Who gets a picture's evidence, a small copy of it: everybody, with the manifest; the server that it is handed to, which compares and does not
 *  serve it; or nobody. */
export const EVIDENCE_CHOICES = ['public', 'server', 'none'] as const
export type EvidenceChoice = (typeof EVIDENCE_CHOICES)[number]

/** Writes a manifest.
 * @returns root: CID of the root block as text; digest: its SHA-256, to be anchored; blocks: all blocks, the root first.
 * @throws RegistryError `block.invalid` if the root would be larger than 1 MiB. */
export async function writeManifest(of: Fingerprint, description: Description, choice: EvidenceChoice = 'public') {
  const frameBlocks = await Promise.all(stretches(of.frames).map(frameBlock).map(encodeBlock))
  const local = of.picture?.local ? await rawBlock(of.picture.local) : null
  const evidence = await evidenceBlock(of, choice)
  const { algorithm, words, quality } = anchoredWords(of)
  const root = await encodeBlock({
    firsthand: 'manifest1',
    kind: of.kind,
    content: { digest: of.contentDigest, size: of.byteLength, type: of.mediaType },
    description: { ...description },
    extent: { width: of.width, height: of.height, durationMs: of.durationMs },
    perceptual: { algorithm: algorithm === 0 ? null : 'pdq1', words, quality },
    frames: frameBlocks.map((block) => CID.parse(block.cid)),
    ...(local && { local: CID.parse(local.cid) }),
    evidence: evidence ? linkTo(evidence, choice) : 'none',
  })
  const linked = [...frameBlocks, local, evidence].filter((block) => block !== null)
  return { root: root.cid, digest: CID.parse(root.cid).multihash.digest, blocks: [root, ...linked] }
}

function evidenceBlock(of: Fingerprint, choice: EvidenceChoice): Promise<ManifestBlock | null> {
  const evidence = of.picture?.evidence
  if (!evidence || choice === 'none') return Promise.resolve(null)
  if (choice === 'public') return rawBlock(evidence)
  // With salt, so that nobody finds out by its CID which of some pictures it is of.
  return encodeBlock({ firsthand: KEPT, salt: crypto.getRandomValues(new Uint8Array(SALT_BYTES)), evidence })
}

const KEPT = 'kept1'
const SALT_BYTES = 16

/** Not as a link where it is kept: whoever follows links would ask for it in vain. */
const linkTo = ({ cid }: ManifestBlock, choice: EvidenceChoice) =>
  choice === 'public' ? CID.parse(cid) : { kept: CID.parse(cid).multihash.digest }

async function rawBlock(bytes: Uint8Array): Promise<ManifestBlock> {
  return { cid: CID.createV1(RAW, await sha256.digest(bytes)).toString(), bytes }
}

/** Codec of blocks that are bytes and nothing else. */
const RAW = 0x55

/** Frames by the minute, empty minutes left out. */
function stretches(frames: Frame[]): Frame[][] {
  const byMinute = Map.groupBy(frames, (frame) => Math.floor(frame.timeMs / FRAME_BLOCK_MS))
  return [...byMinute.values()]
}

function frameBlock(frames: Frame[]) {
  return {
    firsthand: 'frames1',
    startMs: frames[0]!.timeMs,
    timesMs: frames.map((frame) => frame.timeMs),
    quality: Uint8Array.from(frames, (frame) => frame.quality),
    pdq: Uint8Array.from(frames.flatMap((frame) => [...frame.hash])),
  }
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

const bytes = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `expected ${length} bytes`)
const text = (max: number) => z.string().max(max).nullable()
/** Pixels: nobody divides by a picture of no width. */
const side = z.int().min(1).max(1_000_000).nullable()
/** To what a block of it can be: a list whose links are none would be waited for without end. */
export const linkShape = z.custom<CID>((value) => {
  const cid = CID.asCID(value)
  return cid !== null && isBlockCid(cid)
}, 'expected a link to a block: CIDv1 of dag-cbor or raw with sha2-256')

const rootBlock = z.object({
  firsthand: z.literal('manifest1'),
  kind: z.enum(KINDS),
  content: z.object({ digest: bytes(32), size: z.int().min(1), type: z.string().max(100) }),
  description: z.object({
    title: text(300),
    text: text(10_000),
    sourceUrl: text(2_000),
    derivedFrom: bytes(32).nullable(),
  }),
  extent: z.object({ width: side, height: side, durationMs: z.int().min(0).nullable() }),
  perceptual: z
    .object({
      algorithm: z.literal('pdq1').nullable(),
      words: z.array(bytes(32)).max(MAX_WORDS),
      quality: z.array(z.int().min(0).max(100)).max(MAX_WORDS),
    })
    .refine((p) => p.words.length === p.quality.length, 'words and quality differ in length'),
  frames: z.array(linkShape).max(MAX_LINKS),
  local: linkShape.nullable().default(null),
  evidence: z.union([linkShape, z.literal('none'), z.object({ kept: bytes(32) })]),
})

const frameBlockShape = z
  .object({
    firsthand: z.literal('frames1'),
    startMs: z.int().min(0),
    timesMs: z.array(z.int().min(0)).min(1),
    quality: z.instanceof(Uint8Array),
    pdq: z.instanceof(Uint8Array),
  })
  .refine((b) => b.quality.length === b.timesMs.length && b.pdq.length === 32 * b.timesMs.length, 'lengths differ')
  .refine((b) => b.quality.every((value) => value <= 100), 'quality expected 0 to 100')
  .refine(
    (b) => b.startMs <= b.timesMs[0]! && b.timesMs.at(-1)! - b.startMs < FRAME_BLOCK_MS,
    `timesMs expected within ${FRAME_BLOCK_MS} ms of startMs`,
  )

/** Reads a manifest from blocks that were checked against their CIDs.
 * @param get gives a block's bytes, or null where it is missing.
 * @returns null if the root block is missing.
 * @throws RegistryError `block.invalid` where a block is not as docs/protocol.md §3 says or a linked one is missing. */
export async function readManifest(
  root: string,
  get: (cid: string) => Promise<Uint8Array | null>,
): Promise<Manifest | null> {
  const bytes = await get(root)
  if (!bytes) return null
  const { firsthand: _, frames: links, local, evidence, ...manifest } = decodeBlock(rootBlock, root, bytes)
  const frames: Frame[] = []
  const linked = async (cid: string) => {
    const block = await get(cid)
    if (!block) throw new RegistryError('block.invalid', `block ${cid} is linked from ${root} and missing`)
    return block
  }
  for (const cid of links.map(String)) frames.push(...framesOf(decodeBlock(frameBlockShape, cid, await linked(cid))))
  if (frames.some((frame, i) => i > 0 && frame.timeMs <= frames[i - 1]!.timeMs))
    throw new RegistryError('block.invalid', `times of frames under ${root} do not rise`)
  const open = CID.asCID(evidence)
  if (open) await linked(String(open))
  return {
    ...manifest,
    frames,
    local: local && localOf(String(local), await linked(String(local))),
    evidence: open && String(open),
    keptEvidence: typeof evidence === 'object' && 'kept' in evidence ? manifestCid(evidence.kept) : null,
  }
}

function localOf(cid: string, bytes: Uint8Array): ManifestBlock {
  try {
    decodeLocal(bytes)
    return { cid, bytes }
  } catch (cause) {
    throw new RegistryError('block.invalid', `block ${cid}: ${(cause as Error).message}`, { cause })
  }
}

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

function framesOf(block: z.infer<typeof frameBlockShape>): Frame[] {
  return block.timesMs.map((timeMs, i) => ({
    timeMs,
    hash: block.pdq.slice(32 * i, 32 * (i + 1)),
    quality: block.quality[i]!,
  }))
}

/** What of a manifest differs from its anchor, in words; null if nothing does. */
export function mismatch(
  manifest: Manifest,
  anchor: { kind: Kind | null; contentDigest: Uint8Array; algorithm: number; perceptualHashes: Uint8Array[] },
): string | null {
  if (manifest.kind !== anchor.kind) return `kind is ${manifest.kind}, anchored ${anchor.kind}`
  if (Buffer.compare(manifest.content.digest, anchor.contentDigest) !== 0) return 'content digest differs'
  if ((manifest.perceptual.algorithm === 'pdq1' ? 1 : 0) !== anchor.algorithm) return 'algorithm differs'
  const [words, anchored] = [manifest.perceptual.words, anchor.perceptualHashes]
  if (words.length !== anchored.length || words.some((word, i) => Buffer.compare(word, anchored[i]!) !== 0))
    return 'perceptual hashes differ'
  return null
}
