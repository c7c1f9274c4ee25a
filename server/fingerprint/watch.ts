/** What can be seen of a decoder process from outside while it works. Only Linux tells; elsewhere the clock counts alone. */
import { readdirSync, readFileSync } from 'node:fs'
import { RegistryError } from '../errors.ts'
import { type DecoderLimits, PATIENCE } from './job.ts'

/** Milliseconds between two looks at a process at work: fresh pages come at 2 GB a second at most. */
const WATCH_EVERY_MS = 50
/** One thread decodes, others help a little: more are those of somebody else. */
const BUSY_THREADS = 2
/** `USER_HZ`, in which Linux tells the time that a process has used; it is the same on all platforms of Node. */
const TICKS_PER_SECOND = 100

const STARTED_ANOTHER = 'the decoder started another process over it'

/** That a job needs too much memory, whoever finds it. */
export function tooMuchMemory({ maxMemoryBytes }: DecoderLimits, cause?: unknown): RegistryError {
  const detail = `it needs more than ${Math.floor(maxMemoryBytes / 2 ** 20)} MiB of memory to decode`
  return new RegistryError('media.too_large', detail, { cause })
}

/** That a job needs too much time. */
export function tooMuchTime({ timeoutS }: DecoderLimits, cause?: unknown): RegistryError {
  return new RegistryError('media.too_slow', `it takes more than ${timeoutS} s to decode`, { cause })
}

/** What libraries and V8 say when an allocation fails. */
export const saysOutOfMemory = (words: string): boolean =>
  /out of memory|(?:cannot|failed to) allocate memory|insufficient memory|(?:memory|buffer) allocation failed|bad_alloc/i.test(
    words,
  )

export interface Watched {
  residentBytes(): number | null
  /** Processes that it has started; null where the system does not tell, or while it is not yet what it will be. */
  children(): number[] | null
  /** Since it was started; null where the system does not tell. */
  cpuSeconds(): number | null
}

export interface WatchOptions {
  limits: DecoderLimits
  signal: AbortSignal | undefined
  /** Called when a process has had its time or its memory, when it starts another one, or when nobody waits for it any
   * more; now and then more than once. */
  giveUp(error: unknown): void
}

export interface Watch {
  /** Told how far the process says that it has got, 0 to 1. */
  progress(fraction: number): void
  end(): void
}

/** Watches a process at work. It has its time, and a long film more: as long as it gets on at a pace at which it is done in `PATIENCE` times that. */
export function watch(process: Watched, { limits, signal, giveUp }: WatchOptions): Watch {
  const onAbort = () => giveUp(signal!.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const cpuAtStart = process.cpuSeconds() ?? 0
  const started = performance.now()
  let done = 0
  const looks = setInterval(() => {
    const elapsedS = (performance.now() - started) / 1000
    const inTime = elapsedS <= limits.timeoutS || done * PATIENCE * limits.timeoutS >= elapsedS
    const computedS = (process.cpuSeconds() ?? 0) - cpuAtStart
    if (!inTime || computedS > BUSY_THREADS * Math.max(limits.timeoutS, elapsedS)) giveUp(tooMuchTime(limits))
    if ((process.residentBytes() ?? 0) > limits.maxMemoryBytes) giveUp(tooMuchMemory(limits))
    if (process.children()?.length) giveUp(new RegistryError('media.undecodable', STARTED_ANOTHER))
  }, WATCH_EVERY_MS)
  return {
    progress(fraction) {
      done = Math.max(done, fraction)
    },
    end() {
      clearInterval(looks)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

/** Bytes in memory and in swap, or null. From `status` and not `statm`: that counts in pages, whose size Node does not
 * tell, and leaves out what was swapped. */
export function residentBytes(pid: number | undefined): number | null {
  const status = told(`/proc/${pid}/status`)
  const kibibytes = [...status.matchAll(/^(?:VmRSS|VmSwap):\s+(\d+) kB$/gm)].map((match) => Number(match[1]))
  return kibibytes.length > 0 ? 1024 * kibibytes.reduce((sum, value) => sum + value, 0) : null
}

/** Seconds that the threads of a process have computed, or null. */
export function cpuSeconds(pid: number | undefined): number | null {
  // The name of the program comes in parentheses, and may contain any; 11 fields on are user and system time.
  const fields = told(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ')
  return fields.length > 12 ? (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND : null
}

/** Processes that the threads of a process have started, and that are its own to wait for. */
export function childrenOf(pid: number | undefined): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    const texts = threads.map((thread) => told(`/proc/${pid}/task/${thread}/children`))
    return texts.flatMap((text) => text.split(' ').filter(Boolean).map(Number))
  } catch {
    return []
  }
}

function told(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
