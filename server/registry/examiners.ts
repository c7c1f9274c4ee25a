/** Processes that compare pictures: as many as there are decoders, so that the thread of the server answers meanwhile, and what comparing
 *  takes for a moment does not stay in its memory. */
import { Tinypool } from 'tinypool'
import { RegistryError } from '../errors.ts'
import type { Examined, PictureCandidate, PictureOriginal } from '../matching/index.ts'

export type Examine = (
  candidate: PictureCandidate,
  originals: PictureOriginal[],
  signal: AbortSignal,
) => Promise<Examined[]>

export interface Examiners {
  /** @throws the signal's reason; RegistryError `server.internal` if a process breaks down. */
  examine: Examine
  close(): Promise<void>
}

/** Milliseconds after which a process that has nothing to do ends. */
const IDLE_MS = 60_000
/** Megabytes of objects; the grids of two pictures lie beside them. */
const FLAGS = ['--max-old-space-size=256', '--max-semi-space-size=8', '--v8-pool-size=1', '--single-threaded-gc']

export function createExaminers(processes: number): Examiners {
  const pool = new Tinypool({
    filename: new URL('./examine-worker.ts', import.meta.url).href,
    runtime: 'child_process',
    serialization: 'advanced',
    // No address of a database, and no key.
    env: {},
    execArgv: [...process.execArgv, ...FLAGS],
    minThreads: 0,
    maxThreads: processes,
    idleTimeout: IDLE_MS,
    // One may compare many.
    isolateWorkers: false,
  })
  return {
    async examine(candidate, originals, signal) {
      try {
        return await pool.run({ candidate, originals }, { signal })
      } catch (cause) {
        signal.throwIfAborted()
        throw new RegistryError('server.internal', `a comparison broke down: ${(cause as Error).message}`, { cause })
      }
    },
    close: () => pool.destroy(),
  }
}
