/** The worker thread that runs PGlite: PostgreSQL's messages in, PostgreSQL's messages out (`pglite.ts` is the other end). */
import { parentPort, workerData } from 'node:worker_threads'
import type { PGlite } from '@electric-sql/pglite'
import { startPglite } from './pglite-start.ts'
import { joined } from './protocol.ts'

/** Messages of one query, or the wish to end. */
export interface Request {
  id: number
  messages: Uint8Array<ArrayBuffer> | 'close'
}

/** The first response has the id 0 and no messages: the database is open. */
export interface Response {
  id: number
  messages: Uint8Array<ArrayBuffer>
}

async function run(pglite: PGlite, messages: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  // Copied: the pieces lie in the memory of PostgreSQL, which goes on.
  await pglite.execProtocolRawStream(messages, { onRawData: (piece) => pieces.push(piece.slice()) })
  return joined(pieces)
}

async function serve(directory: string): Promise<void> {
  const port = parentPort
  if (!port) throw new TypeError('expected to run in a worker thread')
  const pglite = await startPglite(directory)
  const respond = (response: Response) => port.postMessage(response, [response.messages.buffer])

  async function answer({ id, messages }: Request): Promise<void> {
    if (messages !== 'close') return respond({ id, messages: await run(pglite, messages) })
    await pglite.close()
    respond({ id, messages: joined([]) })
  }
  // A query runs to its end before the next message is looked at. What throws here is no error of SQL: it ends the worker.
  port.on('message', (request: Request) => void answer(request))
  respond({ id: 0, messages: joined([]) })
}

await serve(workerData as string)
