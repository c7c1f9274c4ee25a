/** What is void (docs/protocol.md §2.1): decided by a join whenever it is asked for, so that a declaration that is rolled back leaves no
 *  trace. */
import type { ExpressionBuilder, JoinBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Disowned } from './types.ts'

/** What is asked of a declaration that was joined as `c`. */
export const DECLARATION = ['c.since', 'c.declared_at', 'c.declared_by', 'c.contested'] as const

/** Joins `declarations as c` to rows that are void: the first one that made each so.
 * @param table whose rows have publisher_id, signer and time. */
export function disownedBy(table: 'r' | 'b' | 'x') {
  // Kysely's types cannot name a table that is a parameter.
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  return (join: JoinBuilder<any, any>) =>
    join
      .onRef('c.publisher_id', '=', `${table}.publisher_id`)
      .onRef('c.account', '=', `${table}.signer`)
      .onRef('c.since', '<=', `${table}.time`)
      .on(({ not, exists, selectFrom, ref }) =>
        not(
          exists(
            selectFrom('compromises as e')
              .select(sql.lit(1).as('one'))
              .whereRef('e.publisher_id', '=', 'c.publisher_id')
              .whereRef('e.account', '=', 'c.account')
              .where('e.since', '<=', ref(`${table}.time`))
              .where(sql<boolean>`(e.block_number, e.log_index) < (c.block_number, c.log_index)`),
          ),
        ),
      )
}

/** Whether a row of changes or records is void. */
export function isVoid(table: string) {
  // biome-ignore lint/suspicious/noExplicitAny: for any query.
  return (_: ExpressionBuilder<any, any>) =>
    sql<boolean>`exists (select 1 from compromises v where v.publisher_id = ${sql.ref(`${table}.publisher_id`)}
      and v.account = ${sql.ref(`${table}.signer`)} and v.since <= ${sql.ref(`${table}.time`)})`
}

interface Columns {
  since: number | null
  declared_at: number | null
  declared_by: Uint8Array | null
  contested: boolean | null
}

/** From the columns of such a join. */
export function disownedOf({ since, declared_at, declared_by, contested }: Columns): Disowned | null {
  if (since === null || declared_at === null) return null
  return { since, declaredAt: declared_at, declaredBy: declared_by, contested: contested ?? false }
}
