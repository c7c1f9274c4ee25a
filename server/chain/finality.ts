/** How final a block is. Pure: told what nodes say of their chains and what is stored (docs/protocol.md §6). */

/** By the node's tags; `local` on a chain of one's own, where it means nothing. */
export type Finality = 'latest' | 'safe' | 'finalized' | 'local'

/** Numbers of the last blocks that are so final, null where none is known to be; `local` where the chain is one of our own. */
export type FinalBlocks = { safe: number | null; finalized: number | null } | 'local'

export interface FinalityTracker {
  /** What a node says whose chain holds the stored head. Never lowers `finalized`: what was final stays so.
   * @param head the number of the last stored block, above which nothing is known to be of that chain. */
  confirmed(tags: { safe: number | null; finalized: number | null }, head: number): void
  /** Nothing above this block is stored any more. */
  rolledBack(to: number): void
  blocks(): FinalBlocks
  of(blockNumber: number): Finality
}

export function createFinality(local: boolean): FinalityTracker {
  let safe: number | null = null
  let finalized: number | null = null

  const upTo = (limit: number, block: number | null) => (block === null ? null : Math.min(limit, block))
  const higher = (a: number | null, b: number | null) => (a === null || (b !== null && b > a) ? b : a)
  const blocks = (): FinalBlocks => (local ? 'local' : { safe, finalized })

  return {
    confirmed(tags, head) {
      finalized = higher(finalized, upTo(head, tags.finalized))
      // A safe block may cease to be one, but never one that is final.
      safe = higher(upTo(head, tags.safe), finalized)
    },
    rolledBack(to) {
      const limit = (block: number | null) => (to < 0 ? null : upTo(to, block))
      safe = limit(safe)
      finalized = limit(finalized)
    },
    blocks,
    of(blockNumber) {
      if (local) return 'local'
      if (finalized !== null && blockNumber <= finalized) return 'finalized'
      return safe !== null && blockNumber <= safe ? 'safe' : 'latest'
    },
  }
}
