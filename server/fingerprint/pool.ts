/** Decoder processes, so many and no more, and a queue of files that wait for one. */
import type { FileHandle } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { RegistryError } from '../errors.ts'
import { type Confinement, type Way, waysToConfine } from './confine.ts'
import type { DecodedMedia } from './fingerprint.ts'
import { DEFAULT_LIMITS, type DecoderLimits, wornAfterCpuS } from './job.ts'
import type { Detail } from './local.ts'
import type { DecoderProcess } from './process.ts'
import { createStarter } from './starter.ts'

/** Jobs after which a process is replaced: what a decoder leaks, or a hostile file left behind, does not last. */
const JOBS_PER_PROCESS = 200
/** Bytes in memory after a job, beyond which a process is replaced. After pictures it has 150 MB, after video 250, after hours of it 400. */
const MAX_IDLE_BYTES = 320_000_000
/** Milliseconds between two looks at processes that have nothing to do, and seconds that such a one may compute: V8 tidies
 * up. One that fell to a file, and answered for it all the same, shall not have the machine to itself. */
const LOOK_EVERY_MS = 1000
const MAX_IDLE_CPU_S = 2
/** Files that wait for each process. */
const QUEUED_PER_PROCESS = 64

const PROGRAM = new URL('./decoder.ts', import.meta.url)

export interface DecoderPoolOptions {
  /** Processes at the most; as many as cores if left out. They start when they are first needed. */
  size?: number
  limits?: DecoderLimits
  /** Files that may wait; 64 for each process if left out. */
  maxQueued?: number
  /** Where media is put while it is decoded, in files without a name; the system's temporary directory if left out. */
  directory?: string
  jobsPerProcess?: number
  maxIdleBytes?: number
  /** Whether a process is replaced when it has refused a file in good order, as it is after every other error; true if
   * left out. What was refused may have left something behind. */
  replaceAfterRefusal?: boolean
  /** The program of a decoder process. Tests put another in its place. */
  program?: URL
  /** Ways to start one, the first that works is used; those of this system if left out. */
  ways?: Way[]
}

export interface DecodeOptions {
  /** Ends the job: the process that has it is killed, and `decode` fails with the signal's reason. */
  signal?: AbortSignal
  /** Called a few times a second while video is decoded, with the part that is done, 0 to 1. */
  onProgress?: (fraction: number) => void
  /** As a candidate a picture is looked at more closely; as an original if left out. */
  detail?: Detail
  /** A picture is answered with its view, to be compared at once, and not with evidence. */
  view?: boolean
}

export interface DecoderPoolStats {
  /** Processes that run, at work or not. */
  processes: number
  busy: number
  queued: number
  /** Processes started, jobs done and jobs failed since the beginning. */
  started: number
  done: number
  failed: number
  /** What is taken from the processes; null before the first has started. */
  confinement: Confinement | null
}

export interface DecoderPool {
  /** Starts a process, if there is none, and says what is taken from it here. */
  confine(): Promise<Confinement>
  /** Decodes the first `byteLength` bytes of an open file, which stays open and is read at explicit positions.
   * @throws RegistryError `media.*` about the file; `server.busy` with `retryAfterS` if too many wait. */
  decode(file: FileHandle | number, byteLength: number, options?: DecodeOptions): Promise<DecodedMedia>
  stats(): DecoderPoolStats
  /** Kills the processes; whatever runs or waits fails with `server.busy`. */
  close(): Promise<void>
}

