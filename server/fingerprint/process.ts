/** One decoder process, from the side that does not trust it: media in by a descriptor, one job at a time, watched for time and memory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RegistryError } from '../errors.ts'
import type { MediaFingerprint } from './fingerprint.ts'
import { type DecoderLimits, maxAnswerBytes, oneLine, READY, readAnswer, writeJob } from './job.ts'
import { openScratch } from './scratch.ts'

/** Milliseconds between two looks at the memory of a process at work: fresh pages come at about 2 GB a second at most. */
const WATCH_EVERY_MS = 50
/** Milliseconds that the last words of a process may take to arrive. */
const LAST_WORDS_MS = 500
const NEWLINE = 10
/** Characters of stderr that are kept to explain a crash. */
const STDERR_CHARACTERS = 4096

export interface RunOptions {
  limits: DecoderLimits
  signal?: AbortSignal | undefined
  onProgress?: ((fraction: number) => void) | undefined
}

export interface DecoderProcess {
  readonly pid: number
  /** Jobs that it was given. */
  readonly jobs: number
  readonly alive: boolean
  /** Bytes in memory and in swap. Null where the system does not tell: only Linux does. */
  residentBytes(): number | null
  /** Decodes one file. After an error the process has to be stopped.
   * @throws RegistryError about the media; `server.internal` if the process does not start; the signal's reason. */
  run(fd: number, byteLength: number, options: RunOptions): Promise<MediaFingerprint>
  /** Kills it; a job that it has fails with `reason`. Resolves when it is gone. */
  stop(reason?: unknown): Promise<void>
}

interface Pending {
  limits: DecoderLimits
  onProgress: (fraction: number) => void
  /** Bytes that came since the job was given. */
  received: number
  resolve(media: MediaFingerprint): void
  reject(error: unknown): void
}

/** Starts a decoder.
 * @param program its module; @param directory where the scratch file is made. */
export async function startDecoder({
  program,
  directory,
}: {
  program: URL
  directory: string
}): Promise<DecoderProcess> {
  const scratch = await openScratch(directory)
  const child = launch(program, scratch.readOnlyFd)
  const channel = child.stdio?.[4] as Duplex | undefined
  let [jobs, alive, ready, stderr] = [0, true, false, '']
  let pending: Pending | null = null

  const settle = (how: (job: Pending) => void) => {
    const job = pending
    pending = null
    if (job) how(job)
  }
  const verdict = () => (ready ? crashed(child, stderr) : stillborn(stderr))
  const gone = ended(child).then((failure) => {
    alive = false
    if (failure) stderr = String(failure)
    settle((job) => job.reject(verdict()))
  })
  const stop = async (reason: unknown = new RegistryError('server.internal', 'the decoder was stopped')) => {
    settle((job) => job.reject(reason))
    child.kill('SIGKILL')
    await Promise.all([gone, scratch.close()])
  }
  const hear = (line: string) => {
    if (!ready && line === READY) {
      ready = true
      return
    }
    if (!pending) throw new Error('the decoder spoke without being asked')
    const answer = readAnswer(line, pending.limits)
    if (answer.kind === 'progress') pending.onProgress(answer.fraction)
    else if (answer.kind === 'error') settle((job) => job.reject(answer.error))
    else settle((job) => job.resolve(answer.media))
  }

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS)
  })
  channel?.on('error', () => {}) // The end of the process says more.
  channel?.on(
    'data',
    lineReader({
      count(bytes) {
        if (pending) pending.received += bytes
        if (pending && pending.received > maxAnswerBytes(pending.limits)) throw new Error('the decoder talks too much')
      },
      hear,
      violated(cause) {
        channel.removeAllListeners('data')
        void stop(new RegistryError('media.undecodable', 'the decoder broke down over it', { cause }))
      },
    }),
  )
  await scratch.closeReadOnly()

  return {
    pid: child.pid ?? 0,
    get jobs() {
      return jobs
    },
    get alive() {
      return alive
    },
    residentBytes: () => residentBytes(child.pid),
    async run(fd, byteLength, { limits, signal, onProgress = () => {} }) {
      jobs++
      await scratch.fill(fd, byteLength, signal)
      const unwatch = watch(child.pid, limits, signal, (error) => void stop(error))
      try {
        const media = await new Promise<MediaFingerprint>((resolve, reject) => {
          pending = { limits, onProgress, resolve, reject, received: 0 }
          if (!alive || !channel) settle((job) => job.reject(verdict()))
          else channel.write(writeJob({ byteLength, limits }))
        })
        await scratch.empty()
        return media
      } finally {
        unwatch()
      }
    },
    stop,
  }
}

