/** What was read of manifests, saved so that a start need not read them all again: `<directory>/index/search1`.
 *
 *  The file is believed record by record: each entry names, by one digest, all of the catalogue that it was made from, and counts only while the
 *  catalogue says the same and the blocks are here. So it may be of any age: what changed since, in the chain or beside it, is
 *  read from the catalogue as if there were no file. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fromHex, toHex, toHex0x } from '../bytes.ts'
import { type RecordRow, readChecked, writeChecked } from '../catalogue/index.ts'
import type { Deployment } from '../chain/index.ts'
import { MIN_QUALITY, type Original } from '../matching/index.ts'

/** What was read of one record whose manifest is present. */
export interface Entry {
  /** `sourceOf` of the record, as hex. */
  source: string
  /** CIDs of the blocks that were read beside the manifest's root. */
  linked: readonly string[]
  /** Of these, the ones with local hashes, which are read at the start. */
  local: readonly string[]
  /** Of the sound's prints, when they begin and which of the blocks have them; null where there are none. */
  sound: { startS: number; cids: readonly string[] } | null
  /** Of a video; null where the anchored words are searched, or nothing. */
  frames: Original['frames'] | null
}

export interface Loaded {
  /** By record id as hex. */
  entries: Map<string, Entry>
  /** CIDs of all blocks that are kept. */
  stored: ReadonlySet<string>
}

export interface SavedSearch {
  /** What was saved, or why it does not count. */
  load(): Promise<Loaded | { refused: string }>
  /** Replaces what was saved, when all of it is on the disk. */
  save(entries: ReadonlyMap<string, Entry>): Promise<void>
}

/** SHA-256 of everything in the catalogue that decides what is searched of a record, as hex. */
export function sourceOf(row: RecordRow, manifest: RecordRow['manifest']): string {
  const { kind, algorithm, perceptualHashes } = row
  const { state, title, durationMs, width, height } = manifest
  const said = JSON.stringify([kind, algorithm, perceptualHashes.length, state, title, durationMs, width, height])
  const hash = createHash('sha256').update(`${said}\n`).update(row.contentDigest).update(row.manifestDigest)
  for (const word of perceptualHashes) hash.update(word)
  return hash.digest('hex')
}

export interface SavedSearchOptions {
  /** The server's; `index` is below it. */
  directory: string
  /** CIDs of all blocks that are kept. */
  stored(): Iterable<string> | AsyncIterable<string>
  /** Of the program: another one reads everything anew. */
  version: string
  deployment: Deployment
}

export function createSavedSearch({ directory, stored, version, deployment }: SavedSearchOptions): SavedSearch {
  const file = join(directory, 'index', 'search1')
  const head = headOf(version, deployment)

  async function load(): ReturnType<SavedSearch['load']> {
    const content = await readChecked(file)
    if (content === null) return { refused: 'there is none' }
    if (content === 'damaged') return { refused: 'it is damaged' }
    if (!Buffer.from(content.subarray(0, head.length)).equals(head))
      return { refused: 'it is of another version or deployment' }
    const entries = decode(content.subarray(head.length))
    const kept = new Set<string>()
    for await (const cid of stored()) kept.add(cid)
    return { entries, stored: kept }
  }

  return { load, save: (entries) => writeChecked(file, encode(head, entries)) }
}

function headOf(version: string, { chainId, publisherRegistry, mediaRegistry }: Deployment): Buffer {
  const registries = [publisherRegistry, mediaRegistry].map(toHex0x)
  return Buffer.from(`${JSON.stringify(['firsthand search4', version, MIN_QUALITY, chainId, ...registries])}\n`)
}

const ID_BYTES = 32
/** A frame: its time in milliseconds as a double, and its hash. */
const [TIME_BYTES, HASH_BYTES] = [8, 32]
const FRAME_BYTES = TIME_BYTES + HASH_BYTES
/** No frames, as a count. */
const NONE = 0xffff_ffff
/** Entries are written in pieces of about this many bytes, so that nothing else waits long. */
const PIECE_BYTES = 1 << 20

/** Record id, source, number of CIDs, each with its length, how many and which of them have local hashes, likewise of the sound and when it begins, number of
 *  frames, frames. Numbers are big-endian. */
function* encode(head: Uint8Array, entries: ReadonlyMap<string, Entry>): Generator<Uint8Array> {
  let piece: Uint8Array[] = [head]
  let bytes = 0
  for (const [key, entry] of entries) {
    const encoded = encodeEntry(key, entry)
    piece.push(encoded)
    bytes += encoded.length
    if (bytes < PIECE_BYTES) continue
    yield Buffer.concat(piece)
    piece = []
    bytes = 0
  }
  yield Buffer.concat(piece)
}

function encodeEntry(key: string, { source, linked, local, sound, frames }: Entry): Uint8Array {
  const counts = [linked.length, ...linked.map((cid) => cid.length)].map(uint32)
  const links = Buffer.from(linked.join(''), 'latin1')
  return Buffer.concat([
    fromHex(key, ID_BYTES),
    fromHex(source, ID_BYTES),
    ...counts,
    links,
    ...placesIn(linked, local),
    ...placesIn(linked, sound?.cids ?? []),
    double(sound?.startS ?? 0),
    uint32(frames?.length ?? NONE),
    encodeFrames(frames ?? []),
  ])
}

const placesIn = (linked: readonly string[], some: readonly string[]) =>
  [some.length, ...some.map((cid) => linked.indexOf(cid))].map(uint32)

function encodeFrames(frames: Original['frames']): Uint8Array {
  const bytes = Buffer.alloc(FRAME_BYTES * frames.length)
  for (const [i, { timeMs, hash }] of frames.entries()) {
    bytes.writeDoubleBE(timeMs!, FRAME_BYTES * i)
    bytes.set(hash, FRAME_BYTES * i + TIME_BYTES)
  }
  return bytes
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function double(value: number): Uint8Array {
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeDoubleBE(value)
  return bytes
}

/** @param content as `encode` wrote it: its checksum held. */
function decode(content: Uint8Array): Map<string, Entry> {
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let at = 0
  const take = (length: number) => {
    at += length
    return content.subarray(at - length, at)
  }
  const number = () => {
    at += 4
    return view.getUint32(at - 4)
  }
  const time = () => {
    at += TIME_BYTES
    return view.getFloat64(at - TIME_BYTES)
  }
  const frame = () => ({ timeMs: time(), hash: take(HASH_BYTES) })
  const entries = new Map<string, Entry>()
  while (at < content.length) {
    const [key, source] = [toHex(take(ID_BYTES)), toHex(take(ID_BYTES))]
    const linked = Array.from({ length: number() }, number).map((length) =>
      Buffer.from(take(length)).toString('latin1'),
    )
    const some = () => Array.from({ length: number() }, () => linked[number()]!)
    const [local, cids, startS] = [some(), some(), time()]
    const sound = cids.length > 0 ? { startS, cids } : null
    const count = number()
    entries.set(key, {
      source,
      linked,
      local,
      sound,
      frames: count === NONE ? null : Array.from({ length: count }, frame),
    })
  }
  return entries
}
