import { expect } from 'chai'
import type { Contract } from 'ethers'
import { artifacts } from 'hardhat'
import { fromHex } from '../../server/bytes.ts'
import { requestData } from '../../server/chain/typed-data.ts'
import { as, DIGEST, ethers, expectRefusal, MANIFEST, networkHelpers, registration, setUp, WORD } from './fixture.ts'

async function registries() {
  return setUp(await artifacts.readArtifact('PublisherRegistry'), await artifacts.readArtifact('MediaRegistry'))
}

/** The record's id by ethers' encoder, as docs/protocol.md §1 forms it. */
async function recordIdOf(media: Contract, publisherId: number, contentDigest: string): Promise<string> {
  const types = ['uint256', 'address', 'uint32', 'bytes32']
  const values = [31337, await media.getAddress(), publisherId, contentDigest]
  return ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(types, values))
}

const commitmentOf = (recordId: string, { manifestDigest, kind, algorithm, perceptualHashes } = registration()) =>
  ethers.keccak256(
    ethers.AbiCoder.defaultAbiCoder().encode(
      ['bytes32', 'bytes32', 'uint8', 'uint8', 'bytes32[]'],
      [recordId, manifestDigest, kind, algorithm, perceptualHashes],
    ),
  )

const digestOf = (text: string) => ethers.sha256(ethers.toUtf8Bytes(text))

/** What `stateOf` tells of a digest that nobody spoke of. */
const NOT_SUPERSEDED = [ethers.ZeroHash, 0n, ethers.ZeroAddress]
const UNKNOWN = [false, false, false, 0n, 0n, ethers.ZeroAddress, ...NOT_SUPERSEDED]
const NO_RECORD = [[0n, ethers.ZeroAddress, 0n, 0n, 0n, 0n, ethers.ZeroHash], false]

