/** GET /v1/lookups/{id}/report: a finished lookup as a page that can be filed. */
import type { RequestHandler } from 'express'
import { RegistryError } from '../errors.ts'
import type { Lookups, LookupView } from '../registry/index.ts'
import type { Report } from '../web/index.ts'
import { param } from './parse.ts'
import { sendProblem } from './problem.ts'

/** Seconds after which a lookup that is not finished is asked for again. */
const UNFINISHED_S = 2

/** A lookup that failed is answered as its failure. @throws RegistryError `lookup.not_found`, `lookup.unfinished`, `lookup.cancelled`. */
export function reportHandler(lookups: Lookups, report: Report): RequestHandler {
  return async (request, response) => {
    const lookup = await lookups.get(param(request, 'id'))
    if (lookup.error) return sendProblem(response, lookup.error)
    requireDone(lookup)
    response.set({
      'Content-Security-Policy': report.policy,
      'Content-Disposition': `inline; filename="firsthand-report-${lookup.id}.html"`,
      // Whoever has the lookup forgotten must not find it in a cache.
      'Cache-Control': 'private, no-store',
    })
    response.type('html').send(report.page(lookup))
  }
}

function requireDone({ status }: LookupView): void {
  if (status === 'done') return
  if (status === 'cancelled') throw new RegistryError('lookup.cancelled', 'a lookup that was cancelled has no report')
  throw new RegistryError('lookup.unfinished', `the lookup is ${status}: its report is there when it is done`, {
    retryAfterS: UNFINISHED_S,
  })
}
