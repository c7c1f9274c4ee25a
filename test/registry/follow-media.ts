/** What publishers claim while the search is watched: few media, claimed in several ways, with manifests and lists that are right, wrong or rubbish. */
import { equalBytes, toHex } from '../../server/bytes.ts'
import type { Block } from '../../server/catalogue/index.ts'
import { type Claim, claimOf, rootOf } from '../../server/chain/index.ts'
import {
  anchoredWords,
  type Fingerprint,
  KINDS,
  type Listed,
  manifestCid,
  writeList,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { MIN_QUALITY, type Original } from '../../server/matching/index.ts'
import { digestOf } from '../catalogue/made.ts'
import { picture, sound, video } from '../fingerprint/make.ts'
import { DEPLOYMENT } from './fakes.ts'

export const MEDIA = 10

/** One way to claim a medium. */
export interface Variant extends Listed {
  root: string
  blocks: Block[]
  /** What it holds if all its blocks are here and say what is anchored; null for a manifest that is wrong. */
  fingerprint: Fingerprint | null
}

const DESCRIPTION = { title: null, text: null, sourceUrl: null, derivedFrom: null }

/** A video with featureless frames in between, longer than what is anchored of it. */
function clip(seed: number): Fingerprint {
  const made = video(seed, 130)
  return { ...made, frames: made.frames.map((frame, i) => ({ ...frame, quality: i % 9 === 0 ? 0 : 100 })) }
}

async function variantsOf(media: number): Promise<Variant[]> {
  const contentDigest = digestOf(`media ${media}`)
  const seed = 1_000 * (media + 1)
  const right = [picture(seed), picture(seed + 1), clip(seed + 2), sound(seed + 3)]
  const variants = await Promise.all(right.map((of) => variantOf({ ...of, contentDigest })))
  const [image, other, moving] = variants as [Variant, Variant, Variant, Variant]
  const words = [digestOf(`another word of ${media}`)]
  const rubbish = { cid: manifestCid(digestOf(`rubbish ${media}`)), bytes: Uint8Array.of(0xff) }
  return [
    ...variants,
    { ...image, perceptualHashes: words, fingerprint: null },
    { ...moving, perceptualHashes: words, fingerprint: null },
    { ...other, kind: 7 },
    { ...other, algorithm: 9 },
    { ...image, manifestDigest: digestOf(`rubbish ${media}`), root: rubbish.cid, blocks: [rubbish], fingerprint: null },
  ]
}

async function variantOf(of: Fingerprint): Promise<Variant> {
  const { algorithm, words: perceptualHashes } = anchoredWords(of)
  const { root, digest: manifestDigest, blocks } = await writeManifest(of, DESCRIPTION)
  const kind = 1 + ['image', 'video', 'audio'].indexOf(of.kind)
  return {
    contentDigest: of.contentDigest,
    manifestDigest,
    kind,
    algorithm,
    perceptualHashes,
    root,
    blocks,
    fingerprint: of,
  }
}

/** A rooted batch as it is anchored, and the blocks of its list. */
export interface RootedList {
  anchored: { root: Uint8Array; listDigest: Uint8Array; count: number }
  root: string
  blocks: Block[]
}

async function listsOf(publisherId: number, variants: Variant[][]): Promise<RootedList[]> {
  const pick = (media: number, variant: number) => variants[media]![variant]!
  const good = await listOf(publisherId, [pick(0, 0), pick(1, 2), pick(2, 1), pick(0, 1)])
  const second = await listOf(publisherId, [pick(3, 0), pick(1, 1), pick(4, 2)])
  const third = await listOf(publisherId, [pick(5, 2)])
  return [
    good,
    second,
    { ...third, anchored: { ...third.anchored, root: digestOf('another root') } },
    { ...third, anchored: { ...third.anchored, count: 2 } },
  ]
}

async function listOf(publisherId: number, claims: Variant[]): Promise<RootedList> {
  const { root, digest: listDigest, blocks } = await writeList(claims)
  const anchored = claims.map((claim) => claimOf(DEPLOYMENT, publisherId, claim))
  return { anchored: { root: rootOf(anchored), listDigest, count: claims.length }, root, blocks }
}

/** Everything that can be claimed, made once: `variants[media]`, `lists[publisherId]`. */
export async function makeMedia(publishers: number) {
  const variants = await Promise.all(Array.from({ length: MEDIA }, (_, media) => variantsOf(media)))
  const ids = Array.from({ length: publishers + 1 }, (_, id) => id)
  return { variants, lists: await Promise.all(ids.map((id) => listsOf(id, variants))) }
}
export type Media = Awaited<ReturnType<typeof makeMedia>>

/** The claim of a medium in one of its ways, for the claim that was made of it. */
export function claimedAs(media: Media, claim: Pick<Claim, 'recordId' | 'contentDigest'>, variant: number): Claim {
  const ways = media.variants.find(([first]) => equalBytes(first!.contentDigest, claim.contentDigest))!
  const { kind, algorithm, manifestDigest, perceptualHashes } = ways[variant % ways.length]!
  return {
    recordId: claim.recordId,
    contentDigest: claim.contentDigest,
    kind,
    algorithm,
    manifestDigest,
    perceptualHashes,
  }
}

/** What the search should hold of a record, said without the code that is tested. */
export function expectedOriginal(
  media: Media,
  row: {
    recordId: Uint8Array
    kind: string | null
    algorithm: number
    manifestDigest: Uint8Array
    perceptualHashes: Uint8Array[]
    publisherId: number
    registeredAt: number
    sequence: number
  },
  isHere: (cid: string) => boolean,
): Original | null {
  const kind = KINDS.find((one) => one === row.kind)
  if (row.algorithm !== 1 || kind === undefined || kind === 'audio') return null
  const key = toHex(row.recordId)
  const { publisherId, registeredAt, sequence } = row
  const standing = { publisherId, registeredAt, sequence }
  const of = media.variants.flat().find((variant) => isClaimOf(variant, row))
  if (kind === 'video' && of?.fingerprint && of.blocks.every(({ cid }) => isHere(cid)))
    return { key, kind, standing, frames: framesOf(of.fingerprint) }
  return { key, kind, standing, frames: row.perceptualHashes.map((hash) => ({ timeMs: null, hash })) }
}

const framesOf = ({ frames }: Fingerprint) =>
  frames.filter(({ quality }) => quality >= MIN_QUALITY).map(({ timeMs, hash }) => ({ timeMs, hash }))

function isClaimOf(
  variant: Variant,
  row: { kind: string | null; manifestDigest: Uint8Array; perceptualHashes: Uint8Array[] },
) {
  return (
    variant.kind === 1 + ['image', 'video', 'audio'].indexOf(row.kind ?? '') &&
    equalBytes(variant.manifestDigest, row.manifestDigest) &&
    variant.perceptualHashes.length === row.perceptualHashes.length &&
    variant.perceptualHashes.every((word, i) => equalBytes(word, row.perceptualHashes[i]!))
  )
}
