/** Finished lookups, until they expire or are deleted. */
import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'
import type { Catalogue, LookupRow } from './types.ts'
import { storable } from './wire.ts'

type Lookups = Pick<Catalogue, 'putLookup' | 'lookup' | 'deleteLookup' | 'expireLookups'>

export function createLookups(db: Kysely<Tables>): Lookups {
  return {
    putLookup: (row) => put(db, row),
    lookup: (id, now) => find(db, id, now),
    deleteLookup: async (id) => (await remove(db.deleteFrom('lookups').where('id', '=', storable(id)))) > 0,
    expireLookups: (now) => remove(db.deleteFrom('lookups').where('expires_at', '<', now)),
  }
}

async function put(db: Kysely<Tables>, { id, createdAt, expiresAt, body }: LookupRow): Promise<void> {
  const said = { created_at: createdAt, expires_at: expiresAt, body: storable(body) }
  await db
    .insertInto('lookups')
    .values({ id: storable(id), ...said })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
    .execute()
}

async function find(db: Kysely<Tables>, id: string, now: number): Promise<LookupRow | null> {
  const row = await db
    .selectFrom('lookups')
    .selectAll()
    .where('id', '=', storable(id))
    .where('expires_at', '>=', now)
    .executeTakeFirst()
  return row ? { id: row.id, createdAt: row.created_at, expiresAt: row.expires_at, body: row.body } : null
}

interface Deletion {
  executeTakeFirst(): Promise<{ numDeletedRows: bigint }>
}

async function remove(deletion: Deletion): Promise<number> {
  return Number((await deletion.executeTakeFirst()).numDeletedRows)
}
