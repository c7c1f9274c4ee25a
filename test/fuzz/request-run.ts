/** Fuzzed requests against a real server, and what became of it. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeManifest } from '../../server/fingerprint/index.ts'
import { writeCar } from '../../server/registry/car.ts'
import { video } from '../fingerprint/make.ts'
import { raw } from '../hostile/client.ts'
import { startWatched, type WatchedServer } from '../hostile/server.ts'
import { seeded } from '../random.ts'
import { type Checked, createCheck } from './answers.ts'
import { wireOf } from './request-wire.ts'
import { type FuzzRequest, type Known, requestsOf } from './requests.ts'
import { diceOf, type Json } from './values.ts'

export interface FuzzOutcome {
  requests: number
  /** How often each status was answered; 0 where the connection was cut, as broken HTTP may have it. */
  statuses: Map<number, number>
  /** How often each code was. */
  codes: Map<string, number>
  faults: string[]
  /** Addresses that the canary was asked for. */
  asked: string[]
  /** Bytes of the server after each tenth of the requests. */
  memory: number[]
  /** Whether it still serves, and how it ended. */
  healthy: boolean
  exitCode: number | null
}

export interface FuzzOptions {
  requests: number
  seed: number
  onProgress?: (done: number) => void
}

const ABREAST = 8
/** Milliseconds after which an answer is missing. Streams of events end with their lookup. */
const HUNG_MS = 60_000
/** Of the requests, those that are written byte by byte, and may be no HTTP. */
const ON_THE_WIRE = 0.04
const MAX_FAULTS = 50

export async function fuzzRequests({ requests, seed, onProgress }: FuzzOptions): Promise<FuzzOutcome> {
  const canary = await startCanary()
  const server = await startWatched({ TRUST_PROXY: '1', DECODERS: '2', RATE_LIMIT: '1000000' })
  try {
    const outcome = await run(server, canary, { requests, seed, onProgress: onProgress ?? (() => {}) })
    return { ...outcome, exitCode: (await server.stop()).code }
  } finally {
    await server.stop()
    canary.close()
  }
}

async function run(server: WatchedServer, canary: Canary, options: Required<FuzzOptions>) {
  const agent = new Agent({ keepAlive: true, maxSockets: ABREAST })
  const base = `http://127.0.0.1:${server.port}`
  const document = (await (await fetch(`${base}/openapi.json`)).json()) as Json
  const known = await knownOf(base, canary.bait)
  const check = createCheck(document, [...server.paths, canary.marker])
  const made = requestsOf(document, known, options.seed)
  const dice = diceOf(seeded(options.seed + 1))
  const found = {
    requests: 0,
    statuses: new Map<number, number>(),
    codes: new Map<string, number>(),
    faults: [] as string[],
  }
  const memory: number[] = []

  async function worker(): Promise<void> {
    while (found.requests < options.requests && found.faults.length < MAX_FAULTS) {
      const number = found.requests++
      const request = made.next().value
      const onTheWire = dice.chance(ON_THE_WIRE)
      const answer = onTheWire
        ? await sendRaw(server.port, wireOf(request, dice))
        : await send(server.port, request, agent)
      count(found.statuses, answer.status)
      if (answer.status >= 400) count(found.codes, codeOf(answer))
      note(answer)
      const faults =
        answer.status === 0
          ? onTheWire
            ? []
            : ['is missing']
          : check(onTheWire ? { ...request, operation: null } : request, answer)
      found.faults.push(...faults.map((fault) => `request ${number}: ${describe(request)}: the answer ${fault}`))
      if (number % Math.ceil(options.requests / 10) === 0) memory.push(server.residentBytes())
      if (number % 500 === 0) options.onProgress(number)
    }
  }

  /** Lookups that were made are asked for, too. */
  function note({ headers, status }: Checked): void {
    const id = /^\/v1\/lookups\/(\w+)$/.exec(String(headers.location))?.[1]
    if (id && status < 300) known.lookupIds = [...known.lookupIds.slice(-20), id]
  }

  await Promise.all(Array.from({ length: ABREAST }, worker))
  agent.destroy()
  memory.push(server.residentBytes())
  const healthy = (await fetch(`${base}/readyz`)).status === 200 && (await lookUp(base)) === 200
  return { ...found, asked: canary.asked, memory, healthy }
}

