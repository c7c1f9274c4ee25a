/** Registered originals in memory, and which of them a candidate comes from. Deterministic; knows no chain and no database. */
import type { Fingerprint } from '../fingerprint/index.ts'
import { createFiling } from './filing.ts'
import type { Answer, Original, Standing } from './found.ts'
import { createHashSearch } from './hash-search.ts'
import { createProposals, type Proposals } from './proposals.ts'

export interface Matcher extends Proposals {
  /** Adds an original, or replaces the one of this key. */
  add(original: Original): void
  remove(key: string): void
  /** By hashes of whole pictures and frames.
   * @param maxDistanceBits at most `MAX_DISTANCE_BITS`. */
  find(candidate: Fingerprint, maxDistanceBits?: number): Answer
  /** Null for a key that is not held. */
  standingOf(key: string): Standing | null
  /** @returns with `blocks`, how many blocks of numbers were ever needed at a time. */
  size(): { originals: number; hashes: number; blocks: number; soundBytes: number }
  /** All that are held, in no particular order: to be saved, or compared. They are not to be changed. */
  originals(): Iterable<Original>
}

export function createMatcher(): Matcher {
  const filing = createFiling()
  return {
    add: filing.add,
    remove: filing.remove,
    find: createHashSearch(filing),
    ...createProposals(filing),
    standingOf: (key) => filing.stored(key)?.original.standing ?? null,
    size: filing.size,
    originals: () => Iterator.from(filing.all()).map(({ original }) => original),
  }
}
