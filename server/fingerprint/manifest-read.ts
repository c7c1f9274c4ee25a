/** Reads manifests that anybody may have written (`manifest1`, docs/protocol.md §3). */
import { CID } from 'multiformats/cid'
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import { BAR_PARTS, type Bars } from './bars.ts'
import { bytes, decodeBlock, linkShape, MAX_LINKS, type ManifestBlock, manifestCid } from './block.ts'
import { type Frame, KINDS, type Kind } from './fingerprint.ts'
import { decodeLocal } from './local-code.ts'
import { ALGORITHMS, type Description, MAX_WORDS } from './manifest.ts'
import { type ManifestSound, readSound, type SoundEntry, soundLinks, soundShape } from './sound-blocks.ts'
import { type Key, readFrames, readKeys, rises, SPANS_MS } from './timed-blocks.ts'

/** A manifest as its readers need it. */
export interface Manifest {
  kind: Kind
  content: { digest: Uint8Array; size: number; type: string }
  description: Description
  extent: { width: number | null; height: number | null; durationMs: number | null }
  /** Of a video between plain borders, the part of the frame that was hashed. */
  bars: Bars | null
  perceptual: { algorithm: (typeof ALGORITHMS)[number]; words: Uint8Array[]; quality: number[] }
  /** Video only, in order of time. */
  frames: Frame[]
  /** Video only: local hashes of frames that show something new, in order of time. */
  keys: Key[]
  /** CIDs of the blocks that `keys` was read from. */
  keyCids: string[]
  /** Pictures only: the block of local hashes, `local1`; null without. */
  local: ManifestBlock | null
  /** What is heard; null of a picture, and where nothing is said of it. */
  sound: ManifestSound | null
  /** CID of the block of evidence of a picture; null where the publisher gave none to everybody. */
  evidence: string | null
  /** CID of the block of evidence that only the publisher's server has, null where there is none. */
  keptEvidence: string | null
  /** Video only: blocks of evidence, which `readStretch` reads, in order of time. They may be elsewhere, and are not asked for here. */
  stretches: Stretch[]
}

export interface Stretch {
  startMs: number
  /** Where the next one starts, or the video ends. */
  endMs: number
  cid: string
  /** Whether only the publisher's server has it. */
  kept: boolean
}

/** Frames that are read, of sixteen hours, and of these such with local hashes: all of them are in memory, twenty times as large as here. */
const MAX_FRAMES = 120_000
const MAX_KEYS = 12_000

const text = (max: number) => z.string().max(max).nullable()
/** Pixels: nobody divides by a picture of no width. */
const side = z.int().min(1).max(1_000_000).nullable()
const part = z.int().min(0).max(BAR_PARTS)
const bars = z
  .tuple([part, part, part.min(1), part.min(1)])
  .refine(([x, y, w, h]) => x + w <= BAR_PARTS + 1 && y + h <= BAR_PARTS + 1, 'expected within the frame')
  .transform(([x, y, w, h]): Bars => ({ x: x / BAR_PARTS, y: y / BAR_PARTS, w: w / BAR_PARTS, h: h / BAR_PARTS }))

const links = z.array(linkShape).max(MAX_LINKS)
const startsMs = z.array(z.int().min(0)).min(1).max(MAX_LINKS).refine(rises, 'startsMs do not rise')
const stretches = z
  .union([z.object({ startsMs, stretches: links }), z.object({ startsMs, kept: z.array(bytes(32)) })])
  .refine((of) => of.startsMs.length === ('kept' in of ? of.kept : of.stretches).length, 'lengths differ')

const evidence = z.union([linkShape, z.literal('none'), z.object({ kept: bytes(32) }), stretches])
type Evidence = z.infer<typeof evidence>

const isStretches = (of: Evidence): of is z.infer<typeof stretches> => typeof of === 'object' && 'startsMs' in of

const rootBlock = z
  .object({
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
    bars: bars.nullable().default(null),
    perceptual: z
      .object({
        algorithm: z.literal(ALGORITHMS),
        words: z.array(bytes(32)).max(MAX_WORDS),
        quality: z.array(z.int().min(0).max(100)).max(MAX_WORDS),
      })
      .refine((p) => p.words.length === p.quality.length, 'words and quality differ in length'),
    frames: links,
    keys: links.default([]),
    local: linkShape.nullable().default(null),
    sound: soundShape.nullable().default(null),
    evidence,
  })
  .refine((of) => of.kind !== 'image' || of.sound === null, 'a picture has no sound')
  .refine(
    (of) => of.kind === 'video' || (of.keys.length === 0 && !isStretches(of.evidence)),
    'only a video has stretches',
  )
  .refine((of) => linksOf(of) <= MAX_LINKS, `more than ${MAX_LINKS} links`)

