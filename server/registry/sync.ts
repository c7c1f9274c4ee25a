/** Keeps the matcher and the manifests in step with the catalogue: what is registered becomes searchable, what is rolled back leaves. */
import { equalBytes, toHex } from '../bytes.ts'
import type { BatchFilter, BatchRow, BlockStore, Catalogue, Changes, RecordRow } from '../catalogue/index.ts'
import { type Claim, claimOf, type Deployment, rootOf } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import { listCid, type Manifest, manifestCid, mismatch, readList, readManifest } from '../fingerprint/index.ts'
import { type Matcher, MIN_QUALITY, type Original } from '../matching/index.ts'
import { listWant, manifestWant, type Want } from './wanted.ts'

/** Batches that are looked at when a list comes, or at the start. */
const MAX_BATCHES = 1_000

export interface Sync {
  /** Fills the matcher from the catalogue, then follows it. */
  start(): Promise<void>
  /** Looks at these records again, for instance because their manifest has come. */
  refresh(recordIds: Uint8Array[]): Promise<void>
  /** Takes a list that has come, if it is anchored. */
  take(listDigest: Uint8Array): Promise<void>
  /** Resolves when everything that the catalogue told so far is searchable. */
  settled(): Promise<void>
  stop(): void
}

export function createSync({
  deployment,
  catalogue,
  blocks,
  matcher,
  missing = () => {},
  onError,
}: {
  deployment: Deployment
  catalogue: Catalogue
  blocks: BlockStore
  matcher: Matcher
  /** Told what is anchored and not here. */
  missing?: (one: Want) => void
  onError: (error: unknown) => void
}): Sync {
  /** The end of the queue: changes are applied one after the other, in the order of commits. */
  let last: Promise<void> = Promise.resolve()
  let unsubscribe = () => {}

  function enqueue(work: () => Promise<void>): Promise<void> {
    last = last.then(work).catch(onError)
    return last
  }

  async function apply({ changed, removed, lists }: Changes): Promise<void> {
    for (const recordId of removed) matcher.remove(toHex(recordId))
    if (changed.length > 0) for (const row of await catalogue.recordsById(changed)) await admitAlone(row)
    for (const listDigest of lists) await takeLists({ listDigest, list: 'missing' }).catch(onError)
  }

  /** Takes the lists that are here of rooted batches that lack theirs. What that changes comes back as a change. */
  async function takeLists(which: Omit<BatchFilter, 'limit'>): Promise<void> {
    for (const batch of await catalogue.batches({ ...which, limit: MAX_BATCHES })) await takeList(batch).catch(onError)
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
  const admitAlone = (row: RecordRow) => admit(row).catch(onError)

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
    const original = originalOf(row, manifest.content)
    // A leading anchor that came instead of another may claim what cannot be compared.
    if (original) matcher.add(original)
    else matcher.remove(toHex(row.recordId))
  }

  async function manifestOf(row: RecordRow): Promise<{ row: RecordRow['manifest']; content: Manifest | null }> {
    const root = manifestCid(row.manifestDigest)
    await blocks.adopt(root)
    try {
      const manifest = await readManifest(root, blocks.get)
      if (!manifest) return { row: MISSING, content: null }
      if (mismatch(manifest, row) !== null) return { row: { ...MISSING, state: 'mismatch' }, content: null }
      return { row: { state: 'present', title: manifest.description.title, ...manifest.extent }, content: manifest }
    } catch (error) {
      // Whoever wrote the manifest can write rubbish; the record stands all the same, by its anchor alone.
      if (error instanceof RegistryError) return { row: { ...MISSING, state: 'mismatch' }, content: null }
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
    for await (const rows of catalogue.allRecords()) for (const row of rows) await admitAlone(row)
    following = true
    // Before anything that comes from now on: a record that was removed and is here again would be removed in the end.
    for (const changes of early) enqueue(() => apply(changes))
    await takeLists({ list: 'missing' })
    await last
  }

  return {
    start,
    refresh: (recordIds) => enqueue(() => apply({ changed: recordIds, removed: [], lists: [] })),
    take: (listDigest) => enqueue(() => apply({ changed: [], removed: [], lists: [listDigest] })),
    settled: () => last,
    stop: () => unsubscribe(),
  }
}

const MISSING: RecordRow['manifest'] = { state: 'missing', title: null, durationMs: null, width: null, height: null }

/** What the search sees of a record; null for what it cannot compare. */
function originalOf(row: RecordRow, manifest: Manifest | null): Original | null {
  if (row.algorithm !== 1 || row.kind === null || row.kind === 'audio') return null
  const key = toHex(row.recordId)
  if (row.kind === 'video' && manifest)
    return { key, kind: row.kind, frames: manifest.frames.filter((frame) => frame.quality >= MIN_QUALITY) }
  return { key, kind: row.kind, frames: row.perceptualHashes.map((hash) => ({ timeMs: null, hash })) }
}
