/** Registries in memory, of several sizes, that search and compare as the server does. */
import { toHex } from '../../server/bytes.ts'
import type { RecordRow } from '../../server/catalogue/index.ts'
import { anchoredWords, type Fingerprint, type Planes, writeManifest } from '../../server/fingerprint/index.ts'
import { type Answer, createMatcher, type Matcher } from '../../server/matching/index.ts'
import type { Examine } from '../../server/registry/examiners.ts'
import { createPictureLookup } from '../../server/registry/pictures.ts'
import { createRows } from '../../server/registry/rows.ts'
import { createSync } from '../../server/registry/sync.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf } from '../../test/registry/fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

export interface Registry {
  registered: number
  find(candidate: Fingerprint, view: Planes | null, examine: Examine): Promise<Answer>
}

export interface Registries {
  /** Registers one more picture with its evidence. */
  add(of: Fingerprint, file: string): Promise<void>
  /** Of the first so many. */
  ofSizes(sizes: readonly number[]): Promise<Registry[]>
  /** File that was registered under a key. */
  fileOf(key: string): string
}

export function createRegistries(): Registries {
  const blocks = memoryBlocks()
  const rows: RecordRow[] = []
  const files = new Map<string, string>()

  async function add(of: Fingerprint, file: string): Promise<void> {
    const manifest = await writeManifest(of, NOTHING, 'public')
    await blocks.hold(manifest.root, manifest.blocks, null)
    const { algorithm, words } = anchoredWords(of)
    const row = recordOf(of, rows.length + 1, {
      manifestDigest: manifest.digest,
      algorithm,
      perceptualHashes: words,
    })
    rows.push(row)
    files.set(toHex(row.recordId), file)
  }

  /** Filled as a server fills its search when it starts. */
  async function ofSize(size: number): Promise<Registry> {
    const [catalogue, matcher, failures] = [memoryCatalogue(), createMatcher(), [] as unknown[]]
    catalogue.insert(...rows.slice(0, size))
    const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks, matcher, onError: (e) => failures.push(e) })
    await sync.start()
    await sync.settled()
    if (failures.length > 0) throw failures[0]
    const present = new Map<string, RecordRow>()
    for await (const some of catalogue.allRecords(size)) for (const row of some) present.set(toHex(row.recordId), row)
    return { registered: size, find: findIn(matcher, present) }
  }

  function findIn(matcher: Matcher, present: ReadonlyMap<string, RecordRow>): Registry['find'] {
    const catalogue = {
      recordsById: async (ids: Uint8Array[]) =>
        ids.map((id) => present.get(toHex(id))).filter((row) => row !== undefined),
    }
    const { signal } = new AbortController()
    return (candidate, view, examine) =>
      createPictureLookup({ matcher, blocks, examine, trusted: new Set() }).find(candidate, view, {
        rows: createRows(catalogue),
        signal,
      })
  }

  async function ofSizes(sizes: readonly number[]): Promise<Registry[]> {
    const made: Registry[] = []
    for (const size of sizes) made.push(await ofSize(size))
    return made
  }

  return { add, ofSizes, fileOf: (key) => files.get(key)! }
}
