import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import { equalBytes } from '../../server/bytes.ts'
import { developmentWallet } from '../../server/chain/accounts.ts'
import { LOCAL_CHAIN_ID } from '../../server/chain/deploy.ts'
import { startDevnet } from '../../server/chain/devnet.ts'
import { createIndexer, type Indexer } from '../../server/chain/indexer.ts'
import { createNode } from '../../server/chain/node.ts'
import { createPublisherClient, type PublisherClient } from '../../server/chain/publisher.ts'
import { signKeyConsent } from '../../server/chain/typed-data.ts'
import { deployTo, type LocalNetwork, localNetwork } from './local-network.ts'
import { type MemorySink, memorySink } from './memory-sink.ts'
import { until } from './until.ts'

const NEVER_MS = 3_600_000
const LIMIT_MS = 20_000

describe('the indexer on the local network', () => {
  let network: LocalNetwork
  let sink: MemorySink
  let indexer: Indexer

  const follow = (pollMs = NEVER_MS) => {
    indexer = createIndexer({ node: network.node, sink, deployment: network.deployment, pollMs })
    indexer.start()
  }
  const clientOf = (role: 'custody' | 'signing'): PublisherClient =>
    createPublisherClient({
      node: network.node,
      deployment: network.deployment,
      signer: developmentWallet(role, LOCAL_CHAIN_ID),
    })
  const digest = (seed: number) => new Uint8Array(32).fill(seed)
  const registration = (seed: number) => ({
    contentDigest: digest(seed),
    manifestDigest: digest(seed + 100),
    kind: 1,
    algorithm: 1,
    perceptualHashes: [digest(seed + 50), digest(seed + 51)],
  })

  async function publish(): Promise<number> {
    const custody = clientOf('custody')
    const { publisherId } = await custody.createPublisher('data:,{"name":"Ä"}', digest(9), null)
    const deadlineS = (await network.node.header('latest'))!.time + 3_600
    const wallet = developmentWallet('signing', LOCAL_CHAIN_ID)
    await custody.addKey(
      publisherId,
      await signKeyConsent(network.deployment, { publisherId, custody: custody.address }, wallet, deadlineS),
    )
    return publisherId
  }

  beforeEach(async () => {
    network = await localNetwork()
    sink = memorySink()
  })
  afterEach(async () => {
    await indexer?.stop()
    await network?.close()
  })

  it('holds every event as it was made, with the time of its block', async () => {
    follow()
    const publisherId = await publish()
    const key = clientOf('signing')
    const [record] = await key.registerMany(publisherId, [registration(1)])
    await key.revoke(publisherId, digest(2), 4)
    const { blockNumber } = await clientOf('custody').endKey(publisherId, key.address)
    await indexer.reached(blockNumber, LIMIT_MS)
    expect(sink.logs.map(({ type }) => type)).to.deep.equal([
      'publisherCreated',
      'profileChanged',
      'keyAdded',
      'mediaRegistered',
      'mediaRevoked',
      'keyEnded',
    ])
    const registered = sink.logs.find(({ type }) => type === 'mediaRegistered')
    expect(registered).to.deep.include({
      ...registration(1),
      recordId: record?.recordId,
      publisherId,
      signer: key.address,
    })
    const { at } = registered!
    expect(at).to.deep.equal({
      blockNumber: record!.blockNumber,
      logIndex: 0,
      transactionHash: record!.transactionHash,
    })
    const header = sink.headers.find(({ number }) => number === at.blockNumber)
    const { logsBloom: _, ...theirs } = (await network.node.header(at.blockNumber))!
    expect(header).to.deep.equal(theirs)
    expect(sink.logs[1]).to.deep.include({ uri: 'data:,{"name":"Ä"}', digest: digest(9) })
  })

  it('goes on after a restart of the network where it stopped', async () => {
    follow()
    const publisherId = await publish()
    const [first] = await clientOf('signing').registerMany(publisherId, [registration(1)])
    await indexer.reached(first!.blockNumber, LIMIT_MS)
    await indexer.stop()
    const before = { headers: [...sink.headers], logs: [...sink.logs] }
    await network.restart()
    follow()
    const [second] = await clientOf('signing').registerMany(publisherId, [registration(2)])
    await indexer.reached(second!.blockNumber, LIMIT_MS)
    expect(sink.rollbacks).to.deep.equal([])
    expect(sink.logs.slice(0, before.logs.length)).to.deep.equal(before.logs)
    expect(sink.headers.slice(0, before.headers.length)).to.deep.equal(before.headers)
    expect(sink.logs).to.have.length(before.logs.length + 1)
  })

  it('equals an index from zero after the network began anew with other records', async () => {
    const publisherId = await publish()
    await clientOf('signing').registerMany(publisherId, [registration(1), registration(2)])
    follow()
    await until(
      () => sink.logs.length === 5,
      () => indexer.state(),
    )
    await indexer.stop()
    network.node.close()
    await network.devnet.close()
    network.devnet = await startDevnet({ dataDir: network.dataDir, port: 0, fresh: true })
    network.node = createNode({ url: network.devnet.url })
    network.deployment = await deployTo(network.devnet.url)
    follow(5)
    const again = await publish()
    await clientOf('signing').registerMany(again, [registration(3)])
    const fresh = memorySink()
    const other = createIndexer({ node: network.node, sink: fresh, deployment: network.deployment, pollMs: 5 })
    other.start()
    await until(
      () => fresh.logs.length === 4 && isDeepStrictEqual(sink.logs, fresh.logs),
      () => indexer.state(),
    )
    await other.stop()
    const latest = (await network.node.header('latest'))!
    expect(equalBytes(sink.headers.at(-1)!.hash, latest.hash)).to.equal(true)
  })
})