export function createDecoderPool(options: DecoderPoolOptions = {}): DecoderPool {
  const {
    size = availableParallelism(),
    limits = DEFAULT_LIMITS,
    maxQueued = QUEUED_PER_PROCESS * size,
    directory = tmpdir(),
    jobsPerProcess = JOBS_PER_PROCESS,
    maxIdleBytes = MAX_IDLE_BYTES,
    replaceAfterRefusal = true,
    program = PROGRAM,
    ways = waysToConfine(),
  } = options
  const starter = createStarter({ program, directory, limits, ways })
  const all = new Set<DecoderProcess>()
  const idle: { decoder: DecoderProcess; cpuS: number }[] = []
  const queue: { enter(): void; refuse(error: unknown): void }[] = []
  const count = { busy: 0, started: 0, done: 0, failed: 0 }
  let workedMs = 0
  let closed = false

  const closing = () => new RegistryError('server.busy', 'the decoders are closing down', { retryAfterS: 5 })

  /** Waits for a turn, first come, first served. `busy` counts turns, so a process that is still dying holds one. */
  async function enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (closed) throw closing()
    if (count.busy < size) {
      count.busy++
      return
    }
    if (queue.length >= maxQueued) throw tooBusy()
    await new Promise<void>((resolve, reject) => {
      const withdraw = () => {
        queue.splice(queue.indexOf(waiting), 1)
        reject(signal!.reason)
      }
      const settled = () => signal?.removeEventListener('abort', withdraw)
      const waiting = {
        enter() {
          settled()
          resolve()
        },
        refuse(error: unknown) {
          settled()
          reject(error)
        },
      }
      signal?.addEventListener('abort', withdraw, { once: true })
      queue.push(waiting)
    })
  }

  function leave(): void {
    const next = queue.shift()
    if (next) next.enter()
    else count.busy--
  }

  function tooBusy(): RegistryError {
    const jobs = count.done + count.failed
    const jobS = jobs > 0 ? workedMs / jobs / 1000 : 1
    const retryAfterS = Math.min(60, Math.max(1, Math.ceil((jobS * queue.length) / size)))
    return new RegistryError('server.busy', `${queue.length} files wait for ${size} decoders`, { retryAfterS })
  }

  async function obtain(): Promise<DecoderProcess> {
    for (let one = idle.pop(); one; one = idle.pop()) {
      if (one.decoder.alive) return one.decoder
      await discard(one.decoder)
    }
    const fresh = await starter.start()
    count.started++
    all.add(fresh)
    if (closed) await discard(fresh)
    return fresh
  }

  const rest = (decoder: DecoderProcess) => idle.push({ decoder, cpuS: decoder.cpuSeconds() ?? 0 })

  const looks = setInterval(() => {
    const isRestless = ({ decoder, cpuS }: (typeof idle)[number]) =>
      !decoder.alive || (decoder.cpuSeconds() ?? 0) > cpuS + MAX_IDLE_CPU_S || isWorn(decoder)
    for (const one of idle.filter(isRestless)) {
      idle.splice(idle.indexOf(one), 1)
      void discard(one.decoder)
    }
  }, LOOK_EVERY_MS).unref()

  async function discard(one: DecoderProcess): Promise<void> {
    await one.stop(closed ? closing() : undefined)
    all.delete(one)
  }

  const isWorn = (one: DecoderProcess) =>
    one.jobs >= jobsPerProcess ||
    (one.children()?.length ?? 0) > 0 ||
    (one.residentBytes() ?? 0) > maxIdleBytes ||
    (one.cpuSeconds() ?? 0) > wornAfterCpuS(limits)

  async function work(
    fd: number,
    byteLength: number,
    { signal, onProgress, detail, view }: DecodeOptions,
  ): Promise<DecodedMedia> {
    const decoder = await obtain()
    try {
      const media = await decoder.run(fd, byteLength, { limits, detail, view, signal, onProgress })
      if (closed || isWorn(decoder)) await discard(decoder)
      else rest(decoder)
      return media
    } catch (error) {
      if (!replaceAfterRefusal && decoder.alive && !isWorn(decoder)) rest(decoder)
      else await discard(decoder)
      throw error
    }
  }

  return {
    async decode(file, byteLength, options = {}) {
      if (byteLength === 0) throw new RegistryError('media.empty', 'the file has no bytes')
      await enter(options.signal)
      const startedAt = performance.now()
      try {
        const media = await work(typeof file === 'number' ? file : file.fd, byteLength, options)
        count.done++
        return media
      } catch (error) {
        count.failed++
        throw error
      } finally {
        workedMs += performance.now() - startedAt
        leave()
      }
    },
    async confine() {
      await enter(undefined)
      try {
        rest(await obtain())
        return starter.confinement()!
      } finally {
        leave()
      }
    },
    stats: () => ({ processes: all.size, queued: queue.length, ...count, confinement: starter.confinement() }),
    async close() {
      closed = true
      clearInterval(looks)
      for (const waiting of queue.splice(0)) waiting.refuse(closing())
      await Promise.all([...all].map(discard))
    },
  }
}
