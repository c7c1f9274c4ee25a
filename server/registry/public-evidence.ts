/** Evidence of a picture as everybody may see it: the small copy that its publisher made public. */
import type { BlockStore, RecordRow, Withdrawals } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { manifestCid, readManifest } from '../fingerprint/index.ts'
import type { Drawings } from './drawings.ts'
import type { Client } from './quota.ts'
import { requireServed } from './withdrawn.ts'

export interface PublicEvidence {
  /** Names these pixels for ever. */
  cid: string
  /** Draws it, as a PNG file. @throws RegistryError `block.not_found` if it is not what `evidence1` writes, and as `Drawings`. */
  png(client: Client): Promise<Uint8Array>
}

interface Parts {
  blocks: Pick<BlockStore, 'get'>
  withdrawals: Withdrawals
  drawings: Drawings
}

/** @throws RegistryError `block.not_found` where there is none, `block.withdrawn` where it may not be shown. */
export async function publicEvidence(
  row: RecordRow,
  { blocks, withdrawals, drawings }: Parts,
): Promise<PublicEvidence> {
  const root = manifestCid(row.manifestDigest)
  await requireServed(withdrawals, [root])
  const read = row.manifest.state === 'present' ? await readManifest(root, blocks.get) : null
  if (!read) throw new RegistryError('block.not_found', `no manifest ${root} that fits its anchor is here`)
  const cid = read.evidence
  if (!cid) throw new RegistryError('block.not_found', `the manifest ${root} of this record has no public evidence`)
  await requireServed(withdrawals, [cid])
  const bytes = await blocks.get(cid)
  if (!bytes) throw new RegistryError('block.not_found', `block ${cid} is not here`)
  return { cid, png: async (client) => present(cid, await drawings.of(cid, bytes, client)) }
}

function present(cid: string, png: Uint8Array | null): Uint8Array {
  if (!png) throw new RegistryError('block.not_found', `block ${cid} is no evidence that this server reads`)
  return png
}
