/** Listens, answers what is not HTTP, and stops without losing a request that is nearly done. */
import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  maxHeaderSize,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { RegistryError } from '../errors.ts'
import { toJson } from '../text.ts'
import { isThisMachine } from './client.ts'
import { LINGER_MS, PROBLEM_TYPE, problemOf } from './problem.ts'

export interface HttpServer {
  /** Where a person on this machine reaches it. */
  url: string
  close(): Promise<void>
}

/** Milliseconds for the headers of a request: whoever sends them byte by byte holds a connection, nothing else. */
const HEADERS_MS = 15_000
/** Milliseconds that a connection without a request stays open. */
const KEEP_ALIVE_MS = 10_000
/** Milliseconds that requests have to finish when the server stops. */
const DRAIN_MS = 3_000

/** Milliseconds between two looks for connections whose time is over. */
const CHECK_MS = 5_000
/** Connections of one address: browsers open six. */
const CLIENT_CONNECTIONS = 128

export interface ListenOptions {
  host: string
  port: number
  maxUploadBytes: number
  maxConnections: number
  /** Whether many clients may come from one address. */
  behindProxy: boolean
}

/** @param maxUploadBytes what announces more is not invited to send it (`Expect: 100-continue`).
 * @throws RegistryError `server.busy` if the port is taken. */
export async function listen(
  app: RequestListener,
  { host, port, maxUploadBytes, maxConnections, behindProxy }: ListenOptions,
): Promise<HttpServer> {
  // A large upload takes as long as it takes: uploads.ts watches its pace.
  // A request without a Host is refused by guard.ts, with a reason.
  const times = { headersTimeout: HEADERS_MS, keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: CHECK_MS }
  const server = createServer({ ...times, requestTimeout: 0, requireHostHeader: false }, app)
  server.maxConnections = maxConnections
  if (!behindProxy) limitConnections(server)
  server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) <= maxUploadBytes) response.writeContinue()
    app(request, response)
  })
  // Other expectations may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', app)
  refuseOther(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(asListenError(cause, host, port)))
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  const name = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host) ? 'localhost' : host
  return { url: `http://${name}:${taken}`, close: () => close() }

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    await closed
    clearTimeout(cut)
  }
}

/** One address must not have all connections, even if it never asks for anything. Those over the limit are cut without a word. */
function limitConnections(server: Server): void {
  const byAddress = new Map<string, number>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    if (isThisMachine(address)) return
    const open = (byAddress.get(address) ?? 0) + 1
    byAddress.set(address, open)
    socket.once('close', () => {
      const left = byAddress.get(address)! - 1
      if (left > 0) byAddress.set(address, left)
      else byAddress.delete(address)
    })
    if (open > CLIENT_CONNECTIONS) socket.destroy()
  })
}

/** Node would answer these without a word, or not at all. */
function refuseOther(server: Server): void {
  const exchanges = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>()
  server.prependListener('request', (request, response) => exchanges.set(request.socket, { request, response }))
  server.on('clientError', (cause: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    const { request, response } = exchanges.get(socket) ?? {}
    const answered = response?.writableFinished && !request?.complete
    const answering = response?.headersSent && !response.writableFinished
    // More of what has its answer: to cut now would take it away from a client that still sends.
    if (socket.writableEnded || answered) cutSoon(socket)
    else if (!socket.writable || answering || cause.code === 'ECONNRESET') socket.destroy()
    else refuse(socket, asProtocolError(cause), isHead(cause))
  })
  server.on('connect', (_request, socket) =>
    refuse(socket, new RegistryError('request.method_not_allowed', 'CONNECT is not offered: this is no proxy')),
  )
}

/** Whoever asked for the head of an answer takes a body for the next answer. */
const isHead = ({ rawPacket }: { rawPacket?: Buffer }) => rawPacket?.toString('latin1', 0, 5) === 'HEAD '

function refuse(socket: Duplex, error: RegistryError, headOnly = false): void {
  const problem = problemOf(error, randomUUID())
  const body = toJson(problem)
  const headers = [`Content-Type: ${PROBLEM_TYPE}`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
  socket.on('error', () => {})
  const sent = headOnly ? '' : body
  socket.end([`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...headers, '', sent].join('\r\n'))
  cutSoon(socket)
}

const leaving = new WeakSet<Duplex>()

function cutSoon(socket: Duplex): void {
  if (leaving.has(socket)) return
  leaving.add(socket)
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function asProtocolError(cause: NodeJS.ErrnoException & { reason?: string }): RegistryError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new RegistryError('request.too_large', `the headers have more than ${maxHeaderSize} bytes`, { cause })
  if (cause.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new RegistryError('request.too_large', 'the body has more in the extensions of its chunks than is taken', {
      cause,
    })
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new RegistryError('request.timeout', `the headers took more than ${HEADERS_MS / 1000} s`, { cause })
  return new RegistryError('request.invalid', `this is not HTTP/1.1: ${cause.reason ?? cause.message}`, { cause })
}

function asListenError(cause: NodeJS.ErrnoException, host: string, port: number): RegistryError {
  const remedy =
    cause.code === 'EADDRINUSE' ? `port ${port} is in use: stop what uses it or set PORT to another` : cause.message
  return new RegistryError('server.busy', `cannot listen on ${host}:${port}: ${remedy}`, { cause })
}
