/** What is anchored and not here, until it is: a queue for each publisher, served in turn, with patience.
 *
 *  Everything is bounded: a publisher with a million manifests that nobody has waits for itself alone. What fails is tried again after
 *  half a minute, then a minute, and so on, and after the last time forgotten; a sweep through the catalogue, at the start and every few
 *  hours, finds it again. So nothing of this needs to be kept: after a restart all of it is found anew. */
import { toHex } from '../bytes.ts'
import type { BlockStore, Catalogue, RecordRow } from '../catalogue/index.ts'
import { listCid, manifestCid } from '../fingerprint/index.ts'
import type { FetchRoot } from './fetch-root.ts'
import type { Gateways } from './gateway-health.ts'
import { createSweep } from './sweep.ts'

/** A root that the chain names and that is not here. */
export interface Want {
  type: 'manifest' | 'list'
  /** Of the record, or digest of the list. */
  id: Uint8Array
  root: string
  publisherId: number
}

export interface Wanted {
  /** Does nothing where enough waits already. @returns whether it waits now. */
  want(one: Want): boolean
  start(): void
  /** Ends what runs. */
  stop(): Promise<void>
  /** Looks for what is missing and starts what is due; called every second once started. What ends makes room for the next. */
  turn(): Promise<void>
  state(): { waiting: number; running: number; fetched: number; failed: number }
}

export interface WantedParts {
  catalogue: Pick<Catalogue, 'record' | 'records' | 'batches' | 'setManifest'>
  blocks: Pick<BlockStore, 'get' | 'put'>
  fetchRoot: FetchRoot
  gatewaysOf(publisherId: number): Promise<Gateways>
  /** Seconds since 1970 at which one of these may be asked again. */
  wakesAt(gateways: Gateways): number
  /** Told when the blocks are here. */
  arrived(one: Want): Promise<void>
  /** Seconds since 1970. */
  now(): number
  onError(error: unknown): void
}

/** At the same time, altogether and for one publisher. */
const MAX_RUNNING = 8
const MAX_RUNNING_EACH = 2
/** That wait, about 300 bytes each. A publisher may have this part of what is free: the more wait, the less of one publisher (Choudhury and
 *  Hahne 1998, "Dynamic queue length thresholds"). One of each waits in any case: the longest queue gives up a place for it. */
const MAX_WAITING = 20_000
const SHARE = 1 / 40
/** Seconds. The first for those who hand over their blocks just after their registration. */
const FIRST_DELAY_S = 2
const FIRST_RETRY_S = 30
/** Half an hour of trying; then it is left to the next sweep. So often, too, no gateway may give an answer: else those of dead gateways
 *  would hold their places for ever. */
const ATTEMPTS = 6
const TURN_MS = 1_000

interface Waiting extends Want {
  attempts: number
  /** Times that no gateway gave an answer, which are not counted as attempts. */
  late: number
  /** Times that it was asked for in vain since it waits here. */
  tries: number
  dueAt: number
  running: boolean
}

