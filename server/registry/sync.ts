/** Keeps the matcher and the manifests in step with the catalogue: what is registered becomes searchable, what is rolled back leaves. What is searched of a record: originals.ts. */
import { equalBytes, toHex } from '../bytes.ts'
import type { BatchFilter, BatchRow, BlockStore, Catalogue, Changes, RecordRow } from '../catalogue/index.ts'
import { type Claim, claimOf, type Deployment, rootOf } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import { listCid, manifestCid, readList } from '../fingerprint/index.ts'
import type { Matcher, Original } from '../matching/index.ts'
import { createOriginals, originalOf, type Read } from './originals.ts'
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
  const originals = createOriginals(blocks)
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
    const manifest = await originals.read(row)
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
    const searched = await originals.again(row, entry)
    if (searched === undefined) return false
    const original = originalOf(row, searched)
    if (original) matcher.add(original)
    entries.set(key, entry)
    return true
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

const placeOf = ({ blockNumber, logIndex }: BatchRow) => ({ blockNumber, logIndex })

function afterMs(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
