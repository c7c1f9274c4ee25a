/** Listens, and stops without losing a request that is nearly done. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RegistryError } from '../errors.ts'

export interface HttpServer {
  /** Where a person on this machine reaches it. */
  url: string
  close(): Promise<void>
}

/** Milliseconds for the headers of a request: whoever sends them byte by byte holds a connection, nothing else. */
const HEADERS_MS = 15_000
/** Milliseconds that requests have to finish when the server stops. */
const DRAIN_MS = 3_000

/** @param maxUploadBytes what announces more is not invited to send it (`Expect: 100-continue`).
 * @throws RegistryError `server.busy` if the port is taken. */
export async function listen(
  app: RequestListener,
  { host, port, maxUploadBytes }: { host: string; port: number; maxUploadBytes: number },
): Promise<HttpServer> {
  // A large upload takes as long as it takes: uploads.ts watches its pace.
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: 0, keepAliveTimeout: 10_000 }, app)
  server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) <= maxUploadBytes) response.writeContinue()
    app(request, response)
  })
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

function asListenError(cause: NodeJS.ErrnoException, host: string, port: number): RegistryError {
  const remedy =
    cause.code === 'EADDRINUSE' ? `port ${port} is in use: stop what uses it or set PORT to another` : cause.message
  return new RegistryError('server.busy', `cannot listen on ${host}:${port}: ${remedy}`, { cause })
}
