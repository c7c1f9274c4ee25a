/** The only place that catches: every error leaves as RFC 9457 problem+json; what is not for the client stays in the log. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { ERRORS, RegistryError } from '../errors.ts'
import type { Problem } from '../registry/index.ts'
import { printable, toJson } from '../text.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** Characters of a detail. Some quote the request, and that may be megabytes of one name. */
const MAX_DETAIL = 500

/** @param instance names this occurrence: the log has the same name. */
export function problemOf(error: unknown, instance: string): Problem {
  const known = asRegistryError(error)
  return {
    type: `/docs/errors#${known.code.replace('.', '')}`,
    title: known.title,
    status: known.status,
    detail: cut(printable(known.message)),
    instance: `urn:firsthand:${instance}`,
    code: known.code,
    ...(ERRORS[known.code].retry && { retryAfterS: known.retryAfterS ?? 1 }),
  }
}

/** What express throws, in our words. Anything unknown is ours to explain, not the client's to read. */
export function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  const { status } = (error ?? {}) as { status?: number }
  if (error instanceof URIError)
    return new RegistryError('request.invalid', 'the address has a "%" that is not followed by UTF-8 in hex', {
      cause: error,
    })
  if (status !== undefined && status >= 400 && status < 500)
    return new RegistryError('request.invalid', 'the request cannot be read', { cause: error })
  return new RegistryError('server.internal', 'the server failed; its log says why under the name in "instance"', {
    cause: error,
  })
}

const cut = (text: string) => (text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL - 1)}…` : text)

export function sendProblem(response: Response, problem: Problem): void {
  if (problem.retryAfterS !== undefined) response.set('Retry-After', String(problem.retryAfterS))
  // That of what it stands in place of.
  response.removeHeader('ETag')
  response.status(problem.status).type(PROBLEM_TYPE).send(toJson(problem))
}

export const notFound: RequestHandler = (request) => {
  throw new RegistryError('request.not_found', `there is nothing at ${request.path.slice(0, 200)}`)
}

/** For a path that exists, asked with a method that it does not have. */
export const methodNotAllowed: RequestHandler = (request, response) => {
  const { methods } = request.route as { methods: Record<string, boolean> }
  const offered = Object.keys(methods).filter((method) => method !== '_all')
  response.set('Allow', [...offered, ...(offered.includes('get') ? ['head'] : [])].join(', ').toUpperCase())
  throw new RegistryError(
    'request.method_not_allowed',
    `${request.method} is not offered at ${request.path.slice(0, 200)}`,
  )
}

export function problemHandler(report: (error: unknown, request: Request) => void): ErrorRequestHandler {
  return (error, request, response, next) => {
    const known = asRegistryError(error)
    if (known.status >= 500 && known.code !== 'server.busy') report(error, request)
    if (response.headersSent) return next(error)
    endUpload(request, response)
    sendProblem(response, problemOf(known, String(request.id)))
  }
}

/** Milliseconds that a client has to read the answer before the connection on which it still sends is cut. */
export const LINGER_MS = 3_000

/** A body that is not wanted is not read to its end, be it 5 GB: answer, wait for the client to see it, cut. */
function endUpload(request: Request, response: Response): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (request.complete || request.destroyed || (Number(length ?? 0) === 0 && coding === undefined)) return
  request.unpipe()
  request.resume()
  // With this header Node cuts at once, and a client that still sends would see a broken pipe in place of the answer; one that
  // asked first (`Expect`) does not send.
  if (request.headers.expect !== undefined) response.set('Connection', 'close')
  response.once('finish', () => {
    const cut = setTimeout(() => request.destroy(), LINGER_MS).unref()
    request.once('end', () => clearTimeout(cut))
  })
}
