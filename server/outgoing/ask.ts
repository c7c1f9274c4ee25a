/** One request to addresses that were checked: no proxy, no cookie, no credentials, no connection used twice. */
import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { RegistryError } from '../errors.ts'
import type { Address } from './resolve.ts'
import { refused, type Target } from './target.ts'

/** Bytes and number of an answer's headers. */
const MAX_HEADER_BYTES = 16_384
const MAX_HEADERS = 100

export type Ask = (
  target: Target,
  addresses: Address[],
  accept: string,
  signal: AbortSignal,
) => Promise<IncomingMessage>

export function createAsk({ userAgent, ca }: { userAgent: string; ca?: string | undefined }): Ask {
  // Of our own: the global ones may have been told of a proxy by the environment, and a pool would hand a connection that was checked
  // for one name to another.
  const agents = { 'http:': new http.Agent({ keepAlive: false }), 'https:': new https.Agent({ keepAlive: false }) }

  return (target, addresses, accept, signal) =>
    new Promise((resolve, reject) => {
      const protocol = target.url.protocol as keyof typeof agents
      const options: RequestOptions & https.RequestOptions = {
        agent: agents[protocol],
        method: 'GET',
        hostname: target.host,
        port: target.port,
        path: target.url.pathname + target.url.search,
        headers: { Accept: accept, 'Accept-Encoding': 'identity', 'User-Agent': userAgent },
        lookup: checked(addresses),
        maxHeaderSize: MAX_HEADER_BYTES,
        insecureHTTPParser: false,
        rejectUnauthorized: true,
        ...(ca !== undefined && { ca }),
        signal,
      }
      const request = (protocol === 'https:' ? https : http).request(options)
      request.maxHeadersCount = MAX_HEADERS
      request.once('response', (answer) => {
        const problem = problemOf(answer, target)
        if (!problem) return resolve(answer)
        request.destroy()
        reject(problem)
      })
      request.once('upgrade', (_answer, socket) => {
        socket.destroy()
        reject(new RegistryError('fetch.unreachable', `${target.host} answers with another protocol`))
      })
      // Every error: one that nobody hears ends the process.
      request.on('error', (cause) => reject(signal.aborted ? signal.reason : asFetchError(target, cause)))
      request.end()
    })
}

/** In place of a resolver: the name was resolved already, and is not asked again. */
function checked(addresses: Address[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, addresses)
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
}

function problemOf({ headers }: IncomingMessage, { host }: Target): RegistryError | null {
  const coding = headers['content-encoding'] ?? 'identity'
  if (coding.toLowerCase() !== 'identity')
    return refused(host, `answers in the encoding "${coding.slice(0, 40)}", which is not unpacked here`)
  return null
}

/** By codes alone: messages name addresses that are nobody's business. */
export function asFetchError({ host }: Pick<Target, 'host'>, cause: unknown): RegistryError {
  if (cause instanceof RegistryError) return cause
  const { code = 'no reason given' } = cause as NodeJS.ErrnoException
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RegistryError('fetch.too_large', `${host} answers with more than ${MAX_HEADER_BYTES} bytes of headers`, {
      cause,
    })
  const why = /CERT|SIGNATURE|ERR_TLS|^EPROTO|SELF_SIGNED/.test(code)
    ? `cannot show that it is ${host}`
    : /^HPE_/.test(code)
      ? 'does not speak HTTP/1.1'
      : 'cannot be reached, or broke off'
  return new RegistryError('fetch.unreachable', `${host} ${why} (${code.slice(0, 60)})`, { cause })
}
