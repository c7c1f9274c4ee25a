/** `firsthand audit`: whether a catalogue is what the chain and the blocks say, found by indexing them once more beside it. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CID } from 'multiformats/cid'
import { equalBytes, toHex0x } from '../bytes.ts'
import {
  type BlockStore,
  type Catalogue,
  createBlockStore,
  createCatalogue,
  type Difference,
  digestCatalogue,
  firstDifference,
  openDatabase,
  storedBlocks,
  type TableDigest,
} from '../catalogue/index.ts'
import type { BlockHeader } from '../chain/index.ts'
import { type Chain, openChain, openSavedSearch } from '../compose.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { checkBlock } from '../fingerprint/index.ts'
import { createMatcher } from '../matching/index.ts'
import { createSync, type Entry, type SavedSearch, type Sync } from '../registry/index.ts'
import { indexUpTo, openLog, type Progress, settle } from './project.ts'

export interface AuditReport {
  /** The block up to which it was compared; null for an empty catalogue. */
  block: { number: number; hash: string } | null
  /** Of the catalogue, where nothing differs. */
  tables: TableDigest[]
  blocks: number
  /** Null where nothing differs. `table` `headers`: the catalogue ends with another block than the chain has there. `blocks`: a stored block
   *  is not what its name says. `search`: what is saved of the search says of a record that it fits, and does not. */
  search: SearchReport | null
  difference: (Omit<Difference, 'table'> & { table: string }) | null
}

/** Of what is saved of the search: records that a start would take from it, records that it would read, and why it would take none. */
export interface SearchReport {
  taken: number
  read: number
  refused: string | null
}

/** Reads and changes nothing, but for the form of the database, which is brought to that of this program.
 * @throws RegistryError as the node, the database and the local network. */
export async function audit(config: Config, onProgress: (progress: Progress) => void): Promise<AuditReport> {
  const first = await auditOnce(config, onProgress)
  // A server that runs beside it may just have been writing what belongs together: what differs still, does.
  return first.difference ? await auditOnce(config, onProgress) : first
}

async function auditOnce(config: Config, onProgress: (progress: Progress) => void): Promise<AuditReport> {
  const opened: (() => Promise<void>)[] = []
  const temporary = mkdtempSync(join(tmpdir(), 'firsthand-audit-'))
  try {
    const chain = await openChain(config, false, openLog(config), opened)
    const ours = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL })
    opened.push(() => ours.destroy())
    const theirs = await openDatabase({ dataDir: temporary })
    opened.push(() => theirs.destroy())
    const blocks = createBlockStore({ directory: config.DATA_DIR, now: () => Math.floor(Date.now() / 1000) })
    // One state of it, also while a server writes.
    return await ours
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (snapshot) => {
        const head = await createCatalogue(snapshot).head()
        if (!head) return { block: null, tables: [], blocks: 0, search: null, difference: null }
        const again = createCatalogue(theirs)
        const sync = await indexAgain({ chain, again, blocks, head, onProgress })
        const search = await compareSearch(openSavedSearch(config, chain.deployment), sync)
        const damaged = await damagedBlock(config.DATA_DIR, blocks, onProgress)
        const difference =
          (await otherHead(head, again)) ??
          damaged.difference ??
          (await firstDifference(snapshot, theirs)) ??
          search.difference
        const tables = difference ? [] : await digestCatalogue(snapshot)
        const block = { number: head.number, hash: toHex0x(head.hash) }
        return { block, tables, blocks: damaged.blocks, search: search.report, difference }
      })
  } finally {
    for (const close of opened.reverse()) await close()
    rmSync(temporary, { recursive: true, force: true })
  }
}

async function indexAgain({
  chain: { node, deployment },
  again,
  blocks,
  head,
  onProgress,
}: {
  chain: Chain
  again: Catalogue
  blocks: BlockStore
  head: BlockHeader
  onProgress: (progress: Progress) => void
}): Promise<Sync> {
  await again.bind(deployment)
  const failures: unknown[] = []
  const sync = createSync({
    deployment,
    catalogue: again,
    // What waits for its registration is the server's to take.
    blocks: { ...blocks, adopt: async () => false },
    matcher: createMatcher(),
    onError: (error) => failures.push(error),
  })
  await sync.start()
  const latest = await node.blockNumber()
  await indexUpTo(Math.min(head.number, latest), { node, deployment, catalogue: again, onProgress })
  onProgress({ stage: 'manifests', done: 0, of: null })
  await settle(sync)
  sync.stop()
  if (failures.length > 0) throw failures[0]
  return sync
}

/** @param sync of a search that was filled from nothing. */
async function compareSearch(
  saved: SavedSearch,
  sync: Sync,
): Promise<{ report: SearchReport; difference: AuditReport['difference'] }> {
  const own = sync.entries()
  const loaded = await saved.load()
  if ('refused' in loaded) return { report: { taken: 0, read: own.size, refused: loaded.refused }, difference: null }
  let taken = 0
  for (const [key, entry] of own) {
    const claimed = loaded.entries.get(key)
    if (claimed?.source !== entry.source) continue
    taken++
    if (isDeepStrictEqual(claimed, entry)) continue
    const difference = { table: 'search', key: { record_id: `0x${key}` }, ours: shown(claimed), theirs: shown(entry) }
    return { report: { taken, read: own.size - taken, refused: null }, difference }
  }
  return { report: { taken, read: own.size - taken, refused: null }, difference: null }
}

function shown({ frames, linked }: Entry): Record<string, string | number | null> {
  const hash = createHash('sha256').update(linked.join(' '))
  for (const frame of frames ?? []) hash.update(`${frame.timeMs} `).update(frame.hash)
  return { frames: frames?.length ?? null, blocks: linked.length, digest: hash.digest('hex') }
}

async function otherHead(head: BlockHeader, again: Catalogue): Promise<AuditReport['difference']> {
  const found = await again.headerAtOrBelow(head.number)
  if (found && found.number === head.number && equalBytes(found.hash, head.hash)) return null
  return {
    table: 'headers',
    key: { number: head.number },
    ours: { hash: toHex0x(head.hash) },
    theirs: found?.number === head.number ? { hash: toHex0x(found.hash) } : null,
  }
}

async function damagedBlock(
  dataDir: string,
  blocks: BlockStore,
  onProgress: (progress: Progress) => void,
): Promise<{ blocks: number; difference: AuditReport['difference'] }> {
  let count = 0
  for await (const cid of storedBlocks(dataDir)) {
    const bytes = await blocks.get(cid)
    if (!bytes) continue
    try {
      await checkBlock(CID.parse(cid), bytes)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      return { blocks: count, difference: { table: 'blocks', key: { cid }, ours: { is: error.message }, theirs: null } }
    }
    if (++count % 100 === 0) onProgress({ stage: 'stored blocks', done: count, of: null })
  }
  return { blocks: count, difference: null }
}
