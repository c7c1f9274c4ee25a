/** Publishers with their last profile and all the keys that they ever had. */
import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'
import type { Catalogue, PublisherRow } from './types.ts'

export function createPublishers(db: Kysely<Tables>): Pick<Catalogue, 'publisher' | 'counts'> {
  return {
    publisher: (publisherId) => publisher(db, publisherId),
    counts: () => counts(db),
  }
}

/** One row a key, and one with nulls for a publisher without keys: a single statement sees a single state. */
function withKeys(db: Kysely<Tables>, publisherId: number) {
  return db
    .selectFrom('publishers as p')
    .innerJoin('headers as h', 'h.number', 'p.block_number')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('profiles')
          .select(['uri', 'name', 'domain'])
          .whereRef('profiles.publisher_id', '=', 'p.publisher_id')
          .orderBy('block_number', 'desc')
          .orderBy('log_index', 'desc')
          .limit(1)
          .as('l'),
      (join) => join.onTrue(),
    )
    .leftJoin('keys_added as a', 'a.publisher_id', 'p.publisher_id')
    .leftJoin('headers as ah', 'ah.number', 'a.block_number')
    .leftJoin('keys_ended as e', (join) =>
      join.onRef('e.publisher_id', '=', 'a.publisher_id').onRef('e.key', '=', 'a.key'),
    )
    .leftJoin('headers as eh', 'eh.number', 'e.block_number')
    .select(['p.publisher_id', 'p.custody', 'h.time', 'l.uri', 'l.name', 'l.domain'])
    .select(['a.key', 'ah.time as added_at', 'eh.time as ended_at'])
    .where('p.publisher_id', '=', publisherId)
    .orderBy('a.block_number')
    .orderBy('a.log_index')
}

async function publisher(db: Kysely<Tables>, publisherId: number): Promise<PublisherRow | null> {
  const rows = await withKeys(db, publisherId).execute()
  const [first] = rows
  if (!first) return null
  return {
    publisherId: first.publisher_id,
    custody: first.custody,
    profileUri: first.uri ?? '',
    name: first.name,
    domain: first.domain,
    createdAt: first.time,
    keys: rows.flatMap(({ key, added_at: addedAt, ended_at: endedAt }) =>
      key === null || addedAt === null ? [] : [{ key, addedAt, endedAt }],
    ),
  }
}

async function counts(db: Kysely<Tables>): Promise<{ records: number; publishers: number }> {
  const { records, publishers } = await db
    .selectFrom('meta')
    .select('record_count as records')
    // Ids have no gaps, so the highest one is how many there are.
    .select((from) =>
      from
        .selectFrom('publishers')
        .select(({ fn }) => fn.max('publisher_id').as('id'))
        .as('publishers'),
    )
    .executeTakeFirstOrThrow()
  return { records, publishers: publishers ?? 0 }
}
