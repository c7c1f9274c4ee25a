/** CARs that hold no manifest, and CIDs that name no block. */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { join, noise } from './bytes.ts'
import type { Input } from './inputs.ts'

const RAW = 0x55
const CAR = { 'content-type': 'application/vnd.ipld.car' }
const LARGEST_CAR = 64 << 20
const LARGEST_BLOCK = 1 << 20

interface Block {
  cid: CID
  bytes: Uint8Array
}

async function blockOf(bytes: Uint8Array, codec: number = dagCbor.code): Promise<Block> {
  return { cid: CID.createV1(codec, await sha256.digest(bytes)), bytes }
}

const cbor = (value: unknown) => blockOf(dagCbor.encode(value))

function varint(n: number): Buffer {
  const bytes = []
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128)
  return Buffer.of(...bytes, n)
}

const header = (value: unknown) => {
  const bytes = dagCbor.encode(value)
  return join(varint(bytes.length), bytes)
}
const section = ({ cid, bytes }: Block) => join(varint(cid.bytes.length + bytes.length), cid.bytes, bytes)
const car = (roots: CID[], ...blocks: Block[]) => join(header({ version: 1, roots }), ...blocks.map(section))

/** A root as it must be, but for a change. */
const rootOf = (change: Record<string, unknown>) =>
  cbor({
    firsthand: 'manifest1',
    kind: 'video',
    content: { digest: new Uint8Array(32), size: 1, type: 'video/mp4' },
    description: { title: null, text: null, sourceUrl: null, derivedFrom: null },
    extent: { width: 9, height: 9, durationMs: 9 },
    perceptual: { algorithm: null, words: [], quality: [] },
    frames: [],
    evidence: 'none',
    ...change,
  })

/** A block of as many frames as it may hold, one a millisecond. */
function framesFrom(startMs: number, count = 6_500) {
  const timesMs = Array.from({ length: count }, (_, i) => startMs + i)
  return cbor({
    firsthand: 'frames1',
    startMs,
    timesMs,
    quality: new Uint8Array(count),
    pdq: new Uint8Array(32 * count),
  })
}

