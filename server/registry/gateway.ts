/** Blocks from elsewhere, as an IPFS trustless gateway serves them (specs.ipfs.tech/http-gateways/trustless-gateway): nothing is believed
 *  but what hashes to its CID. */
import { CID } from 'multiformats/cid'
import type { Block } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { checkBlock, MAX_BLOCK_BYTES } from '../fingerprint/index.ts'
import { type Guard, readBody } from '../outgoing/index.ts'
import { CAR_TYPE, MAX_CAR_BYTES, RAW_BLOCK_TYPE, readCar } from './car.ts'

/** What came of one question. */
export type Given =
  | { kind: 'blocks'; blocks: Block[] }
  /** The gateway does not have it, does not find it in time, or has something else. */
  | { kind: 'miss'; why: string }
  /** The gateway does not answer, or asks to be left alone for a while. */
  | { kind: 'sick'; why: string; retryAfterS: number | null }

export interface Gateway {
  /** @param base address of the gateway, without the `/ipfs`. */
  block(base: string, cid: string, signal: AbortSignal): Promise<Given>
  /** A root and all that it links to. */
  car(base: string, root: string, signal: AbortSignal): Promise<Given>
}

/** Milliseconds for one block, and for one CAR. */
const BLOCK_MS = 30_000
const CAR_MS = 120_000
/** Of the server's own house: to be asked less. */
const SICK_STATUS = [408, 425, 429]
/** 504 is what gateways say when nobody provides the block, and some do not answer at all then: it says nothing of other blocks. */
const NOT_FOUND_IN_TIME = 504

export function createGateway(guard: Guard): Gateway {
  async function ask(url: string, accept: string, bounds: { maxBytes: number; totalMs: number; signal: AbortSignal }) {
    const answer = await guard.get(url, { accept, ...bounds })
    const { status, retryAfterS, host } = answer
    if (status === 200) return readBody(answer)
    answer.body.destroy()
    const why = `${host} answers with status ${status}`
    const sick = (status >= 500 && status !== NOT_FOUND_IN_TIME) || SICK_STATUS.includes(status)
    if (sick) return { kind: 'sick' as const, why, retryAfterS }
    return { kind: 'miss' as const, why }
  }

  async function given(
    work: () => Promise<Uint8Array | Given>,
    read: (bytes: Uint8Array) => Promise<Block[]>,
  ): Promise<Given> {
    try {
      const found = await work()
      return found instanceof Uint8Array ? { kind: 'blocks', blocks: await read(found) } : found
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const { code, message: why } = error
      return code === 'fetch.unreachable' ? { kind: 'sick', why, retryAfterS: null } : { kind: 'miss', why }
    }
  }

  return {
    block: (base, cid, signal) =>
      given(
        () =>
          ask(`${base}/ipfs/${cid}?format=raw`, RAW_BLOCK_TYPE, {
            maxBytes: MAX_BLOCK_BYTES,
            totalMs: BLOCK_MS,
            signal,
          }),
        async (bytes) => {
          await checkBlock(CID.parse(cid), bytes)
          return [{ cid, bytes }]
        },
      ),
    car: (base, root, signal) =>
      given(
        () =>
          ask(`${base}/ipfs/${root}?format=car&dag-scope=all`, CAR_TYPE, {
            maxBytes: MAX_CAR_BYTES,
            totalMs: CAR_MS,
            signal,
          }),
        async (bytes) => (await readCar(bytes)).blocks,
      ),
  }
}
