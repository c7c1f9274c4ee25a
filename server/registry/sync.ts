/** Keeps the matcher and the manifests in step with the catalogue: what is registered becomes searchable, what is rolled back leaves. */
import { equalBytes, toHex } from '../bytes.ts'
import type { BatchFilter, BatchRow, BlockStore, Catalogue, Changes, RecordRow } from '../catalogue/index.ts'
import { type Claim, claimOf, type Deployment, rootOf } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import {
  type Key,
  listCid,
  type Manifest,
  manifestCid,
  mismatch,
  readKeys,
  readList,
  readManifest,
  readPrints,
  type SoundPrints,
} from '../fingerprint/index.ts'
import { type Matcher, MIN_QUALITY, type Original } from '../matching/index.ts'
import { type Entry, type Loaded, type SavedSearch, sourceOf } from './saved-search.ts'
import { listWant, manifestWant, type Want } from './wanted.ts'

/** Batches, and records, of one question to the catalogue. */
const BATCHES = 1_000
const RECORDS = 500
/** Milliseconds until what failed is tried again: twice as long each time, and no more than a minute, until nothing fails. */
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 60_000

export interface Sync {
  /** Fills the matcher from the catalogue, then follows it. */
  start(): Promise<void>
  /** Looks at these records again, for instance because their manifest has come. */
  refresh(recordIds: Uint8Array[]): Promise<void>
  /** Takes a list that has come, if it is anchored. */
  take(listDigest: Uint8Array): Promise<void>
  /** Resolves when everything that the catalogue told so far was looked at: it is searchable, or is tried again. */
  settled(): Promise<void>
  /** Saves what was read of manifests, if it is not what was saved last. Does nothing before the search is filled. */
  save(): Promise<void>
  /** What was read of records whose manifest is present, by record id as hex. */
  entries(): ReadonlyMap<string, Entry>
  /** Ends what runs after the record that it is at. */
  stop(): void
}

/** How the search was filled: records taken from what was saved and records that were read, and why nothing was saved, if so. */
export interface Filled {
  taken: number
  read: number
  refused: string | null
}

