/** Keys that are contracts (ERC-1271), and accounts with code (EIP-7702). */
import { expect } from 'chai'
import { type Contract, type Signer, Wallet } from 'ethers'
import { artifacts } from 'hardhat'
import { fromHex } from '../../server/bytes.ts'
import { authorize, signKeyConsent } from '../../server/chain/typed-data.ts'
import { as, consentOf, ethers, expectRefusal, networkHelpers, registration, setUp, soon } from './fixture.ts'

const ANSWERS = ['Yes', 'WrongMagic', 'Short', 'Dirty', 'Reverts', 'Huge', 'BurnsGas', 'Writes'] as const
const YES = 0

async function registries() {
  return setUp(await artifacts.readArtifact('PublisherRegistry'), await artifacts.readArtifact('MediaRegistry'))
}

async function deploymentOf(publishers: Contract, media: Contract) {
  return {
    chainId: 31337,
    publisherRegistry: fromHex(await publishers.getAddress(), 20),
    mediaRegistry: fromHex(await media.getAddress(), 20),
    startBlock: 0,
  }
}

const KINDS = { contentDigest: 'bytes32', manifestDigest: 'bytes32', kind: 'uint8', algorithm: 'uint8' }
const REGISTER = {
  Register: ['uint32 publisherId', 'address key', 'Registration registration', 'uint256 nonce', 'uint256 deadline'],
  Registration: [...Object.entries(KINDS).map(([name, type]) => `${type} ${name}`), 'bytes32[] perceptualHashes'],
}
const types = Object.fromEntries(
  Object.entries(REGISTER).map(([name, fields]) => [
    name,
    fields.map((field) => ({ type: field.split(' ')[0]!, name: field.split(' ')[1]! })),
  ]),
)

/** A `Register` request, and its digest. */
async function requestOf(media: Contract, key: string, nonce = 1) {
  const value = { publisherId: 1, key, registration: registration(), nonce, deadline: await soon() }
  const domain = {
    name: 'Firsthand MediaRegistry',
    version: '1',
    chainId: 31337,
    verifyingContract: await media.getAddress(),
  }
  return { value, domain, digest: ethers.TypedDataEncoder.hash(domain, types, value) }
}

/** Owners' signatures as the wallet wants them: in the order of the hashes of their addresses. */
async function signedBy(owners: Signer[], sign: (owner: Signer) => Promise<string>): Promise<string> {
  const signed = await Promise.all(owners.map(async (owner) => [await owner.getAddress(), await sign(owner)] as const))
  signed.sort(([a], [b]) => (ethers.keccak256(a) < ethers.keccak256(b) ? -1 : 1))
  return ethers.AbiCoder.defaultAbiCoder().encode(
    ['bytes[]', 'bytes[]'],
    [signed.map(([a]) => a), signed.map(([, s]) => s)],
  )
}

describe('a wallet of several owners as a key', () => {
  async function load() {
    const all = await networkHelpers.loadFixture(registries)
    const owners = (await ethers.getSigners()).slice(5, 8)
    const addresses = await Promise.all(owners.map((owner) => owner.getAddress()))
    const wallet = await (await ethers.getContractFactory('MultiOwnerWallet')).deploy(addresses, 2)
    const key = await wallet.getAddress()
    const deadline = await soon()
    const consent = (signers: Signer[]) =>
      signedBy(signers, (owner) => consentForKey(owner, all.publishers, key, deadline))
    return { ...all, owners, key, deadline, consent }
  }

  async function consentForKey(owner: Signer, publishers: Contract, key: string, deadline: number) {
    const domain = {
      name: 'Firsthand PublisherRegistry',
      version: '1',
      chainId: 31337,
      verifyingContract: await publishers.getAddress(),
    }
    const fields = ['uint32 publisherId', 'address custody', 'address key', 'uint256 deadline'].map((field) => ({
      type: field.split(' ')[0]!,
      name: field.split(' ')[1]!,
    }))
    return owner.signTypedData(
      domain,
      { KeyConsent: fields },
      {
        publisherId: 1,
        custody: await publishers.custodyOf!(1),
        key,
        deadline,
      },
    )
  }

  it('is added with the consent of as many owners as it asks for, and not of fewer', async () => {
    const { publishers, owners, key, deadline, consent } = await load()
    const one = await consent(owners.slice(0, 1))
    await expectRefusal(publishers, ['addKey', 1, key, deadline, one], ['PublisherRegistryConsentInvalid', 1n, key])
    await publishers.addKey!(1, key, deadline, await consent(owners.slice(1)))
    expect(await publishers.isLive!(1, key)).to.equal(true)
  })

  it('registers by as many owners’ signatures as it asks for, and not by fewer', async () => {
    const { publishers, media, stranger, owners, key, deadline, consent } = await load()
    await publishers.addKey!(1, key, deadline, await consent(owners.slice(1)))
    const { value, domain } = await requestOf(media, key)
    const sign = (owner: Signer) => owner.signTypedData(domain, types, value)
    const by = async (signers: Signer[]) => [key, 1, value.deadline, await signedBy(signers, sign)]
    const refused = ['registerFor', 1, registration(), await by(owners.slice(0, 1))] as const
    await expectRefusal(as(media, stranger), refused, ['MediaRegistrySignatureInvalid', 1n, key])
    await as(media, stranger).registerFor!(1, registration(), await by([owners[0]!, owners[2]!]))
    const [record] = await media.recordOf!(await media.recordIdOf!(1, value.registration.contentDigest))
    expect(record.signer).to.equal(key)
  })
})

