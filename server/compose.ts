/** The one place that builds adapters and hands them on: a whole server from its configuration. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { createBlockStore, createCatalogue, createWithdrawals, openDatabase, storedBlocks } from './catalogue/index.ts'
import {
  type ChainNode,
  type ChainNodes,
  createIndexer,
  createNodes,
  type Deployment,
  followHeads,
  type Indexer,
  LOCAL_CHAIN_ID,
  recordId,
  startDevnet,
} from './chain/index.ts'
import { type Config, nodeUrls, trustedPublishers } from './config.ts'
import { openDecoders } from './decoders.ts'
import { RegistryError } from './errors.ts'
import { gauges, isApart } from './gauges.ts'
import { createApp, createLog, createUploads, listen, newToken, problemOf, UPLOAD_LIMITS } from './http/index.ts'
import { type LocalPublisher, localDeployment, localPublisher } from './local.ts'
import { createMatcher } from './matching/index.ts'
import { deploymentOrKnown } from './named-chain.ts'
import { createGuard, type Guard, parseAllowed } from './outgoing/index.ts'
import {
  anchorBy,
  createExaminers,
  createRegistry,
  createRemoteMedia,
  createSavedSearch,
  type RegistryParts,
  type SavedSearch,
} from './registry/index.ts'
import { createAssets, createReport } from './web/index.ts'

export interface RunningServer {
  url: string
  local: boolean
  close(): Promise<void>
}

/** Milliseconds in which the index must reach a block that was just mined. */
const INDEXED_MS = 30_000

/** What must be closed, last opened first, whether the start succeeds or not. */
export type Closer = () => Promise<void>

/** Starts everything that the configuration asks for.
 * @param fresh begins the local chain anew; its old journal is put aside.
 * @throws RegistryError that says what is in the way; nothing is left running then. */
