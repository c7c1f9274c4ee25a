/** A real server in a process of its own, and what it does to the machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../chain/until.ts'

const ROOT = join(import.meta.dirname, '../..')
const WATCH_EVERY_MS = 50
/** Milliseconds: on a loaded machine two of them start at a time. */
const START_MS = 240_000
const STOP_MS = 60_000

export interface WatchedServer {
  port: number
  pid: number
  /** Paths that no answer may contain. */
  paths: string[]
  /** Bytes: the most that its process ever had in memory, as the kernel counts. */
  peakBytes(): number
  /** Bytes: what it has now. */
  residentBytes(): number
  openFiles(): number
  /** Processes of decoders that run now. */
  decoders(): number[]
  /** Files that are left in its temporary directory and among its uploads. */
  leftFiles(): string[]
  /** What it said on stdout and stderr. */
  said(): string
  /** Ends it and waits; decoders that are still there afterwards are returned. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; orphans: number[] }>
}

/** Starts a server on any free port.
 * @param settings further environment variables. */
export async function startWatched(settings: Record<string, string> = {}): Promise<WatchedServer> {
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-hostile-'))
  const [dataDir, temporary] = [join(directory, 'data'), join(directory, 'tmp')]
  mkdirSync(temporary)
  const { PATH = '', HOME = '/' } = process.env
  const env = {
    PATH,
    HOME,
    TMPDIR: temporary,
    DATA_DIR: dataDir,
    PORT: '0',
    RPC_PORT: '0',
    LOG_LEVEL: 'warn',
    ...settings,
  }
  const child = spawn(process.execPath, startArguments(), { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const url = () => /Firsthand is ready after [\d.]+ s: (\S+)/.exec(said)?.[1]
  await until(
    () => url() !== undefined || child.exitCode !== null,
    () => said,
    START_MS,
  ).catch((error: Error) => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
    throw error
  })
  if (child.exitCode !== null) throw new Error(`the server does not start: ${said}`)
  const watch = watchProcess(child.pid!)

  return {
    port: Number(new URL(url()!).port),
    pid: child.pid!,
    paths: [directory, ROOT, 'node_modules'],
    peakBytes: watch.peakBytes,
    residentBytes: () => bytesIn(child.pid!, 'VmRSS'),
    openFiles: () => readdirSync(`/proc/${child.pid}/fd`).length,
    decoders: () => decodersOf(child.pid!),
    leftFiles: () => [...readdirSync(temporary), ...readdirSync(join(dataDir, 'uploads'))],
    said: () => said,
    async stop(signal = 'SIGTERM') {
      const seen = watch.stop()
      if (child.exitCode === null && child.signalCode === null) await end(child, signal)
      // Those of a killed server notice by themselves.
      await until(
        () => ![...seen].some(isDecoder),
        () => 'decoders outlive the server',
        5_000,
      ).catch(() => {})
      rmSync(directory, { recursive: true, force: true })
      return { code: child.exitCode, orphans: [...seen].filter(isDecoder) }
    },
  }
}

/** What `npm start` gives to Node. */
function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } }
  return scripts.start.split(' ').slice(1)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit')
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exit
  clearTimeout(late)
}

function watchProcess(pid: number) {
  const seen = new Set<number>()
  let peak = 0
  const look = () => {
    peak = Math.max(peak, bytesIn(pid, 'VmHWM'))
    for (const decoder of decodersOf(pid)) seen.add(decoder)
  }
  const timer = setInterval(look, WATCH_EVERY_MS)
  return {
    peakBytes() {
      look()
      return peak
    },
    stop() {
      look()
      clearInterval(timer)
      return seen
    },
  }
}

/** 0 when the process is gone. */
function bytesIn(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))?.[1]
  return 1024 * Number(kibibytes ?? 0)
}

function decodersOf(parent: number): number[] {
  const children = readdirSync(`/proc`).filter((name) => /^\d+$/.test(name))
  return children.map(Number).filter((pid) => parentOf(pid) === parent && isDecoder(pid))
}

const isDecoder = (pid: number) => read(`/proc/${pid}/cmdline`).includes('fingerprint/decoder.')

/** The second field after the name, which is in brackets and may hold anything. */
function parentOf(pid: number): number {
  return Number(read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[1])
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
