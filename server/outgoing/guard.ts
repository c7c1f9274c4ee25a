/** The one way out: every address that a stranger names is fetched through this guard, and nothing else is.
 *
 *  Each step is checked anew, the first one and each redirect: what the address asks for (`target.ts`), where its name leads
 *  (`resolve.ts`); and the connection goes to the addresses that were checked (`ask.ts`), never to what the name says a moment later. */
import { RegistryError } from '../errors.ts'
import { createAsk } from './ask.ts'
import { type Answer, limited, mediaTypeOf } from './body.ts'
import { addressesOf, type Resolve, resolvePublicly } from './resolve.ts'
import { type Allowed, parseTarget, type Rules, refused, type Target, WEB_PORTS } from './target.ts'

export interface GuardOptions {
  /** Hosts at ports that may be asked whatever their address is. */
  allow: readonly Allowed[]
  userAgent: string
  /** 80 and 443 unless told: a test listens elsewhere. */
  ports?: readonly number[]
  resolve?: Resolve
  limits?: Partial<Limits>
  /** Certificates to trust beside those of Node. */
  ca?: string
}

export interface Limits {
  /** Milliseconds until the headers of an answer are there, of each step. */
  answerMs: number
  /** Milliseconds without a byte of the body. */
  idleMs: number
  /** Bytes a second, in the mean over the body, once `graceMs` are over. */
  minRate: number
  graceMs: number
}

/** As for uploads (`http/uploads.ts`): who may send slowly there may do so here. */
const LIMITS: Limits = { answerMs: 15_000, idleMs: 20_000, minRate: 1_024, graceMs: 30_000 }

const MAX_REDIRECTS = 3
const REDIRECTS = [301, 302, 303, 307, 308]

export interface Wanted {
  accept: string
  maxBytes: number
  /** Milliseconds for all of it, redirects and body included. */
  totalMs: number
  signal?: AbortSignal | undefined
}

export interface FetchedBody extends Answer {
  /** Whoever answered in the end. */
  host: string
  status: number
  /** In lower case, without parameters; null where the answer has none. */
  mediaType: string | null
  /** Seconds that the answer asks to wait; null where it does not. */
  retryAfterS: number | null
}

export interface Guard {
  /** @throws RegistryError `fetch.refused` for what is refused without asking anybody. */
  check(url: string): void
  /** Whatever is answered, be it an error of the other side. The body must be read, or destroyed.
   *  @throws RegistryError `fetch.refused`, `fetch.unreachable`, `fetch.timeout`, `fetch.too_large`; the signal's reason. Reading the body
   *  throws the same. */
  get(url: string, wanted: Wanted): Promise<FetchedBody>
}

export function createGuard({ userAgent, resolve = resolvePublicly, limits, ca, ...rest }: GuardOptions): Guard {
  const rules: Rules = { ports: WEB_PORTS, ...rest }
  const ask = createAsk({ userAgent, ca })
  const bounds = { ...LIMITS, ...limits }

  async function get(url: string, wanted: Wanted): Promise<FetchedBody> {
    const first = parseTarget(url, rules)
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(late(first, wanted.totalMs)), wanted.totalMs)
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, deadline.signal]) : deadline.signal
    try {
      const fetched = await follow(first, wanted, signal)
      fetched.body.once('close', () => clearTimeout(timer))
      return fetched
    } catch (error) {
      clearTimeout(timer)
      throw error
    }
  }

  async function follow(first: Target, { accept, maxBytes }: Wanted, signal: AbortSignal): Promise<FetchedBody> {
    let target = first
    for (let step = 0; step <= MAX_REDIRECTS; step++) {
      const answer = await answerOf(target, accept, signal)
      const { statusCode: status = 0, headers } = answer
      const next = REDIRECTS.includes(status) ? headers.location : undefined
      if (next === undefined) {
        const { host } = target
        const retryAfterS = Number(headers['retry-after']) || null
        return {
          ...limited(answer, { ...bounds, host, maxBytes, signal }),
          host,
          status,
          mediaType: mediaTypeOf(headers),
          retryAfterS,
        }
      }
      answer.destroy()
      target = redirected(target, next)
    }
    throw refused(first.host, `redirects more than ${MAX_REDIRECTS} times`)
  }

  async function answerOf(target: Target, accept: string, signal: AbortSignal) {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(late(target, bounds.answerMs)), bounds.answerMs)
    const either = AbortSignal.any([signal, abort.signal])
    try {
      const addresses = await addressesOf(target, resolve, either)
      either.throwIfAborted()
      return await ask(target, addresses, accept, either)
    } finally {
      clearTimeout(timer)
    }
  }

  function redirected(from: Target, location: string): Target {
    const to = URL.parse(location, from.url)
    if (!to) throw refused(from.host, 'redirects to what is no address')
    const target = parseTarget(to.href, rules)
    if (from.url.protocol === 'https:' && to.protocol === 'http:')
      throw refused(from.host, 'redirects from https to http')
    return target
  }

  return { check: (url) => void parseTarget(url, rules), get }
}

const late = ({ host }: Target, ms: number) =>
  new RegistryError('fetch.timeout', `${host} did not answer in full within ${ms / 1000} s`)

/** All of a small body. @throws as `Guard.get`. */
export async function readBody({ body }: FetchedBody): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)))
}
