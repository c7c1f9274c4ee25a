/** Blocks from elsewhere, as an IPFS trustless gateway serves them (specs.ipfs.tech/http-gateways/trustless-gateway): nothing is believed
 *  but what hashes to its CID. */
import type { Readable } from 'node:stream'
import { CID } from 'multiformats/cid'
import type { Block } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { checkBlock, MAX_BLOCK_BYTES } from '../fingerprint/index.ts'
import { type FetchedBody, type Guard, readBody } from '../outgoing/index.ts'
import { CAR_TYPE, MAX_CAR_BYTES, openCar, RAW_BLOCK_TYPE } from './car.ts'

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
  /** Of a root and all that it links to, the blocks that are wanted, up to so many bytes: the rest is not waited for. */
  car(base: string, root: string, wanted: ReadonlySet<string>, maxBytes: number, signal: AbortSignal): Promise<Given>
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
    if (status === 200) return { kind: 'body' as const, answer }
    answer.body.destroy()
    const why = `${host} answers with status ${status}`
    const sick = (status >= 500 && status !== NOT_FOUND_IN_TIME) || SICK_STATUS.includes(status)
    if (sick) return { kind: 'sick' as const, why, retryAfterS }
    return { kind: 'miss' as const, why }
  }

  async function given(
    work: () => Promise<{ kind: 'body'; answer: FetchedBody } | Given>,
    read: (answer: FetchedBody) => Promise<Block[]>,
  ): Promise<Given> {
    try {
      const found = await work()
      return found.kind === 'body' ? { kind: 'blocks', blocks: await read(found.answer) } : found
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
        async (answer) => {
          const bytes = await readBody(answer)
          await checkBlock(CID.parse(cid), bytes)
          return [{ cid, bytes }]
        },
      ),
    car: (base, root, wanted, maxBytes, signal) =>
      given(
        () =>
          ask(`${base}/ipfs/${root}?format=car&dag-scope=all`, CAR_TYPE, {
            maxBytes: MAX_CAR_BYTES,
            totalMs: CAR_MS,
            signal,
          }),
        ({ body }) => wantedOf(body, wanted, maxBytes).finally(() => body.destroy()),
      ),
  }
}

/** Evidence comes last, and is left where it is. */
async function wantedOf(body: Readable, wanted: ReadonlySet<string>, maxBytes: number): Promise<Block[]> {
  const { blocks } = await openCar(body)
  const found = new Map<string, Block>()
  let size = 0
  for await (const { cid, bytes } of blocks) {
    if (!wanted.has(cid) || found.has(cid)) continue
    size += bytes.length
    if (size > maxBytes) break
    found.set(cid, { cid, bytes: bytes.slice() })
    if (found.size === wanted.size) break
  }
  return [...found.values()]
}
