/** All that a catalogue holds, as data that can be compared: what depends on the order in which it came to be known is left out. */
import type { Catalogue } from '../../server/catalogue/index.ts'

const ALL = 10_000

export async function contentOf(catalogue: Catalogue) {
  const records = await catalogue.records({ limit: ALL })
  const { publishers, ...counts } = await catalogue.counts()
  const ids = Array.from({ length: publishers }, (_, i) => i + 1)
  const sorted = records.map(({ sequence: _, ...row }) => row).sort((a, b) => Buffer.compare(a.recordId, b.recordId))
  return {
    head: await catalogue.head(),
    counts: { publishers, ...counts },
    publishers: await Promise.all(ids.map((id) => catalogue.publisher(id))),
    records: sorted,
    histories: await Promise.all(sorted.map(({ recordId }) => catalogue.history(recordId))),
    batches: await catalogue.batches({ limit: ALL }),
  }
}
