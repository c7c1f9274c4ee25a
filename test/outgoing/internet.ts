/** Servers on this machine that stand for the internet, and a canary: what must never be spoken to. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'

/** For `localhost`, made for this test alone by `openssl req -x509 -newkey ec -days 36500`. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgl+ciJEYqeQKm7OP3
bFXEuLdu0MqgG8XO5hLfn++WaHehRANCAAT8ji2SGxRfv2f+s7CVFP2SXhahNcTK
0Jqk3Yu2PcWnzIepdndqS53U4F3slvZ34PVQmxJOTzH8SVPisf1KT15Q
-----END PRIVATE KEY-----`
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUWgLPUVpdbK0ZurF+ZUMKzDhBRzMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTEzMzIzOVoYDzIxMjYxMTAx
MTMzMjM5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT8ji2SGxRfv2f+s7CVFP2SXhahNcTK0Jqk3Yu2PcWnzIepdndqS53U
4F3slvZ34PVQmxJOTzH8SVPisf1KT15Qo2kwZzAdBgNVHQ4EFgQUIoIXtF4iJ0UD
96NexQRdShVoyNowHwYDVR0jBBgwFoAUIoIXtF4iJ0UD96NexQRdShVoyNowDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAN8GOhO3rY9yAhQGwElxTUrYqvKQwGzaf+uORlllRyCQAiEA1XOWJuoW
N6UdVF+rIwXUoP3KRG+UVODL+lxUlMNsbdQ=
-----END CERTIFICATE-----`

export interface Listening {
  port: number
  /** As `FETCH_ALLOW` names it. */
  allow: { host: string; port: number }
  close(): Promise<void>
}

export interface Site extends Listening {
  url: string
  seen: IncomingMessage[]
}

/** A site that the guard may ask under the name `localhost`. */
export async function site(answer: RequestListener, { secure = false } = {}): Promise<Site> {
  const seen: IncomingMessage[] = []
  const listener: RequestListener = (request, response) => {
    seen.push(request)
    return answer(request, response)
  }
  const server = secure ? createSecureServer({ key: KEY, cert: CERTIFICATE }, listener) : createServer(listener)
  const { port } = await listenOn(server, '127.0.0.1')
  const close = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    url: `${secure ? 'https' : 'http'}://localhost:${port}`,
    port,
    allow: { host: 'localhost', port },
    seen,
    close,
  }
}

/** A site that says bytes, whatever it is asked. */
export async function rawSite(say: (socket: Socket) => void): Promise<Listening & { url: string }> {
  const sockets = new Set<Socket>()
  const server = createSocketServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', () => say(socket))
  })
  const { port } = await listenOn(server, '127.0.0.1')
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { url: `http://localhost:${port}`, port, allow: { host: 'localhost', port }, close }
}

/** Listens at one port of 127.0.0.1, and of ::1 where there is one, and notes each connection. */
export async function canary() {
  const connections: string[] = []
  const listen = async (host: string, port: number) => {
    const server = createSocketServer((socket) => {
      connections.push(`${host}:${server.address() ? (server.address() as AddressInfo).port : ''}`)
      socket.destroy()
    })
    await listenOn(server, host, port)
    return server
  }
  const first = await listen('127.0.0.1', 0)
  const { port } = first.address() as AddressInfo
  const second = await listen('::1', port).catch(() => null)
  const close = async () => {
    for (const server of [first, second])
      await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }
  return { port, connections, close }
}

async function listenOn(
  server: Server | ReturnType<typeof createSocketServer>,
  host: string,
  port = 0,
): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return server.address() as AddressInfo
}
