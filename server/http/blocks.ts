/** /ipfs: blocks as the IPFS trustless gateway serves them, for anyone to mirror and verify. */
import { type Request, Router } from 'express'
import { RegistryError } from '../errors.ts'
import { CAR_TYPE, RAW_BLOCK_TYPE, type Registry } from '../registry/index.ts'
import { param } from './parse.ts'
import { methodNotAllowed } from './problem.ts'

export function blockRoutes(registry: Registry): Router {
  const router = Router()
  router
    .route('/:cid')
    .get(async (request, response) => {
      const cid = param(request, 'cid')
      const format = formatOf(request)
      const scope = request.query['dag-scope'] === undefined || request.query['dag-scope'] === 'all' ? 'all' : 'block'
      const bytes = format === 'raw' ? await registry.block(cid) : await registry.car(cid, scope)
      response
        .type(format === 'raw' ? RAW_BLOCK_TYPE : `${CAR_TYPE}; version=1; order=dfs; dups=n`)
        // A CID names these bytes for ever; nosniff and attachment keep a browser from taking them for a page.
        .set('Cache-Control', 'public, max-age=29030400, immutable')
        .set(
          'Content-Disposition',
          `attachment; filename="${cid.replace(/[^a-z0-9]/gi, '')}.${format === 'raw' ? 'bin' : 'car'}"`,
        )
        .vary('Accept')
        .set('Etag', `"${cid}.${format}"`)
        .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    })
    .all(methodNotAllowed)
  return router
}

/** `?format=` counts before `Accept`. A gateway that verifies nothing for its clients does not render blocks for them. */
function formatOf(request: Request): 'raw' | 'car' {
  const asked = request.query.format ?? (request.accepts([RAW_BLOCK_TYPE, CAR_TYPE]) || undefined)
  if (asked === 'raw' || asked === RAW_BLOCK_TYPE) return 'raw'
  if (asked === 'car' || asked === CAR_TYPE) return 'car'
  throw new RegistryError('request.invalid', `"format" expected raw or car, got "${String(asked).slice(0, 80)}"`)
}
