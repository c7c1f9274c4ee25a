/** A stand-in for the server, so that the page is tested alone. What a lookup finds is written at the end of the file that
 * is sent: `stub:excerpt`, `stub:failed`, `stub:unsupported`, `stub:slow` (never ends), `stub:nostream` (no events), `stub:cut` (the first
 * connection for events breaks). */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Problem, RecordEntry } from '../../server/web/client/wire.ts'
import { createAssets, createReport } from '../../server/web/index.ts'
import { finished, HIDDEN, record, reported, unsupported } from './answers.ts'
import { CLIP, PUBLISHED, PUBLISHED_AT } from './films.ts'

/** As the server sends it with the page, but for forms. Any use of innerHTML would throw. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  'media-src blob: https:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types firsthand',
].join('; ')

/** One pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const STAGES = ['decoding', 'searching', 'comparing'] as const
const STAGES_OF_ADDRESS = ['fetching', ...STAGES] as const

export interface StubOptions {
  token?: string
  records?: RecordEntry[]
  /** Milliseconds between two events. */
  stepMs?: number
}

export interface Seen {
  method: string
  url: string
  type: string | undefined
  token: string | undefined
  bytes: number
}

export interface Stub {
  url: string
  /** All requests to /v1, in order. */
  seen: Seen[]
  /** Newest first. */
  records: RecordEntry[]
  /** While true, the list of records answers 503. */
  broken: boolean
  close(): Promise<void>
}

