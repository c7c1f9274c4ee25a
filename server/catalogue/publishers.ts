/** Publishers with their last profile and all the keys that they ever had. */
import { type Kysely, sql } from 'kysely'
import { equalBytes } from '../bytes.ts'
import { type CustodyEvent, managementOf } from './custody.ts'
import { readGateways } from './profile.ts'
import type { Tables } from './tables.ts'
import type { Catalogue, Disowned, PublisherRow } from './types.ts'
import { DECLARATION, disownedOf } from './void.ts'

export function createPublishers(db: Kysely<Tables>): Pick<Catalogue, 'publisher' | 'counts'> {
  return {
    publisher: (publisherId) => publisher(db, publisherId),
    counts: () => counts(db),
  }
}

async function publisher(db: Kysely<Tables>, publisherId: number): Promise<PublisherRow | null> {
  // One transaction, so that all of it is of one state of the chain.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const found = await identity(trx, publisherId)
      if (!found) return null
      const { publisher_id, custody, time, uri, digest, name, domain } = found
      const management = managementOf(custody, await custodyEvents(trx, publisherId))
      return {
        publisherId: publisher_id,
        ...management.now,
        profileUri: uri ?? '',
        name,
        domain,
        gateways: uri && digest ? readGateways(uri, digest) : [],
        createdAt: time,
        keys: await keys(trx, publisherId),
        formerCustody: await formerCustody(trx, publisherId, management.former),
        unlisted: await unlisted(trx, publisherId),
      }
    })
}

function identity(db: Kysely<Tables>, publisherId: number) {
  return db
    .selectFrom('publishers as p')
    .innerJoin('headers as h', 'h.number', 'p.block_number')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('profiles')
          .select(['uri', 'digest', 'name', 'domain'])
          .whereRef('profiles.publisher_id', '=', 'p.publisher_id')
          .orderBy('block_number', 'desc')
          .orderBy('log_index', 'desc')
          .limit(1)
          .as('l'),
      (join) => join.onTrue(),
    )
    .select(['p.publisher_id', 'p.custody', 'h.time', 'l.uri', 'l.digest', 'l.name', 'l.domain'])
    .where('p.publisher_id', '=', publisherId)
    .executeTakeFirst()
}

async function keys(db: Kysely<Tables>, publisherId: number): Promise<PublisherRow['keys']> {
  const rows = await db
    .selectFrom('keys_added as a')
    .innerJoin('headers as ah', 'ah.number', 'a.block_number')
    .leftJoin('keys_ended as e', (join) =>
      join.onRef('e.publisher_id', '=', 'a.publisher_id').onRef('e.key', '=', 'a.key'),
    )
    .leftJoin('headers as eh', 'eh.number', 'e.block_number')
    .select(['a.key', 'ah.time as added_at', 'eh.time as ended_at'])
    .where('a.publisher_id', '=', publisherId)
    .orderBy('a.block_number')
    .orderBy('a.log_index')
    .execute()
  const declared = await declarations(db, publisherId)
  return rows.map((row) => ({
    key: row.key,
    addedAt: row.added_at,
    endedAt: row.ended_at,
    disowned: declared(row.key),
  }))
}

/** The last declaration of each account: those before it reach less far. */
async function declarations(
  db: Kysely<Tables>,
  publisherId: number,
): Promise<(account: Uint8Array) => Disowned | null> {
  const rows = await db
    .selectFrom('declarations as c')
    .select(['c.account', ...DECLARATION])
    .where('c.publisher_id', '=', publisherId)
    .orderBy('c.block_number')
    .orderBy('c.log_index')
    .execute()
  return (account) => {
    const last = rows.findLast((one) => equalBytes(one.account, account))
    return last ? disownedOf(last) : null
  }
}

async function custodyEvents(db: Kysely<Tables>, publisherId: number): Promise<CustodyEvent[]> {
  const rows = await db
    .selectFrom('custody_events as e')
    .innerJoin('headers as h', 'h.number', 'e.block_number')
    .select(['e.type', 'e.account', 'e.not_before', 'h.time'])
    .where('e.publisher_id', '=', publisherId)
    .orderBy('e.block_number')
    .orderBy('e.log_index')
    .execute()
  return rows.map(({ type, account, not_before: notBefore, time: at }) => ({ type, account, notBefore, at }))
}

async function formerCustody(
  db: Kysely<Tables>,
  publisherId: number,
  former: { account: Uint8Array; until: number }[],
): Promise<PublisherRow['formerCustody']> {
  const declared = await declarations(db, publisherId)
  return former.map(({ account, until }) => ({ account, until, disowned: declared(account) }))
}

async function unlisted(db: Kysely<Tables>, publisherId: number): Promise<PublisherRow['unlisted']> {
  return db
    .selectFrom('batches')
    .select(({ fn }) => fn.countAll<number>().as('batches'))
    .select(sql<number>`coalesce(sum(count), 0)::bigint`.as('records'))
    .where('publisher_id', '=', publisherId)
    .where('list', '<>', 'present')
    .executeTakeFirstOrThrow()
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
