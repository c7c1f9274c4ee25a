/** Follows a lookup to its end, whatever becomes of the connection: by its events, and by asking where those are cut or do not come. */
import { getLookup, isFinished, lookupPath, ProblemError } from './api.ts'
import type { Lookup, Progress } from './wire.ts'

/** Milliseconds. A stream that says nothing for so long may be held back by a proxy: ask instead. */
const SILENCE_MS = 15_000
const FIRST_POLL_MS = 300
const SLOWEST_POLL_MS = 3_000
/** Milliseconds for which a server that cannot be reached is asked again: it restarts, or the reader is in a tunnel. */
const PATIENCE_MS = 120_000

export interface Followed {
  id: string
  onStage(at: Progress): void
  /** The server is not reached any more, or again. */
  onLost(lost: boolean): void
  signal: AbortSignal
}

/** @throws ProblemError what the server answers, or that it does not. */
export async function followLookup(of: Followed): Promise<Lookup> {
  const told = { streams: true, delayMs: FIRST_POLL_MS }
  for (;;) {
    if (told.streams) {
      const end = await streamLookup(of)
      of.signal.throwIfAborted()
      if (end.lookup) return end.lookup
      // What never told anything is not there, or held back: asking is surer.
      told.streams = end.heard
    }
    const lookup = await ask(of)
    if (isFinished(lookup)) return lookup
    if (lookup.stage) of.onStage({ stage: lookup.stage, progress: lookup.progress ?? null })
    await pause(told.delayMs, of.signal)
    told.delayMs = Math.min(told.delayMs * 1.5, SLOWEST_POLL_MS)
  }
}

/** One stream of events, until the lookup has finished or the stream has. */
function streamLookup({ id, onStage, signal }: Followed): Promise<{ lookup: Lookup | null; heard: boolean }> {
  return new Promise((resolve) => {
    const source = new EventSource(`${lookupPath(id)}/events`)
    let heard = false
    const end = (lookup: Lookup | null) => {
      source.close()
      clearTimeout(silence)
      signal.removeEventListener('abort', giveUp)
      resolve({ lookup, heard })
    }
    const giveUp = () => end(null)
    let silence = setTimeout(giveUp, SILENCE_MS)
    const read = <T>(use: (value: T) => void) => {
      return (event: MessageEvent<string>) => {
        heard = true
        clearTimeout(silence)
        silence = setTimeout(giveUp, SILENCE_MS)
        try {
          use(JSON.parse(event.data))
        } catch {
          giveUp()
        }
      }
    }
    signal.addEventListener('abort', giveUp)
    source.addEventListener('stage', read<Progress>(onStage))
    source.addEventListener('done', read<Lookup>(end))
    // EventSource would connect again by itself, for ever if the route is not there; asking sees why.
    source.addEventListener('error', giveUp)
  })
}

/** The lookup as it is, once somebody answers. */
async function ask({ id, onLost, signal }: Followed): Promise<Lookup> {
  const lostAt = performance.now()
  for (let delayMs = FIRST_POLL_MS, lost = false; ; delayMs = Math.min(delayMs * 1.5, SLOWEST_POLL_MS)) {
    try {
      const lookup = await getLookup(id, signal)
      if (lost) onLost(false)
      return lookup
    } catch (error) {
      signal.throwIfAborted()
      if (isAnswer(error) || performance.now() - lostAt > PATIENCE_MS) throw error
      if (!lost) onLost(true)
      lost = true
    }
    await pause(delayMs, signal)
  }
}

/** Not of a server that is not there, nor of a proxy before one. */
function isAnswer(error: unknown): boolean {
  return error instanceof ProblemError && (error.problem.status ?? 500) < 500
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs))
  signal.throwIfAborted()
}
