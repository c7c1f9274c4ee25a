/** A server over a registry in memory, on any free port. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createWithdrawals, type PublisherRow } from '../../server/catalogue/index.ts'
import type { Indexer } from '../../server/chain/index.ts'
import { ERRORS, type ErrorCode, RegistryError } from '../../server/errors.ts'
import type { MediaFingerprint } from '../../server/fingerprint/index.ts'
import { type AppParts, createApp, createLog, createUploads, listen, problemOf } from '../../server/http/index.ts'
import { createMatcher, examineFilm, examinePicture, examineSound } from '../../server/matching/index.ts'
import { type Allowed, createGuard } from '../../server/outgoing/index.ts'
import { draw } from '../../server/registry/examine-worker.ts'
import { createRegistry, createRemoteMedia, type Decode, type Draw, type Ledger } from '../../server/registry/index.ts'
import { createReport } from '../../server/web/index.ts'
import { picture } from '../fingerprint/make.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue } from '../registry/fakes.ts'

export const TOKEN = 'the-token-of-this-page'
export const LIMITS = {
  maxBytes: 100_000,
  idleMs: 20_000,
  minRate: 0,
  graceMs: 0,
  maxConcurrent: 4,
  clientConcurrent: 3,
  spaceBytes: 1_000_000,
  clientBytes: 500_000,
}

/** Without it fetch() asks for a fresh copy whenever its caller sets `If-None-Match`. */
export const REVALIDATE = { 'cache-control': 'max-age=0' }

export interface Options
  extends Partial<
    Pick<AppParts, 'token' | 'loopback' | 'rateLimit' | 'clientRequests' | 'trustProxy' | 'heartbeatMs'>
  > {
  limits?: Partial<typeof LIMITS>
  publishers?: PublisherRow[]
  decode?: Decode
  draw?: Draw
  /** Hosts on this machine that may be fetched from. */
  allow?: Allowed[]
  /** Files that are decoded at the same time. */
  decoders?: number
  clientJobs?: number
  maxConnections?: number
  /** Seconds since 1970. */
  now?: () => number
  /** Configured ones. */
  gateways?: string[]
  /** How far the index is behind; null before the node was asked. */
  lagBlocks?: number | null
}

/** Finds the same picture in everything. */
export const decodeAnything: Decode = async (): Promise<MediaFingerprint> => {
  const { contentDigest: _, byteLength: __, ...media } = picture(1)
  return media
}