export async function createStub({ token = '', records = [], stepMs = 0 }: StubOptions = {}): Promise<Stub> {
  const assets = createAssets({ token, version: '0.0.0-test' })
  const report = createReport()
  const scenarios = new Map<string, string>()
  /** What was sent of each. */
  const sent = new Map<string, { contentDigest: string; sizeBytes: number }>()
  const cut = new Set<string>()
  /** Lookups of an address. */
  const fetched = new Set<string>()
  const server = createServer((request, response) => {
    void answer(request, response).catch((error) => response.destroy(error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    const { pathname, searchParams } = new URL(url, 'http://stub')
    if (!pathname.startsWith('/v1/')) return serve(pathname, response)
    const body = await read(request)
    stub.seen.push({
      method,
      url,
      type: request.headers['content-type'],
      token: request.headers['x-firsthand-token']?.toString(),
      bytes: body.length,
    })
    if (pathname === '/v1/records') return list(searchParams, response)
    if (pathname === '/v1/development/registrations') return registration(request, searchParams, response)
    if (pathname.endsWith('/evidence')) return evidence(pathname, response)
    if (pathname.endsWith('/manifest')) return manifest(pathname, response)
    if (method === 'POST') return begin(body, response, request.headers['content-type'] === 'application/json')
    const [, id = '', part] = /^\/v1\/lookups\/(\w+)\/?(events|report)?$/.exec(pathname) ?? []
    const scenario = scenarios.get(id)
    if (scenario === undefined)
      return problem(response, { title: 'There is no such lookup', status: 404, code: 'lookup.not_found' })
    if (method === 'DELETE') return json(response, 204, null)
    if (part === 'events') return stream(id, scenario, response)
    if (part === 'report') return page(id, scenario, response)
    const running = { id, status: 'running', stage: 'decoding', progress: 0.4, asked: askedOf(scenario) }
    json(response, 200, scenario === 'slow' || cut.has(id) ? running : ended(id, scenario))
  }

  function serve(pathname: string, response: ServerResponse): void {
    const headers = {
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    }
    const asset = assets.asset(pathname)
    if (asset) response.writeHead(200, { ...headers, 'Content-Type': asset.type, ETag: asset.etag }).end(asset.body)
    else if (pathname === '/') response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end(assets.page())
    else response.writeHead(404).end()
  }

  const askedOf = (scenario: string) => ({ name: `${scenario}.png` })

  /** With the digest of what was sent. */
  function ended(id: string, scenario: string) {
    const lookup = { ...finished(id, scenario), asked: askedOf(scenario) }
    return lookup.candidate ? { ...lookup, candidate: { ...lookup.candidate, ...sent.get(id) } } : lookup
  }

  function page(id: string, scenario: string, response: ServerResponse): void {
    const headers = { 'Content-Security-Policy': report.policy, 'Content-Type': 'text/html; charset=utf-8' }
    response.writeHead(200, headers).end(report.page(reported(id, scenario)))
  }

  function list(query: URLSearchParams, response: ServerResponse) {
    if (stub.broken) return problem(response, { title: 'The server is busy', status: 503, code: 'server.busy' })
    const from = Number(query.get('cursor') ?? 0)
    const to = from + Number(query.get('limit'))
    json(response, 200, { records: stub.records.slice(from, to), next: to < stub.records.length ? String(to) : null })
  }

  function registration(request: IncomingMessage, query: URLSearchParams, response: ServerResponse) {
    if (request.headers['x-firsthand-token'] !== token)
      return problem(response, { title: 'The request is not allowed here', status: 403, code: 'request.forbidden' })
    const title = query.get('title')
    const known = stub.records.find((one) => one.title === title)
    const added = known ?? record(stub.records.length + 1, { title })
    if (!known) stub.records.unshift(added)
    const status = known ? 'already_registered' : 'registered'
    json(response, 200, { recordId: added.recordId, contentDigest: added.contentDigest, status })
  }

  function evidence(pathname: string, response: ServerResponse) {
    if (pathname.includes(HIDDEN))
      return problem(response, { title: 'The block is not here', status: 404, code: 'block.not_found' })
    response.writeHead(200, { 'Content-Type': 'image/png' }).end(Buffer.from(PNG, 'base64'))
  }

  function manifest(pathname: string, response: ServerResponse) {
    if (!pathname.includes(PUBLISHED))
      return problem(response, { title: 'The block is not here', status: 404, code: 'block.not_found' })
    const digest = createHash('sha256').update(CLIP).digest('hex')
    json(response, 200, { content: { digest }, description: { sourceUrl: PUBLISHED_AT } })
  }

  function begin(body: Buffer, response: ServerResponse, ofAddress: boolean) {
    const scenario = /stub:(\w+)(?:\s*|"})$/.exec(body.subarray(-64).toString('latin1'))?.[1] ?? 'not_registered'
    if (scenario === 'unsupported') return problem(response, unsupported)
    const id = `lookup${scenarios.size + 1}`
    scenarios.set(id, scenario)
    if (ofAddress) fetched.add(id)
    sent.set(id, { contentDigest: createHash('sha256').update(body).digest('hex'), sizeBytes: body.length })
    json(response, 202, { id, status: 'queued' }, { Location: `/v1/lookups/${id}` })
  }

  async function stream(id: string, scenario: string, response: ServerResponse): Promise<void> {
    if (scenario === 'nostream') return problem(response, { title: 'There is nothing at this address', status: 404 })
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    const send = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    if (scenario === 'cut' && !cut.delete(id)) {
      cut.add(id)
      send('stage', { stage: 'decoding', progress: 0.4 })
      setTimeout(() => response.destroy(), 50)
      return
    }
    const stages = fetched.has(id) ? STAGES_OF_ADDRESS : STAGES
    for (const stage of scenario === 'slow' ? stages.slice(0, 1) : stages) {
      send('stage', { stage, progress: stage === 'decoding' ? 0.4 : null })
      await new Promise((resolve) => setTimeout(resolve, stepMs))
    }
    if (scenario === 'slow') return
    send('done', ended(id, scenario))
    response.end()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stub: Stub = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    seen: [],
    records,
    broken: false,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return stub
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', ...headers })
    .end(body === null ? '' : JSON.stringify(body))
}

function problem(response: ServerResponse, of: Problem): void {
  json(response, of.status ?? 500, of, { 'Content-Type': 'application/problem+json' })
}
