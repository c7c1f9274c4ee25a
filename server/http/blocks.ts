/** /ipfs: blocks as the IPFS trustless gateway serves them, for anyone to mirror and verify. */
import { pipeline } from 'node:stream/promises'
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
      const body = format === 'raw' ? await registry.block(cid) : await registry.car(cid, scope)
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
      if (body instanceof Uint8Array) response.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
      else if (request.fresh) response.status(304).end()
      else await pipeline(body, response).catch(endsEarly)
    })
    .all(methodNotAllowed)
  return router
}

/** Whoever asked has gone, or reads no more; or a block has gone since it was looked for: then the connection ends, and what came is no whole CAR. */
function endsEarly(cause: unknown): void {
  if (cause instanceof RegistryError || (cause as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return
  throw cause
}

/** `?format=` counts before `Accept`. A gateway that verifies nothing for its clients does not render blocks for them. */
function formatOf(request: Request): 'raw' | 'car' {
  const asked = request.query.format ?? (request.accepts([RAW_BLOCK_TYPE, CAR_TYPE]) || undefined)
  if (asked === 'raw' || asked === RAW_BLOCK_TYPE) return 'raw'
  if (asked === 'car' || asked === CAR_TYPE) return 'car'
  throw new RegistryError('request.invalid', `"format" expected raw or car, got "${String(asked).slice(0, 80)}"`)
}
