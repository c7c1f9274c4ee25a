/** A server as a user has it: a process of its own, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FIRSTHAND = join(ROOT, 'bin/firsthand.mjs')
/** Milliseconds: on a loaded machine the first start, which creates a database, takes a while. */
const READY_MS = 90_000

export interface ServerProcess {
  url: string
  child: ChildProcess
  /** Ends it as Ctrl-C does; resolves with its exit code. */
  stop(): Promise<number | null>
  /** Ends it as a power cut does. */
  kill(): Promise<void>
}

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'firsthand-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Starts a server on free ports. @throws Error with what it printed if it does not become ready. */
export async function startServerProcess(
  dataDir: string,
  args: string[] = [],
  settings: Record<string, string> = {},
): Promise<ServerProcess> {
  const env = {
    ...process.env,
    DATA_DIR: dataDir,
    PORT: '0',
    RPC_PORT: '0',
    HOST: '',
    RPC_URL: '',
    DATABASE_URL: '',
    LOG_LEVEL: 'warn',
    ...settings,
  }
  const child = spawn(process.execPath, [FIRSTHAND, 'serve', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    url: await ready(child),
    child,
    stop() {
      child.kill('SIGINT')
      return ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = (why: string) => reject(new Error(`the server ${why}: ${said}`))
    const timer = setTimeout(() => fail('was not ready in time'), READY_MS)
    const hear = (chunk: Buffer) => {
      said += chunk
      const url = /ready after .*: (http:\S+)/.exec(said)?.[1]
      if (!url) return
      clearTimeout(timer)
      resolve(url)
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.once('exit', (code) => fail(`ended with ${code}`))
  })
}

/** Runs the command, or another program. */
export function run(
  args: string[],
  options: { server?: string; cwd?: string; program?: string; settings?: Record<string, string> } = {},
): Promise<Outcome> {
  const { server, cwd = ROOT, program = process.execPath, settings = {} } = options
  const env = { ...process.env, ...(server && { FIRSTHAND_SERVER: server }), ...settings }
  const child = spawn(program, program === process.execPath ? [FIRSTHAND, ...args] : args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const outcome: Outcome = { code: -1, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    outcome.stdout += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    outcome.stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...outcome, code: code ?? -1 }))
  })
}
