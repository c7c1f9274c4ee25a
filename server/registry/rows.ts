/** Records of what was found, for one candidate. */
import { fromHex, toHex } from '../bytes.ts'
import type { Catalogue, RecordRow } from '../catalogue/index.ts'

export interface Rows {
  /** Each with its record, in their order, without those that were rolled back since they were found. */
  of<T extends { key: string }>(found: readonly T[]): Promise<{ one: T; row: RecordRow }[]>
}

/** Each record is read once, however often it is asked for: the searches and the answer speak of the same ones. */
export function createRows(catalogue: Pick<Catalogue, 'recordsById'>): Rows {
  const known = new Map<string, RecordRow>()

  async function of<T extends { key: string }>(found: readonly T[]) {
    const missing = new Set(found.map(({ key }) => key).filter((key) => !known.has(key)))
    if (missing.size > 0)
      for (const row of await catalogue.recordsById([...missing].map((key) => fromHex(key, 32))))
        known.set(toHex(row.recordId), row)
    return found.flatMap((one) => {
      const row = known.get(one.key)
      return row ? [{ one, row }] : []
    })
  }

  return { of }
}
