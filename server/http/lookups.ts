/** /v1/lookups: ask, wait, watch, forget. */
import { type Request, type Response, Router } from 'express'
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import {
  type Client,
  fromDocument,
  type LookupOptions,
  type Lookups,
  type LookupView,
  lookupOptions,
  type Quota,
} from '../registry/index.ts'
import { toJson } from '../text.ts'
import type { Report } from '../web/index.ts'
import { clientOf } from './client.ts'
import { param, parse } from './parse.ts'
import { methodNotAllowed, sendProblem } from './problem.ts'
import { reportHandler } from './report.ts'
import type { Uploads } from './uploads.ts'

const DEFAULT_WAIT_S = 30
export const MAX_WAIT_S = 120
/** Bytes of a fingerprint in JSON (docs/protocol.md §3). */
const MAX_FINGERPRINT_BYTES = 2 << 20
/** Objects and lists in it, and commas: one and three for each of 28,800 frames, and a few. In its bytes there is room for a million
 *  of each, and they take up to sixty times as much in memory. */
const MAX_FINGERPRINT_NODES = 28_900
const MAX_FINGERPRINT_COMMAS = 86_500
/** Milliseconds between two signs of life on a stream of events: proxies cut what is silent for a minute. */
const HEARTBEAT_MS = 15_000

export const lookupQuery = lookupOptions.extend({
  wait: z.coerce.number().min(0).max(MAX_WAIT_S).default(DEFAULT_WAIT_S).describe('seconds to wait for the answer'),
})

const jsonBody = z.union([z.strictObject({ fingerprint: z.unknown() }), z.strictObject({ url: z.string() })], {
  error: 'expected {"url": …} or {"fingerprint": …}',
})

/** @param streams those of events that are open. */
export function lookupRoutes(
  lookups: Lookups,
  uploads: Uploads,
  streams: Quota,
  report: Report,
  heartbeatMs = HEARTBEAT_MS,
): Router {
  const router = Router()

  router
    .route('/')
    .post(async (request, response) => {
      const { wait, ...options } = parse(lookupQuery, request.query)
      const client = clientOf(request)
      const started = request.is('application/json')
        ? startJson(await receiveJson(request), options, client)
        : await startMedia(request, options, client)
      await answer(lookups, started, wait, response)
    })
    .all(methodNotAllowed)

  router
    .route('/:id')
    .get(async (request, response) => void response.json(await lookups.get(param(request, 'id'))))
    .delete(async (request, response) => {
      await lookups.remove(param(request, 'id'))
      response.status(204).end()
    })
    .all(methodNotAllowed)

  router
    .route('/:id/events')
    .get(async (request, response) => {
      const share = streams.take(clientOf(request))
      response.once('close', share.release)
      await streamEvents(lookups, request, response, heartbeatMs)
    })
    .all(methodNotAllowed)

  router.route('/:id/report').get(reportHandler(lookups, report)).all(methodNotAllowed)

  function startJson(body: unknown, options: LookupOptions, client: Client): LookupView {
    const asked = parse(jsonBody, body)
    if ('url' in asked) return lookups.startUrl(asked.url, options, client)
    return lookups.startFingerprint(fromDocument(asked.fingerprint), options, client)
  }

  /** Whom there is no room for is told before a byte of the media is read. */
  async function startMedia(request: Request, options: LookupOptions, client: Client): Promise<LookupView> {
    lookups.check(client)
    return lookups.startMedia(await uploads.receive(request, client), options, client)
  }

  /** Received like any upload, so that nobody holds a connection with a fingerprint that never ends. */
  async function receiveJson(request: Request): Promise<unknown> {
    const body = await uploads.receiveBytes(request, MAX_FINGERPRINT_BYTES, clientOf(request))
    checkSize(body)
    try {
      return JSON.parse(new TextDecoder().decode(body))
    } catch (cause) {
      throw new RegistryError('request.invalid', 'the body is not JSON', { cause })
    }
  }

  return router
}

/** Looks at the bytes of JSON before anything is made of them. What stands in texts is counted, too: a fingerprint has none of it there. */
function checkSize(json: Uint8Array): void {
  let [nodes, commas] = [0, 0]
  // Not "for of": that makes an object for each byte.
  for (let i = 0; i < json.length; i++) {
    if (json[i] === 0x5b || json[i] === 0x7b) nodes++
    if (json[i] === 0x2c) commas++
  }
  if (nodes > MAX_FINGERPRINT_NODES || commas > MAX_FINGERPRINT_COMMAS)
    throw new RegistryError(
      'request.invalid',
      `the body has ${nodes} objects and lists and ${commas} commas; no fingerprint has more than ${MAX_FINGERPRINT_NODES} and ${MAX_FINGERPRINT_COMMAS}`,
    )
}

async function answer(lookups: Lookups, started: LookupView, waitS: number, response: Response): Promise<void> {
  // Whoever hangs up before being told the id can never ask for the answer.
  const abandon = () => void lookups.remove(started.id).catch(() => {})
  if (response.closed) abandon()
  else response.once('close', abandon)
  const view = await lookups.wait(started.id, waitS * 1000)
  response.off('close', abandon)
  const location = `/v1/lookups/${view.id}`
  if (view.error && waitS > 0) return sendProblem(response.set('Location', location), view.error)
  const finished = !['queued', 'running'].includes(view.status)
  response
    .status(finished ? 200 : 202)
    .set('Location', location)
    .json(view)
}

/** Server-sent events: `stage` with stage and progress, then once `done` with the finished lookup. */
async function streamEvents(
  lookups: Lookups,
  request: Request,
  response: Response,
  heartbeatMs: number,
): Promise<void> {
  const id = param(request, 'id')
  await lookups.get(id)
  if (response.closed) return
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
  const send = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${toJson(data)}\n\n`)
  const tell = (now: LookupView) => {
    if (now.status === 'queued' || now.status === 'running') {
      // Whoever does not read is not told the rest of it: progress must not pile up here.
      if (!response.writableNeedDrain) send('stage', { stage: now.stage, progress: now.progress })
    } else {
      send('done', now)
      response.end()
    }
  }
  const stop = lookups.watch(id, tell)
  if (!stop) tell(await lookups.get(id))
  // It may have ended and not be closed: behind another answer on its connection, or before a client that does not read.
  const heartbeat = setInterval(() => {
    if (!response.writableEnded) response.write(':\n\n')
  }, heartbeatMs)
  response.once('close', () => {
    clearInterval(heartbeat)
    stop?.()
  })
}
