/** Clients without manners: one that sends any request, and one that sends any bytes. */
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
  ms: number
}

export interface Sent {
  method?: string
  path?: string
  headers?: Record<string, string | string[]>
  body?: Buffer | Readable
}

/** Milliseconds after which a request counts as hung. */
const HUNG_MS = 90_000

export const LOOKUPS = '/v1/lookups?wait=60'

/** Sends a request on a connection of its own. A body that nobody wants to the end is no error, if there is an answer.
 * @throws Error if no answer comes. */
export function send(port: number, { method = 'POST', path = LOOKUPS, headers = {}, body }: Sent): Promise<Answer> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false, timeout: HUNG_MS })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${HUNG_MS} ms`)))
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      const done = () => {
        const answered = {
          status: incoming.statusCode!,
          headers: incoming.headers,
          body: String(Buffer.concat(chunks)),
        }
        resolve({ ...answered, ms: performance.now() - started })
        outgoing.destroy()
      }
      incoming.on('data', (chunk: Buffer) => void chunks.push(chunk)).on('end', done)
      incoming.on('error', reject)
    })
    if (body === undefined || Buffer.isBuffer(body)) outgoing.end(body)
    else body.on('error', () => {}).pipe(outgoing)
  })
}

/** Milliseconds between two answers of one connection. */
const QUIET_MS = 300

export interface RawOptions {
  /** Milliseconds until it hangs up, if the server does not. */
  limitMs?: number
  /** Hang up in the middle of it, without waiting. */
  abort?: boolean
  /** Milliseconds of silence after an answer, after which it hangs up. */
  quietMs?: number
}

/** Sends bytes and returns what comes back until the server hangs up, or is silent after an answer. */
export function raw(port: number, bytes: Buffer | string, options: RawOptions = {}) {
  const { limitMs = 10_000, abort = false, quietMs = QUIET_MS } = options
  const started = performance.now()
  return new Promise<{ text: string; ms: number }>((resolve) => {
    let text = ''
    let ms = 0
    let quiet: NodeJS.Timeout | undefined
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => abort && socket.resetAndDestroy()))
    const limit = setTimeout(() => socket.destroy(), limitMs)
    socket.setEncoding('latin1').on('error', () => {})
    socket.on('data', (data) => {
      text += data
      ms ||= performance.now() - started
      clearTimeout(quiet)
      quiet = setTimeout(() => socket.destroy(), quietMs)
    })
    socket.on('close', () => {
      clearTimeout(limit)
      clearTimeout(quiet)
      resolve({ text, ms: ms || performance.now() - started })
    })
  })
}

/** The last answer of a text of HTTP. Null if there is none. */
export function lastAnswer(text: string): Pick<Answer, 'status' | 'headers' | 'body'> | null {
  const start = text.lastIndexOf('HTTP/1.1 ')
  if (start < 0) return null
  const [head = '', ...rest] = text.slice(start).split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = Object.fromEntries(fields.map((field) => [field.split(':')[0]!.toLowerCase(), field.split(': ')[1]!]))
  return { status: Number(line.split(' ')[1]), headers, body: Buffer.from(rest.join('\r\n\r\n'), 'latin1').toString() }
}
