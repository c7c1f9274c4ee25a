/** /v1/records, /v1/publishers, /v1/registrations, /v1/status and the development signer. */

import { randomUUID, timingSafeEqual } from 'node:crypto'
import { type Request, Router } from 'express'
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import { CAR_TYPE, EVIDENCE_CHOICES, KINDS, MAX_CAR_BYTES, type Registry, WAYS } from '../registry/index.ts'
import { clientOf } from './client.ts'
import { param, parse } from './parse.ts'
import { methodNotAllowed } from './problem.ts'
import type { Uploads } from './uploads.ts'

export const recordsQuery = z.object({
  contentDigest: z.string().optional().describe('SHA-256 of the file, 64 hex digits'),
  publisher: z.coerce.number().int().min(1).max(0xffffffff).optional(),
  kind: z.enum(KINDS).optional(),
  cursor: z.string().optional().describe('"next" of the page before'),
  limit: z.coerce.number().int().min(1).max(200).optional().describe('50 unless told'),
})

export const evidenceQuery = z.object({
  at: z.coerce
    .number()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('seconds of a video: the frame nearest to it is shown. The first one unless told'),
})

export const descriptionQuery = z.object({
  title: z.string().max(300).optional(),
  text: z.string().max(2_000).optional(),
  evidence: z
    .enum(EVIDENCE_CHOICES)
    .optional()
    .describe(
      'who gets a small copy of a picture, by which copies are compared: everybody (unless told), this server, or nobody',
    ),
  way: z.enum(WAYS).optional().describe('stored unless told'),
  relay: z.stringbool().optional().describe('true: the key only signs, and the custody account sends and pays'),
})

const publisherId = z.coerce.number('expected a publisher id').int().min(1).max(0xffffffff)

export function recordRoutes(registry: Registry, uploads: Uploads, token: string | null): Router {
  const router = Router()
  const get = (path: string, answer: (request: Request) => Promise<unknown>) =>
    router
      .route(path)
      .get(async (request, response) => void response.json(await answer(request)))
      .all(methodNotAllowed)

  get('/records', (request) => registry.records(parse(recordsQuery, request.query)))
  get('/records/:recordId', (request) => registry.record(param(request, 'recordId')))
  get('/records/:recordId/manifest', (request) => registry.manifest(param(request, 'recordId')))
  router
    .route('/records/:recordId/evidence')
    .get(async (request, response) => {
      const { at } = parse(evidenceQuery, request.query)
      const { tag, png } = await registry.evidence(param(request, 'recordId'), 1000 * at)
      // The address names a record: what it shows may be withdrawn, or another anchor may lead.
      response.set({ 'Cache-Control': 'no-cache', ETag: `"${tag}.png"` })
      if (request.fresh) return void response.status(304).end()
      response.type('png').send(Buffer.from(await png(clientOf(request))))
    })
    .all(methodNotAllowed)

  get('/publishers/:id', (request) => registry.publisher(parse(publisherId, param(request, 'id'))))
  get('/status', () => registry.status())

  router
    .route('/registrations')
    .post(async (request, response) => {
      if (!request.is(CAR_TYPE))
        throw new RegistryError(
          'request.unsupported_media_type',
          `expected ${CAR_TYPE}: a CAR with a manifest or a list as its root`,
        )
      const client = clientOf(request)
      const held = await uploads.receiveInTurn(request, MAX_CAR_BYTES, client, (car) => registry.hold(car, client))
      response.status(held.status === 'kept' ? 200 : 202).json(held)
    })
    .all(methodNotAllowed)

  router
    .route('/development/registrations')
    .post(async (request, response) => {
      requireToken(request, token)
      const asked = parse(descriptionQuery, request.query)
      const { title = null, text = null, evidence = 'public', way = 'stored', relay = false } = asked
      const description = { title, text, sourceUrl: null, derivedFrom: null }
      const {
        file: _,
        notice: __,
        ...registered
      } = await registerUpload(request, { description, evidence, way, relay })
      response.json(registered)
    })
    .all(methodNotAllowed)

  async function registerUpload(request: Request, how: Parameters<Registry['registerHere']>[1]) {
    const client = clientOf(request)
    const media = await uploads.receive(request, client)
    try {
      return await registry.registerHere(media, how, client)
    } finally {
      await media.dispose()
    }
  }

  return router
}

/** Another site's page can send a request here, but cannot read the token that our own page holds. */
function requireToken(request: Request, token: string | null): void {
  if (token === null)
    throw new RegistryError(
      'signer.unavailable',
      'only a local network has a development publisher; use `firsthand register` with your key',
    )
  const given = Buffer.from(request.get('X-Firsthand-Token') ?? '')
  const expected = Buffer.from(token)
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new RegistryError(
      'request.forbidden',
      "the header X-Firsthand-Token must hold the token of this server's page",
    )
}

/** A token for one run of the server. */
export const newToken = () => randomUUID()
