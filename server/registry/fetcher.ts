/** Fetching of blocks, put together: the publisher's gateways first, then the configured ones. */
import { setTimeout } from 'node:timers/promises'
import type { BlockStore, Catalogue, Withdrawals } from '../catalogue/index.ts'
import type { Guard } from '../outgoing/index.ts'
import { createFetchBlock, type FetchBlock, type Fetched } from './fetch-block.ts'
import { createFetchRoot, type FetchRoot } from './fetch-root.ts'
import { createGateway } from './gateway.ts'
import { createGatewayHealth, type GatewayHealth, type Gateways } from './gateway-health.ts'
import { createWanted, listWant, MISMATCH, manifestWant, type Want, type Wanted } from './wanted.ts'

export interface FetcherParts {
  catalogue: Catalogue
  blocks: BlockStore
  withdrawals: Withdrawals
  guard: Guard
  /** Asked after the publisher's own, without the `/ipfs`. */
  configured: string[]
  /** Seconds since 1970. */
  now(): number
}

/** Seconds that a publisher's gateways are remembered, and publishers of whom they are. */
const REMEMBER_S = 60
const MAX_REMEMBERED = 10_000

export interface Fetcher extends Wanted {
  /** Asks for one block of a manifest of this publisher, now. @returns null where no gateway gives it. @throws the signal's reason. */
  block(cid: string, publisherId: number, signal: AbortSignal): Promise<Uint8Array | null>
}

/** What is missing is asked for in the background, as long as the server runs. */
export function createFetcher(
  parts: FetcherParts & { arrived(one: Want): Promise<void>; onError(error: unknown): void },
): Fetcher {
  const { health, fetchBlock, ...source } = createSource(parts)

  async function block(cid: string, publisherId: number, signal: AbortSignal): Promise<Uint8Array | null> {
    const found = await fetchBlock(cid, await source.gatewaysOf(publisherId), signal)
    return found.kind === 'blocks' ? found.blocks[0]!.bytes : null
  }

  return { ...createWanted({ ...parts, ...source, wakesAt: health.wakesAt }), block }
}

interface Source {
  fetchRoot: FetchRoot
  fetchBlock: FetchBlock
  gatewaysOf(publisherId: number): Promise<Gateways>
  health: GatewayHealth
}

function createSource({ catalogue, withdrawals, guard, configured, now }: FetcherParts, maxMisses?: number): Source {
  const health = createGatewayHealth(now, maxMisses)
  const known = new Map<number, { gateways: Gateways; until: number }>()

  async function gatewaysOf(publisherId: number): Promise<Gateways> {
    const found = known.get(publisherId)
    if (found && found.until > now()) return found.gateways
    const own = (await catalogue.publisher(publisherId))?.gateways ?? []
    const gateways = { publisherId, bases: [...new Set([...own, ...configured])] }
    if (known.size >= MAX_REMEMBERED) known.delete(known.keys().next().value!)
    known.delete(publisherId)
    known.set(publisherId, { gateways, until: now() + REMEMBER_S })
    return gateways
  }

  const from = { gateway: createGateway(guard), health, withdrawals }
  return { fetchRoot: createFetchRoot(from), fetchBlock: createFetchBlock(from), gatewaysOf, health }
}

/** What became of everything that was missing. */
export interface FetchReport {
  fetched: number
  missing: number
  /** The first hundred of them, with the reason. */
  examples: { type: Want['type']; root: string; publisherId: number; why: string }[]
}

const MAX_EXAMPLES = 100
/** Roots at a time. */
const ABREAST = 8
/** Times that a gateway is asked for a root while none answers, and such times in a row after which that is not waited for any longer. */
const ATTEMPTS = 3
const MAX_LATE = 20
/** Seconds. A gateway that asks to be left alone for longer is taken for one that stays away: strangers run them. */
const MAX_PAUSE_S = 600
/** Rows in a piece that is looked at. */
const PAGE = 200

/** Asks once for everything that the catalogue lacks, lists first, for their claims bring manifests of their own; for a catalogue that is
 *  built anew. Can be called again: what is here is not asked for.
 *  @param arrived is told of each root that is here now, and has it read (`Sync.refresh`, `Sync.take`). */
export async function fetchMissing(
  parts: FetcherParts & {
    arrived(one: Want): Promise<void>
    onProgress?(report: FetchReport): void
    signal?: AbortSignal
    /** Resolves after so many milliseconds. */
    pause?(ms: number, signal: AbortSignal): Promise<void>
  },
): Promise<FetchReport> {
  const { catalogue, blocks, signal = new AbortController().signal, pause = pauseFor } = parts
  const { fetchRoot, gatewaysOf, health } = createSource(parts, Infinity)
  let lateInARow = 0
  const report: FetchReport = { fetched: 0, missing: 0, examples: [] }

  async function one(want: Want): Promise<void> {
    signal.throwIfAborted()
    const here = await blocks.get(want.root)
    const gateways = await gatewaysOf(want.publisherId)
    const found = here ? null : await patiently(want.root, gateways)
    if (found && found.kind !== 'blocks')
      return lacking(want, gateways.bases.length > 0 ? found.why : 'no gateway is known')
    await blocks.put(found?.blocks.slice(1) ?? [])
    await blocks.put(found?.blocks.slice(0, 1) ?? [])
    if (found?.rubbish && want.type === 'manifest') await parts.catalogue.setManifest(want.id, MISMATCH)
    report.fetched++
    await parts.arrived(want)
    parts.onProgress?.(report)
  }

  /** A gateway that fails once may be there again a little later; of one that stays away, the end is not waited for. While all rest,
   *  because of what else they were asked for, nothing is learnt of this root, and it is no attempt. */
  async function patiently(root: string, gateways: Gateways): Promise<Fetched> {
    for (let attempts = 0; ; ) {
      const found = await fetchRoot(root, gateways, signal)
      if (found.kind !== 'late') lateInARow = 0
      else if (found.asked) {
        attempts++
        lateInARow++
      }
      const pauseS = Math.max(0, health.wakesAt(gateways) - parts.now())
      const givenUp = attempts === ATTEMPTS || lateInARow > MAX_LATE || pauseS > MAX_PAUSE_S
      if (found.kind !== 'late' || givenUp) return found
      await pause(1000 * pauseS, signal)
    }
  }

  function lacking({ type, root, publisherId }: Want, why: string): void {
    report.missing++
    if (report.examples.length < MAX_EXAMPLES) report.examples.push({ type, root, publisherId, why })
    parts.onProgress?.(report)
  }

  await abreast(listsOf(catalogue), one)
  await abreast(manifestsOf(catalogue), one)
  return report
}

const pauseFor = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal })

async function* listsOf(catalogue: Catalogue): AsyncGenerator<Want> {
  const { publishers } = await catalogue.counts()
  for (let publisherId = 1; publisherId <= publishers; publisherId++)
    for (const batch of await catalogue.batches({ publisherId, list: 'missing', limit: 1_000_000 }))
      yield listWant(batch)
}

async function* manifestsOf(catalogue: Catalogue): AsyncGenerator<Want> {
  for await (const rows of catalogue.allRecords(PAGE))
    for (const row of rows) if (row.manifest.state === 'missing') yield manifestWant(row)
}

async function abreast(wants: AsyncGenerator<Want>, work: (one: Want) => Promise<void>): Promise<void> {
  const worker = async () => {
    for await (const one of { [Symbol.asyncIterator]: () => ({ next: () => wants.next() }) }) await work(one)
  }
  await Promise.all(Array.from({ length: ABREAST }, worker))
}
