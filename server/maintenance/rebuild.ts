/** `firsthand rebuild --from-chain`: a catalogue from a node and published blocks alone. */
import { mkdirSync } from 'node:fs'
import {
  type Catalogue,
  createBlockStore,
  createCatalogue,
  createWithdrawals,
  digestCatalogue,
  openDatabase,
  type TableDigest,
} from '../catalogue/index.ts'
import { gatewaysOf, openChain, openGuard } from '../compose.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { createMatcher } from '../matching/index.ts'
import { createSync, type FetchReport, fetchMissing } from '../registry/index.ts'
import { indexUpTo, openLog, type Progress, settle } from './project.ts'

export interface RebuildReport {
  /** Up to which it was built. */
  block: number
  tables: TableDigest[]
  records: number
  /** What was fetched, and what nobody had. */
  blocks: FetchReport
  /** Manifests that are others than their anchors say, and lists that are. */
  mismatches: { manifests: number; lists: number }
}

/** Goes on where an earlier one was broken off. @throws RegistryError as the node and the database; `request.invalid` without a node. */
export async function rebuild(config: Config, onProgress: (progress: Progress) => void): Promise<RebuildReport> {
  if (!config.RPC_URL)
    throw new RegistryError(
      'request.invalid',
      'RPC_URL must name a node: a local network begins with what DATA_DIR has',
    )
  const opened: (() => Promise<void>)[] = []
  const now = () => Math.floor(Date.now() / 1000)
  mkdirSync(config.DATA_DIR, { recursive: true })
  try {
    const { node, deployment } = await openChain(config, false, openLog(config), opened)
    const db = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL })
    opened.push(() => db.destroy())
    const catalogue = createCatalogue(db)
    await catalogue.bind(deployment)
    const blocks = createBlockStore({ directory: config.DATA_DIR, now })
    const failures: unknown[] = []
    const onError = (error: unknown) => void failures.push(error)
    const sync = createSync({ deployment, catalogue, blocks, matcher: createMatcher(), onError })
    await sync.start()
    const block = await node.blockNumber()
    await indexUpTo(block, { node, deployment, catalogue, onProgress })
    await settle(sync)
    const fetched = await fetchMissing({
      catalogue,
      blocks,
      withdrawals: createWithdrawals(config.DATA_DIR),
      guard: openGuard(config),
      configured: gatewaysOf(config),
      now,
      arrived: ({ type, id }) => (type === 'list' ? sync.take(id) : sync.refresh([id])),
      onProgress: ({ fetched: done, missing }) =>
        onProgress({ stage: 'manifests and lists', done: done + missing, of: null }),
    })
    await settle(sync)
    sync.stop()
    if (failures.length > 0) throw failures[0]
    const { records } = await catalogue.counts()
    return {
      block,
      tables: await digestCatalogue(db),
      records,
      blocks: fetched,
      mismatches: await mismatchesIn(catalogue),
    }
  } finally {
    for (const close of opened.reverse()) await close()
  }
}

async function mismatchesIn(catalogue: Catalogue): Promise<RebuildReport['mismatches']> {
  let manifests = 0
  for await (const rows of catalogue.allRecords())
    manifests += rows.filter(({ manifest }) => manifest.state === 'mismatch').length
  const lists = (await catalogue.batches({ list: 'mismatch', limit: 1_000_000 })).length
  return { manifests, lists }
}
