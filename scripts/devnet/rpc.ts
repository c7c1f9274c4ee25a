/** JSON-RPC 2.0 over HTTP for programs on this machine, not for pages: no CORS, JSON only, local names only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An error of the JSON-RPC layer. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export type RpcHandler = (method: string, params: unknown[]) => Promise<unknown>

export interface RpcServer {
  port: number
  close(): Promise<void>
}

/** Many transactions in one batch; a transaction has at most some 100 KB as hex. */
const MAX_BODY_BYTES = 16 * 2 ** 20
const MAX_BATCH_CALLS = 1_000
const HOST = '127.0.0.1'
/** Milliseconds for answers that are under way when the server closes. */
const LINGER_MS = 1_000

/** A request that is refused below JSON-RPC. */
class HttpRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Listens on 127.0.0.1.
 * @param port taken by another program: any free one, unless `exact`. */
export async function serveRpc(handler: RpcHandler, port: number, exact = false): Promise<RpcServer> {
  const server = createServer((request, response) => void respond(handler, request, response))
  try {
    await listen(server, port)
  } catch (error) {
    if (exact || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await listen(server, 0)
  }
  return { port: (server.address() as AddressInfo).port, close: () => close(server) }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), LINGER_MS).unref()
  })
}

async function respond(handler: RpcHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    requireLocalJson(request)
    const answer = await answerBody(handler, await readBody(request))
    response.writeHead(answer === undefined ? 204 : 200, { 'content-type': 'application/json' })
    response.end(answer === undefined ? undefined : JSON.stringify(answer))
  } catch (error) {
    const status = error instanceof HttpRefusal ? error.status : 500
    // The rest of a body that is too long is not waited for.
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' })
    response.end(`${error instanceof HttpRefusal ? error.message : 'internal error'}\n`)
  }
}

/** A page of another origin can send neither this type without asking first, nor this host by a name of its own. */
function requireLocalJson({ method, headers }: IncomingMessage): void {
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(headers.host ?? ''))
    throw new HttpRefusal(403, 'Host must be localhost or 127.0.0.1')
  if (method !== 'POST') throw new HttpRefusal(405, 'only POST is answered')
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw new HttpRefusal(415, 'Content-Type must be application/json')
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_BODY_BYTES) throw new HttpRefusal(413, `the body has more than ${MAX_BODY_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

async function answerBody(handler: RpcHandler, body: string): Promise<object | undefined> {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return failure(null, new RpcFault(-32700, 'Parse error'))
  }
  if (!Array.isArray(parsed)) return answerOne(handler, parsed)
  if (parsed.length === 0 || parsed.length > MAX_BATCH_CALLS)
    return failure(null, new RpcFault(-32600, `Invalid request: expected a batch of 1 to ${MAX_BATCH_CALLS} calls`))
  const answers: object[] = []
  // In order, so that transactions of one batch keep theirs.
  for (const call of parsed) {
    const answer = await answerOne(handler, call)
    if (answer !== undefined) answers.push(answer)
  }
  return answers.length > 0 ? answers : undefined
}

/** Undefined for a notification, which is carried out without an answer. */
async function answerOne(handler: RpcHandler, call: unknown): Promise<object | undefined> {
  const { jsonrpc, id, method, params = [] } = (call ?? {}) as Record<string, unknown>
  if (jsonrpc !== '2.0' || typeof method !== 'string' || !Array.isArray(params))
    return failure(isId(id) ? id : null, new RpcFault(-32600, 'Invalid request'))
  try {
    const result = await handler(method, params)
    return id === undefined ? undefined : { jsonrpc, id, result: result ?? null }
  } catch (error) {
    return id === undefined ? undefined : failure(id, error)
  }
}

const isId = (id: unknown): boolean => typeof id === 'string' || typeof id === 'number'

function failure(id: unknown, error: unknown): object {
  const fault = error instanceof RpcFault ? error : new RpcFault(-32603, 'Internal error')
  const { code, message, data } = fault
  return { jsonrpc: '2.0', id, error: { code, message, ...(data != null && { data }) } }
}