export function createWanted(parts: WantedParts): Wanted {
  const { now } = parts
  /** By publisher, in the order in which they are served next; by id within. */
  const queues = new Map<number, Map<string, Waiting>>()
  const abort = new AbortController()
  const running = new Set<Promise<void>>()
  const counts = { waiting: 0, fetched: 0, failed: 0 }
  const sweep = createSweep({ catalogue: parts.catalogue, now, offer: (one) => add(one, now(), ATTEMPTS - 1), room })
  let timer: NodeJS.Timeout | undefined
  let turning: Promise<void> | null = null

  function room(publisherId: number): number {
    return Math.ceil((MAX_WAITING - counts.waiting) * SHARE) - (queues.get(publisherId)?.size ?? 0)
  }

  function add(one: Want, dueAt: number, attempts: number): boolean {
    const queue = queues.get(one.publisherId) ?? new Map<string, Waiting>()
    const key = toHex(one.id)
    if (queue.has(key)) return true
    if (room(one.publisherId) <= 0 && !(queue.size === 0 && shorten())) return false
    queue.set(key, { ...one, attempts, late: 0, tries: 0, dueAt, running: false })
    queues.set(one.publisherId, queue)
    counts.waiting++
    return true
  }

  /** Takes a place from the longest queue; where all have one only, what was asked for in vain most often gives up its own. What is forgotten
   *  is found again. */
  function shorten(): boolean {
    let longest = new Map<string, Waiting>()
    for (const queue of queues.values()) if (queue.size > longest.size) longest = queue
    const given = longest.size > 1 ? [...longest.values()].findLast(({ running }) => !running) : mostTried()
    if (given) forget(given)
    return counts.waiting < MAX_WAITING
  }

  function mostTried(): Waiting | undefined {
    let found: Waiting | undefined
    for (const queue of queues.values())
      for (const one of queue.values()) if (!one.running && one.tries > (found?.tries ?? 0)) found = one
    return found
  }

  function forget(one: Waiting): void {
    const queue = queues.get(one.publisherId)
    if (!queue?.delete(toHex(one.id))) return
    counts.waiting--
    if (queue.size === 0) queues.delete(one.publisherId)
  }

  /** One that is due of each publisher in turn, until all places are taken. */
  function serve(): void {
    for (let started = true; started && running.size < MAX_RUNNING; ) {
      started = false
      for (const [publisherId, queue] of [...queues]) {
        if (running.size >= MAX_RUNNING) return
        const next = dueOf(queue)
        if (!next) continue
        // To the end of the line.
        queues.delete(publisherId)
        queues.set(publisherId, queue)
        run(next)
        started = true
      }
    }
  }

  function dueOf(queue: Map<string, Waiting>): Waiting | null {
    let [first, busy]: [Waiting | null, number] = [null, 0]
    for (const one of queue.values()) {
      if (one.running) busy++
      else if (!first && one.dueAt <= now()) first = one
      if (busy >= MAX_RUNNING_EACH) return null
    }
    return first
  }

  function run(one: Waiting): void {
    one.running = true
    const work = attempt(one)
      .catch((error: unknown) => {
        if (abort.signal.aborted) return
        parts.onError(error)
        retry(one)
      })
      .finally(() => {
        one.running = false
        running.delete(work)
        // Each attempt removes what it tried or puts it off, so this comes to rest.
        if (!abort.signal.aborted) serve()
      })
    running.add(work)
  }

  async function attempt(one: Waiting): Promise<void> {
    if (!(await isWanted(one))) return forget(one)
    // Handed over meanwhile, or reading it failed: that needs no gateway.
    if ((await parts.blocks.get(one.root)) && (await isWhole(one))) return
    const gateways = await parts.gatewaysOf(one.publisherId)
    if (gateways.bases.length === 0) return forget(one)
    const found = await parts.fetchRoot(one.root, gateways, abort.signal)
    if (found.kind === 'late') return putOff(one, parts.wakesAt(gateways))
    if (found.kind === 'missing') return retry(one)
    // It may have been rolled back meanwhile: what no record names is not kept.
    if (!(await isWanted(one))) return forget(one)
    // The root last: where it is kept, all that it links to is.
    await parts.blocks.put(found.blocks.slice(1))
    await parts.blocks.put(found.blocks.slice(0, 1))
    if (found.rubbish && one.type === 'manifest') await parts.catalogue.setManifest(one.id, MISMATCH)
    if (!(await isWhole(one))) retry(one)
  }

  function retry(one: Waiting): void {
    one.tries++
    one.attempts++
    one.dueAt = now() + FIRST_RETRY_S * 2 ** (one.attempts - 1)
    if (one.attempts === ATTEMPTS) giveUp(one)
  }

  function putOff(one: Waiting, until: number): void {
    one.tries++
    one.late++
    one.dueAt = Math.max(now() + FIRST_RETRY_S, until)
    if (one.late === ATTEMPTS) giveUp(one)
  }

  function giveUp(one: Waiting): void {
    counts.failed++
    forget(one)
  }

  /** Has it read. Where it is missing all the same, a block that it links to is: it waits on, or would be found missing at once, and asked
   *  for without end. */
  async function isWhole(one: Waiting): Promise<boolean> {
    await parts.arrived(one)
    if (await isWanted(one)) return false
    forget(one)
    counts.fetched++
    return true
  }

  async function isWanted({ type, id, root }: Want): Promise<boolean> {
    if (type === 'list')
      return (await parts.catalogue.batches({ listDigest: id, list: 'missing', limit: 1 })).length > 0
    const row = await parts.catalogue.record(id)
    return row !== null && row.manifest.state === 'missing' && manifestCid(row.manifestDigest) === root
  }

  async function turn(): Promise<void> {
    if (abort.signal.aborted) return
    await sweep.step()
    serve()
  }

  function start(): void {
    timer = setInterval(() => {
      turning ??= turn()
        .catch(parts.onError)
        .finally(() => {
          turning = null
        })
    }, TURN_MS)
    timer.unref()
  }

  async function stop(): Promise<void> {
    clearInterval(timer)
    abort.abort(new Error('the server stops'))
    await turning
    await Promise.allSettled(running)
  }

  return {
    want: (one) => add(one, now() + FIRST_DELAY_S, 0),
    start,
    stop,
    turn,
    state: () => ({ ...counts, running: running.size }),
  }
}

/** What is noted of a manifest that is rubbish: its root alone does not show it. */
export const MISMATCH: RecordRow['manifest'] = {
  state: 'mismatch',
  title: null,
  durationMs: null,
  width: null,
  height: null,
}

export const manifestWant = (row: Pick<RecordRow, 'recordId' | 'manifestDigest' | 'publisherId'>): Want => ({
  type: 'manifest',
  id: row.recordId,
  root: manifestCid(row.manifestDigest),
  publisherId: row.publisherId,
})

export const listWant = ({ listDigest, publisherId }: { listDigest: Uint8Array; publisherId: number }): Want => ({
  type: 'list',
  id: listDigest,
  root: listCid(listDigest),
  publisherId,
})
