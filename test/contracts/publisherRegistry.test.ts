import { expect } from 'chai'
import { artifacts } from 'hardhat'
import { addKey, as, consentOf, ethers, expectRefusal, networkHelpers, setUp, soon } from './fixture.ts'

const URI = 'data:application/json,%7B%22name%22%3A%22Example%22%7D'
const URI_DIGEST = ethers.sha256(ethers.toUtf8Bytes('{"name":"Example"}'))

async function registries() {
  return setUp(await artifacts.readArtifact('PublisherRegistry'), await artifacts.readArtifact('MediaRegistry'))
}

describe('PublisherRegistry', () => {
  const load = () => networkHelpers.loadFixture(registries)

  it('tells its EIP-712 domain (ERC-5267)', async () => {
    const { publishers } = await load()
    const domain = ['0x0f', 'Firsthand PublisherRegistry', '1', 31337n, await publishers.getAddress()]
    expect(await publishers.eip712Domain!()).to.deep.equal([...domain, ethers.ZeroHash, []])
  })

  describe('when a publisher is created', () => {
    it('gives the next id, makes the caller custody, and logs publisher and profile', async () => {
      const { publishers, stranger } = await load()
      const created = as(publishers, stranger).createPublisher!(URI, URI_DIGEST, ethers.ZeroAddress)
      await expect(created).to.emit(publishers, 'PublisherCreated').withArgs(2n, stranger.address)
      await expect(created).to.emit(publishers, 'ProfileChanged').withArgs(2n, URI, URI_DIGEST)
      expect(await publishers.custodyOf!(2)).to.equal(stranger.address)
      expect(await publishers.isLive!(2, stranger.address)).to.equal(false)
    })

    it('refuses an account that is custody already', async () => {
      const { publishers, custody } = await load()
      const refusal = ['PublisherRegistryCustodyTaken', custody.address, 1n] as const
      await expectRefusal(publishers, ['createPublisher', URI, URI_DIGEST, ethers.ZeroAddress], refusal)
    })

    it('has no custody for ids that were not given', async () => {
      const { publishers } = await load()
      expect(await publishers.custodyOf!(0)).to.equal(ethers.ZeroAddress)
      expect(await publishers.custodyOf!(2)).to.equal(ethers.ZeroAddress)
    })
  })

  describe('when a key is added', () => {
    it('is live from then on, and logged', async () => {
      const { publishers, custody, stranger } = await load()
      const added = addKey(publishers, custody, stranger)
      await expect(added).to.emit(publishers, 'KeyAdded').withArgs(1n, stranger.address)
      expect(await publishers.isLive!(1, stranger.address)).to.equal(true)
      expect(await publishers.isLive!(2, stranger.address)).to.equal(false)
    })

    it('refuses all but custody, whichever the publisher', async () => {
      const { publishers, key, stranger } = await load()
      const deadline = await soon()
      const consent = await consentOf(stranger, { publishers, deadline })
      for (const [caller, id] of [[stranger, 1n] as const, [key, 1n] as const, [key, 2n] as const]) {
        const refusal = ['PublisherRegistryCallerNotCustody', id, caller.address] as const
        await expectRefusal(as(publishers, caller), ['addKey', id, stranger.address, deadline, consent], refusal)
      }
    })

    it('refuses the zero address', async () => {
      const { publishers } = await load()
      const call = ['addKey', 1, ethers.ZeroAddress, await soon(), '0x'] as const
      await expectRefusal(publishers, call, ['PublisherRegistryKeyZero', 1n])
    })

    it('takes a consent in the last second of its deadline', async () => {
      const { publishers, stranger } = await load()
      const deadline = await soon()
      const consent = await consentOf(stranger, { publishers, deadline })
      await networkHelpers.time.setNextBlockTimestamp(deadline)
      await publishers.addKey!(1, stranger.address, deadline, consent)
      expect(await publishers.isLive!(1, stranger.address)).to.equal(true)
    })

    it('refuses a consent one second after its deadline', async () => {
      const { publishers, stranger } = await load()
      const deadline = await soon()
      const consent = await consentOf(stranger, { publishers, deadline })
      await networkHelpers.time.setNextBlockTimestamp(deadline + 1)
      const refusal = ['PublisherRegistryConsentExpired', deadline, deadline + 1] as const
      await expectRefusal(publishers, ['addKey', 1, stranger.address, deadline, consent], refusal)
    })

    it('refuses a consent of another key, to another publisher, up to another deadline, on another chain', async () => {
      const { publishers, key, stranger } = await load()
      const deadline = await soon()
      const wrong = [
        await consentOf(key, { publishers, deadline }),
        await consentOf(stranger, { publishers, deadline, publisherId: 2 }),
        await consentOf(stranger, { publishers, deadline: deadline + 1 }),
        await consentOf(stranger, { publishers, deadline, chainId: 1 }),
        '0x',
      ]
      for (const consent of wrong) {
        const refusal = ['PublisherRegistryConsentInvalid', 1n, stranger.address] as const
        await expectRefusal(publishers, ['addKey', 1, stranger.address, deadline, consent], refusal)
      }
    })

    it('refuses a key that is live', async () => {
      const { publishers, key } = await load()
      const deadline = await soon()
      const call = ['addKey', 1, key.address, deadline, await consentOf(key, { publishers, deadline })] as const
      await expectRefusal(publishers, call, ['PublisherRegistryKeyLive', 1n, key.address])
    })

    it('refuses a key that was ended', async () => {
      const { publishers, key } = await load()
      await publishers.endKey!(1, key.address)
      const deadline = await soon()
      const call = ['addKey', 1, key.address, deadline, await consentOf(key, { publishers, deadline })] as const
      await expectRefusal(publishers, call, ['PublisherRegistryKeyEnded', 1n, key.address])
    })
  })

  describe('when a key is ended', () => {
    it('is live no longer, by custody or by itself, and logged', async () => {
      const { publishers, custody, key, otherKey } = await load()
      for (const [caller, ended] of [[custody, key] as const, [otherKey, otherKey] as const]) {
        const transaction = as(publishers, caller).endKey!(1, ended.address)
        await expect(transaction).to.emit(publishers, 'KeyEnded').withArgs(1n, ended.address)
        expect(await publishers.isLive!(1, ended.address)).to.equal(false)
      }
    })

    it('refuses others, and other keys of the publisher', async () => {
      const { publishers, key, otherKey, stranger } = await load()
      for (const caller of [otherKey, stranger]) {
        const refusal = ['PublisherRegistryCallerNotCustodyOrKey', 1n, key.address, caller.address] as const
        await expectRefusal(as(publishers, caller), ['endKey', 1, key.address], refusal)
      }
    })

    it('refuses a key that is not live', async () => {
      const { publishers, custody, key, stranger } = await load()
      await publishers.endKey!(1, key.address)
      for (const ended of [key, stranger, custody]) {
        await expectRefusal(
          publishers,
          ['endKey', 1, ended.address],
          ['PublisherRegistryKeyNotLive', 1n, ended.address],
        )
      }
    })
  })

  describe('when a profile is set', () => {
    it('is logged', async () => {
      const { publishers } = await load()
      const changed = publishers.setProfile!(1, URI, URI_DIGEST)
      await expect(changed).to.emit(publishers, 'ProfileChanged').withArgs(1n, URI, URI_DIGEST)
    })

    it('refuses all but custody', async () => {
      const { publishers, key } = await load()
      const refusal = ['PublisherRegistryCallerNotCustody', 1n, key.address] as const
      await expectRefusal(as(publishers, key), ['setProfile', 1, URI, URI_DIGEST], refusal)
    })
  })
})
