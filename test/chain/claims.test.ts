/** All ways in and all changes of state, by the key itself and signed for a payer; and ids, leaves and signatures equal to the chain's. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Interface, TypedDataEncoder, Wallet } from 'ethers'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import { developmentWallet } from '../../server/chain/accounts.ts'
import { LOCAL_CHAIN_ID } from '../../server/chain/deploy.ts'
import type { Registration, RootedBatch } from '../../server/chain/events.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from '../../server/chain/generated.ts'
import { claimOf, commitmentOf, leafOf, proofOf, rootOf } from '../../server/chain/ids.ts'
import { createPublisherClient, type PublisherClient } from '../../server/chain/publisher.ts'
import { batchValue, registrationValue, requestData, signKeyConsent } from '../../server/chain/typed-data.ts'
import { type LocalNetwork, localNetwork } from './local-network.ts'

const media = new Interface(mediaRegistryAbi)
const publishers = new Interface(publisherRegistryAbi)
const digest = () => new Uint8Array(randomBytes(32))
/** Of Hardhat's documentation: an account with money and without any part in this. */
const STRANGER = new Wallet('0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a')

function registration(words = 2): Registration {
  const perceptualHashes = Array.from({ length: words }, digest)
  return { contentDigest: digest(), manifestDigest: digest(), kind: 1, algorithm: words > 0 ? 1 : 0, perceptualHashes }
}