describe('an odd wallet as a key', () => {
  async function load() {
    const all = await networkHelpers.loadFixture(registries)
    const wallet = (await (await ethers.getContractFactory('OddWallet')).deploy()) as unknown as Contract
    const key = await wallet.getAddress()
    await all.publishers.addKey!(1, key, await soon(), '0x')
    const { value } = await requestOf(all.media, key)
    const authorization = [key, 1, value.deadline, '0x'] as const
    return { ...all, wallet, key, authorization }
  }

  for (const [answer, name] of ANSWERS.entries()) {
    if (answer === YES || name === 'Huge') continue
    it(`that answers “${name}” is refused, and nothing changes`, async () => {
      const { media, stranger, wallet, key, authorization } = await load()
      await wallet.set!(answer)
      const call = ['registerFor', 1, registration(), authorization] as const
      // What burns all gas leaves a 64th to the caller, who then refuses or runs out as well.
      if (name === 'BurnsGas') await expectFailure(as(media, stranger), call)
      else await expectRefusal(as(media, stranger), call, ['MediaRegistrySignatureInvalid', 1n, key])
      expect(await media.noncesOf!(1, key, 0)).to.equal(0n)
      expect(await wallet.calls!()).to.equal(0n)
    })
  }

  async function expectFailure(contract: Contract, [name, ...args]: readonly [string, ...unknown[]]) {
    const sent = await contract
      .getFunction(name)(...args, { gasLimit: 3_000_000 })
      .then(
        () => 'sent',
        () => 'failed',
      )
    expect(sent).to.equal('failed')
  }

  it('that burns gas delays nobody else', async () => {
    const { media, otherKey, wallet } = await load()
    await wallet.set!(ANSWERS.indexOf('BurnsGas'))
    const receipt = await (await as(media, otherKey).register!(1, registration())).wait()
    expect(Number(receipt.gasUsed)).to.be.below(100_000)
  })

  it('that says yes to everything signs for itself, and changes its mind when it likes', async () => {
    const { media, stranger, wallet, key, authorization } = await load()
    await as(media, stranger).registerFor!(1, registration(), authorization)
    await wallet.set!(1)
    const second = [key, 2, authorization[2], '0x']
    const call = ['registerFor', 1, registration({ contentDigest: ethers.id('other') }), second] as const
    await expectRefusal(as(media, stranger), call, ['MediaRegistrySignatureInvalid', 1n, key])
  })

  it('that answers with a megabyte is read to its first word', async () => {
    const { media, stranger, wallet, key, authorization } = await load()
    await wallet.set!(ANSWERS.indexOf('Huge'))
    await as(media, stranger).registerFor!(1, registration(), authorization)
    const [record] = await media.recordOf!(await media.recordIdOf!(1, registration().contentDigest))
    expect(record.signer).to.equal(key)
  })

  it('may call by itself', async () => {
    const { media, wallet, key } = await load()
    const data = media.interface.encodeFunctionData('register', [1, registration()])
    await wallet.execute!(await media.getAddress(), data)
    const [record] = await media.recordOf!(await media.recordIdOf!(1, registration().contentDigest))
    expect(record.signer).to.equal(key)
  })
})

describe('an account with code (EIP-7702) as a key', () => {
  async function load() {
    const all = await networkHelpers.loadFixture(registries)
    const account = new Wallet(ethers.id('an account that gets code'), ethers.provider)
    await all.custody.sendTransaction({ to: account.address, value: ethers.parseEther('1') })
    const deadline = await soon()
    await all.publishers.addKey!(
      1,
      account.address,
      deadline,
      await consentOf(account, { publishers: all.publishers, deadline }),
    )
    const odd = await (await ethers.getContractFactory('OddWallet')).deploy()
    const code = await odd.getAddress()
    const authorization = await account.authorize({ address: code, nonce: 1, chainId: 31337 })
    await (
      await account.sendTransaction({ type: 4, to: all.custody.address, authorizationList: [authorization] })
    ).wait()
    const wallet = odd.attach(account.address) as unknown as Contract
    return { ...all, account, wallet: as(wallet, all.custody) }
  }

  it('has code, and goes on signing by itself whatever the code answers', async () => {
    const { publishers, media, stranger, account, wallet } = await load()
    expect(await ethers.provider.getCode(account.address)).to.match(/^0xef0100/)
    await wallet.set!(ANSWERS.indexOf('Reverts'))
    const deployment = await deploymentOf(publishers, media)
    const { value } = await requestOf(media, account.address)
    const by = await authorize(deployment, account, 'Register', {
      publisherId: 1,
      values: { registration: registration() },
      nonce: 1n,
      deadlineS: value.deadline,
    })
    await as(media, stranger).registerFor!(1, registration(), by)
    const [record] = await media.recordOf!(await media.recordIdOf!(1, registration().contentDigest))
    expect(record.signer).to.equal(account.address)
  })

  it('signs by its code as well, and sends by itself', async () => {
    const { media, stranger, account, wallet } = await load()
    await wallet.set!(YES)
    const deadline = await soon()
    await as(media, stranger).registerFor!(1, registration(), [account.address, 1, deadline, '0x1234'])
    await as(media, account).revoke!(1, registration().contentDigest, 1)
    const state = await media.stateOf!(1, registration().contentDigest)
    expect([state.stored, state.revokedBy]).to.deep.equal([true, account.address])
  })

  it('consents by itself to another publisher', async () => {
    const { publishers, media, stranger, account } = await load()
    await as(publishers, stranger).createPublisher!('', ethers.ZeroHash, ethers.ZeroAddress)
    const { deadlineS, signature } = await signKeyConsent(
      await deploymentOf(publishers, media),
      { publisherId: 2, custody: fromHex(await stranger.getAddress(), 20) },
      account,
      await soon(),
    )
    await as(publishers, stranger).addKey!(2, account.address, deadlineS, signature)
    expect(await publishers.isLive!(2, account.address)).to.equal(true)
  })
})
