/** One decoder process, from the side that does not trust it: media in by a descriptor, one job at a time, watched for
 * time and memory. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RegistryError } from '../errors.ts'
import { readsOf, type Way } from './confine.ts'
import type { DecodedMedia } from './fingerprint.ts'
import { type DecoderLimits, maxCpuS, oneLine } from './job.ts'
import type { Detail } from './local.ts'
import { openScratch } from './scratch.ts'
import { createTalk } from './talk.ts'
import { childrenOf, cpuSeconds, residentBytes, saysOutOfMemory, tooMuchMemory, watch } from './watch.ts'

/** Seconds in which a process must have said that it is ready: 0.3 are usual, and a machine may be busy. */
const START_S = 60
/** Milliseconds that the last words of a process may take to arrive. */
const LAST_WORDS_MS = 500
/** Little memory, and few threads, for each decoder has one core. WebAssembly would otherwise reserve 8 GiB of addresses
 * and leave no sense in a limit on them. No signal opens the inspector. */
const FLAGS = [
  '--max-old-space-size=256',
  '--v8-pool-size=1',
  '--disable-wasm-trap-handler',
  '--wasm-max-mem-pages=2048',
  '--disable-sigusr1',
]
/** Characters of stderr that are kept to explain a crash. */
const STDERR_CHARACTERS = 4096

export interface RunOptions {
  limits: DecoderLimits
  signal?: AbortSignal | undefined
  onProgress?: ((fraction: number) => void) | undefined
  detail?: Detail | undefined
  /** With its view instead of evidence. */
  view?: boolean | undefined
}

export interface DecoderProcess {
  readonly pid: number
  /** Jobs that it was given. */
  readonly jobs: number
  readonly alive: boolean
  /** Resolves when it has said that it is ready; rejects if it ends before. */
  readonly ready: Promise<void>
  /** Bytes in memory and in swap. Null where the system does not tell: only Linux does. */
  residentBytes(): number | null
  /** Seconds that it has computed since it was started; null where the system does not tell. */
  cpuSeconds(): number | null
  /** Processes that it has started, an honest decoder none; null before it is ready. */
  children(): number[] | null
  /** Decodes one file. After an error the process has to be stopped.
   * @throws RegistryError about the media; `server.internal` if the process does not start; the signal's reason. */
  run(fd: number, byteLength: number, options: RunOptions): Promise<DecodedMedia>
  /** Kills it; a job that it has fails with `reason`. Resolves when it is gone. */
  stop(reason?: unknown): Promise<void>
}

export interface StartOptions {
  /** The module that it runs. */
  program: URL
  /** Where its scratch file is made. */
  directory: string
  /** How it is confined, to the limits of all its jobs. */
  way: Way
  limits: DecoderLimits
}

