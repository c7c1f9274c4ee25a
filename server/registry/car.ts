/** Blocks on their way: CAR files (v1) with one root, every block checked against its CID. A film's have tens of megabytes: they are written and read
 *  block by block, and never in memory whole (https://ipld.io/specs/transport/car/carv1/). */
import * as dagCbor from '@ipld/dag-cbor'
import { varint } from 'multiformats'
import { CID } from 'multiformats/cid'
import type { Block } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { checkBlock, MAX_BLOCK_BYTES, MAX_LINKS } from '../fingerprint/index.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'

export const CAR_TYPE = 'application/vnd.ipld.car'
export const RAW_BLOCK_TYPE = 'application/vnd.ipld.raw'
/** Four hours of video at 250 kB a minute (docs/protocol.md §3). */
export const MAX_CAR_BYTES = 64 << 20
/** Of a list: it is read whole, and takes several times as much in memory. */
export const MAX_LIST_CAR_BYTES = 4 << 20
/** A root and all that it may link to. */
export const MAX_CAR_BLOCKS = 1 + MAX_LINKS
/** Bytes of one of its blocks of CBOR: of those that are written, key blocks have at most 190,000, and it takes thirty times as much to read them. */
export const MAX_CBOR_BYTES = 256 << 10
/** That of one root has 58. */
const MAX_HEADER_BYTES = 4_096
/** Those that name blocks here have 36. Others may be as long as the body, and their text longer. */
const MAX_CID_BYTES = 128

/** A CAR piece by piece. */
export async function* carPieces(
  root: string,
  blocks: Iterable<Block> | AsyncIterable<Block>,
): AsyncGenerator<Uint8Array> {
  const header = dagCbor.encode({ version: 1, roots: [CID.parse(root)] })
  yield lengthOf(header.length)
  yield header
  for await (const block of blocks) {
    const cid = CID.parse(block.cid).bytes
    yield lengthOf(cid.length + block.bytes.length)
    yield cid
    yield block.bytes
  }
}

function lengthOf(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}

/** A small CAR in one piece. */
export async function writeCar(root: string, blocks: Iterable<Block> | AsyncIterable<Block>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(carPieces(root, blocks))))
}

/** Bytes of the CAR of these blocks. */
export function carLength(root: string, blocks: readonly Block[]): number {
  const header = dagCbor.encode({ version: 1, roots: [CID.parse(root)] }).length
  const sections = blocks.map(({ cid, bytes }) => CID.parse(cid).byteLength + bytes.length)
  return [header, ...sections].reduce((sum, length) => sum + varint.encodingLength(length) + length, 0)
}

/** A block and where its bytes stand in the CAR. */
export interface CarBlock extends Block {
  at: number
}

/** Reads a CAR that somebody sends, one block after the other, in the order in which they come; one may come twice.
 * @throws RegistryError `block.invalid` unless it has one root and each block hashes to its CID; what the source throws. */
export async function openCar(
  source: AsyncIterable<Uint8Array>,
): Promise<{ root: string; blocks: AsyncGenerator<CarBlock> }> {
  const reader = createByteReader(source)
  const root = rootIn(await headerOf(reader))
  return { root, blocks: blocksOf(reader) }
}

async function headerOf(reader: ByteReader): Promise<Uint8Array> {
  const length = (await varintOf(reader)) ?? 0
  if (length > MAX_HEADER_BYTES)
    throw new RegistryError('block.invalid', `the header of the CAR has more than ${MAX_HEADER_BYTES} bytes`)
  return (await reader.take(length)) ?? noCar()
}

function rootIn(header: Uint8Array): string {
  const { version, roots } = decoded(header) as { version?: unknown; roots?: unknown }
  if (version !== 1 || !Array.isArray(roots)) return noCar()
  if (roots.length !== 1) throw new RegistryError('block.invalid', `the CAR has ${roots.length} roots, one is expected`)
  const root = CID.asCID(roots[0]) ?? noCar()
  checkLength(root.byteLength)
  return root.toString()
}

function decoded(header: Uint8Array): object {
  try {
    return Object(dagCbor.decode(header)) as object
  } catch (cause) {
    return noCar(cause)
  }
}

async function* blocksOf(reader: ByteReader): AsyncGenerator<CarBlock> {
  for (let count = 0; ; count++) {
    const length = await varintOf(reader)
    if (length === null) return
    if (count === MAX_CAR_BLOCKS)
      throw new RegistryError('block.invalid', `the CAR has more than ${MAX_CAR_BLOCKS} blocks, and no manifest has`)
    const start = reader.at()
    const section = (await reader.take(Math.min(length, MAX_BLOCK_BYTES + MAX_CID_BYTES))) ?? noCar()
    const { cid, cidBytes } = cidOf(section)
    if (length > MAX_BLOCK_BYTES + cidBytes)
      throw new RegistryError(
        'block.invalid',
        `block ${cid} has ${length - cidBytes} bytes, at most ${MAX_BLOCK_BYTES} are taken`,
      )
    const bytes = section.subarray(cidBytes)
    await checkBlock(cid, bytes)
    yield { cid: cid.toString(), bytes, at: start + cidBytes }
  }
}

function cidOf(section: Uint8Array): { cid: CID; cidBytes: number } {
  let cid: CID
  let rest: Uint8Array
  try {
    ;[cid, rest] = CID.decodeFirst(section)
  } catch (cause) {
    return noCar(cause)
  }
  checkLength(section.length - rest.length)
  return { cid, cidBytes: section.length - rest.length }
}

/** Bytes of a length: more than the four would be no CAR that is taken. */
const MAX_VARINT_BYTES = 5

/** @returns null at the end. */
async function varintOf(reader: ByteReader): Promise<number | null> {
  let value = 0
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = (await reader.take(1))?.[0]
    if (byte === undefined) return i === 0 ? null : noCar()
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return value
  }
  return noCar()
}

function checkLength(byteLength: number): void {
  if (byteLength > MAX_CID_BYTES)
    throw new RegistryError('block.invalid', `the CAR has a CID of ${byteLength} bytes, expected 36`)
}

function noCar(cause?: unknown): never {
  throw new RegistryError('block.invalid', 'the body is not a CAR, version 1', { cause })
}

/** The blocks for whoever reads a manifest: each once, for a root may link to one block of frames ten thousand times.
 * @returns a function that throws RegistryError `block.invalid` when it is asked for a block again, or for a large one. */
export function eachOnce(
  get: (cid: string) => Promise<Uint8Array | null>,
): (cid: string) => Promise<Uint8Array | null> {
  const given = new Set<string>()
  return async (cid) => {
    if (given.has(cid)) throw new RegistryError('block.invalid', `block ${cid} is linked twice`)
    given.add(cid)
    const bytes = await get(cid)
    if (bytes && bytes.length > MAX_CBOR_BYTES)
      throw new RegistryError(
        'block.invalid',
        `block ${cid} has ${bytes.length} bytes, at most ${MAX_CBOR_BYTES} are read`,
      )
    return bytes
  }
}
