/** Starts the local network as a child process and keeps it running (docs/protocol.md §8). */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ERRORS, type ErrorCode, RegistryError } from '../errors.ts'
import { type ChainLog, silentLog } from './log.ts'

export interface DevnetOptions {
  /** The network keeps its journal in the folder `devnet` of it. */
  dataDir: string
  /** Default 8545; another free one when it is taken, which is said in the log. */
  port?: number
  /** Puts the old journal aside and begins a new chain. */
  fresh?: boolean
  log?: ChainLog
}

export interface Devnet {
  /** For `createNode`. Stays the same when the child is started again. */
  url: string
  /** Blocks that were there at the start. */
  blocks: number
  /** Ends the child; everything that was answered is in the journal. */
  close(): Promise<void>
}

/** What the child says; see scripts/devnet.ts. */
type Message =
  | { type: 'log'; message: string }
  | { type: 'ready'; port: number; blocks: number; tookMs: number }
  | { type: 'failed'; code: string; message: string }
type Ready = Extract<Message, { type: 'ready' }>

interface Child {
  process: ChildProcess
  ready: Ready
}

const PROGRAM = fileURLToPath(new URL('../../scripts/devnet.ts', import.meta.url))
/** Milliseconds for a child to end by itself. */
const CLOSE_MS = 5_000
/** Milliseconds. */
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 10_000
/** Milliseconds after which a child counts as having run well. */
const STABLE_MS = 60_000
/** What the child needs of the environment: not what is secret in it. */
const ENVIRONMENT = ['PATH', 'HOME', 'USERPROFILE', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'LANG', 'TZ', 'NODE_V8_COVERAGE']

/** Starts the network and waits until it answers.
 * @throws RegistryError `chain.unreachable` if Hardhat is not installed or the child does not start, `server.busy` if another server
 * has the folder, `chain.mismatch` if the journal cannot be replayed; the message names the remedy. */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { log = silentLog } = options
  requireHardhat()
  const first = await startChild(options, log)
  const { port, blocks, tookMs } = first.ready
  log.info({ port, blocks, tookMs }, 'local network ready')
  const stop = supervise(first, { ...options, port, fresh: false }, log)
  return { url: `http://127.0.0.1:${port}`, blocks, close: stop }
}

function requireHardhat(): void {
  try {
    import.meta.resolve('hardhat/hre')
    if (existsSync(PROGRAM)) return
  } catch {
    // Not installed: the same as below.
  }
  const remedy =
    'set RPC_URL to the address of a node, or run from a clone of the repository with its development dependencies'
  throw new RegistryError(
    'chain.unreachable',
    `the local network needs hardhat, which is not installed here: ${remedy}`,
  )
}

/** Starts the child again whenever it ends by itself. @returns ends it for good. */
function supervise(first: Child, options: DevnetOptions, log: ChainLog): () => Promise<void> {
  const closing = new AbortController()
  let current: ChildProcess | undefined = first.process

  async function watch(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted; ) {
      if (current) {
        const since = Date.now()
        const [code, signal] = await exitOf(current)
        current = undefined
        if (closing.signal.aborted) return
        log.warn({ code, signal }, 'the local network ended by itself, starting it again')
        if (Date.now() - since > STABLE_MS) failures = 0
      }
      const pauseMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++)
      await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => {})
      if (!closing.signal.aborted) await restart()
    }
  }

  async function restart(): Promise<void> {
    try {
      const child = await startChild(options, log, true)
      current = child.process
      log.info({ blocks: child.ready.blocks }, 'local network ready')
    } catch (err) {
      log.warn({ err }, 'the local network did not start, trying again')
    }
  }

  const watching = watch()
  return async () => {
    closing.abort()
    if (current) await endChild(current)
    await watching
    // A child that was being started when this was called.
    if (current) await endChild(current)
  }
}

async function startChild(options: DevnetOptions, log: ChainLog, exactPort = false): Promise<Child> {
  const child = fork(PROGRAM, argumentsOf(options, exactPort), {
    // None of the parent's: a loader or an inspector is not for the child.
    execArgv: [],
    env: Object.fromEntries(ENVIRONMENT.filter((name) => name in process.env).map((name) => [name, process.env[name]])),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const said: string[] = []
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.push(text)
    if (said.length > 20) said.shift()
  })
  const ready = await readiness(child, log).catch((error: RegistryError) => {
    child.kill('SIGKILL')
    throw said.length === 0 ? error : new RegistryError(error.code, `${error.message}\n${said.join('')}`.trimEnd())
  })
  return { process: child, ready }
}

function argumentsOf({ dataDir, port = 8545, fresh = false }: DevnetOptions, exactPort: boolean): string[] {
  return [
    '--data-dir',
    dataDir,
    '--port',
    String(port),
    ...(exactPort ? ['--exact-port'] : []),
    ...(fresh ? ['--fresh'] : []),
  ]
}

function readiness(child: ChildProcess, log: ChainLog): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>()
  const ended = (why: string) =>
    reject(new RegistryError('chain.unreachable', `the local network did not start: ${why}`))
  child.on('message', (message: Message) => {
    if (message.type === 'log') log.info({}, `local network: ${message.message}`)
    if (message.type === 'ready') resolve(message)
    if (message.type !== 'failed') return
    if (message.code === 'server.internal' || !(message.code in ERRORS)) ended(message.message)
    else reject(new RegistryError(message.code as ErrorCode, message.message))
  })
  child.once('error', (error) => ended(error.message))
  child.once('exit', (code, signal) => {
    const why = `it ended with ${signal ?? `code ${code}`}`
    // What it said last may not have been read yet.
    if (child.connected) child.once('disconnect', () => ended(why))
    else ended(why)
  })
  return promise
}

async function exitOf(child: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return [child.exitCode, child.signalCode]
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.connected) child.send('close', () => {})
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
  await exitOf(child)
  clearTimeout(timer)
}
