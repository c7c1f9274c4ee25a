/** What the search sees of a record: read from its manifest, or again from what was kept of it. Whoever registers can write rubbish. */
import { toHex } from '../bytes.ts'
import type { BlockStore, RecordRow } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import {
  ALGORITHMS,
  type Key,
  type Manifest,
  manifestCid,
  mismatch,
  readKeys,
  readManifest,
  readPrints,
  type SoundPrints,
} from '../fingerprint/index.ts'
import { MIN_QUALITY, type Original } from '../matching/index.ts'
import type { Entry } from './saved-search.ts'

export interface Originals {
  /** Reads the manifest of a record. Only what is wrong with the disk is thrown. */
  read(row: RecordRow): Promise<Read>
  /** What is searched of a record as it was saved; undefined where a block is gone that was here a moment ago. */
  again(row: RecordRow, entry: Entry): Promise<Searched | undefined>
}

export function createOriginals(blocks: Pick<BlockStore, 'adopt' | 'get'>): Originals {
  async function read(row: RecordRow): Promise<Read> {
    const root = manifestCid(row.manifestDigest)
    await blocks.adopt(root)
    const linked: string[] = []
    let lacking = false
    const get = async (cid: string) => {
      if (cid !== root) linked.push(cid)
      const bytes = await blocks.get(cid)
      lacking ||= bytes === null
      return bytes
    }
    try {
      const manifest = await readManifest(root, get)
      if (!manifest) return NOT_HERE
      if (mismatch(manifest, row) !== null) return WRONG
      const { title } = manifest.description
      return {
        row: { state: 'present', title, ...manifest.extent },
        frames: searched(manifest),
        local: manifest.local,
        keys: manifest.keys,
        keyCids: manifest.keyCids,
        sound: manifest.sound?.prints ?? null,
        soundCids: manifest.sound?.cids ?? [],
        linked,
      }
    } catch (error) {
      // That a block it links to is not here is no fault of a manifest: it is asked for. Of one that was rubbish when it was fetched the root
      // alone is kept, and that was noted.
      if (error instanceof RegistryError && lacking && row.manifest.state !== 'mismatch') return NOT_HERE
      // Whoever wrote the manifest can write rubbish; the record stands all the same, by its anchor alone.
      if (error instanceof RegistryError) return WRONG
      throw error
    }
  }

  async function again(row: RecordRow, entry: Entry): Promise<Searched | undefined> {
    const sound = await soundOf(entry)
    return sound === undefined ? undefined : { frames: entry.frames, sound, ...(await hashesOf(row, entry)) }
  }

  /** They were checked when they were read first. */
  async function hashesOf({ kind }: RecordRow, { local }: Entry): Promise<Pick<Read, 'local' | 'keys'>> {
    const found: { cid: string; bytes: Uint8Array }[] = []
    for (const cid of local) {
      const bytes = await blocks.get(cid)
      if (bytes) found.push({ cid, bytes })
    }
    if (kind === 'video') return { local: null, keys: found.flatMap(({ cid, bytes }) => readKeys(cid, bytes)) }
    return { local: found[0] ?? null, keys: [] }
  }

  /** @returns undefined where a block is gone that was here a moment ago. */
  async function soundOf({ sound }: Entry): Promise<SoundPrints | null | undefined> {
    if (!sound) return null
    const found = new Map<string, Uint8Array>()
    for (const cid of sound.cids) {
      const bytes = await blocks.get(cid)
      if (!bytes) return undefined
      found.set(cid, bytes)
    }
    return readPrints(sound.startS, sound.cids, async (cid) => found.get(cid)!)
  }

  return { read, again }
}

const MISSING: RecordRow['manifest'] = { state: 'missing', title: null, durationMs: null, width: null, height: null }

/** What was read of a manifest, and the blocks beside its root that were asked for. */
export interface Read {
  row: RecordRow['manifest']
  /** Those with enough detail; null without a manifest that says what is anchored. */
  frames: Original['frames'] | null
  /** The block of local hashes of a picture. */
  local: Manifest['local']
  /** Local hashes of a video, and the blocks that have them. */
  keys: Key[]
  keyCids: readonly string[]
  /** Prints of what is heard, and the blocks that have them. */
  sound: SoundPrints | null
  soundCids: readonly string[]
  linked: readonly string[]
}

const NOT_HERE: Read = {
  row: MISSING,
  frames: null,
  local: null,
  keys: [],
  keyCids: [],
  sound: null,
  soundCids: [],
  linked: [],
}
const WRONG: Read = { ...NOT_HERE, row: { ...MISSING, state: 'mismatch' } }

const searched = ({ frames }: Manifest): Original['frames'] =>
  frames.filter(({ quality }) => quality >= MIN_QUALITY).map(({ timeMs, hash }) => ({ timeMs, hash }))

/** What of a manifest is searched. */
export type Searched = Pick<Read, 'frames' | 'local' | 'keys' | 'sound'>

/** What the search sees of a record; null for what it cannot compare.
 * @param read of its manifest, with nothing in it where there is none. */
export function originalOf(row: RecordRow, { frames, local, keys, sound }: Searched): Original | null {
  const { kind } = row
  if (kind === null) return null
  const heard = { sound, soundCid: sound && manifestCid(row.manifestDigest) }
  const named = { key: toHex(row.recordId), kind, standing: standingOf(row), ...heard }
  // Of a picture that shows nothing its sound may still be told from others.
  if (row.algorithm !== PDQ || kind === 'audio') return sound ? { ...named, frames: [] } : null
  if (kind === 'video' && frames)
    return { ...named, frames, keys, localCid: keys.length > 0 ? manifestCid(row.manifestDigest) : null }
  return {
    ...named,
    frames: row.perceptualHashes.map((hash) => ({ timeMs: null, hash })),
    local: local?.bytes ?? null,
    localCid: local?.cid ?? null,
  }
}

const PDQ = ALGORITHMS.indexOf('pdq1')

const standingOf = ({ publisherId, registeredAt, sequence }: RecordRow): Original['standing'] => ({
  publisherId,
  registeredAt,
  sequence,
})