const linksOf = (of: { frames: CID[]; keys: CID[]; sound: SoundEntry | null; evidence: Evidence }) =>
  of.frames.length +
  of.keys.length +
  soundLinks(of.sound).length +
  (isStretches(of.evidence) ? of.evidence.startsMs.length : 0)

/** Reads a manifest from blocks that were checked against their CIDs.
 * @param get gives a block's bytes, or null where it is missing.
 * @returns null if the root block is missing.
 * @throws RegistryError `block.invalid` where a block is not as docs/protocol.md §3 says or a linked one, but for evidence of a video, is
 * missing. */
export async function readManifest(
  root: string,
  get: (cid: string) => Promise<Uint8Array | null>,
): Promise<Manifest | null> {
  const bytes = await get(root)
  if (!bytes) return null
  const { firsthand: _, frames, keys, local, sound, evidence, ...manifest } = decodeBlock(rootBlock, root, bytes)
  const linked = async (cid: string) => {
    const block = await get(cid)
    if (!block) throw new RegistryError('block.invalid', `block ${cid} is linked from ${root} and missing`)
    return block
  }
  const inTime = async <T extends { timeMs: number }>(
    of: CID[],
    { what, most, read }: { what: string; most: number; read(cid: string, block: Uint8Array): T[] },
  ) => {
    const all: T[] = []
    for (const cid of of.map(String)) {
      for (const one of read(cid, await linked(cid))) all.push(one)
      if (all.length > most)
        throw new RegistryError('block.invalid', `more than ${most} ${what} under ${root} are not read`)
    }
    if (!rises(all.map(({ timeMs }) => timeMs)))
      throw new RegistryError('block.invalid', `times of ${what} under ${root} do not rise`)
    return all
  }
  const open = CID.asCID(evidence)
  if (open) await linked(String(open))
  return {
    ...manifest,
    frames: await inTime(frames, { what: 'frames', most: MAX_FRAMES, read: readFrames }),
    keys: await inTime(keys, { what: 'frames with local hashes', most: MAX_KEYS, read: readKeys }),
    keyCids: keys.map(String),
    sound: await readSound(sound, linked),
    local: local && localOf(String(local), await linked(String(local))),
    evidence: open && String(open),
    keptEvidence: isKept(evidence) ? manifestCid(evidence.kept) : null,
    stretches: isStretches(evidence) ? stretchesOf(evidence, manifest.extent.durationMs) : [],
  }
}

const isKept = (evidence: Evidence): evidence is { kept: Uint8Array } =>
  typeof evidence === 'object' && 'kept' in evidence && evidence.kept instanceof Uint8Array

function stretchesOf(of: z.infer<typeof stretches>, durationMs: number | null): Stretch[] {
  const kept = 'kept' in of
  const cids = kept ? of.kept.map(manifestCid) : of.stretches.map(String)
  const lastMs = of.startsMs.at(-1)!
  const endMs = Math.max(durationMs ?? lastMs + SPANS_MS.stretch1, lastMs + 1)
  return cids.map((cid, i) => ({ startMs: of.startsMs[i]!, endMs: of.startsMs[i + 1] ?? endMs, cid, kept }))
}

function localOf(cid: string, bytes: Uint8Array): ManifestBlock {
  try {
    decodeLocal(bytes)
    return { cid, bytes }
  } catch (cause) {
    throw new RegistryError('block.invalid', `block ${cid}: ${(cause as Error).message}`, { cause })
  }
}

/** What of a manifest differs from its anchor, in words; null if nothing does. */
export function mismatch(
  manifest: Manifest,
  anchor: { kind: Kind | null; contentDigest: Uint8Array; algorithm: number; perceptualHashes: Uint8Array[] },
): string | null {
  if (manifest.kind !== anchor.kind) return `kind is ${manifest.kind}, anchored ${anchor.kind}`
  if (Buffer.compare(manifest.content.digest, anchor.contentDigest) !== 0) return 'content digest differs'
  if (ALGORITHMS.indexOf(manifest.perceptual.algorithm) !== anchor.algorithm) return 'algorithm differs'
  const [words, anchored] = [manifest.perceptual.words, anchor.perceptualHashes]
  if (words.length !== anchored.length || words.some((word, i) => Buffer.compare(word, anchored[i]!) !== 0))
    return 'perceptual hashes differ'
  return null
}
