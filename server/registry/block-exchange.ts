/** Blocks by CID, out and in: served to whoever asks, and taken for registrations that name them. */
import { CID } from 'multiformats/cid'
import { toHex } from '../bytes.ts'
import type { Block, BlockStore, Catalogue, Withdrawals } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { keptEvidence, type Manifest, manifestCid, readList, readManifest } from '../fingerprint/index.ts'
import { carPieces, eachOnce, MAX_LIST_CAR_BYTES } from './car.ts'
import { type BytesOnDisk, type CarFile, openCarFile } from './car-file.ts'
import { isList, links, linksLater } from './links.ts'
import { isoTime } from './present.ts'
import type { Client } from './quota.ts'
import type { Sync } from './sync.ts'
import { requireServed } from './withdrawn.ts'

export interface BlockExchange {
  /** One block by CID. @throws RegistryError `block.not_found`. */
  block(cid: string): Promise<Uint8Array>
  /** A block and, with `all`, everything that it links to, as a CAR, piece by piece; evidence of a video as far as it is here.
   *  @throws RegistryError `block.not_found` before the first piece. */
  car(cid: string, scope: 'block' | 'all'): Promise<AsyncIterable<Uint8Array>>
  /** Takes the blocks of a manifest, or of the list of a rooted batch, as a CAR, for a registration that is to come or has come. */
  hold(car: BytesOnDisk, client: Client): Promise<HeldView>
}

export interface HeldView {
  root: string
  type: 'manifest' | 'list'
  /** Of a manifest, as hex. */
  contentDigest: string | null
  /** Claims of a list. */
  count: number | null
  blocks: number
  status: 'held' | 'kept'
  expiresAt: string | null
}

interface Parts {
  catalogue: Catalogue
  blocks: BlockStore
  withdrawals: Withdrawals
  sync: Pick<Sync, 'take' | 'refresh'>
}

export function createBlockExchange({ catalogue, blocks, withdrawals, sync }: Parts): BlockExchange {
  async function block(cid: string): Promise<Uint8Array> {
    await requireServed(withdrawals, [cid])
    const bytes = await blocks.get(cid)
    if (!bytes) throw new RegistryError('block.not_found', `block ${cid.slice(0, 100)} is not here`)
    if (keptEvidence(bytes)) throw new RegistryError('block.not_found', `block ${cid} is kept for its publisher`)
    return bytes
  }

  async function car(cid: string, scope: 'block' | 'all'): Promise<AsyncIterable<Uint8Array>> {
    const bytes = await block(cid)
    const linked = scope === 'all' ? await linkedHere(cid, bytes) : []
    async function* all(): AsyncGenerator<Block> {
      yield { cid, bytes }
      for (const link of linked) yield { cid: link, bytes: await block(link) }
    }
    return carPieces(cid, all())
  }

  /** All that a root links to, without evidence of a video that is not here. @throws as `block` for anything else that is not. */
  async function linkedHere(cid: string, bytes: Uint8Array): Promise<string[]> {
    const later = new Set(linksLater(cid, bytes))
    const found: string[] = []
    for (const link of new Set(links(cid, bytes))) {
      if (!later.has(link)) await block(link)
      else if (!(await blocks.has(link))) continue
      found.push(link)
    }
    await requireServed(withdrawals, found)
    return found
  }

  async function hold(file: BytesOnDisk, client: Client): Promise<HeldView> {
    const { root, lengths, get } = await openCarFile(file)
    await requireServed(withdrawals, lengths.keys())
    const about = await read(root, get, file.byteLength)
    if (root !== manifestCid(CID.parse(root).multihash.digest))
      throw new RegistryError('block.invalid', `the root ${root} cannot be anchored: it is not CIDv1 of dag-cbor`)
    const wanted = new Set([root, ...links(root, (await get(root))!)])
    for (const cid of about.type === 'manifest' ? keptIn(about.manifest) : []) {
      const bytes = await get(cid)
      if (bytes && keptEvidence(bytes)) wanted.add(cid)
    }
    const sent = [...lengths].filter(([cid]) => wanted.has(cid))
    const { expiresAt } = await blocks.hold(
      root,
      sent.map(([cid, byteLength]) => ({ cid, byteLength, read: async () => (await get(cid))! })),
      client.limited ? client.key : null,
    )
    const kept = about.type === 'list' ? await takeList(root) : await keepManifest(root, about.manifest.content.digest)
    return {
      root,
      type: about.type,
      contentDigest: about.type === 'manifest' ? toHex(about.manifest.content.digest) : null,
      count: about.type === 'list' ? about.claims : null,
      blocks: sent.length,
      status: kept ? 'kept' : 'held',
      expiresAt: kept ? null : isoTime(expiresAt),
    }
  }

  async function read(root: string, get: CarFile['get'], byteLength: number) {
    const bytes = (await get(root))!
    if (!isList(bytes)) return { type: 'manifest' as const, manifest: (await readManifest(root, eachOnce(get)))! }
    if (byteLength > MAX_LIST_CAR_BYTES)
      throw new RegistryError(
        'block.invalid',
        `the CAR of list ${root} has ${byteLength} bytes, at most ${MAX_LIST_CAR_BYTES} are read`,
      )
    return { type: 'list' as const, claims: (await readList(root, eachOnce(get)))?.length ?? missingBlock(root) }
  }

  /** @returns whether a record names it. */
  async function keepManifest(root: string, contentDigest: Uint8Array): Promise<boolean> {
    const named = await recordsNaming(root, contentDigest)
    if (named.length > 0) await sync.refresh(named)
    return named.length > 0
  }

  /** @returns whether a batch names it. */
  async function takeList(root: string): Promise<boolean> {
    const listDigest = CID.parse(root).multihash.digest
    if ((await catalogue.batches({ listDigest, limit: 1 })).length === 0) return false
    await sync.take(listDigest)
    return true
  }

  /** Records that were anchored before their manifest came. */
  async function recordsNaming(root: string, contentDigest: Uint8Array): Promise<Uint8Array[]> {
    const rows = await catalogue.records({ contentDigest, limit: 1_000, oldestFirst: true })
    return rows.filter((row) => manifestCid(row.manifestDigest) === root).map((row) => row.recordId)
  }

  return { block, car, hold }
}

const keptIn = ({ keptEvidence: whole, stretches }: Manifest): string[] => [
  ...(whole ? [whole] : []),
  ...stretches.filter(({ kept }) => kept).map(({ cid }) => cid),
]

function missingBlock(root: string): never {
  throw new RegistryError('block.invalid', `the CAR of list ${root} lacks one of its blocks`)
}