/** Starts a decoder. */
export async function startDecoder({ program, directory, way, limits }: StartOptions): Promise<DecoderProcess> {
  const scratch = await openScratch(directory)
  const child = await launchOr(scratch.close, () => launch(fileURLToPath(program), scratch.readOnlyFd, way, limits))
  const decodingPid = findPid(child, way)
  const lastWords = hearLastWords(child)
  const talk = createTalk(child.stdio?.[4] as Duplex | undefined, (cause) => {
    void stop(new RegistryError('media.undecodable', 'the decoder broke down over it', { cause }))
  })
  let [jobs, alive] = [0, true]
  let stopped: { reason: unknown } | null = null

  const obituary = () => (talk.begun ? crashed(child, lastWords(), limits) : stillborn(lastWords()))
  const gone = ended(child).then(() => {
    alive = false
    talk.fail(obituary())
  })
  // Of one that is gone nothing: its number may be another program's by now.
  const sight = {
    residentBytes: () => (alive ? residentBytes(decodingPid()) : null),
    cpuSeconds: () => (alive ? cpuSeconds(decodingPid()) : null),
    // Until then there are those that confine it.
    children: () => (talk.begun && alive ? childrenOf(decodingPid()) : null),
  }
  const ready = Promise.race([talk.greeted, gone.then(() => Promise.reject(stopped ? stopped.reason : obituary()))])
  const late = new RegistryError('server.internal', `the decoder process does not start within ${START_S} s`)
  const starting = globalThis.setTimeout(() => void stop(late), START_S * 1000)
  ready.catch(() => {}).finally(() => clearTimeout(starting))
  async function stop(
    reason: unknown = new RegistryError('server.internal', 'the decoder was stopped'),
  ): Promise<void> {
    stopped ??= { reason }
    talk.fail(reason)
    // Those that it has started go first: without a namespace of their own they would stay.
    for (const one of sight.children() ?? []) killAtOnce(one)
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
    ready,
    ...sight,
    async run(fd, byteLength, { limits, detail = 'original', view = false, signal, onProgress = () => {} }) {
      jobs++
      await Promise.all([scratch.fill(fd, byteLength, signal), ready]).catch((error) => {
        checkAlive()
        throw error
      })
      const watching = watch(sight, { limits, signal, giveUp: (error) => void stop(error) })
      try {
        // It may have ended, or been stopped by the watch itself, before there was anything to answer.
        checkAlive()
        const media = await talk.ask({ byteLength, limits, detail, view }, (fraction) => {
          watching.progress(fraction)
          onProgress(fraction)
        })
        await scratch.empty()
        return media
      } finally {
        watching.end()
      }
    },
    stop,
  }
}

/** What a machine lacks for a moment, in the words of the system. */
const SHORT_OF = /EAGAIN|ENOMEM|EMFILE|ENFILE/

async function launchOr(close: () => Promise<void>, start: () => ChildProcess): Promise<ChildProcess> {
  try {
    return start()
  } catch (cause) {
    await close()
    throw stillborn(String(cause), cause)
  }
}

function launch(program: string, mediaFd: number, way: Way, limits: DecoderLimits): ChildProcess {
  const node = [process.execPath, ...FLAGS, ...inheritedFlags(), program]
  const [command, ...args] = way.wrap(node, readsOf(program), { ...limits, maxCpuS: maxCpuS(limits) })
  return spawn(command!, args, {
    stdio: ['ignore', 'ignore', 'pipe', mediaFd, 'pipe'],
    cwd: '/',
    // Nothing of ours is any of its business. One arena: glibc keeps less of a picture that was freed.
    env: { MALLOC_ARENA_MAX: '1' },
  })
}

/** @returns a function that tells the process that decodes, once there is one. */
function findPid(child: ChildProcess, { forks }: Way): () => number | undefined {
  let found = forks ? undefined : child.pid
  return () => {
    found ??= childrenOf(child.pid)[0]
    return found
  }
}

/** An installed package strips types through `--import` (bin/strip.mjs), in its children, too. */
function inheritedFlags(): string[] {
  return process.execArgv.flatMap((flag, i, all) => {
    if (flag === '--import' && all[i + 1]) return [flag, all[i + 1]!]
    return /^--(import|disable-warning)=/.test(flag) ? [flag] : []
  })
}

function crashed({ exitCode, signalCode }: ChildProcess, stderr: string, limits: DecoderLimits): RegistryError {
  const cause = new Error(`decoder ended with ${signalCode ?? exitCode}: ${stderr}`)
  if (saysOutOfMemory(stderr)) return tooMuchMemory(limits, cause)
  return new RegistryError('media.undecodable', 'the decoder crashed on it', { cause })
}

function stillborn(words: string, cause?: unknown): RegistryError {
  if (SHORT_OF.test(words))
    return new RegistryError('server.busy', 'the machine has no room for another decoder', { cause, retryAfterS: 5 })
  return new RegistryError('server.internal', `the decoder process does not start: ${oneLine(words)}`, { cause })
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

function killAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone, or somebody else's.
  }
}
