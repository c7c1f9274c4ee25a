/**
 * Who may have a file decoded now, who waits, and who is told to come back.
 *
 * - Places are as many as decoders. Clients take turns, so that one with a thousand files does not keep out one with a single file
 *   (fair queueing: Nagle, RFC 970); one client never has all places, unless there is only one.
 * - The queue is short by design: whoever waits longer than a few files take is better served by another try (CoDel's "good" and
 *   "bad" queues: RFC 8289 §3). A burst may fill it further, but once somebody had to be refused it stays at one file for two
 *   places until nobody was refused for a while: what is admitted under overload waits for less than one file takes, and the
 *   places are never empty.
 * - Where it is full, the client that has most waiting gives way to one that has less (longest queue drop: Suter et al. 1998).
 * - Those who are refused are told one after the other when there will be room, as if they stood in a queue of their own.
 */
import { RegistryError } from '../errors.ts'
import type { Client } from './quota.ts'

/** Milliseconds of work that may wait for each place in a burst. */
const BURST_MS = 250
/** Files that may wait for each place in a burst, however long they take; and however short the last ones were: the next may be long. */
const BURST_FILES = 4
const MAX_BURST_FILES = 16
/** Milliseconds without a refusal after which a burst may be taken in again. */
const CALM_MS = 10_000
/** Milliseconds that a file takes, as long as none was decoded: a guess. */
const FIRST_GUESS_MS = 500
/** Share of the latest file in the mean: that of the last sixteen or so. */
const WEIGHT = 1 / 16
/** Seconds: nobody is sent away for longer, as nobody knows what will be then. */
const MAX_RETRY_S = 60

export interface Turn {
  /** Whether a place is free for it now. */
  begun: boolean
  /** Resolves when a place is free; rejects with the signal's reason, or with RegistryError `server.busy` when it gives way. */
  ready(signal: AbortSignal): Promise<void>
  /** Gives the place back, or leaves the queue. A second time does nothing. @param decoded what took its time counts in the mean. */
  leave(decoded?: boolean): void
}

export interface Admission {
  /** Asked before a file is received. @throws what `enter` would throw now. */
  check(client: Client): void
  /** @throws RegistryError `server.busy` with the seconds after which there will be room. */
  enter(client: Client): Turn
  /** @returns with `meanMs`, what a file took lately. */
  stats(): { running: number; waiting: number; refused: number; meanMs: number }
}

export interface AdmissionOptions {
  /** Files that are decoded at the same time. */
  places: number
  /** Milliseconds of a clock that never jumps. */
  nowMs?: () => number
}

interface Entry {
  client: Client
  startedMs: number | null
  outcome: PromiseWithResolvers<void>
}

export function createAdmission({ places, nowMs = () => performance.now() }: AdmissionOptions): Admission {
  const running = new Set<Entry>()
  /** By client, in the order of their turns. */
  const waiting = new Map<string, Entry[]>()
  const placesOfOne = Math.max(1, places - 1)
  let meanMs = FIRST_GUESS_MS
  let queued = 0
  let refused = 0
  let refusedMs = Number.NEGATIVE_INFINITY
  /** Until when those who were refused will fill the places. */
  let promisedMs = 0

  const mayRun = ({ key, limited }: Client) =>
    running.size < places && !(limited && [...running].filter(({ client }) => client.key === key).length >= placesOfOne)

  function maxQueued(): number {
    if (nowMs() - refusedMs < CALM_MS) return Math.ceil(places / 2)
    return places * Math.min(MAX_BURST_FILES, Math.max(BURST_FILES, Math.floor(BURST_MS / meanMs)))
  }

  /** The client that has to give way to this one. */
  function giver({ key }: Client): Entry[] | null {
    const longest = [...waiting.values()].reduce<Entry[]>((a, b) => (b.length > a.length ? b : a), [])
    return longest.length > (waiting.get(key)?.length ?? 0) + 1 ? longest : null
  }

  function refusal(): RegistryError {
    const now = nowMs()
    const each = meanMs / places
    refused++
    refusedMs = now
    promisedMs = Math.min(Math.max(promisedMs, now + queued * each) + each, now + 1000 * MAX_RETRY_S)
    const retryAfterS = Math.min(MAX_RETRY_S, Math.max(1, Math.ceil((promisedMs - now) / 1000)))
    return new RegistryError('server.busy', `${queued} files wait for ${places} decoders`, { retryAfterS })
  }

  function check(client: Client): void {
    if (!mayRun(client) && queued >= maxQueued() && !giver(client)) throw refusal()
  }

  function enter(client: Client): Turn {
    check(client)
    const entry: Entry = { client, startedMs: null, outcome: Promise.withResolvers() }
    // Nobody may ever wait for it.
    entry.outcome.promise.catch(() => {})
    if (mayRun(client)) start(entry)
    else {
      if (queued >= maxQueued()) giveWay(giver(client)!)
      waiting.set(client.key, [...(waiting.get(client.key) ?? []), entry])
      queued++
    }
    return {
      begun: entry.startedMs !== null,
      ready: (signal) => ready(entry, signal),
      leave: (decoded = false) => leave(entry, decoded),
    }
  }

  function giveWay(entries: Entry[]): void {
    const last = entries.at(-1)!
    withdraw(last)
    last.outcome.reject(refusal())
  }

  function start(entry: Entry): void {
    entry.startedMs = nowMs()
    running.add(entry)
    entry.outcome.resolve()
  }

  async function ready(entry: Entry, signal: AbortSignal): Promise<void> {
    const abort = () => entry.outcome.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await entry.outcome.promise
      signal.throwIfAborted()
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  function leave(entry: Entry, decoded: boolean): void {
    if (!running.delete(entry)) withdraw(entry)
    else if (decoded) meanMs += WEIGHT * (nowMs() - entry.startedMs! - meanMs)
    for (let next = nextInTurn(); next; next = nextInTurn()) start(next)
  }

  function withdraw(entry: Entry): void {
    const entries = waiting.get(entry.client.key)
    if (!entries?.includes(entry)) return
    queued--
    const left = entries.filter((one) => one !== entry)
    if (left.length > 0) waiting.set(entry.client.key, left)
    else waiting.delete(entry.client.key)
  }

  function nextInTurn(): Entry | null {
    for (const [key, entries] of waiting) {
      const [first, ...left] = entries
      if (!mayRun(first!.client)) continue
      // To the end of the line of clients.
      waiting.delete(key)
      if (left.length > 0) waiting.set(key, left)
      queued--
      return first!
    }
    return null
  }

  return { check, enter, stats: () => ({ running: running.size, waiting: queued, refused, meanMs }) }
}
