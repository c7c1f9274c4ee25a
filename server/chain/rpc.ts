/** JSON-RPC 2.0 over HTTP: single and batched reads with retries, sends without. Knows no chain. */
import { setTimeout as sleep } from 'node:timers/promises'
import { RegistryError } from '../errors.ts'

export interface RpcOptions {
  /** http or https; user and password in it are sent as basic authorisation. Only its host appears in errors. */
  url: string
  /** For one HTTP exchange; default 30,000. */
  timeoutMs?: number
  /** How often a read is tried again after a network error, 429 or 5xx; default 3. */
  retries?: number
  /** Before the first repetition, doubled for each next one; default 250. */
  backoffMs?: number
  /** Default 16 MiB. A block of 60 M gas holds at most about 5 MB of logs as hex, and several answers are on their way at once. */
  maxResponseBytes?: number
}

export interface RpcCall {
  method: string
  params: unknown[]
}

export type RpcOutcome = { result: unknown } | { error: RpcError }

export interface Rpc {
  /** Host and port of the node. */
  host: string
  /** Repeats on network errors, 429 and 5xx.
   * @throws RpcError if the node answers with an error; RegistryError `chain.unreachable` if it does not answer. */
  read(method: string, params: unknown[]): Promise<unknown>
  /** One outcome a call, in order. @throws RegistryError `chain.unreachable` */
  readMany(calls: RpcCall[]): Promise<RpcOutcome[]>
  /** As `read`, but never repeated: the caller knows what a second time would do. */
  send(method: string, params: unknown[]): Promise<unknown>
  /** Ends what is under way and refuses what comes later. */
  close(): void
}

/** The node understood the request and answered with an error. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** The exchange failed below JSON-RPC. */
class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly kind: 'network' | 'status' | 'timeout' | 'too large' | 'nonsense' | 'closed'
  readonly repeat: boolean
  readonly retryAfterMs: number

  constructor(kind: TransportError['kind'], message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options)
    this.kind = kind
    this.repeat = kind === 'network' || kind === 'status'
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}

/** Calls in one HTTP request: hosted nodes accept 100 to 1,000. */
const BATCH_CALLS = 100
/** Milliseconds. A node that asks for more patience is left to the caller's next attempt. */
const LONGEST_PAUSE_MS = 10_000

/** What nodes say that limit how often they are asked: a smaller question is one more. */
const RATE_LIMITED = /rate.?limit|too many requests|request limit|requests per|throughput|daily|capacity/i
/** What nodes say that no longer hold the blocks asked for; 4444 is the code of EIP-4444. */
const PRUNED = /pruned|missing trie node|history.*(unavailable|not available)|before.*(earliest|oldest)/i
const PRUNED_CODE = 4444

/** Whether the node says that it no longer has what was asked for. */
export function isPruned(error: unknown): boolean {
  const cause = rpcErrorOf(error)
  return cause !== null && (cause.code === PRUNED_CODE || PRUNED.test(cause.message))
}

/** Whether a smaller question may succeed where this one failed: the node refused it, or the answer was too large or too slow. */
export function asksTooMuch(error: unknown): boolean {
  if (error instanceof RpcError) return !RATE_LIMITED.test(error.message) && !isPruned(error)
  if (error instanceof TransportError) return error.kind === 'too large' || error.kind === 'timeout'
  return error instanceof RegistryError && error.cause !== undefined && asksTooMuch(error.cause)
}

/** The error that a node's answer carries, if that is why `error` was thrown. */
export function rpcErrorOf(error: unknown): RpcError | null {
  if (error instanceof RpcError) return error
  return error instanceof Error && error.cause !== undefined ? rpcErrorOf(error.cause) : null
}

