/** One decoder process, from the side that does not trust it: media in by a descriptor, one job at a time, watched for
 * time and memory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RegistryError } from '../errors.ts'
import type { MediaFingerprint } from './fingerprint.ts'
import { type DecoderLimits, type Job, maxAnswerBytes, oneLine, READY, readAnswer, writeJob } from './job.ts'
import { openScratch } from './scratch.ts'

/** Milliseconds between two looks at the memory of a process at work: fresh pages come at 2 GB a second at most. */
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
  const lastWords = hearLastWords(child)
  const talk = createTalk(child.stdio?.[4] as Duplex | undefined, (cause) => {
    void stop(new RegistryError('media.undecodable', 'the decoder broke down over it', { cause }))
  })
  let [jobs, alive] = [0, true]
  let stopped: { reason: unknown } | null = null

  const obituary = () => (talk.begun ? crashed(child, lastWords()) : stillborn(lastWords()))
  const gone = ended(child).then(() => {
    alive = false
    talk.fail(obituary())
  })
  async function stop(
    reason: unknown = new RegistryError('server.internal', 'the decoder was stopped'),
  ): Promise<void> {
    stopped ??= { reason }
    talk.fail(reason)
    child.kill('SIGKILL')
    await Promise.all([gone, scratch.close()])
  }
  const checkAlive = () => {
    if (stopped) throw stopped.reason
    if (!alive) throw obituary()
  }
  await scratch.closeReadOnly()

  return {
    pid: child.pid ?? 0,
    get jobs() {
      return jobs
    },
    get alive() {
      return alive && !stopped
    },
    residentBytes: () => residentBytes(child.pid),
    async run(fd, byteLength, { limits, signal, onProgress = () => {} }) {
      jobs++
      await scratch.fill(fd, byteLength, signal).catch((error) => {
        checkAlive()
        throw error
      })
      const unwatch = watch(child.pid, limits, signal, (error) => void stop(error))
      try {
        // It may have ended, or been stopped by the watch itself, before there was anything to answer.
        checkAlive()
        const media = await talk.ask({ byteLength, limits }, onProgress)
        await scratch.empty()
        return media
      } finally {
        unwatch()
      }
    },
    stop,
  }
}

interface Pending {
  limits: DecoderLimits
  onProgress: (fraction: number) => void
  /** Bytes that came since the job was given. */
  received: number
  resolve(media: MediaFingerprint): void
  reject(error: unknown): void
}

/** The talk with a process: it says that it is ready, then one question and one answer at a time.
 * @param onViolation called when it says anything else; nothing more is listened to. */
function createTalk(channel: Duplex | undefined, onViolation: (cause: unknown) => void) {
  let begun = false
  let pending: Pending | null = null
  const settle = (how: (job: Pending) => void) => {
    const job = pending
    pending = null
    if (job) how(job)
  }
  const count = (bytes: number) => {
    if (pending) pending.received += bytes
    if (pending && pending.received > maxAnswerBytes(pending.limits)) throw new Error('the decoder talks too much')
  }
  const hear = (line: string) => {
    const greeting = !begun && line === READY
    begun ||= greeting
    if (greeting) return
    if (!pending) throw new Error('the decoder spoke without being asked')
    const answer = readAnswer(line, pending.limits)
    if (answer.kind === 'progress') pending.onProgress(answer.fraction)
    else if (answer.kind === 'error') settle((job) => job.reject(answer.error))
    else settle((job) => job.resolve(answer.media))
  }
  const violated = (cause: unknown) => {
    channel?.removeAllListeners('data')
    onViolation(cause)
  }
  channel?.on('error', () => {}) // The end of the process says more.
  channel?.on('data', lineReader({ count, hear, violated }))
  return {
    get begun() {
      return begun
    },
    ask: (job: Job, onProgress: (fraction: number) => void) =>
      new Promise<MediaFingerprint>((resolve, reject) => {
        pending = { limits: job.limits, onProgress, received: 0, resolve, reject }
        channel?.write(writeJob(job))
      }),
    fail: (error: unknown) => settle((job) => job.reject(error)),
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
  const cause = new Error(`decoder ended with ${signalCode ?? exitCode}: ${stderr}`)
  return new RegistryError('media.undecodable', 'the decoder crashed on it', { cause })
}

function stillborn(stderr: string): RegistryError {
  return new RegistryError('server.internal', `the decoder process does not start: ${oneLine(stderr)}`)
}

/** The end of what a process wrote to stderr, or why it could not be started. */
function hearLastWords(child: ChildProcess): () => string {
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-STDERR_CHARACTERS)
  })
  child.on('error', (error) => {
    words += String(error)
  })
  return () => words.trim()
}

/** Resolves when a process is gone and its last words are in, or when it could not be started. */
async function ended(child: ChildProcess): Promise<void> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  // Its pipes close with it; unless it has left a process of its own behind, for which nobody waits.
  if (child.pid) await Promise.race([closed, setTimeout(LAST_WORDS_MS, undefined, { ref: false })])
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

/** From `status` and not `statm`: that counts in pages, whose size Node does not tell, and leaves out what was
 * swapped. */
function residentBytes(pid: number | undefined): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const kibibytes = [...status.matchAll(/^(?:VmRSS|VmSwap):\s+(\d+) kB$/gm)].map((match) => Number(match[1]))
    return kibibytes.length > 0 ? 1024 * kibibytes.reduce((sum, value) => sum + value, 0) : null
  } catch {
    return null
  }
}
