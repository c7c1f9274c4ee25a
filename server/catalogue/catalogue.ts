/** The catalogue: a projection of the chain, and what is said beside it. */
import type { Kysely } from 'kysely'
import { equalBytes, toHex0x } from '../bytes.ts'
import type { Deployment } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import { createCommitter } from './commit.ts'
import { createLists } from './lists.ts'
import { createLookups } from './lookups.ts'
import { createPublishers } from './publishers.ts'
import { createRecords } from './records.ts'
import { createSink } from './sink.ts'
import type { Tables } from './tables.ts'
import type { Catalogue, Changes } from './types.ts'

/** @param db as `openDatabase` returns it; `close()` of the catalogue closes it. */
export function createCatalogue(db: Kysely<Tables>): Catalogue {
  const changes = createChanges()
  const commit = createCommitter(db, changes.tell)
  return {
    ...createSink(db, commit),
    ...createRecords(db),
    ...createLists(db, commit),
    ...createPublishers(db),
    ...createLookups(db),
    bind: (deployment) => bind(db, deployment),
    bound: () => bound(db),
    onChange: changes.listen,
    close: () => db.destroy(),
  }
}

function createChanges() {
  const listeners = new Set<(changes: Changes) => void>()
  return {
    listen(listener: (changes: Changes) => void): () => void {
      // Wrapped, so that the same function can listen twice and be stopped once.
      const own = (changes: Changes) => listener(changes)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    tell(changes: Changes): void {
      for (const listener of listeners) tellOne(listener, changes)
    },
  }
}

function tellOne(listener: (changes: Changes) => void, changes: Changes): void {
  try {
    listener(changes)
  } catch (error) {
    // The rows are committed: the indexer must not take this for a failure of theirs and append them again.
    queueMicrotask(() => {
      throw error
    })
  }
}

async function bind(db: Kysely<Tables>, deployment: Deployment): Promise<void> {
  const { chainId, publisherRegistry, mediaRegistry, startBlock } = deployment
  await db.transaction().execute(async (trx) => {
    const held = await trx.selectFrom('meta').selectAll().forUpdate().executeTakeFirstOrThrow()
    const same =
      held.chain_id === chainId &&
      equalBytes(held.publisher_registry ?? NO_BYTES, publisherRegistry) &&
      equalBytes(held.media_registry ?? NO_BYTES, mediaRegistry)
    const filled = await trx.selectFrom('headers').select('number').limit(1).executeTakeFirst()
    if (filled && !same) throw mismatch(held, deployment)
    await trx
      .updateTable('meta')
      .set({
        chain_id: chainId,
        publisher_registry: publisherRegistry,
        media_registry: mediaRegistry,
        start_block: startBlock,
      })
      .execute()
  })
}

async function bound(db: Kysely<Tables>): Promise<Deployment | null> {
  const filled = await db.selectFrom('headers').select('number').limit(1).executeTakeFirst()
  const held = await db.selectFrom('meta').selectAll().executeTakeFirstOrThrow()
  const { chain_id: chainId, publisher_registry: publisherRegistry, media_registry: mediaRegistry } = held
  if (!filled || chainId === null || !publisherRegistry || !mediaRegistry) return null
  return { chainId, publisherRegistry, mediaRegistry, startBlock: held.start_block ?? 0 }
}

const NO_BYTES = new Uint8Array()

function mismatch(held: Tables['meta'], { chainId, mediaRegistry }: Deployment): RegistryError {
  const registry = held.media_registry ? toHex0x(held.media_registry) : 'no registry'
  return new RegistryError(
    'chain.mismatch',
    `the catalogue holds rows of ${registry} on chain ${held.chain_id}, not of ${toHex0x(mediaRegistry)} on chain ${chainId}: ` +
      'set another DATA_DIR, or another database',
  )
}
