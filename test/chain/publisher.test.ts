import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Interface, JsonRpcProvider, Wallet } from 'ethers'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import { developmentWallet } from '../../server/chain/accounts.ts'
import { LOCAL_CHAIN_ID } from '../../server/chain/deploy.ts'
import type { Registration } from '../../server/chain/events.ts'
import { mediaRegistryAbi } from '../../server/chain/generated.ts'
import { recordId } from '../../server/chain/ids.ts'
import type { ChainNode } from '../../server/chain/node.ts'
import { createPublisherClient, type PublisherClient } from '../../server/chain/publisher.ts'
import { ContractRevert } from '../../server/chain/revert.ts'
import { createSender } from '../../server/chain/sender.ts'
import { signKeyConsent } from '../../server/chain/typed-data.ts'
import { RegistryError } from '../../server/errors.ts'
import { type LocalNetwork, localNetwork } from './local-network.ts'

const media = new Interface(mediaRegistryAbi)
const digest = () => new Uint8Array(randomBytes(32))

function registration(words = 0): Registration {
  const perceptualHashes = Array.from({ length: words }, digest)
  return { contentDigest: digest(), manifestDigest: digest(), kind: 2, algorithm: words > 0 ? 1 : 0, perceptualHashes }
}

/** The distinct values, in order. */
const distinct = (values: unknown[]) => [...new Set(values)]

