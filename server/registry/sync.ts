/** Keeps the matcher and the manifests in step with the catalogue: what is registered becomes searchable, what is rolled back leaves. */
import { toHex } from '../bytes.ts'
import type { BlockStore, Catalogue, Changes, RecordRow } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { type Manifest, manifestCid, mismatch, readManifest } from '../fingerprint/index.ts'
import { type Matcher, MIN_QUALITY, type Original } from '../matching/index.ts'

export interface Sync {
  /** Fills the matcher from the catalogue, then follows it. */
  start(): Promise<void>
  /** Looks at these records again, for instance because their manifest has come. */
  refresh(recordIds: Uint8Array[]): Promise<void>
  /** Resolves when everything that the catalogue told so far is searchable. */
  settled(): Promise<void>
  stop(): void
}

export function createSync({
  catalogue,
  blocks,
  matcher,
  onError,
}: {
  catalogue: Catalogue
  blocks: BlockStore
  matcher: Matcher
  onError: (error: unknown) => void
}): Sync {
  /** The end of the queue: changes are applied one after the other, in the order of commits. */
  let last: Promise<void> = Promise.resolve()
  let unsubscribe = () => {}

  function enqueue(work: () => Promise<void>): Promise<void> {
    last = last.then(work).catch(onError)
    return last
  }

  async function apply({ added, removed }: Changes): Promise<void> {
    for (const recordId of removed) matcher.remove(toHex(recordId))
    if (added.length > 0) for (const row of await catalogue.recordsById(added)) await admitAlone(row)
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
    const original = originalOf(row, manifest.content)
    if (original) matcher.add(original)
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
    for (const changes of early) enqueue(() => apply(changes))
    await last
  }

  return {
    start,
    refresh: (recordIds) => enqueue(() => apply({ added: recordIds, removed: [] })),
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
