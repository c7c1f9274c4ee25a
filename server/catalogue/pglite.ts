/** PGlite behind a worker thread: the thread of the server waits neither for a query nor for the compiler of 9 MB of Wasm. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { RegistryError } from '../errors.ts'
import { lockFile } from './lock.ts'
import { createCluster } from './pglite-cluster.ts'
import type { Request, Response } from './pglite-worker.ts'
import { type Answer, decodeAnswer, encodeCopy, encodeQuery } from './protocol.ts'

export interface PgliteClient {
  /** @throws QueryError for an error of SQL, RegistryError `server.internal` when the database has stopped. */
  query(sql: string, parameters: readonly unknown[]): Promise<Answer>
  /** Runs `copy … from stdin` with this content. @throws as `query`. */
  copy(sql: string, content: Uint8Array): Promise<Answer>
  /** Ends the database and its thread, after the queries that wait. */
  close(): Promise<void>
}

/** Opens the database in `directory` and creates it where there is none. One process at a time can have it open.
 * @throws RegistryError `server.internal` if it is in use or cannot be opened. */
export async function openPglite(directory: string): Promise<PgliteClient> {
  await mkdir(dirname(directory), { recursive: true })
  // PGlite has no lock of its own, and two writers would ruin the files.
  const unlock = lockFile(`${directory}.lock`)
  try {
    if (!existsSync(join(directory, 'PG_VERSION'))) await createCluster(directory)
    return await startWorker(directory, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

/** Leaves PostgreSQL's Wasm to V8's baseline compiler. The optimizing one takes 550 MB more for half a second soon after the start:
 *  755 MB of memory at most, against 198. Rows are then inserted 10 to 20 % faster; node 24.21, PGlite 0.5.16. */
function compileSmall(): void {
  setFlagsFromString('--no-wasm-tier-up')
  setFlagsFromString('--no-wasm-dynamic-tiering')
}

interface Waiting {
  resolve(messages: Uint8Array): void
  reject(error: Error): void
}

async function startWorker(directory: string, unlock: () => void): Promise<PgliteClient> {
  compileSmall()
  const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), { workerData: directory })
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let stopped: RegistryError | null = null

  function stop(cause?: Error): RegistryError {
    const why = cause ? `: ${cause.message}` : ''
    stopped ??= new RegistryError('server.internal', `the database in "${directory}" has stopped${why}`, { cause })
    for (const { reject } of waiting.values()) reject(stopped)
    waiting.clear()
    return stopped
  }
  worker.on('message', ({ id, messages }: Response) => {
    waiting.get(id)?.resolve(messages)
    waiting.delete(id)
  })
  worker.on('error', stop)
  worker.on('exit', () => stop())

  const response = (id: number) => new Promise<Uint8Array>((resolve, reject) => waiting.set(id, { resolve, reject }))
  function ask(messages: Request['messages']): Promise<Uint8Array> {
    if (stopped) throw stopped
    const id = ++lastId
    worker.postMessage({ id, messages } satisfies Request, messages === 'close' ? [] : [messages.buffer])
    return response(id)
  }

  async function run(messages: Uint8Array<ArrayBuffer>): Promise<Answer> {
    const answer = decodeAnswer(await ask(messages))
    return answer ?? Promise.reject(stop())
  }

  await response(0)
  return {
    query: (sql, parameters) => run(encodeQuery(sql, parameters)),
    copy: (sql, content) => run(encodeCopy(sql, content)),
    async close() {
      if (stopped) return unlock()
      await ask('close').finally(() => worker.terminate())
      unlock()
    },
  }
}
