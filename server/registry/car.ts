/** Blocks on their way: CAR files (v1) with one root, every block checked against its CID. */
import { CarReader, CarWriter } from '@ipld/car'
import { CID } from 'multiformats/cid'
import type { Block } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { checkBlock } from '../fingerprint/index.ts'

export const CAR_TYPE = 'application/vnd.ipld.car'
export const RAW_BLOCK_TYPE = 'application/vnd.ipld.raw'
/** docs/protocol.md §3. */
export const MAX_CAR_BYTES = 64 << 20

export async function writeCar(root: string, blocks: Iterable<Block> | AsyncIterable<Block>): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create([CID.parse(root)])
  const collected = collect(out)
  for await (const block of blocks) await writer.put({ cid: CID.parse(block.cid), bytes: block.bytes })
  await writer.close()
  return collected
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(chunks)))
}

/** Reads a CAR that somebody sent.
 * @throws RegistryError `block.invalid` unless it has one root, which it holds, and each block hashes to its CID. */
export async function readCar(bytes: Uint8Array): Promise<{ root: string; blocks: Block[] }> {
  const reader = await CarReader.fromBytes(bytes).catch((cause: unknown) => {
    throw new RegistryError('block.invalid', 'the body is not a CAR, version 1', { cause })
  })
  const roots = await reader.getRoots()
  if (roots.length !== 1) throw new RegistryError('block.invalid', `the CAR has ${roots.length} roots, one is expected`)
  const blocks: Block[] = []
  for await (const block of reader.blocks()) {
    await checkBlock(block.cid, block.bytes)
    blocks.push({ cid: block.cid.toString(), bytes: block.bytes })
  }
  const root = roots[0]!.toString()
  if (!blocks.some((block) => block.cid === root))
    throw new RegistryError('block.invalid', `the CAR does not hold its root ${root}`)
  return { root, blocks }
}