describe('the publisher client', () => {
  let network: LocalNetwork
  let custody: PublisherClient
  let key: PublisherClient
  const keyWallet = developmentWallet('signing', LOCAL_CHAIN_ID)
  let publisherId: number
  let farFutureS: number

  const clientOf = (signer: Wallet, node: ChainNode = network.node) =>
    createPublisherClient({ node, deployment: network.deployment, signer })
  async function errorOf(work: Promise<unknown>): Promise<RegistryError> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(RegistryError)
    return error as RegistryError
  }
  async function view(name: string, ...values: unknown[]) {
    const data = fromHex(media.encodeFunctionData(name, values))
    return media.decodeFunctionResult(name, await network.node.call({ to: network.deployment.mediaRegistry, data }))
  }

  before(async () => {
    network = await localNetwork()
    custody = clientOf(developmentWallet('custody', LOCAL_CHAIN_ID))
    key = clientOf(keyWallet)
    farFutureS = (await network.node.header('latest'))!.time + 3_600
    expect(await custody.publisherId()).to.equal(null)
    publisherId = (await custody.createPublisher('data:,{}', digest(), null)).publisherId
    await custody.addKey(
      publisherId,
      await signKeyConsent(network.deployment, { publisherId, custody: custody.address }, keyWallet, farFutureS),
    )
  })
  after(() => network?.close())

  it('creates a publisher, and knows it again by its custody', async () => {
    expect(publisherId).to.equal(1)
    expect(await custody.publisherId()).to.equal(1)
    expect(await key.publisherId()).to.equal(null)
  })

  it('adds a key with its consent, and ends another for good', async () => {
    expect(await custody.isLive(publisherId, key.address)).to.equal(true)
    const other = Wallet.createRandom()
    const consent = await signKeyConsent(
      network.deployment,
      { publisherId, custody: custody.address },
      other as unknown as Wallet,
      farFutureS,
    )
    await custody.addKey(publisherId, consent)
    expect(await custody.isLive(publisherId, consent.key)).to.equal(true)
    await custody.endKey(publisherId, consent.key)
    expect(await custody.isLive(publisherId, consent.key)).to.equal(false)
    expect((await errorOf(custody.addKey(publisherId, consent))).message).to.match(/^PublisherRegistryKeyEnded: /)
  })

  it('gives the contract’s error by name, with its values', async () => {
    const fresh = Wallet.createRandom() as unknown as Wallet
    const consent = await signKeyConsent(network.deployment, { publisherId, custody: custody.address }, fresh, 1_000)
    const error = await errorOf(custody.addKey(publisherId, consent))
    expect(error.code).to.equal('chain.rejected')
    expect(error.message).to.match(/^PublisherRegistryConsentExpired: deadline 1000, blockTime \d+$/)
    const revert = error.cause as ContractRevert
    expect(revert).to.be.instanceOf(ContractRevert)
    expect(revert.values.deadline).to.equal(1_000n)
  })

  it('registers, and every record has the id that the contract gives it', async () => {
    const items = [registration(), registration(1), registration(64)]
    const records = await key.registerMany(publisherId, items)
    for (const [i, record] of records.entries()) {
      const { contentDigest, kind } = items[i]!
      const { chainId, mediaRegistry } = network.deployment
      expect(record.recordId).to.deep.equal(recordId(chainId, mediaRegistry, publisherId, contentDigest))
      expect(toHex0x(record.recordId)).to.equal((await view('recordIdOf', publisherId, contentDigest))[0])
      expect(record.isNew).to.equal(true)
      const [{ signer, kind: stored }] = await view('recordOf', record.recordId)
      expect([String(signer).toLowerCase(), Number(stored)]).to.deep.equal([toHex0x(key.address), kind])
    }
    const [{ transactionHash, blockNumber }] = records as [(typeof records)[0]]
    expect((await network.node.receipt(transactionHash))?.blockNumber).to.equal(blockNumber)
  })

  it('says of what is registered already that it is not new', async () => {
    const [old, fresh] = [registration(2), registration(2)]
    await key.registerMany(publisherId, [old])
    const records = await key.registerMany(publisherId, [old, fresh, fresh])
    expect(records.map(({ isNew }) => isNew)).to.deep.equal([false, true, false])
  })

  it('refuses other content for a registered digest, and changes nothing', async () => {
    const old = registration(1)
    const [stored] = await key.registerMany(publisherId, [old])
    const companion = registration()
    const error = await errorOf(key.registerMany(publisherId, [companion, { ...old, manifestDigest: digest() }]))
    expect(error.code).to.equal('registration.conflict')
    expect(error.message).to.equal(`MediaRegistryRecordExists: recordId ${toHex0x(stored!.recordId)}`)
    expect((await view('stateOf', publisherId, companion.contentDigest))[0].stored).to.equal(false)
  })

  it('revokes a digest once', async () => {
    const { contentDigest } = registration()
    await key.revoke(publisherId, contentDigest, 3)
    expect((await view('stateOf', publisherId, contentDigest))[0].reason).to.equal(3n)
    expect((await errorOf(key.revoke(publisherId, contentDigest, 3))).message).to.match(/^MediaRegistryRevokedBefore: /)
  })

  it('sends nothing for an empty list', async () => {
    expect(await key.registerMany(publisherId, [])).to.deep.equal([])
  })

  describe('puts as many registrations into a transaction as fit', () => {
    it('at most 100', async () => {
      const records = await key.registerMany(
        publisherId,
        Array.from({ length: 201 }, () => registration()),
      )
      const perTransaction = distinct(records.map(({ blockNumber }) => blockNumber)).map(
        (block) => records.filter(({ blockNumber }) => blockNumber === block).length,
      )
      expect(perTransaction).to.deep.equal([100, 100, 1])
    })

    it('at most 8 million gas and 128 KiB, and not much less', async () => {
      const records = await key.registerMany(
        publisherId,
        Array.from({ length: 150 }, () => registration(64)),
      )
      const blocks = distinct(records.map(({ blockNumber }) => blockNumber)) as number[]
      const provider = new JsonRpcProvider(network.devnet.url, LOCAL_CHAIN_ID, { staticNetwork: true })
      const sent = await Promise.all(
        blocks.map(async (block) => (await provider.getBlock(block, true))!.prefetchedTransactions[0]!),
      )
      provider.destroy()
      const sizes = sent.map(({ data }) => data.length / 2 - 1)
      expect(Math.max(...sizes)).to.be.at.most(120_000)
      for (const size of sizes.slice(0, -1)) expect(size).to.be.at.least(110_000)
      expect(Math.max(...sent.map(({ gasLimit }) => Number(gasLimit)))).to.be.at.most(9_000_000)
    })
  })

  describe('keeps its nonces in order', () => {
    it('when it is asked for many things at once', async () => {
      const before = await network.node.nextNonce(custody.address)
      const set = (i: number) => custody.setProfile(publisherId, `data:,${i}`, digest())
      const blocks = (await Promise.all(Array.from({ length: 20 }, (_, i) => set(i)))).map(
        ({ blockNumber }) => blockNumber,
      )
      expect(distinct(blocks)).to.have.length(20)
      expect(await network.node.nextNonce(custody.address)).to.equal(before + 20)
    })

    it('when somebody else sends for the same account', async () => {
      const other = clientOf(keyWallet)
      const both = [key, other].flatMap((client) =>
        Array.from({ length: 5 }, () => client.registerMany(publisherId, [registration()])),
      )
      const records = (await Promise.all(both)).flat()
      expect(records.every(({ isNew }) => isNew)).to.equal(true)
    })

    it('when the answer to a transaction that was mined is lost', async () => {
      let losses = 0
      const lossy: ChainNode = {
        ...network.node,
        async sendRaw(raw) {
          const hash = await network.node.sendRaw(raw)
          if (losses++ === 0) throw new RegistryError('chain.unreachable', 'connection lost')
          return hash
        },
      }
      const before = await network.node.nextNonce(key.address)
      const [record] = await clientOf(keyWallet, lossy).registerMany(publisherId, [registration()])
      expect(record?.isNew).to.equal(true)
      expect(await network.node.nextNonce(key.address)).to.equal(before + 1)
    })

    it('when a transaction never arrives', async () => {
      const deaf: ChainNode = {
        ...network.node,
        sendRaw: () => Promise.reject(new RegistryError('chain.unreachable', 'connection lost')),
      }
      expect((await errorOf(clientOf(keyWallet, deaf).registerMany(publisherId, [registration()]))).code).to.equal(
        'chain.unreachable',
      )
      expect((await key.registerMany(publisherId, [registration()]))[0]?.isNew).to.equal(true)
    })
  })

  it('says why a transaction reverted that was mined all the same', async () => {
    const sender = createSender({ node: network.node, chainId: LOCAL_CHAIN_ID, signer: keyWallet })
    const data = fromHex(media.encodeFunctionData('registerMany', [publisherId, []]))
    const transaction = { to: network.deployment.mediaRegistry, data, gas: 100_000n }
    const error = await errorOf(sender.mined(await sender.send(transaction), transaction))
    expect(error.message).to.equal(`MediaRegistryCountOutOfRange: publisherId ${publisherId}, count 0`)
  })

  it('gives up on a transaction that is not mined in time', async () => {
    const sender = createSender({
      node: network.node,
      chainId: LOCAL_CHAIN_ID,
      signer: keyWallet,
      pollMs: 1,
      timeoutMs: 5,
    })
    const error = await errorOf(sender.mined(digest(), { to: key.address, data: new Uint8Array() }))
    expect(error).to.include({ code: 'chain.unreachable' })
    expect(error.message).to.match(/is not mined after 5 ms/)
  })

  describe('signs for its chain only', () => {
    it('refuses a node of another chain before it signs', async () => {
      const deployment = { ...network.deployment, chainId: 1 }
      const signer = new Wallet(toHex0x(digest()))
      const client = createPublisherClient({ node: network.node, deployment, signer })
      const error = await errorOf(client.setProfile(1, '', digest()))
      expect(error).to.include({ code: 'chain.mismatch', message: '"chainId" expected 1, got 31337' })
    })

    it('refuses Hardhat’s well-known accounts on any other chain than the local one', () => {
      const deployment = { ...network.deployment, chainId: 1 }
      const create = () => createPublisherClient({ node: network.node, deployment, signer: keyWallet })
      expect(create).to.throw(RegistryError, 'well-known').and.include({ code: 'signer.unavailable' })
      expect(() => developmentWallet('custody', 1)).to.throw(RegistryError, 'well-known')
    })
  })
})
