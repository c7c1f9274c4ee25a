/** The HTTP application: built without listening, so that a test can have one. */
import express, { type Express, type Response } from 'express'
import type { Logger } from 'pino'
import { RegistryError } from '../errors.ts'
import { createQuota, type Registry } from '../registry/index.ts'
import type { Assets, Report } from '../web/index.ts'
import { blockRoutes } from './blocks.ts'
import { docsRoutes } from './docs.ts'
import { limitOpen, limitRate, localHostOnly, pagePolicy, safeJson, securityHeaders } from './guard.ts'
import { logRequests } from './log.ts'
import { lookupRoutes } from './lookups.ts'
import { createMetrics, type Gauges } from './metrics.ts'
import { openApi } from './openapi.ts'
import { methodNotAllowed, notFound, problemHandler } from './problem.ts'
import { recordRoutes } from './records.ts'
import type { Uploads } from './uploads.ts'

export interface AppParts {
  registry: Registry
  uploads: Uploads
  assets: Assets
  report: Report
  /** Of the development signer; null where there is none. */
  token: string | null
  version: string
  /** Whether the server may only be reached from this machine. */
  loopback: boolean
  /** Requests of one client a minute, and at the same time. */
  rateLimit: number
  clientRequests: number
  trustProxy: number
  gauges: Gauges
  log: Logger
  /** Milliseconds between two signs of life on a stream of events; tests have less patience. */
  heartbeatMs?: number
}

/** Requests that are open at the same time: each takes some kilobytes, and cheap ones are done in milliseconds. */
const MAX_REQUESTS = 2_000
/** Streams of events, each of which is a request that stays open for as long as a lookup. */
const MAX_STREAMS = 1_000
const CLIENT_STREAMS = 16
/** Seconds after which whoever has too many of them open is told to come back. */
const OPEN_S = 2

export function createApp(parts: AppParts): Express {
  const { registry, log } = parts
  const app = express()
  const metrics = createMetrics(parts.gauges)
  app.disable('x-powered-by')
  app.set('trust proxy', parts.trustProxy)
  // Whoever hears of an error of a response may have heard of one before, and listens no more; without anybody it would end the process.
  app.use((_request, response, next) => {
    response.on('error', () => {})
    next()
  })
  app.use(logRequests(log), metrics.observe, securityHeaders, safeJson, localHostOnly(parts.loopback))

  get('/healthz', (response) => void response.json({ status: 'ok' }))
  get('/readyz', (response) => {
    const reason = registry.notReady()
    if (reason) throw new RegistryError('server.busy', reason)
    response.json({ status: 'ready' })
  })
  get('/metrics', async (response) => void response.type(metrics.type).send(await metrics.text()))

  const quota = (what: string, total: number, perClient: number) =>
    createQuota({ what, total, perClient, retryAfterS: () => OPEN_S })
  app.use(limitRate(parts.rateLimit), limitOpen(quota('requests', MAX_REQUESTS, parts.clientRequests)))
  const streams = quota('streams of events', MAX_STREAMS, CLIENT_STREAMS)
  app.use('/v1/lookups', lookupRoutes(registry.lookups, parts.uploads, streams, parts.report, parts.heartbeatMs))
  app.use('/v1', recordRoutes(registry, parts.uploads, parts.token))
  app.use('/ipfs', blockRoutes(registry))
  const document = openApi(parts.version)
  get('/openapi.json', (response) => void response.json(document))
  app.use('/docs', docsRoutes())
  pages(app, parts.assets)

  app.use(notFound)
  app.use(problemHandler((err, request) => request.log.error({ err }, 'request failed')))
  return app

  function get(path: string, answer: (response: Response) => void | Promise<void>): void {
    app
      .route(path)
      .get((_request, response) => answer(response))
      .all(methodNotAllowed)
  }
}

function pages(app: Express, assets: Assets): void {
  app
    .route('/')
    .get(pagePolicy, (_request, response) => {
      // The page holds a token that is new with each start of the server.
      response.type('html').set('Cache-Control', 'no-store').send(assets.page())
    })
    .all(methodNotAllowed)
  app.get('/assets/*path', (request, response, next) => {
    const found = assets.asset(request.path)
    if (!found) return next()
    response.type(found.type).set({ ETag: found.etag, 'Cache-Control': 'no-cache' }).send(found.body)
  })
}
