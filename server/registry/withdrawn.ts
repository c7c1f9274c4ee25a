/** What was withdrawn is not shown: records stand, and say so in place of what their manifest says. */
import type { Catalogue, RecordRow, Withdrawal, Withdrawals } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { manifestCid } from '../fingerprint/index.ts'

/** @throws RegistryError `block.withdrawn` if one of them is. */
export async function requireServed(withdrawals: Withdrawals, cids: Iterable<string>): Promise<void> {
  const all = await withdrawals.all()
  if (all.size === 0) return
  for (const cid of cids) {
    const found = all.get(cid)
    if (found) throw gone(cid, found)
  }
}

function gone(cid: string, { at, reason }: Withdrawal): RegistryError {
  const day = new Date(at * 1000).toISOString().slice(0, 10)
  const why = reason === null ? '' : `: ${reason}`
  return new RegistryError('block.withdrawn', `the operator of this server withdrew block ${cid} on ${day}${why}`)
}

/** The catalogue as it is shown. */
export function shown(catalogue: Catalogue, withdrawals: Withdrawals): Catalogue {
  async function veil(rows: RecordRow[]): Promise<RecordRow[]> {
    const all = await withdrawals.all()
    if (all.size === 0) return rows
    return rows.map((row) => veiled(row, all.get(manifestCid(row.manifestDigest))))
  }
  return {
    ...catalogue,
    record: async (recordId) => {
      const row = await catalogue.record(recordId)
      return row && (await veil([row]))[0]!
    },
    records: async (filter) => veil(await catalogue.records(filter)),
    recordsById: async (recordIds) => veil(await catalogue.recordsById(recordIds)),
  }
}

function veiled(row: RecordRow, withdrawn: Withdrawal | undefined): RecordRow {
  if (!withdrawn) return row
  const manifest = { ...row.manifest, title: null, durationMs: null, width: null, height: null }
  return { ...row, manifest, withdrawn }
}
