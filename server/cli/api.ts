/** The server over HTTP, as the command uses it. */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { ServerApi } from '../command.ts'
import { ERRORS, type ErrorCode, RegistryError } from '../errors.ts'
import type { LookupView, NetworkView, PublisherView, RecordView, WholeRecordView } from '../registry/index.ts'

export interface Api extends ServerApi {
  record(recordId: string): Promise<WholeRecordView>
  publisher(id: number): Promise<PublisherView>
  /** @param onSent is told the bytes sent so far. */
  lookupFile(path: string, byteLength: number, onSent: (bytes: number) => void): Promise<LookupView>
  lookupJson(body: unknown): Promise<LookupView>
  lookup(id: string): Promise<LookupView>
}

/** @param server such as `http://localhost:8080`. All methods throw the server's problem as RegistryError. */
export function createApi(server: string): Api {
  const base = server.replace(/\/+$/, '')

  async function request(path: string, init: RequestInit = {}): Promise<unknown> {
    let response: Response
    try {
      response = await fetch(base + path, init)
    } catch (cause) {
      const detail = `no server answers at ${base}: start one with \`npm start\`, or name another one with --server`
      throw new RegistryError('chain.unreachable', detail, { cause })
    }
    const body: unknown = await response.json().catch(() => null)
    if (!response.ok) throw problemError(body, response.status)
    return body
  }
  const get = <T>(path: string) => request(path) as Promise<T>

  return {
    status: () => get<NetworkView>('/v1/status'),
    record: (id) => get<WholeRecordView>(`/v1/records/${encodeURIComponent(id)}`),
    publisher: (id) => get<PublisherView>(`/v1/publishers/${id}`),
    lookup: (id) => get<LookupView>(`/v1/lookups/${encodeURIComponent(id)}`),
    async recordExists(id) {
      try {
        const { state } = await get<RecordView>(`/v1/records/${encodeURIComponent(id)}`)
        return state !== 'disowned'
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'record.not_found') return false
        throw error
      }
    },
    post: (path, type, body) =>
      request(path, { method: 'POST', headers: { 'content-type': type }, body: body as BodyInit }),
    lookupJson: (body) => post<LookupView>('/v1/lookups?wait=0', 'application/json', JSON.stringify(body)),
    lookupFile: (path, byteLength, onSent) =>
      post<LookupView>('/v1/lookups?wait=0', 'application/octet-stream', fileBody(path, onSent), String(byteLength)),
  }

  function post<T>(path: string, type: string, body: BodyInit, length?: string): Promise<T> {
    const headers = { 'content-type': type, ...(length !== undefined && { 'content-length': length }) }
    return request(path, { method: 'POST', headers, body, duplex: 'half' } as RequestInit) as Promise<T>
  }
}

function fileBody(path: string, onSent: (bytes: number) => void): BodyInit {
  let sent = 0
  async function* counted() {
    for await (const chunk of createReadStream(path)) {
      yield chunk
      sent += (chunk as Buffer).length
      onSent(sent)
    }
  }
  return Readable.toWeb(Readable.from(counted())) as unknown as BodyInit
}

function problemError(body: unknown, status: number): RegistryError {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string }
  if (code !== undefined && Object.hasOwn(ERRORS, code)) return new RegistryError(code as ErrorCode, detail ?? code)
  return new RegistryError(
    'server.internal',
    `the server answered with status ${status} and no problem that this version knows`,
  )
}