export function createSync({
  deployment,
  catalogue,
  blocks,
  matcher,
  saved = null,
  missing = () => {},
  onFilled = () => {},
  later = afterMs,
  onError,
}: {
  deployment: Deployment
  catalogue: Catalogue
  blocks: BlockStore
  matcher: Matcher
  /** Where what is read of manifests is kept from one start to the next, if anywhere. */
  saved?: SavedSearch | null
  onFilled?: (filled: Filled) => void
  /** Told what is anchored and not here. */
  missing?: (one: Want) => void
  /** Calls back once; returns the way to prevent it. */
  later?: (ms: number, work: () => void) => () => void
  onError: (error: unknown) => void
}): Sync {
  /** The end of the queue: changes are applied one after the other, in the order of commits. */
  let last: Promise<void> = Promise.resolve()
  let unsubscribe = () => {}
  let stopped = false
  /** What failed and waits to be tried again, by id: rows are read anew, so it does not matter what has become of them. */
  const failed = { records: new Map<string, Uint8Array>(), lists: new Map<string, Uint8Array>() }
  let retryMs = FIRST_RETRY_MS
  let cancelRetry: (() => void) | null = null
  const entries = new Map<string, Entry>()
  /** Whether all records were looked at, and whether entries changed since they were saved. */
  let [filled, unsaved] = [false, false]
  let saving: Promise<void> = Promise.resolve()

  function enqueue(work: () => Promise<void>): Promise<void> {
    last = last.then(work).catch(onError)
    return last
  }

  async function apply({ changed, removed, lists }: Changes): Promise<void> {
    for (const recordId of removed) forget(toHex(recordId))
    for (let i = 0; i < changed.length && !stopped; i += RECORDS) await look(changed.slice(i, i + RECORDS))
    for (const listDigest of lists) {
      if (stopped) return
      await takeLists({ listDigest, list: 'missing' }).catch((error) => again(error, { lists: [listDigest] }))
    }
  }

  async function look(recordIds: Uint8Array[]): Promise<void> {
    try {
      const rows = await catalogue.recordsById(recordIds)
      const here = new Set(rows.map((row) => toHex(row.recordId)))
      for (const key of recordIds.map(toHex)) if (!here.has(key)) forget(key)
      await admitEach(rows)
    } catch (error) {
      again(error, { records: recordIds })
    }
  }

  /** Takes the lists that are here of rooted batches that lack theirs. What that changes comes back as a change. */
  async function takeLists(which: Omit<BatchFilter, 'limit' | 'before'>): Promise<void> {
    let page: BatchRow[]
    let last: BatchRow | undefined
    do {
      page = await catalogue.batches({ ...which, ...(last && { before: placeOf(last) }), limit: BATCHES })
      for (const batch of page) {
        if (stopped) return
        await takeList(batch).catch((error) => again(error, { lists: [batch.listDigest] }))
      }
      last = page.at(-1)
    } while (page.length === BATCHES)
  }

  function again(error: unknown, { records = [], lists = [] }: { records?: Uint8Array[]; lists?: Uint8Array[] }): void {
    onError(error)
    for (const id of records) failed.records.set(toHex(id), id)
    for (const digest of lists) failed.lists.set(toHex(digest), digest)
    if (stopped || cancelRetry) return
    cancelRetry = later(retryMs, retry)
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)
  }

  function retry(): void {
    const [changed, lists] = [[...failed.records.values()], [...failed.lists.values()]]
    failed.records.clear()
    failed.lists.clear()
    cancelRetry = null
    void enqueue(async () => {
      await apply({ changed, removed: [], lists })
      if (!cancelRetry) retryMs = FIRST_RETRY_MS
    })
  }

  async function takeList(batch: BatchRow): Promise<void> {
    const root = listCid(batch.listDigest)
    await blocks.adopt(root)
    const claims = await claimsOf(batch, root)
    if (claims === undefined) missing(listWant(batch))
    else await catalogue.setList(batch, claims)
  }

  /** @returns null for another list than was anchored, undefined where it is not here. */
  async function claimsOf(batch: BatchRow, root: string): Promise<Claim[] | null | undefined> {
    try {
      const listed = await readList(root, blocks.get)
      if (!listed) return undefined
      const claims = listed.map((one) => claimOf(deployment, batch.publisherId, one))
      return claims.length === batch.count && equalBytes(rootOf(claims), batch.root) ? claims : null
    } catch (error) {
      // Whoever wrote the list can write rubbish.
      if (error instanceof RegistryError && error.code === 'block.invalid') return null
      throw error
    }
  }

  /** One record that cannot be read must not keep the others from being found. */
  async function admitEach(rows: RecordRow[]): Promise<void> {
    for (const row of rows) {
      if (stopped) return
      await admit(row).catch((error) => again(error, { records: [row.recordId] }))
    }
  }

  async function admit(row: RecordRow): Promise<void> {
    const manifest = await manifestOf(row)
    const { state, title, durationMs, width, height } = row.manifest
    const changed = manifest.row.state !== state || manifest.row.title !== title
    if (
      changed ||
      manifest.row.durationMs !== durationMs ||
      manifest.row.width !== width ||
      manifest.row.height !== height
    )
      await catalogue.setManifest(row.recordId, manifest.row)
    if (manifest.row.state === 'missing') missing(manifestWant(row))
    const original = originalOf(row, manifest)
    remember(row, original, manifest)
  }

  function remember(row: RecordRow, original: Original | null, manifest: Read): void {
    const key = toHex(row.recordId)
    // A leading anchor that came instead of another may claim what cannot be compared.
    if (original) matcher.add(original)
    else matcher.remove(key)
    if (manifest.frames) {
      const frames = row.kind === 'video' && original ? original.frames : null
      const { linked, local, keyCids, sound, soundCids } = manifest
      const ofLocal = local ? [local.cid] : keyCids
      const ofSound = sound && { startS: sound.startS, cids: soundCids }
      entries.set(key, { source: sourceOf(row, manifest.row), linked, local: ofLocal, sound: ofSound, frames })
      unsaved = true
    } else if (entries.delete(key)) unsaved = true
  }

  function forget(key: string): void {
    matcher.remove(key)
    if (entries.delete(key)) unsaved = true
  }

  /** Takes a record as it was saved. @returns false where it has to be read: what was saved does not fit, or there is nothing. */
  async function take(row: RecordRow, loaded: Loaded): Promise<boolean> {
    const key = toHex(row.recordId)
    const entry = loaded.entries.get(key)
    if (!entry || row.manifest.state !== 'present' || entry.source !== sourceOf(row, row.manifest)) return false
    if (![manifestCid(row.manifestDigest), ...entry.linked].every((cid) => loaded.stored.has(cid))) return false
    const sound = await soundOf(entry)
    if (sound === undefined) return false
    const original = originalOf(row, { frames: entry.frames, sound, ...(await hashesOf(row, entry)) })
    if (original) matcher.add(original)
    entries.set(key, entry)
    return true
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

  async function manifestOf(row: RecordRow): Promise<Read> {
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

  async function start(): Promise<void> {
    const early: Changes[] = []
    let following = false
    unsubscribe = catalogue.onChange((changes) => {
      if (following) enqueue(() => apply(changes))
      else early.push(changes)
    })
    await fill()
    following = true
    // Before anything that comes from now on: a record that was removed and is here again would be removed in the end.
    for (const changes of early) enqueue(() => apply(changes))
    await takeLists({ list: 'missing' })
    await last
  }

  async function fill(): Promise<void> {
    const loaded = (await saved?.load().catch(unreadable)) ?? { refused: 'none is kept' }
    const counts = { taken: 0, read: 0 }
    for await (const rows of catalogue.allRecords()) {
      const others: RecordRow[] = []
      for (const row of rows) if (!('entries' in loaded && (await take(row, loaded)))) others.push(row)
      counts.taken += rows.length - others.length
      counts.read += others.length
      await admitEach(others)
    }
    if (stopped) return
    filled = true
    onFilled({ ...counts, refused: 'refused' in loaded ? loaded.refused : null })
  }

  /** Nothing is lost but time. */
  function unreadable(error: unknown): { refused: string } {
    onError(error)
    return { refused: 'it cannot be read' }
  }

  function save(): Promise<void> {
    saving = saving.catch(() => {}).then(saveNow)
    return saving
  }

  async function saveNow(): Promise<void> {
    if (!saved || !filled || !unsaved) return
    unsaved = false
    try {
      // Entries may change meanwhile: each counts by itself.
      await saved.save(entries)
    } catch (error) {
      unsaved = true
      throw error
    }
  }

  function stop(): void {
    stopped = true
    unsubscribe()
    cancelRetry?.()
  }

  return {
    start,
    save,
    entries: () => entries,
    refresh: (recordIds) => enqueue(() => apply({ changed: recordIds, removed: [], lists: [] })),
    take: (listDigest) => enqueue(() => apply({ changed: [], removed: [], lists: [listDigest] })),
    settled: () => last,
    stop,
  }
}

const MISSING: RecordRow['manifest'] = { state: 'missing', title: null, durationMs: null, width: null, height: null }

const placeOf = ({ blockNumber, logIndex }: BatchRow) => ({ blockNumber, logIndex })

function afterMs(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/** What was read of a manifest, and the blocks beside its root that were asked for. */
interface Read {
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
type Searched = Pick<Read, 'frames' | 'local' | 'keys' | 'sound'>

/** What the search sees of a record; null for what it cannot compare.
 * @param read of its manifest, with nothing in it where there is none. */
function originalOf(row: RecordRow, { frames, local, keys, sound }: Searched): Original | null {
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

/** Number of the algorithm on the chain. */
const PDQ = 1

const standingOf = ({ publisherId, registeredAt, sequence }: RecordRow): Original['standing'] => ({
  publisherId,
  registeredAt,
  sequence,
})
