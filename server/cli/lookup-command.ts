/** The command `lookup`: asks, follows the answer by its id whatever becomes of the connection, and ends the work of the server when it is interrupted. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, RegistryError } from '../errors.ts'
import type { LookupView } from '../registry/index.ts'
import type { Api } from './api.ts'
import { byteLengthOf } from './media.ts'
import { createProgress, note, type Progress, printJson, printLookup } from './terminal.ts'

/** Milliseconds between two looks at a lookup that runs, and while the server cannot be reached. */
const POLL_MS = 200
const LOST_POLL_MS = 1_000
/** Milliseconds for which a server that cannot be reached is asked again: it restarts, or the network changes. */
const PATIENCE_MS = 60_000

/** What a server answers, or does not, that will pass. */
const LOST: readonly ErrorCode[] = ['chain.unreachable', 'server.internal']

export async function lookup(api: Api, target: string, json: boolean): Promise<number> {
  const progress = createProgress(!json)
  const interrupt = onInterrupt()
  let id: string | null = null
  try {
    const started = await start(api, target, progress, interrupt.signal)
    id = started.id
    const finished = await follow(api, started, interrupt.signal, ({ stage, status, progress: share }) =>
      progress.update(target, stage ?? status, share),
    )
    progress.stop()
    tell(finished, api, json)
    return 0
  } catch (error) {
    progress.stop()
    if (!interrupt.signal.aborted) throw error
    await cancel(api, id)
    return interrupt.end()
  } finally {
    progress.stop()
    interrupt.forget()
  }
}

function tell(finished: LookupView, api: Api, json: boolean): void {
  const { status, error, id } = finished
  if (error) throw new RegistryError(error.code as ErrorCode, error.detail)
  if (status === 'cancelled') throw new RegistryError('lookup.cancelled', `the lookup ${id} was cancelled elsewhere`)
  if (json) printJson(finished, 2)
  else printLookup(finished, api.reportOf(id))
}

async function start(api: Api, target: string, progress: Progress, signal: AbortSignal): Promise<LookupView> {
  if (/^https?:\/\//.test(target)) return api.lookupJson({ url: target }, signal)
  const byteLength = await byteLengthOf(target)
  const onSent = (sent: number) => progress.update(target, 'sending', sent / byteLength)
  return api.lookupFile(target, byteLength, onSent, signal)
}

async function follow(
  api: Api,
  started: LookupView,
  signal: AbortSignal,
  onChange: (view: LookupView) => void,
): Promise<LookupView> {
  let view = started
  while (view.status === 'queued' || view.status === 'running') {
    onChange(view)
    await sleep(POLL_MS, undefined, { signal })
    view = await askAgain(api, view.id, signal)
  }
  return view
}

/** The server goes on meanwhile. @throws RegistryError what it answers, or `chain.unreachable` once patience is over, with the address of the answer to come. */
async function askAgain(api: Api, id: string, signal: AbortSignal): Promise<LookupView> {
  let lostAt: number | null = null
  for (;;) {
    try {
      return await api.lookup(id, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RegistryError) || !LOST.includes(error.code)) throw error
      if (lostAt === null) note('the connection was lost: asking again for the same lookup')
      lostAt ??= Date.now()
      if (Date.now() - lostAt > PATIENCE_MS) throw outOfPatience(error, api.addressOf(id))
      await sleep(LOST_POLL_MS, undefined, { signal })
    }
  }
}

const outOfPatience = (cause: RegistryError, address: string) =>
  new RegistryError(cause.code, `${cause.message}; the answer will be at ${address}`, { cause })

/** Where the server does not answer, there is nothing more to be done. */
async function cancel(api: Api, id: string | null): Promise<void> {
  if (id === null) return
  await api.cancelLookup(id).then(
    () => note('cancelled'),
    () => note(`interrupted; the lookup ${id} could not be cancelled`),
  )
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The first interruption is for us; a second one ends the program as if there were nothing to tidy up. */
function onInterrupt() {
  const abort = new AbortController()
  let by: (typeof SIGNALS)[number] = 'SIGINT'
  const forget = () => SIGNALS.forEach((signal) => void process.off(signal, onSignal))
  const onSignal = (signal: NodeJS.Signals) => {
    by = signal as typeof by
    forget()
    abort.abort(new RegistryError('lookup.cancelled', 'interrupted'))
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: abort.signal,
    forget,
    /** Ends as whoever sent the signal expects: a script stops, too. */
    end: (): number => {
      process.kill(process.pid, by)
      return 1
    },
  }
}
