/** Broken media against decoders, or against a server: what comes of it is counted, and what must not happen is told. */
import { open, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ERRORS, type ErrorCode, RegistryError } from '../../server/errors.ts'
import { createFiles, makeVideo } from '../fingerprint/media.ts'
import { seeded } from '../random.ts'
import { mutated } from './media-mutations.ts'
import { mediaSeeds, type Seed } from './media-seeds.ts'

/** Decodes a file or fails as it should. */
export type Target = (file: Seed, open: () => Promise<{ fd: number; close(): Promise<void> }>) => Promise<unknown>

export interface FuzzOptions {
  files: number
  seed: number
  /** Files at the same time. */
  abreast: number
  target: Target
  /** Where files are put that a decoder crashed on; nowhere if left out. */
  keep?: string | undefined
  onProgress?: (done: number) => void
}

export interface FuzzReport {
  /** Files by what came of them: "decoded", a code, or "the decoder crashed on it". */
  outcomes: Record<string, number>
  /** What must not happen. */
  faults: string[]
  /** Connections to the address that some files name. */
  connections: number
  /** Whether the file that some files name was read; null where the file system does not tell. */
  fileRead: boolean | null
  /** Bytes in memory of this process after a tenth of the files and at the end. */
  residentBytes: { early: number; late: number }
}

const CRASHED = /crashed on it|broke down over it|started another process/
/** Before the time of the last change: a file that is read then gets the time of that, whatever `relatime` says. */
const LONG_AGO = new Date('2001-01-01')

/** Tries as many broken files as are wanted. */
export async function fuzzMedia(options: FuzzOptions): Promise<FuzzReport> {
  const files = createFiles()
  const canary = await openCanary()
  try {
    const bait = join(files.directory, 'bait.mp4')
    const frames = [{ seed: 1, ms: 0 }]
    await writeFile(bait, await makeVideo({ format: 'mp4', encoder: 'libx264', frames }))
    const seeds = await mediaSeeds({ file: pathToFileURL(bait).href, url: canary.url })
    await utimes(bait, LONG_AGO, new Date())
    const counted = await tryAll(seeds, options, files)
    const fileRead = (await tellsReading(files)) ? (await stat(bait)).atime > LONG_AGO : null
    if (fileRead) counted.faults.push(`the file ${bait} was read`)
    if (canary.connections() > 0) counted.faults.push(`${canary.connections()} connections were made`)
    return { ...counted, connections: canary.connections(), fileRead }
  } finally {
    canary.close()
    await files.remove()
  }
}

async function tryAll(seeds: Seed[], options: FuzzOptions, files: ReturnType<typeof createFiles>) {
  const { files: count, seed, abreast, target, keep, onProgress = () => {} } = options
  const outcomes: Record<string, number> = {}
  const faults: string[] = []
  let [next, done, early] = [0, 0, 0]
  async function worker(slot: number): Promise<void> {
    const path = join(files.directory, `slot-${slot}`)
    for (let i = next++; i < count; i = next++) {
      const file = mutated(seeds, seeded(seed + i))
      await writeFile(path, file.bytes)
      const outcome = await outcomeOf(target, file, () => open(path, 'r'))
      outcomes[outcome.name] = (outcomes[outcome.name] ?? 0) + 1
      if (outcome.fault) faults.push(`file ${i} (${file.name}): ${outcome.fault}`)
      if (keep && (outcome.fault || CRASHED.test(outcome.name))) await writeFile(join(keep, `${seed + i}`), file.bytes)
      onProgress(++done)
      if (done === Math.ceil(count / 10)) early = residentBytes()
    }
  }
  await Promise.all(Array.from({ length: abreast }, (_, slot) => worker(slot)))
  return { outcomes, faults, residentBytes: { early, late: residentBytes() } }
}

/** What came of a file; a fault is anything but an answer or a statement on the media. */
async function outcomeOf(...[target, file, open]: Parameters<typeof attempt>) {
  try {
    await attempt(target, file, open)
    return { name: 'decoded' }
  } catch (error) {
    if (!(error instanceof RegistryError)) return { name: 'something else', fault: String(error) }
    const words = CRASHED.exec(error.message)
    const name = words ? `${error.code}: ${error.message}` : error.code
    return isAllowed(error.code) ? { name } : { name, fault: `${error.code}: ${error.message}` }
  }
}

async function attempt(target: Target, file: Seed, open: () => ReturnType<Parameters<Target>[1]>): Promise<void> {
  await target(file, open)
}

const isAllowed = (code: ErrorCode) => code.startsWith('media.') || code === 'server.busy'

/** The code of a problem that a server answered. */
export function problemOf(body: unknown): RegistryError {
  const { code, detail } = body as { code: ErrorCode; detail: string }
  return new RegistryError(code in ERRORS ? code : 'server.internal', String(detail))
}

function residentBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

async function openCanary() {
  let connections = 0
  const server = createServer((_, response) => response.end('read'))
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bait.mp4`
  return { url, connections: () => connections, close: () => server.close() }
}

/** Whether this file system keeps the time at which a file was read. */
async function tellsReading(files: ReturnType<typeof createFiles>): Promise<boolean> {
  const path = await files.write('anything')
  await utimes(path, LONG_AGO, new Date())
  const file = await open(path, 'r')
  await file.readFile()
  await file.close()
  return (await stat(path)).atime > LONG_AGO
}
