/** All blocks of a manifest or a list, from whichever gateways have them. */
import { CID } from 'multiformats/cid'
import type { Block, Withdrawals } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import { isBlockCid, readManifest } from '../fingerprint/index.ts'
import { eachOnce, MAX_CAR_BLOCKS, MAX_CBOR_BYTES, MAX_LIST_CAR_BYTES } from './car.ts'
import { createFetchBlock, type Fetched } from './fetch-block.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayHealth, Gateways } from './gateway-health.ts'
import { isList, links, linksLater } from './links.ts'
import { createPlaces, type Places } from './places.ts'

export type FetchRoot = (root: string, gateways: Gateways, signal: AbortSignal) => Promise<Fetched>

/** Linked blocks that are asked for at the same time, and the number from which a CAR saves questions. */
const ABREAST = 4
const CAR_FROM = 3
/** Milliseconds for all of a root: of 2,000 blocks that each come within their own time, a hostile gateway would make four hours. */
const ROOT_MS = 300_000

/** Bytes of what a manifest links to, without its evidence: four hours of video have 25 MB. */
const MAX_FETCHED_BYTES = 32 << 20
/** Roots at a time that may have more than this many bytes: they are in memory until all of one is here. */
const MAX_LARGE = 2
const LARGE_BYTES = 4 << 20

/** What cannot be handed over as a CAR is not fetched either. */
export function createFetchRoot({
  gateway,
  health,
  withdrawals,
  deadline = (ms) => AbortSignal.timeout(ms),
}: {
  gateway: Gateway
  health: GatewayHealth
  withdrawals: Withdrawals
  /** Given after so many milliseconds. */
  deadline?: (ms: number) => AbortSignal
}): FetchRoot {
  const fromAny = createFetchBlock({ gateway, health, withdrawals })
  const places = createPlaces(MAX_LARGE)

  return async (root, gateways, signal) => {
    const late = deadline(ROOT_MS)
    try {
      return await whole(root, gateways, AbortSignal.any([signal, late]))
    } catch (error) {
      if (!late.aborted || error !== late.reason) throw error
      return { kind: 'missing', why: `root ${root} did not come in full within ${ROOT_MS / 1000} s` }
    }
  }

  async function whole(root: string, gateways: Gateways, signal: AbortSignal): Promise<Fetched> {
    const first = await fromAny(root, gateways, signal)
    if (first.kind !== 'blocks') return first
    const bytes = first.blocks[0]!.bytes
    if (bytes.length > MAX_CBOR_BYTES)
      return { kind: 'missing', why: `root ${root} has ${bytes.length} bytes, at most ${MAX_CBOR_BYTES} are read` }
    const linked = linkedOf(root, bytes)
    // Whoever wrote it wrote rubbish: the root shows it, and nothing more of it is wanted.
    if (!linked) return { ...first, rubbish: true }
    const found = await fetchLinked(
      root,
      linked,
      isList(bytes) ? MAX_LIST_CAR_BYTES : MAX_FETCHED_BYTES,
      gateways,
      signal,
    )
    // For its root at least.
    if (found.kind === 'late') return { ...found, asked: true }
    if (found.kind !== 'blocks') return found
    const all = [first.blocks[0]!, ...found.blocks]
    const blocks = await readable(root, all)
    return { kind: 'blocks', blocks, ...(blocks !== all && { rubbish: true }) }
  }

  async function fetchLinked(
    root: string,
    linked: string[],
    maxBytes: number,
    gateways: Gateways,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const found = new Map<string, Uint8Array>()
    if (linked.length >= CAR_FROM) await takeCar(root, new Set(linked), found, gateways, signal)
    const queue = linked.filter((cid) => !found.has(cid)).values()
    let failure: Exclude<Fetched, { kind: 'blocks' }> | null = null
    const place = createLatePlace(places, signal)
    let size = [...found.values()].reduce((sum, { length }) => sum + length, 0)
    const worker = async () => {
      for (const cid of queue) {
        if (failure) return
        const given = await fromAny(cid, gateways, signal)
        if (given.kind !== 'blocks') failure = given
        else {
          const { bytes } = given.blocks[0]!
          size += bytes.length
          found.set(cid, bytes)
          if (size > maxBytes)
            failure = { kind: 'missing', why: `what ${root} links to has more than ${maxBytes} bytes` }
          if (size > LARGE_BYTES) await place.enter()
        }
      }
    }
    try {
      await Promise.all(Array.from({ length: ABREAST }, worker))
    } finally {
      place.leave()
    }
    return failure ?? { kind: 'blocks', blocks: linked.map((cid) => ({ cid, bytes: found.get(cid)! })) }
  }

  /** As far as one gateway has them together; what lacks is asked for by itself. */
  async function takeCar(
    root: string,
    wanted: Set<string>,
    found: Map<string, Uint8Array>,
    gateways: Gateways,
    signal: AbortSignal,
  ): Promise<void> {
    const [base] = health.awake(gateways)
    if (!base) return
    const given = await gateway.car(base, root, wanted, LARGE_BYTES, signal)
    // That it does not serve CARs says nothing about its blocks.
    if (given.kind !== 'blocks') return
    const withdrawn = await withdrawals.all()
    for (const { cid, bytes } of given.blocks) if (wanted.has(cid) && !withdrawn.has(cid)) found.set(cid, bytes)
  }
}

/** A place that is taken when it is first needed. */
function createLatePlace(places: Places, signal: AbortSignal) {
  let entered: Promise<() => void> | null = null
  return {
    async enter(): Promise<void> {
      entered ??= places.enter(signal)
      await entered
    },
    leave(): void {
      entered?.then((leave) => leave()).catch(() => {})
    },
  }
}

/** Each once, without what is fetched only when something is to be compared; null where no such blocks can be. */
function linkedOf(root: string, bytes: Uint8Array): string[] | null {
  try {
    const all = links(root, bytes)
    const later = new Set(linksLater(root, bytes))
    const usable = isList(bytes) || new Set(all).size === all.length
    return usable && all.length < MAX_CAR_BLOCKS && all.every((cid) => isBlockCid(CID.parse(cid)))
      ? [...new Set(all)].filter((cid) => !later.has(cid))
      : null
  } catch {
    return null
  }
}

/** Of a manifest that cannot be read only the root is kept: what is read again at each start must not be what hurts. */
async function readable(root: string, blocks: Block[]): Promise<Block[]> {
  if (isList(blocks[0]!.bytes)) return blocks
  try {
    const found = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
    await readManifest(
      root,
      eachOnce(async (cid) => found.get(cid) ?? null),
    )
    return blocks
  } catch (error) {
    if (error instanceof RegistryError) return blocks.slice(0, 1)
    throw error
  }
}
