/** Evidence of videos, of which only the stretches that a lookup needs are read, and fetched where they are not here: a film of two hours has thirty
 *  megabytes of it, of which a clip needs one. */
import type { BlockStore } from '../catalogue/index.ts'
import { keptEvidence, type Stretch } from '../fingerprint/index.ts'
import type { Fetcher } from './fetcher.ts'
import { createPlaces } from './places.ts'

export interface Stretches {
  /** Blocks of evidence by CID, as `readStretch` takes them: those that are here, and those that some gateway gives in time, which are kept
   *  from then on.
   * @throws the signal's reason. */
  get(wanted: readonly Stretch[], publisherId: number, signal: AbortSignal): Promise<Map<string, Uint8Array>>
}

interface Parts {
  blocks: Pick<BlockStore, 'get' | 'put'>
  /** Null where blocks only come by being handed over. */
  fetch: Fetcher['block'] | null
  /** Given after so many milliseconds. */
  deadline?: (ms: number) => AbortSignal
}

/** Blocks that are fetched for one question, twenty seconds of video each; what lacks after that is not compared. */
export const MAX_FETCHED = 32
/** At the same time, for all questions and for one: a publisher with a slow gateway makes its own lookups wait. */
const ABREAST = 16
const ABREAST_EACH = 4
/** Milliseconds in which they come: somebody waits. */
export const FETCH_MS = 15_000

export function createStretches({ blocks, fetch, deadline = (ms) => AbortSignal.timeout(ms) }: Parts): Stretches {
  const places = createPlaces(ABREAST)

  async function get(wanted: readonly Stretch[], publisherId: number, signal: AbortSignal) {
    const found = new Map<string, Uint8Array>()
    const lacking: string[] = []
    for (const { cid, kept } of wanted) {
      const bytes = await blocks.get(cid)
      // Whoever links to another publisher's kept block, as if it were open to everybody, gets nothing of it.
      const open = bytes && kept ? keptEvidence(bytes) : bytes
      if (open) found.set(cid, open)
      // What is kept for its publisher's server nobody gives.
      else if (!kept) lacking.push(cid)
    }
    if (!fetch || lacking.length === 0) return found
    const late = deadline(FETCH_MS)
    const until = AbortSignal.any([signal, late])
    const take = async (cid: string) => {
      const bytes = await inPlace(() => fetch(cid, publisherId, until), until)
      if (!bytes) return
      await blocks.put([{ cid, bytes }])
      found.set(cid, bytes)
    }
    const queue = lacking.slice(0, MAX_FETCHED).values()
    const worker = async () => {
      for (const cid of queue) await take(cid)
    }
    const done = await Promise.allSettled(Array.from({ length: ABREAST_EACH }, worker))
    signal.throwIfAborted()
    for (const one of done) if (one.status === 'rejected' && one.reason !== late.reason) throw one.reason
    return found
  }

  async function inPlace<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const leave = await places.enter(signal)
    try {
      return await work()
    } finally {
      leave()
    }
  }

  return { get }
}
