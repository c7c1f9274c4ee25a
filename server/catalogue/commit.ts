/** Transactions that tell what they did, even where the answer to their commit is lost. */
import type { Kysely, Transaction } from 'kysely'
import { toHex0x } from '../bytes.ts'
import type { Tables } from './tables.ts'
import type { Changes } from './types.ts'

/** @param work returns null where there is nothing to tell. */
export type Commit = (work: (trx: Transaction<Tables>) => Promise<Changes | null>) => Promise<void>

const NOTHING: Changes = { changed: [], removed: [], lists: [] }

/** Where the work was done and the commit fails, it may have been committed and only the answer be lost. So it is told as what may have
 *  changed: at once, and with the next commit, for the database may still be at it.
 *  @param tell is called after each commit. */
export function createCommitter(db: Kysely<Tables>, tell: (changes: Changes) => void): Commit {
  let unsure: Changes | null = null

  function doubt({ changed, removed, lists }: Changes): void {
    unsure = together(unsure, { changed: [...changed, ...removed], removed: [], lists })
    tell(unsure)
  }

  return async (work) => {
    let done: Changes | null = null
    const attempt = db.transaction().execute(async (trx) => {
      done = await work(trx)
    })
    await attempt.catch((error: unknown) => {
      if (done) doubt(done)
      throw error
    })
    const news = unsure ? together(unsure, done ?? NOTHING) : done
    unsure = null
    if (news) tell(news)
  }
}

/** The second as it is, and what else the first names. */
function together(first: Changes | null, { changed, removed, lists }: Changes): Changes {
  const gone = new Set(removed.map(toHex0x))
  const others = (first?.changed ?? []).filter((id) => !gone.has(toHex0x(id)))
  return {
    changed: distinct([...others, ...changed]),
    removed,
    lists: distinct([...(first?.lists ?? []), ...lists]),
  }
}

/** The same ids, each once. */
export function distinct(ids: Uint8Array[]): Uint8Array[] {
  return [...new Map(ids.map((id) => [toHex0x(id), id])).values()]
}
