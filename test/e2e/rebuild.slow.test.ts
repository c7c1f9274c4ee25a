/** What was indexed while the chain went on, with branches that were given up, equals what is built from the chain and the published blocks
 *  alone; and an audit finds what differs. */
import { createHash } from 'node:crypto'
import { unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { HDNodeWallet } from 'ethers'
import { sql } from 'kysely'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import {
  type BlockStore,
  createBlockStore,
  createCatalogue,
  digestCatalogue,
  openDatabase,
  type TableDigest,
} from '../../server/catalogue/index.ts'
import {
  type ChainNode,
  createIndexer,
  createNode,
  createPublisherClient,
  type Deployment,
  developmentWallet,
  type PublisherClient,
  type Registration,
  signKeyConsent,
} from '../../server/chain/index.ts'
import { readConfig } from '../../server/config.ts'
import { anchoredWords, writeManifest } from '../../server/fingerprint/index.ts'
import { audit, rebuild } from '../../server/maintenance/index.ts'
import { createMatcher } from '../../server/matching/index.ts'
import { anchorBy, createSync, type Way } from '../../server/registry/index.ts'
import { openPgliteForTest, openPostgresForTest, type TestDatabase } from '../catalogue/databases.ts'
import { deployTo } from '../chain/local-network.ts'
import { picture, video } from '../fingerprint/make.ts'
import { type Anvil, hasAnvil, startAnvil } from './anvil.ts'
import { temporaryFolder } from './server.ts'

const PHRASE = 'test test test test test test test test test test test junk'
const KEYS = [3, 4].map((index) => HDNodeWallet.fromPhrase(PHRASE, '', `m/44'/60'/0'/0/${index}`))
const [FIRST, SECOND] = KEYS as [HDNodeWallet, HDNodeWallet]
const NOTHING = { text: null, sourceUrl: null, derivedFrom: null }
const SEEN = { stored: 3, logged: 3, rooted: 4 } as const
const quietly = () => {}

const title = hasAnvil ? '' : ': not tested, there is no anvil on the PATH'
describe(`a catalogue that is built anew${title}`, () => {
  if (!hasAnvil) return
  const folder = temporaryFolder()
  let anvil: Anvil
  let node: ChainNode
  let deployment: Deployment
  let blocks: BlockStore
  let original: TestDatabase
  let gateway: Server
  let digests: TableDigest[]
  const rebuilt: TestDatabase[] = []

  const rpc = async (method: string, ...params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return ((await response.json()) as { result: unknown }).result
  }
  const client = (wallet: HDNodeWallet | ReturnType<typeof developmentWallet>): PublisherClient =>
    createPublisherClient({ node, deployment, signer: wallet })

  /** A registration of a made-up file, whose manifest is in the block store unless it is to be missing. */
  async function registration(seed: number, { kept = true, honest = true } = {}): Promise<Registration> {
    const of = seed % 3 === 0 ? video(seed, 20) : picture(seed)
    const { root, digest, blocks: made } = await writeManifest(of, { ...NOTHING, title: `number ${seed}` })
    if (kept) await blocks.put(made.map(({ cid, bytes }) => ({ cid: String(cid), bytes })))
    if (kept) expect(await blocks.get(root)).to.not.equal(null)
    const { algorithm, words } = anchoredWords(of)
    const contentDigest = honest ? of.contentDigest : new Uint8Array(createHash('sha256').update(`${seed}`).digest())
    const kind = of.kind === 'image' ? 1 : 2
    return { contentDigest, manifestDigest: digest, kind, algorithm, perceptualHashes: words }
  }

  async function send(way: Way, by: HDNodeWallet, registrations: Registration[], keepList = true): Promise<void> {
    await anchorBy(way, registrations, {
      deployment,
      publisherId: 1,
      client: client(by),
      hold: async (_, list) => (keepList ? blocks.put(list) : undefined),
    })
  }

  const many = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => registration(from + i)))

  /** What happens on the chain. `indexed` waits for the index. */
  async function live(indexed: () => Promise<void>): Promise<void> {
    // Each time a new one: after a branch was given up, the nonces that an old one knows are not those of the chain.
    const custody = () => client(developmentWallet('custody', deployment.chainId))
    const second = () => client(SECOND)
    const profile = JSON.stringify({ name: 'A newsroom' })
    const digest = new Uint8Array(createHash('sha256').update(profile).digest())
    const uri = `data:application/json,${encodeURIComponent(profile)}`
    await custody().createPublisher(uri, digest, fromHex(SECOND.address, 20))
    for (const key of KEYS) {
      const now = (await node.header('latest'))!.time
      const listing = { publisherId: 1, custody: custody().address }
      await custody().addKey(1, await signKeyConsent(deployment, listing, key, now + 3_600))
    }
    await send('stored', FIRST, await many(1, SEEN.stored))
    await send('logged', FIRST, await many(11, SEEN.logged))
    await send('rooted', FIRST, await many(21, SEEN.rooted))
    await indexed()
    // A branch that is given up, after it was indexed: it registers, revokes, ends and declares.
    const snapshot = await rpc('evm_snapshot')
    await send('stored', SECOND, await many(31, 2))
    await send('rooted', SECOND, await many(41, 2))
    await client(FIRST).revoke(1, (await registration(1)).contentDigest, 1)
    await custody().declareCompromised(1, [fromHex(FIRST.address, 20)], (await node.header('latest'))!.time - 1)
    await indexed()
    expect(await rpc('evm_revert', snapshot)).to.equal(true)
    await rpc('evm_increaseTime', 7)
    const later = await many(32, 3)
    await send('logged', SECOND, later)
    await second().revoke(1, (await registration(2)).contentDigest, 2)
    await second().supersede(1, (await registration(11)).contentDigest, later[0]!.contentDigest)
    await rpc('evm_increaseTime', 60)
    const since = (await node.header('latest'))!.time
    await send('stored', SECOND, await many(51, 1))
    await second().revoke(1, (await registration(12)).contentDigest, 1)
    await custody().declareCompromised(1, [fromHex(SECOND.address, 20)], since)
    // Void, so it may be said again; the thief's revocation falls away.
    await send('stored', FIRST, await many(51, 1))
    await send('stored', FIRST, [await registration(61, { honest: false })])
    await send('stored', FIRST, [await registration(62, { kept: false })])
    await send('rooted', FIRST, await many(71, 2), false)
    await custody().changeRecovery(1, null)
    await custody().endKey(1, fromHex(FIRST.address, 20))
    await indexed()
  }

  before(async () => {
    anvil = await startAnvil()
    node = createNode({ url: anvil.url })
    deployment = await deployTo(anvil.url)
    blocks = createBlockStore({ directory: folder.path, now: () => 0 })
    original = await openPgliteForTest()
    const catalogue = createCatalogue(original.db)
    await catalogue.bind(deployment)
    const errors: unknown[] = []
    const matcher = createMatcher()
    const sync = createSync({ deployment, catalogue, blocks, matcher, onError: (error) => errors.push(error) })
    await sync.start()
    const indexer = createIndexer({ node, sink: catalogue, deployment, pollMs: 20 })
    indexer.start()
    await live(async () => {
      await indexer.reached(await node.blockNumber(), 60_000)
      for (let i = 0; i < 3; i++) await sync.settled()
    })
    await indexer.stop()
    sync.stop()
    expect(errors).to.deep.equal([])
    digests = await digestCatalogue(original.db)
    gateway = createServer(async (request, response) => {
      const bytes = await blocks.get(/ipfs\/(\w+)/.exec(request.url ?? '')?.[1] ?? '').catch(() => null)
      const type = 'application/vnd.ipld.raw'
      if (bytes && /format=raw/.test(request.url!)) response.writeHead(200, { 'content-type': type }).end(bytes)
      else response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => gateway.once('listening', resolve))
  })
  after(async () => {
    gateway?.close()
    for (const one of rebuilt) await one.dispose()
    await original?.dispose()
    node?.close()
    await anvil?.stop()
    folder.remove()
  })

  function configOf({ options }: TestDatabase, more: Record<string, string> = {}) {
    const address = `127.0.0.1:${(gateway.address() as AddressInfo).port}`
    return readConfig({
      RPC_URL: anvil.url,
      PUBLISHER_REGISTRY: toHex0x(deployment.publisherRegistry),
      MEDIA_REGISTRY: toHex0x(deployment.mediaRegistry),
      START_BLOCK: String(deployment.startBlock),
      DATA_DIR: options.dataDir,
      DATABASE_URL: options.databaseUrl ?? '',
      GATEWAYS: `http://${address}`,
      FETCH_ALLOW: address,
      ...more,
    })
  }

  it('has something of everything to be compared', () => {
    const rows = Object.fromEntries(digests.map(({ table, rows }) => [table, rows]))
    expect(rows).to.include({ keys_added: 2, keys_ended: 2, compromises: 1, batches: 2, changes: 3 })
    expect(rows.records).to.be.above(12)
    expect(rows.manifests).to.be.above(10)
  })

  for (const [name, open] of [
    ['PGlite', openPgliteForTest],
    ['PostgreSQL', process.env.TEST_DATABASE_URL ? openPostgresForTest : null],
  ] as const) {
    if (!open) {
      it(`is the same in ${name}: not tested, TEST_DATABASE_URL is not set`)
      continue
    }
    it(`is the same in ${name}, row by row, and an audit agrees`, async () => {
      const database = await open()
      rebuilt.push(database)
      await database.db.destroy()
      const config = configOf(database)
      const report = await rebuild(config, quietly)
      expect(report.tables).to.deep.equal(digests)
      expect(report.mismatches).to.deep.equal({ manifests: 1, lists: 0 })
      expect(report.blocks.missing, JSON.stringify(report.blocks)).to.equal(2)
      expect(report.blocks.fetched).to.be.above(8)
      const again = await rebuild(config, quietly)
      expect(again.tables).to.deep.equal(digests)
      expect(again.blocks).to.deep.include({ fetched: 0, missing: 2 })
      expect(await audit(config, quietly)).to.deep.include({ tables: digests, difference: null })
    })
  }

  it('of which a row or a block is changed is told from the chain by an audit', async () => {
    const database = rebuilt[0]!
    const config = configOf(database)
    database.db = await openDatabase(database.options)
    await sql`update records set kind = 3 where kind = 1 and way = 3 and leaf_index = 1`.execute(database.db)
    await database.db.destroy()
    const { difference } = await audit(config, quietly)
    expect(difference).to.deep.include({ table: 'records', ours: { kind: 3 }, theirs: { kind: 1 } })
    database.db = await openDatabase(database.options)
    await sql`update records set kind = 1 where kind = 3`.execute(database.db)
    await database.db.destroy()
    const cid = await firstBlock(database)
    const path = join(database.options.dataDir, 'blocks', cid.slice(-2), cid)
    const bytes = (await createBlockStore({ directory: database.options.dataDir, now: () => 0 }).get(cid))!
    writeFileSync(
      path,
      bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
    )
    expect((await audit(config, quietly)).difference).to.deep.include({ table: 'blocks', key: { cid } })
    unlinkSync(path)
    expect((await audit(config, quietly)).difference?.table).to.be.oneOf(['meta', 'manifests', 'batches'])
  })

  it('is the reduced one without the blocks, and says what is missing', async () => {
    const database = await openPgliteForTest()
    rebuilt.push(database)
    await database.db.destroy()
    const report = await rebuild(configOf(database, { GATEWAYS: '' }), quietly)
    const unlike = report.tables.filter(({ digest }, i) => digest !== digests[i]!.digest).map(({ table }) => table)
    expect(unlike).to.deep.equal(['meta', 'batches', 'records', 'manifests'])
    expect(report.tables.find(({ table }) => table === 'manifests')!.rows).to.equal(0)
    expect(report.blocks.missing).to.equal(2 + report.records)
    expect(report.blocks.examples[0]).to.deep.include({ type: 'list', why: 'no gateway is known' })
  })
})

async function firstBlock({ options }: TestDatabase): Promise<string> {
  const { storedBlocks } = await import('../../server/catalogue/index.ts')
  for await (const cid of storedBlocks(options.dataDir)) return cid
  throw new Error('no block is here')
}
