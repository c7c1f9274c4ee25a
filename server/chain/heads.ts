/** Word of new blocks by WebSocket (`eth_subscribe`), so that the indexer looks at once. It is a hint and no more: nothing in it is believed, and
 *  whoever gets none still polls. */
import { type ChainLog, silentLog } from './log.ts'

export interface HeadsOptions {
  /** ws or wss; what is secret in it appears nowhere. */
  url: string
  onHead: () => void
  log?: ChainLog
  /** Milliseconds before the first attempt to connect again; doubled for each that fails. */
  backoffMs?: number
}

export interface Heads {
  /** Host and port. */
  name: string
  connected(): boolean
  close(): void
}

/** Milliseconds. */
const LONGEST_BACKOFF_MS = 60_000
/** Characters. A header is about 2,000; whoever sends more is no node. */
const LONGEST_MESSAGE = 1_000_000

const SUBSCRIBE = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] })

/** Follows one node until it is closed; whatever happens to the connection, it is made again. */
export function followHeads({ url, onHead, log = silentLog, backoffMs = 1_000 }: HeadsOptions): Heads {
  const name = new URL(url).host
  let socket: WebSocket | null = null
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let subscribed = false
  let closed = false

  function connect(): void {
    const mine = new WebSocket(url)
    socket = mine
    mine.onopen = () => mine.send(SUBSCRIBE)
    mine.onmessage = ({ data }) => (socket === mine ? received(mine, data) : undefined)
    // Comes after every error too.
    mine.onclose = () => (socket === mine ? lost() : undefined)
  }

  function received(mine: WebSocket, data: unknown): void {
    const message = typeof data === 'string' && data.length <= LONGEST_MESSAGE ? parsed(data) : null
    if (message === null || 'error' in message) {
      // Not waiting for the other side to close too: it may never.
      socket = null
      mine.close()
      lost()
      return
    }
    if (message.id === 1) subscribed = true
    if (message.method !== 'eth_subscription') return
    failures = 0
    onHead()
  }

  function lost(): void {
    subscribed = false
    if (closed) return
    const pauseMs = Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** Math.min(failures++, 16))
    log.warn({ node: name, pauseMs }, 'no word of new blocks: polling until the connection is back')
    timer = setTimeout(connect, pauseMs)
    timer.unref()
  }

  connect()
  return {
    name,
    connected: () => subscribed,
    close() {
      closed = true
      clearTimeout(timer)
      socket?.close()
    },
  }
}

function parsed(text: string): { id?: unknown; method?: unknown } | null {
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === 'object' ? message : null
  } catch {
    return null
  }
}
