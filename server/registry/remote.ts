/** Candidates that lie elsewhere: fetched through the guard, kept on disk like an upload. */
import { type Readable, Transform } from 'node:stream'
import { RegistryError } from '../errors.ts'
import type { FetchedBody, Guard } from '../outgoing/index.ts'
import type { Candidate } from './lookups.ts'
import type { Client } from './quota.ts'

export interface RemoteMedia {
  /** @throws RegistryError `fetch.refused` for what is refused without asking anybody. */
  check(url: string): void
  /** @param onProgress is told how much of it has come, where that is known.
   *  @throws RegistryError `fetch.*`, `media.empty`, `server.busy`; the signal's reason. */
  fetch(url: string, how: FetchOptions): Promise<Candidate>
}

export interface FetchOptions {
  signal: AbortSignal
  onProgress: (fraction: number) => void
  /** Whose bytes they are. */
  client: Client
}

export interface RemoteMediaParts {
  guard: Guard
  /** Writes a body to disk and hashes it on the way. */
  keep(source: Readable, client: Client): Promise<Candidate>
  maxBytes: number
  /** Milliseconds for one fetch. */
  totalMs: number
}

/** Fetches at the same time: each holds a connection and a file. */
const MAX_CONCURRENT = 16
/** Seconds after which one of them is likely to be over. */
const BUSY_S = 5

const ACCEPT = 'image/*, video/*, audio/*, */*;q=0.1'
const PAGES = ['text/html', 'application/xhtml+xml']
/** How a page begins, whatever its type says: HTML, "The rules for sniffing", and XML. */
const PAGE_START = /^\ufeff?\s*(?:<!--|<!doctype html|<html|<head|<body|<script)/i
/** Bytes in which that is seen. */
const PAGE_HEAD_BYTES = 256

export function createRemoteMedia({ guard, keep, maxBytes, totalMs }: RemoteMediaParts): RemoteMedia {
  let fetching = 0

  async function fetchOne(url: string, how: FetchOptions): Promise<Candidate> {
    const answer = await guard.get(url, { accept: ACCEPT, maxBytes, totalMs, signal: how.signal })
    try {
      requireFile(answer)
      return await keep(counted(answer, how.onProgress), how.client)
    } catch (error) {
      answer.body.destroy()
      throw error instanceof RegistryError && error.code === 'media.empty' ? empty(answer, error) : error
    }
  }

  return {
    check: (url) => guard.check(url),
    async fetch(url, how) {
      if (fetching >= MAX_CONCURRENT)
        throw new RegistryError('server.busy', `${fetching} files are being fetched already`, { retryAfterS: BUSY_S })
      fetching++
      try {
        return await fetchOne(url, how)
      } finally {
        fetching--
      }
    },
  }
}

function requireFile(answer: FetchedBody): void {
  const { status, mediaType, host } = answer
  if (status !== 200) {
    const why = status === 401 || status === 403 ? ': it may want somebody who is signed in' : ''
    throw new RegistryError('fetch.unreachable', `${host} answers with status ${status}${why}`)
  }
  if (mediaType !== null && PAGES.includes(mediaType)) throw page(answer)
}

const page = ({ host }: FetchedBody) =>
  new RegistryError('fetch.page', `${host} answers with a page: give the address of the picture, video or sound itself`)

const empty = ({ host }: FetchedBody, cause: RegistryError) =>
  new RegistryError('media.empty', `${host} answers with no bytes`, { cause })

/** Tells how much has come, and refuses a page whose type says something else. */
function counted(answer: FetchedBody, onProgress: (fraction: number) => void): Transform {
  let received = 0
  const out = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const first = received === 0
      received += chunk.length
      if (first && PAGE_START.test(chunk.toString('utf8', 0, PAGE_HEAD_BYTES))) return done(page(answer))
      if (answer.byteLength) onProgress(Math.min(1, received / answer.byteLength))
      done(null, chunk)
    },
  })
  answer.body.once('error', (error) => out.destroy(error))
  return answer.body.pipe(out)
}
