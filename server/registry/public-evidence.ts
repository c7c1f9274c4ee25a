/** Evidence as everybody may see it: the small copy of a picture, or of a frame of a video, that its publisher made public. */
import type { BlockStore, RecordRow, Withdrawals } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { type Manifest, manifestCid, readManifest, readStretch, type Still } from '../fingerprint/index.ts'
import type { Drawings } from './drawings.ts'
import type { Client } from './quota.ts'
import type { Stretches } from './stretches.ts'
import { requireServed } from './withdrawn.ts'

export interface PublicEvidence {
  /** Names these pixels for ever: the CID of their block, and of a frame its time. */
  tag: string
  /** Draws it, as a PNG file. @throws RegistryError `block.not_found` if it is not what `evidence1` writes, and as `Drawings`. */
  png(client: Client): Promise<Uint8Array>
}

interface Parts {
  blocks: Pick<BlockStore, 'get'>
  stretches: Stretches
  withdrawals: Withdrawals
  drawings: Drawings
}

/** @param atMs of a video, the frame nearest to which is shown.
 * @throws RegistryError `block.not_found` where there is none, `block.withdrawn` where it may not be shown. */
export async function publicEvidence(row: RecordRow, atMs: number, parts: Parts): Promise<PublicEvidence> {
  const root = manifestCid(row.manifestDigest)
  await requireServed(parts.withdrawals, [root])
  const read = row.manifest.state === 'present' ? await readManifest(root, parts.blocks.get) : null
  if (!read) throw new RegistryError('block.not_found', `no manifest ${root} that fits its anchor is here`)
  const { tag, evidence } =
    read.kind === 'video' ? await ofFrame(read, atMs, row.publisherId, parts) : await ofPicture(read, parts)
  return { tag, png: async (client) => present(tag, await parts.drawings.of(tag, evidence, client)) }
}

async function ofPicture({ evidence: cid }: Manifest, { blocks, withdrawals }: Parts) {
  if (!cid) throw new RegistryError('block.not_found', 'the manifest of this record has no public evidence')
  await requireServed(withdrawals, [cid])
  const evidence = await blocks.get(cid)
  if (!evidence) throw notHere(cid)
  return { tag: cid, evidence }
}

async function ofFrame({ stretches }: Manifest, atMs: number, publisherId: number, parts: Parts) {
  const open = stretches.filter(({ kept }) => !kept)
  const stretch = open.findLast(({ startMs }) => startMs <= atMs) ?? open[0]
  if (!stretch) throw new RegistryError('block.not_found', 'the manifest of this record has no public evidence')
  const { cid } = stretch
  await requireServed(parts.withdrawals, [cid])
  const block = (await parts.stretches.get([stretch], publisherId, NEVER)).get(cid)
  if (!block) throw notHere(cid)
  const { timeMs, evidence } = nearest(stillsOf(cid, block), atMs)
  return { tag: `${cid}.${timeMs}`, evidence }
}

/** Bounded by itself. */
const NEVER = new AbortController().signal

function stillsOf(cid: string, block: Uint8Array): Still[] {
  try {
    return readStretch(block)
  } catch (cause) {
    throw new RegistryError('block.not_found', `block ${cid} is no evidence that this server reads`, { cause })
  }
}

const nearest = (stills: readonly Still[], atMs: number): Still =>
  stills.reduce((best, one) => (Math.abs(one.timeMs - atMs) < Math.abs(best.timeMs - atMs) ? one : best))

const notHere = (cid: string) => new RegistryError('block.not_found', `block ${cid} is not here`)

function present(tag: string, png: Uint8Array | null): Uint8Array {
  if (!png) throw new RegistryError('block.not_found', `block ${tag} is no evidence that this server reads`)
  return png
}