export async function startServer(config: Config, { fresh = false } = {}): Promise<RunningServer> {
  const opened: Closer[] = []
  const close = async () => {
    for (const closer of opened.splice(0).reverse()) await closer()
  }
  try {
    return { ...(await open(config, fresh, opened)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(config: Config, fresh: boolean, opened: Closer[]): Promise<{ url: string; local: boolean }> {
  const out = pino.destination({ dest: 2, sync: true })
  const log = createLog(config.LOG_LEVEL, (line) => out.write(line))
  const now = () => Math.floor(Date.now() / 1000)
  mkdirSync(config.DATA_DIR, { recursive: true })

  // First the local chain: it says best which other server has the folder.
  const local = config.RPC_URL ? null : await openChain(config, fresh, log, opened)
  const db = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL })
  const catalogue = createCatalogue(db)
  opened.push(() => catalogue.close())
  const chain = local ?? (await openChain(config, fresh, log, opened, await catalogue.bound()))
  await catalogue.bind(chain.deployment)
  const indexer = createIndexer({ node: chain.members, sink: catalogue, deployment: chain.deployment, log })
  for (const url of chain.heads) {
    const heads = followHeads({ url, onHead: indexer.poke, log })
    opened.push(async () => heads.close())
  }

  const pool = openDecoders(config)
  opened.push(() => pool.close())
  void pool.confine().then(
    (confinement) => log[isApart(confinement) ? 'info' : 'warn']({ confinement }, 'decoders are confined'),
    (err) => log.error({ err }, 'no decoder starts'),
  )
  const examiners = createExaminers(config.DECODERS, { directory: join(config.DATA_DIR, 'films') })
  opened.push(() => examiners.close())
  const blocks = createBlockStore({ directory: config.DATA_DIR, now })
  const matcher = createMatcher()
  const uploads = createUploads(join(config.DATA_DIR, 'uploads'), {
    ...UPLOAD_LIMITS,
    maxBytes: config.MAX_UPLOAD_BYTES,
    spaceBytes: config.UPLOADS_BYTES,
    clientBytes: config.CLIENT_BYTES,
  })
  const guard = openGuard(config)
  const registry = createRegistry({
    version: config.version,
    deployment: chain.deployment,
    catalogue,
    blocks,
    withdrawals: createWithdrawals(config.DATA_DIR),
    matcher,
    indexer,
    finality: indexer.finality,
    trusted: trustedPublishers(config),
    decode: pool.decode,
    prepare: examiners.prepare,
    examine: examiners.examine,
    examineFilm: examiners.examineFilm,
    examineSound: examiners.examineSound,
    draw: examiners.draw,
    confinement: () => pool.stats().confinement,
    remote: createRemoteMedia({
      guard,
      keep: uploads.keep,
      maxBytes: config.MAX_UPLOAD_BYTES,
      totalMs: config.FETCH_TIMEOUT_S * 1000,
    }),
    decoders: config.DECODERS,
    clientJobs: config.CLIENT_JOBS,
    gateways: { guard, configured: gatewaysOf(config) },
    saved: openSavedSearch(config, chain.deployment),
    onFilled: (filled) => log.info(filled, 'search is filled'),
    lookupTtlS: config.LOOKUP_TTL_S,
    now,
    problem: problemOf,
    onError: (err, instance) => log.error({ err, instance }, 'work in the background failed'),
    development: development(chain, indexer, config),
  })
  opened.push(() => registry.close())
  await registry.start()
  if (chain.local) await indexer.reached(await chain.node.blockNumber(), INDEXED_MS)

  const token = chain.local && config.loopback ? newToken() : null
  const app = createApp({
    registry,
    uploads,
    assets: createAssets({ token: token ?? '', version: config.version }),
    report: createReport(),
    token,
    version: config.version,
    loopback: config.loopback,
    rateLimit: config.RATE_LIMIT,
    clientRequests: config.CLIENT_REQUESTS,
    trustProxy: config.TRUST_PROXY,
    gauges: gauges({ indexer, matcher, pool, registry }),
    log,
  })
  const server = await listen(app, {
    host: config.HOST,
    port: config.PORT,
    maxUploadBytes: config.MAX_UPLOAD_BYTES,
    maxConnections: config.MAX_CONNECTIONS,
    behindProxy: config.TRUST_PROXY > 0,
  })
  opened.push(() => server.close())
  return { url: server.url, local: chain.local !== null }
}

export interface Chain {
  node: ChainNodes
  /** Those to index from. */
  members: readonly ChainNode[]
  /** Where word of new blocks comes from, by WebSocket. */
  heads: string[]
  deployment: Deployment
  /** The development publisher and its network's address, on a local chain. */
  local: (LocalPublisher & { rpcUrl: string }) | null
}

/** @param known what the catalogue holds, if anything: enough to start where no node answers. */
export async function openChain(
  config: Config,
  fresh: boolean,
  log: Logger,
  opened: Closer[],
  known: Deployment | null = null,
): Promise<Chain> {
  if (config.RPC_URL) {
    if (fresh)
      throw new RegistryError('request.invalid', '--fresh begins the local chain anew, but RPC_URL names another one')
    const { http, ws } = nodeUrls(config.RPC_URL)
    const node = createNodes({ urls: http })
    opened.push(async () => node.close())
    return { node, heads: ws, ...(await deploymentOrKnown(config, node, known, log)), local: null }
  }
  const devnet = await startDevnet({ dataDir: config.DATA_DIR, port: config.RPC_PORT, fresh, log })
  opened.push(() => devnet.close())
  const node = createNodes({ urls: [devnet.url] })
  opened.push(async () => node.close())
  const deployment = await localDeployment(devnet.url, node)
  const { members } = node
  return {
    node,
    members,
    heads: [],
    deployment,
    local: { ...(await localPublisher(node, deployment)), rpcUrl: devnet.url },
  }
}

type DevelopmentLedger = NonNullable<RegistryParts['development']>['ledger']

/** The development signer, which nobody but this machine may reach. */
function development(
  { local, deployment, node: _ }: Chain,
  indexer: Indexer,
  config: Config,
): RegistryParts['development'] {
  if (!local || deployment.chainId !== LOCAL_CHAIN_ID) return null
  const ledger: DevelopmentLedger = (relay, server) => ({
    ...server,
    recordId: (digest) => recordId(deployment.chainId, deployment.mediaRegistry, local.publisherId, digest),
    async send(registrations, way) {
      if (!config.loopback)
        throw new RegistryError(
          'signer.unavailable',
          'the development publisher signs only where HOST is a loopback address',
        )
      const client = relay ? local.relayed : local.client
      const sender = { deployment, publisherId: local.publisherId, client, hold: server.hold }
      const anchored = await anchorBy(way, registrations, sender)
      await indexer.reached(Math.max(...anchored.map(({ blockNumber }) => blockNumber)), INDEXED_MS)
      return anchored.map(({ transactionHash }) => transactionHash)
    },
  })
  return { rpcUrl: local.rpcUrl, ledger }
}

/** The one way out, for everything that strangers name. */
export function openGuard({ FETCH_ALLOW, version }: Config): Guard {
  return createGuard({ allow: parseAllowed(FETCH_ALLOW ?? ''), userAgent: `Firsthand/${version}` })
}

/** What is searched, as it was saved in the server's directory. */
export function openSavedSearch({ DATA_DIR, version }: Config, deployment: Deployment): SavedSearch {
  return createSavedSearch({ directory: DATA_DIR, stored: () => storedBlocks(DATA_DIR), version, deployment })
}

/** Without what the path of a block begins with. */
export function gatewaysOf({ GATEWAYS }: Config): string[] {
  const bases = (GATEWAYS ?? '').split(',').map((base) =>
    base
      .trim()
      .replace(/\/+$/, '')
      .replace(/\/ipfs$/, ''),
  )
  return bases.filter((base) => base !== '')
}
