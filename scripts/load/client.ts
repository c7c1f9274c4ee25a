/** Asks a server on this machine for the lookup of a picture, with as little work of its own as can be. */
import { readFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'

export interface Answer {
  status: number
  /** Seconds that the header `Retry-After` names; null without one. */
  retryAfterS: number | null
  body: string
  /** Milliseconds from the moment for which it was planned, so that a late request does not look fast. */
  ms: number
}

export interface Client {
  lookUp(plannedMs?: number): Promise<Answer>
  get(path: string): Promise<Answer>
  close(): void
}

/** A JPEG of 0.66 megapixels, as news pages have them. */
const PICTURE = readFileSync(new URL('../../examples/hills.jpg', import.meta.url))

/** @throws Error for anything but a loopback address. */
export function createClient(url: string): Client {
  const { hostname, port } = new URL(url)
  if (!['localhost', '127.0.0.1'].includes(hostname))
    throw new Error(`load is put on this machine only, not ${hostname}`)
  const agent = new Agent({ keepAlive: true })
  let sent = 0

  function ask(method: string, path: string, body?: Buffer, plannedMs = performance.now()): Promise<Answer> {
    const headers = body ? { 'content-type': 'image/jpeg', 'content-length': body.length } : {}
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent }, (incoming) => {
        void read(incoming).then((text) => resolve(answerOf(incoming, text, plannedMs)), reject)
      })
      outgoing.on('error', reject).end(body)
    })
  }

  return {
    // What follows the picture makes each a file of its own.
    lookUp: (plannedMs) =>
      ask('POST', '/v1/lookups?wait=60', Buffer.concat([PICTURE, Buffer.from(`#${sent++}`)]), plannedMs),
    get: (path) => ask('GET', path),
    close: () => agent.destroy(),
  }
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return String(Buffer.concat(chunks))
}

function answerOf({ statusCode, headers }: IncomingMessage, body: string, plannedMs: number): Answer {
  const retryAfter = headers['retry-after']
  return {
    status: statusCode!,
    retryAfterS: retryAfter === undefined ? null : Number(retryAfter),
    body,
    ms: performance.now() - plannedMs,
  }
}
