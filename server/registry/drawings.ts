/** Evidence drawn for people to look at: in the processes that compare, one after the other so that lookups find a place, and kept for a while. */
import type { Draw } from './examiners.ts'
import { createPlaces } from './places.ts'
import { type Client, createQuota } from './quota.ts'
import { createRecent } from './recent.ts'

export interface Drawings {
  /** @returns a PNG file; null for what is no evidence.
   * @throws RegistryError `request.rate_limited` or `server.busy` where too many wait, `server.internal` if drawing breaks down. */
  of(cid: string, evidence: Uint8Array, client: Client): Promise<Uint8Array | null>
}

/** Bytes that are kept: some fifty pictures of the usual size, five of the largest. */
const MAX_BYTES = 16 << 20
/** What is kept of each beside its picture, and of what is none. */
const ENTRY_BYTES = 256
/** Pictures that wait, 0.3 s each at the worst; a page asks for some at once. */
const MAX_WAITING = 64
const MAX_OF_CLIENT = 16
const RETRY_S = 2

export function createDrawings(draw: Draw): Drawings {
  const kept = createRecent<Uint8Array | null>(MAX_BYTES)
  const underWay = new Map<string, Promise<Uint8Array | null>>()
  const place = createPlaces(1)
  const quota = createQuota({
    what: 'drawings',
    total: MAX_WAITING,
    perClient: MAX_OF_CLIENT,
    retryAfterS: () => RETRY_S,
  })

  async function of(cid: string, evidence: Uint8Array, client: Client): Promise<Uint8Array | null> {
    const png = kept.get(cid)
    if (png !== undefined) return png
    const share = quota.take(client)
    try {
      return await (underWay.get(cid) ?? begun(cid, evidence))
    } finally {
      share.release()
    }
  }

  function begun(cid: string, evidence: Uint8Array): Promise<Uint8Array | null> {
    const drawing = drawn(cid, evidence).finally(() => underWay.delete(cid))
    underWay.set(cid, drawing)
    return drawing
  }

  async function drawn(cid: string, evidence: Uint8Array): Promise<Uint8Array | null> {
    const leave = await place.enter(NEVER)
    try {
      const png = await draw(evidence)
      kept.set(cid, png, ENTRY_BYTES + (png?.length ?? 0))
      return png
    } finally {
      leave()
    }
  }

  return { of }
}

/** Others may wait for the same. */
const NEVER = new AbortController().signal