describe('MediaRegistry', () => {
  const load = () => networkHelpers.loadFixture(registries)

  it('refuses an address without a contract for the publisher registry', async () => {
    const { media, key } = await load()
    const factory = await ethers.getContractFactory('MediaRegistry')
    for (const address of [ethers.ZeroAddress, key.address]) {
      await expect(factory.deploy(address))
        .to.be.revertedWithCustomError(media, 'MediaRegistryNoPublisherRegistry')
        .withArgs(address)
    }
  })

  it('tells its EIP-712 domain (ERC-5267): the one that keys sign requests in', async () => {
    const { publishers, media } = await load()
    const [publisherRegistry, mediaRegistry] = [await publishers.getAddress(), await media.getAddress()]
    const domain = ['0x0f', 'Firsthand MediaRegistry', '1', 31337n, mediaRegistry]
    expect(await media.eip712Domain!()).to.deep.equal([...domain, ethers.ZeroHash, []])
    const deployment = {
      chainId: 31337,
      publisherRegistry: fromHex(publisherRegistry, 20),
      mediaRegistry: fromHex(mediaRegistry, 20),
      startBlock: 0,
    }
    const by = { key: ethers.ZeroAddress, nonce: 0n, deadline: 0 }
    const signed = requestData(deployment, 'Revoke', 1, { contentDigest: DIGEST, reason: 1 }, by).domain
    expect([signed.name, signed.version, signed.chainId, ethers.getAddress(signed.verifyingContract)]).to.deep.equal([
      ...domain.slice(1, 3),
      31337,
      mediaRegistry,
    ])
  })

  it('forms record ids as the protocol says', async () => {
    const { media } = await load()
    for (const publisherId of [0, 1, 7, 2 ** 32 - 1]) {
      expect(await media.recordIdOf!(publisherId, DIGEST)).to.equal(await recordIdOf(media, publisherId, DIGEST))
    }
  })

  it('answers zeros for what nobody registered', async () => {
    const { media } = await load()
    expect(await media.recordOf!(await recordIdOf(media, 1, DIGEST))).to.deep.equal(NO_RECORD)
    expect(await media.stateOf!(1, DIGEST)).to.deep.equal(UNKNOWN)
  })

  describe('when a live key registers', () => {
    it('logs the registration', async () => {
      const { media, key } = await load()
      const recordId = await recordIdOf(media, 1, DIGEST)
      await expect(as(media, key).register!(1, registration()))
        .to.emit(media, 'MediaRegistered')
        .withArgs(recordId, 1n, DIGEST, key.address, 1n, 1n, MANIFEST, [WORD])
    })

    it('stores the record with the time of its block, and returns its id', async () => {
      const { media, key } = await load()
      const recordId = await recordIdOf(media, 1, DIGEST)
      expect(await as(media, key).register!.staticCall(1, registration())).to.equal(recordId)
      await as(media, key).register!(1, registration())
      const time = BigInt(await networkHelpers.time.latest())
      const record = [1n, key.address, time, 1n, 1n, 1n, commitmentOf(recordId)]
      expect(await media.recordOf!(recordId)).to.deep.equal([record, false])
      expect(await media.stateOf!(1, DIGEST)).to.deep.equal([true, ...UNKNOWN.slice(1)])
    })

    it('stores kinds and algorithms that are not known yet', async () => {
      const { media, key } = await load()
      const unknown = registration({ kind: 255, algorithm: 255 })
      await as(media, key).register!(1, unknown)
      const [record] = await media.recordOf!(await recordIdOf(media, 1, DIGEST))
      expect([record.kind, record.algorithm]).to.deep.equal([255n, 255n])
    })

    it('takes no words and 64 words', async () => {
      const { media, key } = await load()
      const none = registration({ algorithm: 0, perceptualHashes: [] })
      const most = registration({ contentDigest: digestOf('film'), perceptualHashes: Array(64).fill(WORD) })
      for (const given of [none, most]) {
        await as(media, key).register!(1, given)
        const recordId = await recordIdOf(media, 1, given.contentDigest)
        const [record] = await media.recordOf!(recordId)
        expect(record.commitment).to.equal(commitmentOf(recordId, given))
      }
    })

    it('changes nothing and logs nothing for the same content again, whichever key asks', async () => {
      const { media, key, otherKey } = await load()
      await as(media, key).register!(1, registration())
      const recordId = await recordIdOf(media, 1, DIGEST)
      const before = await media.recordOf!(recordId)
      for (const signer of [key, otherKey]) {
        await expect(as(media, signer).register!(1, registration())).not.to.emit(media, 'MediaRegistered')
      }
      expect(await media.recordOf!(recordId)).to.deep.equal(before)
    })

    it('refuses other content for the same digest', async () => {
      const { media, key, otherKey } = await load()
      await as(media, key).register!(1, registration())
      const others = [
        { manifestDigest: digestOf('other manifest') },
        { kind: 2 },
        { algorithm: 2 },
        { perceptualHashes: [WORD, WORD] },
        { algorithm: 0, perceptualHashes: [] },
      ]
      const refusal = ['MediaRegistryRecordExists', await recordIdOf(media, 1, DIGEST)] as const
      for (const changes of others) {
        await expectRefusal(as(media, otherKey), ['register', 1, registration(changes)], refusal)
      }
    })

    const refusals = [
      { fact: 'a zero digest', changes: { contentDigest: ethers.ZeroHash }, error: ['ContentDigestZero', 1n] },
      { fact: 'a zero kind', changes: { kind: 0 }, error: ['KindZero', DIGEST] },
      {
        fact: '65 words',
        changes: { perceptualHashes: Array(65).fill(WORD) },
        error: ['TooManyWords', DIGEST, 65n],
      },
      { fact: 'words without algorithm', changes: { algorithm: 0 }, error: ['WordsUnlikeAlgorithm', DIGEST, 0n, 1n] },
      {
        fact: 'an algorithm without words',
        changes: { perceptualHashes: [] },
        error: ['WordsUnlikeAlgorithm', DIGEST, 1n, 0n],
      },
    ] as const
    for (const { fact, changes, error } of refusals) {
      it(`refuses ${fact}`, async () => {
        const { media, key } = await load()
        const [name, ...args] = error
        await expectRefusal(as(media, key), ['register', 1, registration(changes)], [`MediaRegistry${name}`, ...args])
      })
    }
  })

  it('lets nobody register but live keys of the publisher', async () => {
    const { publishers, media, custody, key, otherKey, stranger } = await load()
    await publishers.endKey!(1, otherKey.address)
    const callers = [[custody, 1n] as const, [stranger, 1n] as const, [otherKey, 1n] as const, [key, 2n] as const]
    for (const [caller, id] of callers) {
      const refusal = ['MediaRegistrySignerNotLiveKey', id, caller.address] as const
      await expectRefusal(as(media, caller), ['register', id, registration()], refusal)
      await expectRefusal(as(media, caller), ['registerMany', id, [registration()]], refusal)
    }
  })

  describe('when a live key registers many', () => {
    it('stores and logs each, in order, and skips what is there', async () => {
      const { media, key } = await load()
      const digests = ['a', 'b', 'c', 'b'].map(digestOf)
      await as(media, key).register!(1, registration({ contentDigest: digests[0] }))
      const batch = digests.map((contentDigest) => registration({ contentDigest }))
      const receipt = await (await as(media, key).registerMany!(1, batch)).wait()
      const logged = receipt.logs.map((log: { topics: string[] }) => log.topics[3])
      expect(logged).to.deep.equal([digests[1], digests[2]])
      for (const digest of digests) expect((await media.stateOf!(1, digest)).stored).to.equal(true)
    })

    it('stores none when one is refused', async () => {
      const { media, key } = await load()
      const bad = registration({ contentDigest: digestOf('bad'), kind: 0 })
      const refusal = ['MediaRegistryKindZero', bad.contentDigest] as const
      await expectRefusal(as(media, key), ['registerMany', 1, [registration(), bad]], refusal)
    })

    it('refuses an empty batch', async () => {
      const { media, key } = await load()
      await expectRefusal(as(media, key), ['registerMany', 1, []], ['MediaRegistryCountOutOfRange', 1n, 0n])
    })
  })

  describe('when a digest is revoked', () => {
    it('logs and tells it, by a key and by custody, registered or not', async () => {
      const { media, custody, key } = await load()
      await as(media, key).register!(1, registration())
      const cases = [[custody, DIGEST, true] as const, [key, digestOf('never registered'), false] as const]
      for (const [caller, digest, stored] of cases) {
        const recordId = await recordIdOf(media, 1, digest)
        await expect(as(media, caller).revoke!(1, digest, 4))
          .to.emit(media, 'MediaRevoked')
          .withArgs(recordId, 1n, digest, caller.address, 4n)
        const time = BigInt(await networkHelpers.time.latest())
        expect(await media.stateOf!(1, digest)).to.deep.equal([
          stored,
          false,
          true,
          4n,
          time,
          caller.address,
          ...NOT_SUPERSEDED,
        ])
      }
    })

    it('may still be registered, and stays revoked', async () => {
      const { media, key } = await load()
      await as(media, key).revoke!(1, DIGEST, 1)
      await expect(as(media, key).register!(1, registration())).to.emit(media, 'MediaRegistered')
      const state = await media.stateOf!(1, DIGEST)
      expect([state.stored, state.revoked, state.reason]).to.deep.equal([true, true, 1n])
    })

    it('is not revoked again', async () => {
      const { media, custody, key } = await load()
      await as(media, key).revoke!(1, DIGEST, 1)
      const refusal = ['MediaRegistryRevokedBefore', await recordIdOf(media, 1, DIGEST)] as const
      await expectRefusal(as(media, custody), ['revoke', 1, DIGEST, 255], refusal)
    })

    it('refuses a zero reason and a zero digest', async () => {
      const { media, key } = await load()
      await expectRefusal(as(media, key), ['revoke', 1, DIGEST, 0], ['MediaRegistryReasonZero', DIGEST])
      await expectRefusal(as(media, key), ['revoke', 1, ethers.ZeroHash, 1], ['MediaRegistryContentDigestZero', 1n])
    })

    it('refuses strangers, ended keys and other publishers', async () => {
      const { publishers, media, custody, otherKey, stranger } = await load()
      await publishers.endKey!(1, otherKey.address)
      for (const [caller, id] of [[stranger, 1n] as const, [otherKey, 1n] as const, [custody, 2n] as const]) {
        const refusal = ['MediaRegistryCallerNotLiveKeyOrCustody', id, caller.address] as const
        await expectRefusal(as(media, caller), ['revoke', id, DIGEST, 1], refusal)
      }
    })
  })
})
