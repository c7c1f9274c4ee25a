/** A real server in a process of its own, to be killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { NetworkView, RecordView } from '../../server/registry/index.ts'

export type Settings = Record<
  'RPC_URL' | 'PUBLISHER_REGISTRY' | 'MEDIA_REGISTRY' | 'START_BLOCK' | 'DATA_DIR' | 'DATABASE_URL',
  string
>

export interface Victim {
  url: string
  /** Resolves when it says so, or when it ended. */
  ready: Promise<void>
  isReady(): boolean
  /** Milliseconds that the last complete start took. */
  usualStartMs: number
  kill(): Promise<void>
  /** As Ctrl-C. */
  end(): Promise<void>
  caughtUp(blockNumber: number): Promise<void>
  /** Resolves when it shows all of these with their manifests, or has had a minute to: lists and manifests that it was handed are read after their block. */
  shows(recordIds: readonly string[]): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../bin/firsthand.mjs', import.meta.url))
const CATCH_UP_MS = 300_000
const SHOWN_MS = 60_000
let lastStartMs = 3_000

export async function startVictim(settings: Settings): Promise<Victim> {
  const port = await freePort()
  const env = { ...process.env, ...settings, PORT: String(port), HOST: '', DECODERS: '1', LOG_LEVEL: 'error' }
  const child = spawn(process.execPath, [PROGRAM, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const began = performance.now()
  const url = `http://127.0.0.1:${port}`
  let isReady = false
  const said = new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      if (!/is ready after/.test(piece.toString())) return
      isReady = true
      lastStartMs = performance.now() - began
      resolve()
    })
  })
  return {
    url,
    ready: Promise.race([said, ended.then(() => {})]),
    isReady: () => isReady,
    usualStartMs: lastStartMs,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async end() {
      child.kill('SIGINT')
      await ended
    },
    caughtUp: (blockNumber) => caughtUp(url, blockNumber),
    shows: (recordIds) => shows(url, recordIds),
  }
}

async function caughtUp(url: string, blockNumber: number): Promise<void> {
  const until = performance.now() + CATCH_UP_MS
  for (;;) {
    const status = await fetch(`${url}/v1/status`).then(
      (response) => response.json() as Promise<NetworkView>,
      () => null,
    )
    if ((status?.index?.head ?? -1) >= blockNumber) return
    if (performance.now() > until) throw new Error(`block ${blockNumber} was not indexed in time`)
    await sleep(100)
  }
}

async function shows(url: string, recordIds: readonly string[]): Promise<void> {
  const until = performance.now() + SHOWN_MS
  for (const recordId of recordIds)
    while (performance.now() < until) {
      const shown = await fetch(`${url}/v1/records/${recordId}`).then(
        (response) => response.json() as Promise<Partial<RecordView>>,
        () => null,
      )
      if (shown?.manifest === 'present') break
      await sleep(100)
    }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
