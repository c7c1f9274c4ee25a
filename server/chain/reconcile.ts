/** What to do next, from what is stored and what the node says. Pure: no node, no sink, no clock.
 *
 *  Stored headers are those of one chain: each is an ancestor of the next, because nothing is appended that does not link. So where
 *  a stored header is the node's too, all below it are, and the youngest common ancestor can be found by halving. */
import { equalBytes } from '../bytes.ts'
import type { BlockHeader } from './events.ts'

export interface View {
  /** The last block that was appended; null for an empty index. */
  stored: BlockHeader | null
  /** The node's youngest block. */
  latest: BlockHeader
  /** The stored header with the highest number that is not above `latest`: `stored` itself, unless the node is behind. */
  anchor: BlockHeader | null
  /** The node's header at `anchor.number`. */
  atAnchor: BlockHeader | null
  /** Nothing of ours is before this block. */
  startBlock: number
  /** Whether a node that is behind is still to be waited for: it may be another one behind the same address, that catches up. */
  patient: boolean
}

export type Decision =
  | { kind: 'append'; from: number; to: number }
  /** Remove everything above `to`; -1 empties the index. */
  | { kind: 'rollback'; to: number }
  /** The chains differ at or below a block: look for the youngest common ancestor, then roll back to it. */
  | { kind: 'fork'; search: AncestorSearch }
  | { kind: 'wait'; why: 'up to date' | 'node is behind' | 'node lacks a block' }

export function reconcile(view: View): Decision {
  const { stored, latest, anchor, atAnchor } = view
  if (stored === null) return appendFrom(view.startBlock, view)
  if (anchor === null) return view.patient ? { kind: 'wait', why: 'node is behind' } : { kind: 'rollback', to: -1 }
  if (atAnchor === null) return { kind: 'wait', why: 'node lacks a block' }
  if (!equalBytes(anchor.hash, atAnchor.hash)) return { kind: 'fork', search: searchBelow(anchor.number) }
  if (latest.number >= stored.number) return appendFrom(stored.number + 1, view)
  return view.patient ? { kind: 'wait', why: 'node is behind' } : { kind: 'rollback', to: anchor.number }
}

function appendFrom(from: number, { latest }: View): Decision {
  return from > latest.number ? { kind: 'wait', why: 'up to date' } : { kind: 'append', from, to: latest.number }
}

/** The search for the youngest stored header that the node has too: in leaps that double while all differ, then by halving. */
export interface AncestorSearch {
  /** The youngest stored header that is known to be the node's. */
  readonly ancestor: BlockHeader | null
  /** No stored header lies above `ancestor` and at or below this number. */
  readonly low: number
  /** The stored header of this number is not the node's. */
  readonly high: number
  readonly leap: number
}

/** Begins below a stored header that is not the node's. */
export function searchBelow(high: number): AncestorSearch {
  return { ancestor: null, low: -1, high, leap: 1 }
}

/** The number to ask about next, or null when `ancestor` is the answer. */
export function nextProbe({ low, high, leap }: AncestorSearch): number | null {
  if (high - low <= 1) return null
  if (low === -1) return Math.max(0, high - leap)
  return Math.floor((low + high) / 2)
}

/** Learns from one probe.
 * @param at the number that was asked about.
 * @param stored the stored header with the highest number at or below it.
 * @param same whether the node has that very block. */
export function narrow(search: AncestorSearch, at: number, stored: BlockHeader | null, same: boolean): AncestorSearch {
  const leap = 2 * search.leap
  if (stored === null || stored.number <= search.low) return { ...search, low: at, leap }
  if (same) return { ...search, ancestor: stored, low: at, leap }
  return { ...search, high: stored.number, leap }
}
