/** Goes through the catalogue a page at a time, newest first, and finds what is missing of manifests and lists. */
import type { Catalogue } from '../catalogue/index.ts'
import { listWant, manifestWant, type Want } from './wanted.ts'

export interface Sweep {
  /** Two pages at most. */
  step(): Promise<void>
}

export interface SweepParts {
  catalogue: Pick<Catalogue, 'records' | 'batches'>
  /** Seconds since 1970. */
  now(): number
  /** @returns whether it was taken. */
  offer(one: Want): boolean
  /** How many more of a publisher would be taken. */
  room(publisherId: number): number
}

/** Records in a page: a few milliseconds of the database. */
const PAGE = 200
/** Seconds between the end of a sweep and the next one. */
const REST_S = 6 * 3_600

export function createSweep({ catalogue, now, offer, room }: SweepParts): Sweep {
  /** Of the sweep: records with a smaller sequence are still to be seen. */
  let before: number | undefined
  /** Of its lists, which come first: the last batch that was seen; null when all were. */
  let lastBatch: { blockNumber: number; logIndex: number } | null | undefined
  let nextAt = 0
  /** Publishers of whom there was no room for all, and before which record it goes on: they go on by themselves, and hold up nobody. */
  const behind = new Map<number, number>()

  async function step(): Promise<void> {
    const next = [...behind].find(([publisherId]) => room(publisherId) > 0)
    if (next) await catchUp(...next)
    if (now() < nextAt) return
    if (lastBatch !== null) return lists()
    const rows = await catalogue.records({ ...(before !== undefined && { before }), limit: PAGE })
    for (const row of rows) {
      if (row.manifest.state !== 'missing' || behind.has(row.publisherId)) continue
      if (!offer(manifestWant(row))) behind.set(row.publisherId, row.sequence + 1)
    }
    before = rows.at(-1)?.sequence
    if (rows.length === PAGE) return
    before = undefined
    lastBatch = undefined
    nextAt = now() + REST_S
  }

  async function catchUp(publisherId: number, from: number): Promise<void> {
    const rows = await catalogue.records({ publisherId, before: from, limit: PAGE })
    const refused = rows.find((row) => row.manifest.state === 'missing' && !offer(manifestWant(row)))
    // To the end of the line.
    behind.delete(publisherId)
    if (refused) behind.set(publisherId, refused.sequence + 1)
    else if (rows.length === PAGE) behind.set(publisherId, rows.at(-1)!.sequence)
  }

  async function lists(): Promise<void> {
    const page = await catalogue.batches({ list: 'missing', ...(lastBatch && { before: lastBatch }), limit: PAGE })
    for (const batch of page) offer(listWant(batch))
    const last = page.at(-1)
    lastBatch = last && page.length === PAGE ? { blockNumber: last.blockNumber, logIndex: last.logIndex } : null
  }

  return { step }
}
