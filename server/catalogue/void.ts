/** What is void (docs/protocol.md §2.1): decided by a join whenever it is asked for, so that a declaration that is rolled back leaves no
 *  trace. */
import type { ExpressionBuilder, JoinBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Disowned } from './types.ts'

/** Joins `compromises as c` to rows that are void by it. @param table whose rows have publisher_id, signer and time. */
export function disownedBy(table: 'r' | 'b' | 'x') {
  // Kysely's types cannot name a table that is a parameter.
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  return (join: JoinBuilder<any, any>) =>
    join
      .onRef('c.publisher_id', '=', `${table}.publisher_id`)
      .onRef('c.account', '=', `${table}.signer`)
      .onRef('c.since', '<=', `${table}.time`)
}

/** Whether a row of changes or records is void. */
export function isVoid(table: string) {
  // biome-ignore lint/suspicious/noExplicitAny: for any query.
  return (_: ExpressionBuilder<any, any>) =>
    sql<boolean>`exists (select 1 from compromises v where v.publisher_id = ${sql.ref(`${table}.publisher_id`)}
      and v.account = ${sql.ref(`${table}.signer`)} and v.since <= ${sql.ref(`${table}.time`)})`
}

/** From the columns of such a join. */
export function disownedOf({
  since,
  declared_at,
}: {
  since: number | null
  declared_at: number | null
}): Disowned | null {
  return since === null || declared_at === null ? null : { since, declaredAt: declared_at }
}
