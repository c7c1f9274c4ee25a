/** As much of a WebSocket server (RFC 6455) as a node's subscriptions need: short texts, no fragments. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const TEXT = 0x81

export interface WebSocketServer {
  url: string
  /** Texts that came. */
  received: string[]
  /** How often somebody connected. */
  connections(): number
  /** Sends to all that are connected. */
  send(text: string): void
  /** Breaks all connections off. */
  drop(): void
  close(): void
}

export async function webSocketServer(): Promise<WebSocketServer> {
  const sockets = new Set<Duplex>()
  const received: string[] = []
  let count = 0
  const server: Server = createServer().listen(0, '127.0.0.1')
  server.on('upgrade', ({ headers }, socket: Duplex) => {
    count++
    sockets.add(socket)
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    socket.on('data', (data: Buffer) => (data[0] === TEXT ? received.push(unmasked(data)) : undefined))
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/SECRET`,
    received,
    connections: () => count,
    send(text) {
      const length = Buffer.byteLength(text)
      const head = length < 126 ? [TEXT, length] : [TEXT, 126, length >> 8, length & 0xff]
      for (const socket of sockets) socket.write(Buffer.concat([Buffer.from(head), Buffer.from(text)]))
    },
    drop() {
      for (const socket of sockets) socket.destroy()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** The text of a short frame of a client. */
function unmasked(frame: Buffer): string {
  const mask = frame.subarray(2, 6)
  return Buffer.from(frame.subarray(6, 6 + (frame[1]! & 0x7f)).map((byte, i) => byte ^ mask[i % 4]!)).toString()
}