/** @throws RegistryError `request.invalid` if the address is not http or https. */
export function createRpc(options: RpcOptions): Rpc {
  const { timeoutMs = 30_000, retries = 3, backoffMs = 250, maxResponseBytes = 16 * 2 ** 20 } = options
  const { address, host, headers } = parseAddress(options.url)
  const underWay = new Set<AbortController>()
  let closed = false
  let nextId = 1
  let takesBatches = true

  async function exchange(body: unknown): Promise<unknown> {
    return limited(timeoutMs, async (signal) => {
      const init = { method: 'POST', headers, body: JSON.stringify(body), redirect: 'error', signal } as const
      const response = await fetch(address, init)
      if (!response.ok) throw await statusError(response)
      return parse(await readLimited(response, maxResponseBytes))
    })
  }

  /** Ends `run` after so many milliseconds or on `close()`. */
  async function limited<T>(limitMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (closed) throw new TransportError('closed', 'the connection was closed')
    const controller = new AbortController()
    const timeout = new TransportError('timeout', `no answer within ${limitMs} ms`)
    const timer = setTimeout(() => controller.abort(timeout), limitMs)
    underWay.add(controller)
    try {
      return await run(controller.signal)
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : transportError(error)
    } finally {
      clearTimeout(timer)
      underWay.delete(controller)
    }
  }

  function close(): void {
    closed = true
    for (const controller of underWay) controller.abort(new TransportError('closed', 'the connection was closed'))
  }

  async function repeated(body: unknown, times: number): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await exchange(body)
      } catch (error) {
        if (!(error instanceof TransportError) || !error.repeat || attempt >= times) throw error
        const pauseMs = Math.max(backoffMs * 2 ** attempt, error.retryAfterMs)
        if (pauseMs > LONGEST_PAUSE_MS) throw error
        await limited(2 * LONGEST_PAUSE_MS, (signal) => sleep(pauseMs, undefined, { signal }))
      }
    }
  }

  function unreachable(method: string, error: unknown): RegistryError {
    const retryAfterS = error instanceof TransportError ? error.retryAfterMs / 1000 || undefined : undefined
    const detail = `${method} at ${host}: ${(error as Error).message}`
    return new RegistryError('chain.unreachable', detail, { cause: error, ...(retryAfterS && { retryAfterS }) })
  }

  async function one(method: string, params: unknown[], times: number): Promise<unknown> {
    const id = nextId++
    try {
      return resultOf(await repeated({ jsonrpc: '2.0', id, method, params }, times), id)
    } catch (error) {
      throw error instanceof RpcError ? error : unreachable(method, error)
    }
  }

  async function batch(calls: RpcCall[]): Promise<RpcOutcome[]> {
    if (!takesBatches) return oneByOne(calls)
    const bodies = calls.map(({ method, params }) => ({ jsonrpc: '2.0', id: nextId++, method, params }))
    try {
      const answers = await repeated(bodies, retries)
      if (!Array.isArray(answers)) {
        const outcomes = await oneByOne(calls)
        takesBatches = !outcomes.some((outcome) => 'result' in outcome)
        return outcomes
      }
      const byId = new Map(answers.map((answer) => [(answer as { id?: unknown } | null)?.id, answer]))
      return bodies.map(({ id }) => outcomeOf(() => resultOf(byId.get(id), id)))
    } catch (error) {
      if (error instanceof RegistryError) throw error
      throw unreachable(`${calls.length} calls of ${calls[0]?.method}`, error)
    }
  }

  /** For nodes that take no batches. */
  async function oneByOne(calls: RpcCall[]): Promise<RpcOutcome[]> {
    const outcomes: RpcOutcome[] = []
    for (const { method, params } of calls) {
      outcomes.push(await one(method, params, retries).then((result) => ({ result }), errorOutcome))
    }
    return outcomes
  }

  return {
    host,
    read: (method, params) => one(method, params, retries),
    send: (method, params) => one(method, params, 0),
    async readMany(calls) {
      const outcomes: RpcOutcome[] = []
      for (let i = 0; i < calls.length; i += BATCH_CALLS)
        outcomes.push(...(await batch(calls.slice(i, i + BATCH_CALLS))))
      return outcomes
    },
    close,
  }
}

function parseAddress(url: string): { address: string; host: string; headers: Record<string, string> } {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new RegistryError('request.invalid', 'the address of the node is expected to begin with http:// or https://')
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' }
  if (parsed.username !== '' || parsed.password !== '') {
    const user = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`
    headers.authorization = `Basic ${Buffer.from(user).toString('base64')}`
  }
  parsed.username = ''
  parsed.password = ''
  return { address: parsed.href, host: parsed.host, headers }
}

async function statusError(response: Response): Promise<TransportError> {
  await response.body?.cancel()
  const { status } = response
  const retryAfterMs = patienceOf(response.headers.get('retry-after') ?? '')
  const repeat = status === 429 || status >= 500
  return new TransportError(repeat ? 'status' : 'nonsense', `HTTP status ${status}`, { retryAfterMs })
}

/** Seconds or a date (RFC 9110, 10.2.3), as milliseconds from now. */
function patienceOf(retryAfter: string): number {
  const ms = /^\d+$/.test(retryAfter) ? 1000 * Number(retryAfter) : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

async function readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    length += piece.length
    if (length > maxBytes) throw new TransportError('too large', `the answer has more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (cause) {
    throw new TransportError('nonsense', 'the answer is not JSON', { cause })
  }
}

function transportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  // Node joins failed attempts over IPv4 and IPv6 in one error without a message of its own.
  const { message, code } = (cause ?? {}) as { message?: string; code?: string }
  return new TransportError('network', message || code || 'no connection', { cause })
}

/** The result in one answer. @throws RpcError, TransportError */
function resultOf(answer: unknown, id: number): unknown {
  const { id: answered, result, error } = (answer ?? {}) as { id?: unknown; result?: unknown; error?: unknown }
  if (error !== undefined && error !== null) throw rpcError(error)
  if (answered !== id || result === undefined)
    throw new TransportError('nonsense', 'the answer is not one to the question')
  return result
}

function rpcError(error: unknown): RpcError {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown }
  return new RpcError(typeof code === 'number' ? code : 0, typeof message === 'string' ? message : 'no message', data)
}

function outcomeOf(read: () => unknown): RpcOutcome {
  try {
    return { result: read() }
  } catch (error) {
    return errorOutcome(error)
  }
}

/** An error of the node is an outcome, any other is thrown on. */
function errorOutcome(error: unknown): RpcOutcome {
  if (error instanceof RpcError) return { error }
  throw error
}
