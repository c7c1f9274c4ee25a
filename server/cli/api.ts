/** The server over HTTP, as the command uses it. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerApi } from '../command.ts'
import { ERRORS, type ErrorCode, RegistryError } from '../errors.ts'
import type { LookupView, NetworkView, PublisherView, RecordView, WholeRecordView } from '../registry/index.ts'
import { note } from './terminal.ts'

export interface Api extends ServerApi {
  record(recordId: string): Promise<WholeRecordView>
  publisher(id: number): Promise<PublisherView>
  /** @param onSent is told the bytes sent so far. */
  lookupFile(
    path: string,
    byteLength: number,
    onSent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<LookupView>
  lookupJson(body: unknown, signal: AbortSignal): Promise<LookupView>
  lookup(id: string, signal: AbortSignal): Promise<LookupView>
  /** Ends a lookup that runs, and forgets one that is finished. */
  cancelLookup(id: string): Promise<void>
  addressOf(id: string): string
  /** Address of the report of a finished lookup. */
  reportOf(id: string): string
}

/** A server that has too much to do says when to come back: so often we do, and for so long at the most. */
const MAX_RETURNS = 5
const MAX_PATIENCE_S = 60

/** @param server such as `http://localhost:8080`. All methods throw the server's problem as RegistryError, one that asks for patience
 *  only when there is none left.
 *  @param onWait is told when the server wants us to come back. */
export function createApi(server: string, onWait: (seconds: number) => void = sayWait): Api {
  const base = server.replace(/\/+$/, '')

  /** @param init is asked for each try: a body that is a stream is sent once. */
  async function request(path: string, init: () => RequestInit = () => ({}), signal?: AbortSignal): Promise<unknown> {
    for (let returns = 0; ; returns++) {
      const { response, body } = await ask(path, { ...init(), ...(signal && { signal }) })
      if (response.ok) return body
      const error = problemError(body, response)
      const patienceS = error.retryAfterS ?? Number.POSITIVE_INFINITY
      if (!WAITS.includes(error.code) || patienceS > MAX_PATIENCE_S || returns === MAX_RETURNS) throw error
      onWait(patienceS)
      await sleep(1000 * patienceS, undefined, { signal })
    }
  }

  async function ask(path: string, init: RequestInit): Promise<{ response: Response; body: unknown }> {
    try {
      const response = await fetch(base + path, init)
      return { response, body: await response.json().catch(() => null) }
    } catch (cause) {
      init.signal?.throwIfAborted()
      const detail = `no server answers at ${base}: start one with \`npm start\`, or name another one with --server`
      throw new RegistryError('chain.unreachable', detail, { cause })
    }
  }
  const get = <T>(path: string, signal?: AbortSignal) => request(path, undefined, signal) as Promise<T>
  const addressOf = (id: string) => `${base}${lookupPath(id)}`

  return {
    status: () => get<NetworkView>('/v1/status'),
    record: (id) => get<WholeRecordView>(`/v1/records/${encodeURIComponent(id)}`),
    publisher: (id) => get<PublisherView>(`/v1/publishers/${id}`),
    lookup: (id, signal) => get<LookupView>(lookupPath(id), signal),
    async cancelLookup(id) {
      await request(lookupPath(id), () => ({ method: 'DELETE' }), AbortSignal.timeout(CANCEL_MS))
    },
    addressOf,
    reportOf: (id) => `${addressOf(id)}/report`,
    async recordExists(id) {
      try {
        const { state } = await get<RecordView>(`/v1/records/${encodeURIComponent(id)}`)
        return state !== 'disowned'
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'record.not_found') return false
        throw error
      }
    },
    post: (path, type, { byteLength, pieces }, onSent = () => {}) => {
      const headers = { 'content-type': type, 'content-length': String(byteLength) }
      return request(path, () => posted(headers, streamOf(pieces(), onSent)))
    },
    lookupJson: (body, signal) =>
      beginLookup({ 'content-type': 'application/json' }, () => JSON.stringify(body), signal),
    lookupFile(path, byteLength, onSent, signal) {
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(byteLength),
        'content-disposition': disposition(path),
      }
      return beginLookup(headers, () => streamOf(createReadStream(path), onSent), signal)
    },
  }

  function beginLookup(
    headers: Record<string, string>,
    body: () => BodyInit,
    signal: AbortSignal,
  ): Promise<LookupView> {
    return request('/v1/lookups?wait=0', () => posted(headers, body()), signal) as Promise<LookupView>
  }
}

const posted = (headers: Record<string, string>, body: BodyInit) =>
  ({ method: 'POST', headers, body, duplex: 'half' }) as RequestInit

const lookupPath = (id: string) => `/v1/lookups/${encodeURIComponent(id)}`

/** Milliseconds for which whoever interrupts waits for the server to have ended its work. */
const CANCEL_MS = 5_000

/** Codes of errors that pass by waiting. */
const WAITS: readonly ErrorCode[] = ['request.rate_limited', 'server.busy']

/** The file's name alone (RFC 6266): the report tells it. */
function disposition(path: string): string {
  const name = encodeURIComponent(basename(path).toWellFormed())
  return `attachment; filename*=UTF-8''${name.replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`
}

function sayWait(seconds: number): void {
  note(`the server is busy: asking again in ${seconds} s`)
}

function streamOf(pieces: AsyncIterable<Uint8Array>, onSent: (bytes: number) => void): BodyInit {
  let sent = 0
  async function* counted() {
    for await (const piece of pieces) {
      yield piece
      sent += piece.length
      onSent(sent)
    }
  }
  return Readable.toWeb(Readable.from(counted())) as unknown as BodyInit
}

function problemError(body: unknown, { status, headers }: Response): RegistryError {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string }
  const retryAfterS = Number(headers.get('retry-after') ?? Number.NaN)
  const options = Number.isSafeInteger(retryAfterS) && retryAfterS >= 0 ? { retryAfterS } : {}
  if (code !== undefined && Object.hasOwn(ERRORS, code))
    return new RegistryError(code as ErrorCode, detail ?? code, options)
  return new RegistryError(
    'server.internal',
    `the server answered with status ${status} and no problem that this version knows`,
  )
}