const example = (name: string) => readFileSync(new URL(`../../examples/${name}`, import.meta.url))

/** @returns its status, when those who were before it are done. */
async function lookUp(base: string): Promise<number> {
  for (;;) {
    const { status, headers } = await fetch(`${base}/v1/lookups`, { method: 'POST', body: example('hills-copy.webp') })
    if (status !== 503) return status
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(headers.get('retry-after'))))
  }
}

/** A record, a lookup and a manifest, so that not everything is missing. */
async function knownOf(base: string, bait: string[]): Promise<Known> {
  const page = await (await fetch(base)).text()
  const token = /name="firsthand-token" content="([^"]+)"/.exec(page)![1]!
  const headers = { 'X-Firsthand-Token': token }
  const registered = await fetch(`${base}/v1/development/registrations?title=%1b[2J`, {
    method: 'POST',
    headers,
    body: example('hills.jpg'),
  })
  const { recordId } = (await registered.json()) as { recordId: string }
  const record = (await (await fetch(`${base}/v1/records/${recordId}`)).json()) as { manifestCid: string }
  const looked = await fetch(`${base}/v1/lookups`, { method: 'POST', body: example('hills-copy.webp') })
  const { id } = (await looked.json()) as { id: string }
  const manifest = await writeManifest(video(1, 200), { title: 'x', text: null, sourceUrl: null, derivedFrom: null })
  const car = Buffer.from(await writeCar(manifest.root, manifest.blocks))
  return { recordIds: [recordId], lookupIds: [id], cids: [record.manifestCid, manifest.root], car, token, bait }
}

function send(port: number, { method, path, headers, body }: FuzzRequest, agent: Agent): Promise<Checked> {
  return new Promise((resolve) => {
    const lost = { status: 0, headers: {}, body: '' }
    const fields = headers.flat()
    const length = body ? ['Content-Length', String(body.length)] : []
    const outgoing = ask({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent,
      timeout: HUNG_MS,
      setHost: false,
      headers: [...hostOf(fields), ...fields, ...length],
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('hung')))
    outgoing.on('error', () => resolve(lost))
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => void chunks.push(chunk))
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode!, headers: incoming.headers, body: String(Buffer.concat(chunks)) }),
      )
      incoming.on('error', () => resolve(lost))
    })
    outgoing.end(body ?? undefined)
  })
}

const hostOf = (fields: string[]) => (fields.includes('Host') ? [] : ['Host', 'localhost'])

async function sendRaw(port: number, bytes: Buffer): Promise<Checked> {
  const { text } = await raw(port, bytes, { limitMs: 3_000, quietMs: 60 })
  const status = /HTTP\/1\.1 (\d{3}) /.exec(text.slice(Math.max(0, text.lastIndexOf('HTTP/1.1 '))))?.[1]
  if (status === undefined) return { status: 0, headers: {}, body: '' }
  const [head = '', ...rest] = text.slice(text.lastIndexOf('HTTP/1.1 ')).split('\r\n\r\n')
  const lines = head.split('\r\n').slice(1)
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.split(': ').slice(1).join(': ')]),
  )
  return { status: Number(status), headers, body: Buffer.from(rest.join('\r\n\r\n'), 'latin1').toString() }
}

interface Canary {
  marker: string
  bait: string[]
  asked: string[]
  close(): void
}

/** A listener that nobody may ask, and a file that nobody may read. */
async function startCanary(): Promise<Canary> {
  const marker = `canary-${randomUUID()}`
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-fuzz-'))
  writeFileSync(join(directory, 'canary.txt'), marker)
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(marker)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '127.1',
    '0',
    'a@127.0.0.1',
    '127.0.0.1.',
  ]
  const file = join(directory, 'canary.txt')
  const bait = [...hosts.map((host) => `http://${host}:${port}/canary`), pathToFileURL(file).href, file]
  const close = () => {
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { marker, bait, asked, close }
}

function count<T>(counts: Map<T, number>, key: T): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function codeOf({ body }: Checked): string {
  return /"code":"([\w.]+)"/.exec(body)?.[1] ?? 'none'
}

const describe = ({ method, path, headers, body }: FuzzRequest) =>
  `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).slice(0, 300)} ${body ? `${body.length} bytes: ${JSON.stringify(body.toString('latin1', 0, 80))}` : ''}`
