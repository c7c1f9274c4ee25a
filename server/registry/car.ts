/** Blocks on their way: CAR files (v1) with one root, every block checked against its CID. */
import { CarBlockIterator, CarWriter } from '@ipld/car'
import { varint } from 'multiformats'
import { CID } from 'multiformats/cid'
import type { Block } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { checkBlock, MAX_LINKS } from '../fingerprint/index.ts'

export const CAR_TYPE = 'application/vnd.ipld.car'
export const RAW_BLOCK_TYPE = 'application/vnd.ipld.raw'
/** Fifteen hours of video, of which each frame takes twenty times as much in memory as here (docs/protocol.md §3). */
export const MAX_CAR_BYTES = 4 << 20
/** A root and all that it may link to: there is room for fifty times as many empty ones. */
export const MAX_CAR_BLOCKS = 1 + MAX_LINKS
/** Bytes of one of its blocks of CBOR: of those that are written, a root has at most 150,000, and it takes thirty times as much to read them. */
export const MAX_CBOR_BYTES = 256 << 10
/** That of one root has 58. */
const MAX_HEADER_BYTES = 4_096
/** Those that name blocks here have 36. Others may be as long as the body, and their text longer. */
const MAX_CID_BYTES = 128

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

/** Reads a CAR that somebody sent. The blocks are views of its bytes, each once, however often the CAR has it.
 * @throws RegistryError `block.invalid` unless it has one root, which it holds, and each block hashes to its CID. */
export async function readCar(bytes: Uint8Array): Promise<{ root: string; blocks: Block[] }> {
  if (headerLength(bytes) > MAX_HEADER_BYTES)
    throw new RegistryError('block.invalid', `the header of the CAR has more than ${MAX_HEADER_BYTES} bytes`)
  // One block at a time: `CarReader` would hold all of them before the first is looked at.
  const iterator = await CarBlockIterator.fromBytes(bytes).catch(noCar)
  const roots = await iterator.getRoots()
  if (roots.length !== 1) throw new RegistryError('block.invalid', `the CAR has ${roots.length} roots, one is expected`)
  checkLength(roots[0]!)
  const blocks = new Map<string, Block>()
  let count = 0
  for await (const block of sections(iterator)) {
    if (count++ === MAX_CAR_BLOCKS)
      throw new RegistryError('block.invalid', `the CAR has more than ${MAX_CAR_BLOCKS} blocks, and no manifest has`)
    checkLength(block.cid)
    await checkBlock(block.cid, block.bytes)
    const cid = block.cid.toString()
    blocks.set(cid, { cid, bytes: block.bytes })
  }
  const root = roots[0]!.toString()
  if (!blocks.has(root)) throw new RegistryError('block.invalid', `the CAR does not hold its root ${root}`)
  return { root, blocks: [...blocks.values()] }
}

/** As the first bytes say; the reader looks at them again. */
function headerLength(bytes: Uint8Array): number {
  try {
    return varint.decode(bytes)[0]
  } catch (cause) {
    return noCar(cause)
  }
}

/** The blocks of a CAR; its reader throws at the first that is cut off or malformed. */
async function* sections(iterator: CarBlockIterator) {
  const each = iterator[Symbol.asyncIterator]()
  for (let next = await each.next().catch(noCar); !next.done; next = await each.next().catch(noCar)) yield next.value
}

/** The blocks for whoever reads a manifest: each once, for a root may link to one block of frames ten thousand times.
 * @returns a function that throws RegistryError `block.invalid` when it is asked for a block again, or for a large one. */
export function eachOnce(blocks: Block[]): (cid: string) => Promise<Uint8Array | null> {
  const left = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
  const given = new Set<string>()
  return async (cid) => {
    if (given.has(cid)) throw new RegistryError('block.invalid', `block ${cid} is linked twice`)
    given.add(cid)
    const bytes = left.get(cid) ?? null
    if (bytes && bytes.length > MAX_CBOR_BYTES)
      throw new RegistryError(
        'block.invalid',
        `block ${cid} has ${bytes.length} bytes, at most ${MAX_CBOR_BYTES} are read`,
      )
    return bytes
  }
}

function checkLength(cid: CID): void {
  if (cid.byteLength > MAX_CID_BYTES)
    throw new RegistryError('block.invalid', `the CAR has a CID of ${cid.byteLength} bytes, expected 36`)
}

function noCar(cause: unknown): never {
  throw new RegistryError('block.invalid', 'the body is not a CAR, version 1', { cause })
}