export async function hostileBlocks(): Promise<Input[]> {
  const bad = (name: string, body: Buffer): Input => ({
    name,
    path: '/v1/registrations',
    headers: CAR,
    body,
    codes: ['block.invalid'],
  })
  const [good, raw, empty, large] = await Promise.all([
    rootOf({}),
    blockOf(noise(81, 100), RAW),
    blockOf(Buffer.alloc(0), RAW),
    blockOf(Buffer.alloc(LARGEST_BLOCK + 1), RAW),
  ])
  const of = async (name: string, root: Promise<Block>, ...others: Block[]) => {
    const block = await root
    return bad(name, car([block.cid], block, ...others))
  }
  const foreign = CID.createV1(RAW, Digest.create(0x12, noise(82, 32)))
  const long = CID.createV1(RAW, Digest.create(0, noise(83, 700_000)))
  const frames = await framesFrom(0)
  const many = await Promise.all(Array.from({ length: 16 }, (_, i) => framesFrom(6_500 * i)))
  const dense = await framesFrom(0, 10)
  return [
    bad('nothing', Buffer.alloc(0)),
    bad('rubbish', noise(84, 10_000)),
    bad('a length of 4 GB', join(varint(0xffffffff), noise(85, 100))),
    bad('a length without an end', Buffer.alloc(64, 0xff)),
    bad('a CAR of version 2', join(header({ version: 2 }), noise(86, 40), car([good.cid], good))),
    bad('a CAR of version 3', join(header({ version: 3, roots: [good.cid] }), section(good))),
    bad('no roots', car([], good)),
    bad('two roots', car([good.cid, raw.cid], good, raw)),
    bad('100000 roots', car(Array(100_000).fill(good.cid), good)),
    bad('roots that are no CIDs', join(header({ version: 1, roots: ['x'] }), section(good))),
    bad('a root that is not there', car([good.cid], raw)),
    bad('a block with the hash of another', car([good.cid], { cid: good.cid, bytes: raw.bytes })),
    bad('a block of another hash besides', car([good.cid], good, { cid: foreign, bytes: raw.bytes })),
    bad('a block over 1 MiB', car([good.cid], good, large)),
    bad('a block cut off', car([good.cid], good).subarray(0, -5)),
    bad('a block shorter than its CID', join(header({ version: 1, roots: [good.cid] }), varint(3), good.cid.bytes)),
    bad('a root named by 700 kB', car([long], raw)),
    bad('a block named by 700 kB', car([raw.cid], { cid: long, bytes: raw.bytes })),
    bad('a root that is raw', car([raw.cid], raw)),
    bad(`${LARGEST_CAR} bytes of empty blocks`, filled(header({ version: 1, roots: [empty.cid] }), section(empty))),
    await of('CBOR a million deep', blockOf(join(Buffer.alloc(LARGEST_BLOCK - 1, 0x81), 0))),
    await of('CBOR that announces 2^64 entries', blockOf(Buffer.from('9bffffffffffffffff00', 'hex'))),
    await of('CBOR that announces a text of 2^53 bytes', blockOf(Buffer.from('7b001fffffffffffff61', 'hex'))),
    await of('CBOR of no map', cbor(7)),
    await of('a map of nothing', cbor({})),
    await of('a manifest of version 2', rootOf({ firsthand: 'manifest2' })),
    await of(
      'a million words',
      rootOf({ perceptual: { algorithm: 'pdq1', words: Array(1_000_000).fill(0), quality: [] } }),
    ),
    await of('250000 words', rootOf({ perceptual: { algorithm: 'pdq1', words: Array(250_000).fill(0), quality: [] } })),
    await of('250000 links that are none', rootOf({ frames: Array(250_000).fill(0) })),
    await of('a million links that are none', rootOf({ frames: Array(1_000_000).fill(0) })),
    await of('links that are not there', rootOf({ frames: [frames.cid] })),
    await of('links to what are no frames', rootOf({ frames: [raw.cid] }), raw),
    await of(
      'links to the same frames, ten thousand times',
      rootOf({ frames: Array(10_000).fill(frames.cid) }),
      frames,
    ),
    {
      ...(await of('104000 frames in 104 seconds', rootOf({ frames: many.map(({ cid }) => cid) }), ...many)),
      codes: null,
    },
    { ...bad('a CAR over 64 MiB', Buffer.alloc(LARGEST_CAR + 1)), codes: ['request.too_large'] },
    await of(
      'frames that do not rise',
      rootOf({ frames: [dense.cid, (await framesFrom(5, 11)).cid] }),
      dense,
      await framesFrom(5, 11),
    ),
    await of(
      'a title of 1 MB',
      rootOf({ description: { title: 't'.repeat(1_000_000), text: null, sourceUrl: null, derivedFrom: null } }),
    ),
    await of('a size below zero', rootOf({ content: { digest: new Uint8Array(32), size: -1, type: '' } })),
    await of('the kind __proto__', rootOf({ kind: '__proto__' })),
  ]
}

/** As many of one section as a CAR may hold. */
function filled(start: Buffer, one: Buffer): Buffer {
  const bytes = Buffer.alloc(LARGEST_CAR)
  bytes.fill(one, start.copy(bytes))
  return bytes.subarray(0, start.length + Math.floor((LARGEST_CAR - start.length) / one.length) * one.length)
}

export async function hostileCids(): Promise<Input[]> {
  const { cid } = await rootOf({ kind: 'image' })
  const identity = CID.createV1(RAW, Digest.create(0, noise(87, 30)))
  const names = [
    'x',
    'bafy',
    '..',
    '%2e%2e%2f%2e%2e',
    '%00',
    `${cid}%00`,
    `${cid}/..`,
    `${cid}%2f..`,
    String(cid).toUpperCase(),
    'b'.repeat(10_000),
    'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKvKk',
    '%E0%A4%A',
    `${identity}`,
    `${cid}.car`,
    cid.toString().slice(0, -1),
  ]
  const at = (path: string, codes: Input['codes'], headers = {}): Input => ({
    name: path.slice(0, 90),
    method: 'GET',
    path,
    headers,
    codes,
  })
  return [
    ...names.map((name) =>
      at(`/ipfs/${name}?format=raw`, ['block.invalid', 'block.not_found', 'request.not_found', 'request.invalid']),
    ),
    at(`/ipfs/${cid}?format=car`, ['block.not_found']),
    at(`/ipfs/${cid}?format=tar`, ['request.invalid']),
    at(`/ipfs/${cid}?format=raw&format=car`, ['request.invalid']),
    at(`/ipfs/${cid}`, ['request.invalid'], { accept: 'text/html' }),
  ]
}
