/** What every request must pass before it reaches a route. */
import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import { RegistryError } from '../errors.ts'
import type { Quota } from '../registry/index.ts'
import { toJson } from '../text.ts'
import { clientOf } from './client.ts'

/** For whatever loads nothing from elsewhere; the preview of a chosen file is a blob. */
const POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'blob:', 'data:'],
  'media-src': ['blob:'],
  'connect-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
}

export const securityHeaders = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: POLICY },
  crossOriginResourcePolicy: { policy: 'same-origin' },
  // Set by whoever terminates TLS: a local server speaks plain HTTP.
  strictTransportSecurity: false,
})

/** The page plays an original from where its publisher says that it is, once its reader asks for that: from any host, but over https, and media
 *  alone. In return nothing on it becomes a program or markup but by the one policy by which it names its worker (docs/operations.md, "The page"). */
export const pagePolicy: RequestHandler = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    ...POLICY,
    'media-src': ['blob:', 'https:'],
    'require-trusted-types-for': ["'script'"],
    'trusted-types': ['firsthand'],
  },
})

/** Everything that is answered as JSON, so that no route can forget it: what strangers wrote is escaped (text.ts). */
export const safeJson: RequestHandler = (_request, response, next) => {
  response.json = (value: unknown) => {
    if (!response.get('Content-Type')) response.type('json')
    return response.send(toJson(value))
  }
  next()
}

/** A site whose name is made to resolve to 127.0.0.1 must not speak to a local server: its requests carry its own name. */
export function localHostOnly(loopback: boolean): RequestHandler {
  return (request, _response, next) => {
    if (request.headers.host === undefined && request.httpVersion === '1.1')
      throw new RegistryError('request.invalid', 'the header Host is missing')
    const name = (request.headers.host ?? '').replace(/:\d+$/, '')
    if (loopback && !['localhost', '127.0.0.1', '[::1]'].includes(name))
      throw new RegistryError(
        'request.forbidden',
        `the Host must be localhost or 127.0.0.1 on a local server, got "${name.slice(0, 80)}"`,
      )
    next()
  }
}

/** @param perMinute requests a client; clients on this machine are not limited. */
export function limitRate(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => clientOf(request).key,
    skip: (request) => !clientOf(request).limited,
    handler: (_request, response) => {
      const retryAfterS = Number(response.getHeader('Retry-After') ?? 60)
      throw new RegistryError('request.rate_limited', `at most ${perMinute} requests a minute`, { retryAfterS })
    },
  })
}

/** Requests that are not answered yet, however they wait: for a decoder, for events, for the rest of a body. */
export function limitOpen(quota: Quota): RequestHandler {
  return (request, response, next) => {
    const share = quota.take(clientOf(request))
    response.once('close', share.release)
    next()
  }
}
