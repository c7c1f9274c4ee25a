/** The manifest: a fingerprint and the publisher's description as DAG-CBOR blocks (`manifest1`, docs/protocol.md §3). Read in manifest-read.ts. */
import { CID } from 'multiformats/cid'
import { BAR_PARTS, type Bars } from './bars.ts'
import { encodeBlock, type ManifestBlock, rawBlock } from './block.ts'
import { type EvidenceChoice, writeEvidence } from './evidence-blocks.ts'
import type { Fingerprint, Frame } from './fingerprint.ts'
import { MIN_QUALITY } from './pdq.ts'
import { soundWords, writeSound } from './sound-blocks.ts'
import { byStretch, frameBlock, type Key, keyBlock } from './timed-blocks.ts'

/** Words that a registration may carry (docs/protocol.md §2.2). */
export const MAX_WORDS = 64

/** Names of what words are hashes by, at the number that stands for them on the chain. */
export const ALGORITHMS = [null, 'pdq1', 'sound1'] as const

export interface Description {
  title: string | null
  text: string | null
  sourceUrl: string | null
  /** Content digest of the original that this one was made from, 32 bytes. */
  derivedFrom: Uint8Array | null
}

/** What a fingerprint puts on the chain: hashes of what is seen, and of a sound alone of what is heard.
 * @returns algorithm: 0 none, 1 PDQ, 2 sound; words: 0 to 64 hashes of 32 bytes; quality: 0–100 for each word. */
export function anchoredWords(of: Fingerprint): { algorithm: 0 | 1 | 2; words: Uint8Array[]; quality: number[] } {
  const hashes = hashesOf(of)
  return {
    algorithm: hashes.length === 0 ? 0 : of.kind === 'audio' ? 2 : 1,
    words: hashes.map(({ hash }) => hash),
    quality: hashes.map(({ quality }) => quality),
  }
}

function hashesOf({ kind, picture, frames, sound }: Fingerprint): { hash: Uint8Array; quality: number }[] {
  if (picture)
    return [picture.orientations[0]!, picture.reduced[0]!].map((hash) => ({ hash, quality: picture.quality }))
  if (kind !== 'audio') return representatives(frames)
  return sound?.prints ? soundWords(sound.prints, MAX_WORDS) : []
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

/** Writes a manifest.
 * @returns root: CID of the root block as text; digest: its SHA-256, to be anchored; blocks: all blocks, the root first.
 * @throws RegistryError `block.invalid` if the root would be larger than 1 MiB. */
export async function writeManifest(of: Fingerprint, description: Description, choice: EvidenceChoice = 'public') {
  const frames = await Promise.all(byStretch(of.frames, 'frames1').map(frameBlock).map(encodeBlock))
  const keys = await Promise.all(byStretch(keysOf(of.frames), 'keys1').map(keyBlock).map(encodeBlock))
  const local = of.picture?.local ? await rawBlock(of.picture.local) : null
  const evidence = await writeEvidence(of, choice)
  const sound = await writeSound(of.sound)
  const { algorithm, words, quality } = anchoredWords(of)
  const root = await encodeBlock({
    firsthand: 'manifest1',
    kind: of.kind,
    content: { digest: of.contentDigest, size: of.byteLength, type: of.mediaType },
    description: { ...description },
    extent: { width: of.width, height: of.height, durationMs: of.durationMs },
    ...(of.bars && { bars: partsOf(of.bars) }),
    perceptual: { algorithm: ALGORITHMS[algorithm]!, words, quality },
    frames: frames.map(linkTo),
    ...(keys.length > 0 && { keys: keys.map(linkTo) }),
    ...(local && { local: linkTo(local) }),
    ...(sound.entry !== undefined && { sound: sound.entry }),
    evidence: evidence.entry,
  })
  const blocks = [root, ...frames, ...keys, ...(local ? [local] : []), ...sound.blocks, ...evidence.blocks]
  return { root: root.cid, digest: CID.parse(root.cid).multihash.digest, blocks }
}

const partsOf = ({ x, y, w, h }: Bars) => [x, y, w, h].map((fraction) => Math.round(fraction * BAR_PARTS))

const linkTo = ({ cid }: ManifestBlock) => CID.parse(cid)

const keysOf = (frames: readonly Frame[]): Key[] =>
  frames.flatMap(({ timeMs, local }) => (local && local.length > 0 ? [{ timeMs, local }] : []))