export async function serve(options: Options = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-http-'))
  const [catalogue, blocks, matcher] = [memoryCatalogue(options.publishers), memoryBlocks(() => 1_000), createMatcher()]
  const said: Record<string, unknown>[] = []
  const lines: string[] = []
  const log = createLog('debug', (line) => {
    lines.push(line)
    said.push(JSON.parse(line))
  })
  const uploads = createUploads(join(directory, 'uploads'), { ...LIMITS, ...options.limits })
  const { maxBytes } = { ...LIMITS, ...options.limits }
  const withdrawals = createWithdrawals(directory)
  const guard = createGuard({ allow: options.allow ?? [], userAgent: 'test', resolve: async () => [] })
  const registry = createRegistry({
    version: '1.2.3',
    deployment: DEPLOYMENT,
    catalogue,
    blocks,
    withdrawals,
    matcher,
    indexer: indexer(options.lagBlocks),
    finality: () => 'local',
    decode: options.decode ?? decodeAnything,
    prepare: () => {},
    examine: async (candidate, originals) => examinePicture(candidate, originals),
    examineFilm: async (candidate, originals) => examineFilm(candidate, originals),
    examineSound: async (candidate, original, proposals) => examineSound(candidate, original, proposals),
    draw: options.draw ?? draw,
    trusted: new Set(),
    confinement: () => null,
    remote: createRemoteMedia({
      guard,
      keep: uploads.keep,
      maxBytes,
      totalMs: 5_000,
    }),
    decoders: options.decoders ?? 4,
    clientJobs: options.clientJobs ?? 8,
    saved: null,
    onFilled: () => {},
    gateways: options.gateways ? { guard, configured: options.gateways } : null,
    lookupTtlS: 3_600,
    now: options.now ?? (() => 1_000),
    problem: problemOf,
    onError: (err, instance) => log.error({ err, instance }),
    development: { rpcUrl: 'http://127.0.0.1:8545', ledger },
  })
  await registry.start()
  const app = createApp({
    registry,
    uploads,
    assets: {
      page: () => '<!doctype html><title>page</title>',
      asset: (path) =>
        path === '/assets/style.css' ? { type: 'text/css', body: Buffer.from('a{}'), etag: '"1"' } : null,
    },
    report: createReport(),
    token: TOKEN,
    version: '1.2.3',
    loopback: true,
    rateLimit: 1_000,
    clientRequests: 100,
    trustProxy: 0,
    gauges: { originals: { help: 'Originals', read: () => matcher.size().originals } },
    log,
    ...options,
  })
  const server = await listen(app, {
    host: '127.0.0.1',
    port: 0,
    maxUploadBytes: maxBytes,
    maxConnections: options.maxConnections ?? 1_000,
    behindProxy: true,
  })

  /** A development publisher whose transactions are done at once. */
  function ledger(_relay: boolean, near: Pick<Ledger, 'exists' | 'hold' | 'searchable'>): Ledger {
    return { ...near, recordId: (digest) => digest, send: async (items) => items.map(() => new Uint8Array(32).fill(6)) }
  }

  async function close(): Promise<void> {
    await registry.close()
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }

  const port = Number(new URL(server.url).port)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    app,
    registry,
    catalogue,
    blocks,
    withdrawals,
    said,
    lines,
    directory,
    close,
  }
}

export type Served = Awaited<ReturnType<typeof serve>>

function indexer(lagBlocks: number | null = 0): Indexer {
  const head = { number: 9, hash: new Uint8Array(32), parentHash: new Uint8Array(32), time: 1 }
  return {
    start: () => {},
    stop: async () => {},
    state: () => ({
      head,
      chainHead: 9,
      lagBlocks,
      lastError: null,
      lagSeconds: lagBlocks && 12 * lagBlocks,
      final: 'local',
      nodes: [],
      syncing: false,
    }),
    finality: () => 'local',
    poke: () => {},
    reached: async () => {},
  }
}

/** Decodes when it is let go, and not before; ends when it is cancelled. */
export function heldDecode() {
  const gate = Promise.withResolvers<void>()
  const progress: ((fraction: number) => void)[] = []
  const decode: Decode = async (fd, byteLength, options) => {
    progress.push(options.onProgress)
    const cancelled = new Promise<never>((_resolve, reject) =>
      options.signal.addEventListener('abort', () => reject(options.signal.reason as Error)),
    )
    await Promise.race([gate.promise, cancelled])
    return decodeAnything(fd, byteLength, options)
  }
  return {
    decode,
    begun: () => progress.length,
    letGo: () => gate.resolve(),
    tell: (fraction: number) => progress.at(-1)!(fraction),
  }
}

export const undecodable: Decode = () => Promise.reject(new RegistryError('media.undecodable', 'frame 17: not a JPEG'))

/** The answer must be this problem, whole. */
export async function expectProblem(response: Response, status: number, code: string) {
  const problem = (await response.json()) as Record<string, string>
  expect(problem).to.include({ status, code })
  expect(response.status).to.equal(status)
  expect(response.headers.get('content-type')).to.match(/^application\/problem\+json/)
  expect(problem.type).to.equal(`/docs/errors#${code.replace('.', '')}`)
  expect(problem.instance).to.match(/^urn:firsthand:[0-9a-f-]{32,36}$/)
  const { retryAfterS, ...rest } = problem
  expect(rest).to.have.all.keys('type', 'title', 'status', 'detail', 'instance', 'code')
  expect(response.headers.get('retry-after')).to.equal(retryAfterS === undefined ? null : String(retryAfterS))
  expect(retryAfterS === undefined, 'whether it may pass').to.equal(!ERRORS[code as ErrorCode].retry)
  return problem
}