describe('what a publisher claims', () => {
  let network: LocalNetwork
  let custody: PublisherClient
  let publisherId: number
  const wallet = developmentWallet('signing', LOCAL_CHAIN_ID)
  const key = fromHex(wallet.address, 20)

  const clientOf = (signer: Wallet, payer?: Wallet) =>
    createPublisherClient({ node: network.node, deployment: network.deployment, signer, payer })

  async function view(contract: Interface, name: string, ...values: unknown[]) {
    const to = contract === media ? network.deployment.mediaRegistry : network.deployment.publisherRegistry
    const data = fromHex(contract.encodeFunctionData(name, values))
    return contract.decodeFunctionResult(name, await network.node.call({ to, data }))[0]
  }

  before(async () => {
    network = await localNetwork()
    custody = clientOf(developmentWallet('custody', LOCAL_CHAIN_ID))
    publisherId = (await custody.createPublisher('data:,{}', digest(), null)).publisherId
    const deadlineS = (await network.node.header('latest'))!.time + 3_600
    await custody.addKey(
      publisherId,
      await signKeyConsent(network.deployment, { publisherId, custody: custody.address }, wallet, deadlineS),
    )
  })
  after(() => network?.close())

  it('has the commitment and the leaf that the contract forms', async () => {
    for (const words of [0, 1, 64]) {
      const item = registration(words)
      const claim = claimOf(network.deployment, publisherId, item)
      const value = registrationValue(item)
      expect(await view(media, 'recordIdOf', publisherId, value.contentDigest)).to.equal(toHex0x(claim.recordId))
      expect(await view(media, 'commitmentOf', publisherId, value)).to.equal(toHex0x(commitmentOf(claim)))
      expect(await view(media, 'leafOf', publisherId, value)).to.equal(toHex0x(leafOf(claim)))
    }
  })

  for (const [how, payer] of [
    ['by the key itself', undefined] as const,
    ['signed, and sent by a payer', STRANGER] as const,
  ]) {
    describe(how, () => {
      let client: PublisherClient

      before(() => {
        client = clientOf(wallet, payer)
      })

      it('is stored in the key’s name', async () => {
        const [record] = await client.registerMany(publisherId, [registration(), registration(0)])
        const { signer } = (await view(media, 'recordOf', record!.recordId)) as { signer: string }
        expect(signer).to.equal(wallet.address)
        expect(record!.isNew).to.equal(true)
      })

      it('is logged, and proved by the tree of its claims', async () => {
        for (const count of [1, 2, 7, 100]) {
          const items = Array.from({ length: count }, (_, i) => registration(i % 4))
          const records = await client.registerLogged(publisherId, items)
          expect(records.every(({ isNew }) => isNew)).to.equal(true)
          const claims = items.map((item) => claimOf(network.deployment, publisherId, item))
          const last = count - 1
          const proof = proofOf(claims, last).map(toHex0x)
          const said = await view(
            media,
            'verifyLogged',
            publisherId,
            rootOf(claims),
            registrationValue(items[last]!),
            proof,
          )
          expect([said.included, said.disowned, said.signer]).to.deep.equal([true, false, wallet.address])
          const other = await view(
            media,
            'verifyLogged',
            publisherId,
            rootOf(claims),
            registrationValue(registration()),
            proof,
          )
          expect(other.included).to.equal(false)
        }
      })

      it('is not new when the same list is logged again', async () => {
        const items = [registration(), registration()]
        await client.registerLogged(publisherId, items)
        const again = await client.registerLogged(publisherId, items)
        expect(again.map(({ isNew }) => isNew)).to.deep.equal([false, false])
      })

      it('is rooted, and proved by the tree of its claims', async () => {
        const items = Array.from({ length: 9 }, () => registration())
        const claims = items.map((item) => claimOf(network.deployment, publisherId, item))
        const batch: RootedBatch = { root: rootOf(claims), listDigest: digest(), count: 9 }
        const [first] = await client.registerRoots(publisherId, [batch])
        const [again] = await client.registerRoots(publisherId, [batch])
        expect([first!.isNew, again!.isNew]).to.deep.equal([true, false])
        for (const [i, item] of items.entries()) {
          const proof = proofOf(claims, i).map(toHex0x)
          const said = await view(media, 'verifyRooted', publisherId, batchValue(batch), registrationValue(item), proof)
          expect([said.included, said.signer]).to.deep.equal([true, wallet.address])
        }
      })

      it('is revoked and superseded', async () => {
        const [old, better] = [digest(), digest()]
        await client.revoke(publisherId, old, 2)
        await client.supersede(publisherId, old, better)
        const state = await view(media, 'stateOf', publisherId, old)
        expect([state.stored, state.revoked, Number(state.reason)]).to.deep.equal([false, true, 2])
        expect(state.supersededBy).to.equal(toHex0x(better))
        expect([state.revokedBy, state.supersededSigner]).to.deep.equal([wallet.address, wallet.address])
      })
    })
  }

  it('splits logged lists so that no transaction has more than 128 KiB', async () => {
    const records = await clientOf(wallet).registerLogged(
      publisherId,
      Array.from({ length: 120 }, () => registration(64)),
    )
    expect(new Set(records.map(({ transactionHash }) => toHex0x(transactionHash))).size).to.be.at.least(3)
  })

  it('has nonces that custody can cancel, a slot at a time', async () => {
    await custody.cancelNonces(publisherId, key, [256n, 257n, 511n])
    expect(await view(media, 'noncesOf', publisherId, wallet.address, 1)).to.equal(1n | 2n | (1n << 255n))
    const apart = await custody.cancelNonces(publisherId, key, [1n, 256n]).catch((error: Error) => error.message)
    expect(apart).to.match(/all of one slot of 256, got 1 and 256/)
  })

  it('hashes to what the wallet shows: types in the contract’s order', () => {
    const by = { key: wallet.address, nonce: 5n, deadline: 1_000 }
    const { types } = requestData(network.deployment, 'RegisterMany', 1, { registrations: [] }, by)
    expect(TypedDataEncoder.from(types).encodeType('RegisterMany')).to.equal(
      'RegisterMany(uint32 publisherId,address key,Registration[] registrations,uint256 nonce,uint256 deadline)' +
        'Registration(bytes32 contentDigest,bytes32 manifestDigest,uint8 kind,uint8 algorithm,bytes32[] perceptualHashes)',
    )
  })

  describe('and who manages the publisher', () => {
    const recovery = STRANGER
    const next = new Wallet('0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6')

    it('recovery moves custody, and what a thief of custody began falls away', async () => {
      const [strange, taking] = [clientOf(recovery), clientOf(next)]
      await custody.changeRecovery(publisherId, strange.address)
      await custody.changeRecovery(publisherId, null)
      await strange.recoverCustody(publisherId, taking.address)
      await taking.acceptCustody(publisherId)
      const publisher = await view(publishers, 'publisherOf', publisherId)
      expect([publisher.custody, publisher.recovery]).to.deep.equal([next.address, recovery.address])
      expect(Number(publisher.recoveryChangeAt)).to.equal(0)
      expect([await custody.publisherId(), await taking.publisherId()]).to.deep.equal([null, publisherId])
    })

    it('custody declares a key and the former custody account in one transaction, each not before it could sign', async () => {
      const taking = clientOf(next)
      const standing = await view(publishers, 'standingOf', publisherId, wallet.address)
      await taking.declareCompromised(publisherId, [key, custody.address], 1)
      const former = await view(publishers, 'standingOf', publisherId, toHex0x(custody.address))
      expect(former.compromisedSince).to.equal(former.custodySince)
      expect((await view(publishers, 'standingOf', publisherId, wallet.address)).compromisedSince).to.equal(
        standing.addedAt,
      )
      expect(await taking.isLive(publisherId, key)).to.equal(false)
      expect(await view(publishers, 'isVoid', publisherId, wallet.address, standing.addedAt)).to.equal(true)
      const refused = await clientOf(wallet)
        .registerMany(publisherId, [registration()])
        .catch((error: Error) => error.message)
      expect(refused).to.match(/^MediaRegistrySignerNotLiveKey: /)
    })

    it('custody is offered, withdrawn and accepted', async () => {
      const [taking, strange] = [clientOf(next), clientOf(recovery)]
      await taking.offerCustody(publisherId, strange.address)
      await taking.offerCustody(publisherId, null)
      const refused = await strange.acceptCustody(publisherId).catch((error: Error) => error.message)
      expect(refused).to.match(/^PublisherRegistryCustodyNotOffered: /)
      await taking.offerCustody(publisherId, strange.address)
      await strange.acceptCustody(publisherId)
      expect(await strange.publisherId()).to.equal(publisherId)
      await strange.changeRecovery(publisherId, null)
      await strange.cancelRecoveryChange(publisherId)
      const early = await strange.finishRecoveryChange(publisherId).catch((error: Error) => error.message)
      expect(early).to.match(/^PublisherRegistryNoRecoveryChange: /)
    })
  })
})
