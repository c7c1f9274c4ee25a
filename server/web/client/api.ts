/** All requests of the page. Failures are `ProblemError`s; a cancelled request rejects with the signal's reason. */
import type { Lookup, Manifest, Problem, RecordPage, Registration } from './wire.ts'

const UNREACHABLE: Problem = {
  title: 'The server does not answer',
  detail: 'The connection failed or was closed before an answer came.',
}

export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  /** Seconds after which the server asks to try again. */
  readonly retryAfterS: number | null

  constructor(problem: Problem, retryAfterS: number | null = null) {
    super(problem.title)
    this.problem = problem
    this.retryAfterS = retryAfterS
  }
}

export type OnProgress = (progress: number | null) => void

interface Upload {
  url: string
  file: File
  headers?: Record<string, string>
  onProgress: OnProgress
  signal: AbortSignal
}

/** Sends the file as the raw body. The answer is a lookup in progress, or a finished one where the server was quick. */
export async function startLookup(file: File, onProgress: OnProgress, signal: AbortSignal): Promise<Lookup> {
  return upload<Lookup>({ url: '/v1/lookups?wait=0', file, onProgress, signal })
}

/** Has the server fetch the media at an address. */
export async function startLookupOf(url: string, signal: AbortSignal): Promise<Lookup> {
  const body = JSON.stringify({ url })
  return getJson<Lookup>('/v1/lookups?wait=0', signal, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    body,
  })
}

/** A lookup as it is. */
export function getLookup(id: string, signal: AbortSignal): Promise<Lookup> {
  return getJson<Lookup>(lookupPath(id), signal)
}

/** Best effort: a lookup that cannot be cancelled any more has ended already. */
export function cancelLookup(id: string): void {
  fetch(lookupPath(id), { method: 'DELETE', keepalive: true }).catch(() => undefined)
}

/** Where the publisher says that an original was published; null where nothing is said, or the manifest is not here or of something else. */
export async function getSourceUrl(recordId: string, contentDigest: string): Promise<string | null> {
  try {
    const { content, description } = await getJson<Manifest>(`${recordPath(recordId)}/manifest`)
    return content.digest === contentDigest && typeof description.sourceUrl === 'string' ? description.sourceUrl : null
  } catch {
    return null
  }
}

export function listRecords(cursor: string | null): Promise<RecordPage> {
  return getJson<RecordPage>(`/v1/records?${new URLSearchParams({ limit: '20', ...(cursor && { cursor }) })}`)
}

export interface RegistrationRequest {
  file: File
  title: string
  text: string
  token: string
  onProgress: OnProgress
  signal: AbortSignal
}

/** Asks the development signer of a local registry to register the file. */
export function register({ title, text, token, ...rest }: RegistrationRequest): Promise<Registration> {
  const query = new URLSearchParams({ title, ...(text && { text }) })
  const url = `/v1/development/registrations?${query}`
  return upload<Registration>({ url, headers: { 'X-Firsthand-Token': token }, ...rest })
}

export function recordPath(recordId: string): string {
  return `/v1/records/${encodeURIComponent(recordId)}`
}

export function lookupPath(id: string): string {
  return `/v1/lookups/${encodeURIComponent(id)}`
}

export function reportPath(id: string): string {
  return `${lookupPath(id)}/report`
}

export function isFinished(lookup: Lookup): boolean {
  return lookup.status !== 'queued' && lookup.status !== 'running'
}

async function getJson<T>(url: string, signal?: AbortSignal, init: RequestInit = {}): Promise<T> {
  const asked = { headers: { Accept: 'application/json' }, ...init, signal: signal ?? null }
  const response = await fetch(url, asked).catch(() => {
    signal?.throwIfAborted()
    throw new ProblemError(UNREACHABLE)
  })
  return answer<T>(response.status, await response.text(), response.headers.get('Retry-After'))
}

/** XMLHttpRequest, because fetch does not tell how much of a body has been sent. */
function upload<T>({ url, file, headers = {}, onProgress, signal }: Upload): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    const about = { 'Content-Type': contentType(file), 'Content-Disposition': disposition(file) }
    for (const [name, value] of Object.entries({ ...about, ...headers })) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', (event) =>
      onProgress(event.lengthComputable ? event.loaded / event.total : null),
    )
    request.addEventListener('load', () => {
      try {
        resolve(answer<T>(request.status, request.responseText, request.getResponseHeader('Retry-After')))
      } catch (error) {
        reject(error)
      }
    })
    request.addEventListener('error', () => reject(new ProblemError(UNREACHABLE)))
    request.addEventListener('abort', () => reject(signal.reason))
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

/** A file that calls itself JSON or multipart would be read as a request instead of as the candidate. */
function contentType(file: File): string {
  return /^(?:image|video|audio)\//.test(file.type) ? file.type : 'application/octet-stream'
}

/** The file's name (RFC 6266), so that a report can tell it. */
function disposition({ name }: File): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `attachment; filename*=UTF-8''${encoded}`
}

function answer<T>(status: number, text: string, retryAfter: string | null): T {
  const value = parse(text)
  if (status >= 200 && status < 300 && value) return value as T
  const problem = value && 'title' in value ? (value as unknown as Problem) : { title: `The server answered ${status}` }
  throw new ProblemError({ status, ...problem }, Number(retryAfter) || null)
}

/** Null for anything but an object: a proxy may answer in HTML. */
function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