function launch(program: URL, mediaFd: number): ChildProcess {
  return spawn(process.execPath, ['--max-old-space-size=256', ...inheritedFlags(), fileURLToPath(program)], {
    stdio: ['ignore', 'ignore', 'pipe', mediaFd, 'pipe'],
    cwd: '/',
    // Nothing of ours is any of its business. One arena: glibc keeps less of a picture that was freed.
    env: { MALLOC_ARENA_MAX: '1' },
  })
}

/** An installed package strips types through `--import` (bin/strip.mjs), in its children, too. */
function inheritedFlags(): string[] {
  return process.execArgv.flatMap((flag, i, all) => {
    if (flag === '--import' && all[i + 1]) return [flag, all[i + 1]!]
    return /^--(import|disable-warning)=/.test(flag) ? [flag] : []
  })
}

function crashed({ exitCode, signalCode }: ChildProcess, stderr: string): RegistryError {
  const cause = new Error(`decoder ended with ${signalCode ?? exitCode}: ${stderr.trim()}`)
  return new RegistryError('media.undecodable', 'the decoder crashed on it', { cause })
}

function stillborn(stderr: string): RegistryError {
  return new RegistryError('server.internal', `the decoder process does not start: ${oneLine(stderr)}`)
}

/** Resolves when a process is gone and its last words are in, or with the reason why it never was. */
async function ended(child: ChildProcess): Promise<Error | null> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const failure = await new Promise<Error | null>((resolve) => {
    child.once('exit', () => resolve(null)).once('error', resolve)
  })
  // Its pipes close with it; unless it has left a process of its own behind, for which nobody waits.
  if (!failure) await Promise.race([closed, setTimeout(LAST_WORDS_MS, undefined, { ref: false })])
  return failure
}

interface Listener {
  /** Told of everything that comes; may throw, and so may `hear`: that is a violation. */
  count(bytes: number): void
  hear(line: string): void
  violated(cause: unknown): void
}

function lineReader({ count, hear, violated }: Listener): (chunk: Buffer) => void {
  let begun: Buffer[] = []
  return (chunk) => {
    try {
      count(chunk.length)
      let from = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        const line = Buffer.concat([...begun, chunk.subarray(from, end)]).toString()
        begun = []
        from = end + 1
        hear(line)
      }
      begun.push(chunk.subarray(from))
    } catch (cause) {
      violated(cause)
    }
  }
}

/** Calls `give up` when a process has had its time or its memory, or when nobody waits for it any more. */
function watch(
  pid: number | undefined,
  { timeoutS, maxMemoryBytes }: DecoderLimits,
  signal: AbortSignal | undefined,
  giveUp: (error: unknown) => void,
): () => void {
  const onAbort = () => giveUp(signal!.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const late = () => giveUp(new RegistryError('media.too_slow', `it takes more than ${timeoutS} s to decode`))
  const timer = globalThis.setTimeout(late, timeoutS * 1000)
  const memory = setInterval(() => {
    if ((residentBytes(pid) ?? 0) <= maxMemoryBytes) return
    giveUp(
      new RegistryError(
        'media.too_large',
        `it needs more than ${Math.floor(maxMemoryBytes / 2 ** 20)} MiB of memory to decode`,
      ),
    )
  }, WATCH_EVERY_MS)
  return () => {
    clearTimeout(timer)
    clearInterval(memory)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** From `status` and not `statm`: that counts in pages, whose size Node does not tell, and leaves out what was swapped. */
function residentBytes(pid: number | undefined): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const kibibytes = [...status.matchAll(/^(?:VmRSS|VmSwap):\s+(\d+) kB$/gm)].map((match) => Number(match[1]))
    return kibibytes.length > 0 ? 1024 * kibibytes.reduce((sum, value) => sum + value, 0) : null
  } catch {
    return null
  }
}
