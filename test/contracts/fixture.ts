/** One local chain, a publisher with two keys, and what the tests ask of the contracts. */
import { expect } from 'chai'
import type { Contract, InterfaceAbi, Signer } from 'ethers'
import { network } from 'hardhat'

export const { ethers, networkHelpers } = await network.create()

export const DIGEST = ethers.sha256(ethers.toUtf8Bytes('original'))
export const MANIFEST = ethers.sha256(ethers.toUtf8Bytes('manifest'))
export const WORD = ethers.id('perceptual hash')

/** An hour from now by the chain's clock. */
export const soon = async () => (await networkHelpers.time.latest()) + 3600

/** The contract, called by `signer`. */
export const as = (contract: Contract, signer: Signer) => contract.connect(signer) as Contract

/** A picture with one word, where the test says nothing else. */
export const registration = (changes: object = {}) => ({
  contentDigest: DIGEST,
  manifestDigest: MANIFEST,
  kind: 1,
  algorithm: 1,
  perceptualHashes: [WORD],
  ...changes,
})

const KEY_CONSENT = [
  { type: 'uint32', name: 'publisherId' },
  { type: 'address', name: 'custody' },
  { type: 'address', name: 'key' },
  { type: 'uint256', name: 'deadline' },
]

/** The key's consent of docs/protocol.md §2.1. */
export async function consentOf(
  key: Signer,
  consent: { publishers: Contract; publisherId?: number; custody?: string; deadline: number; chainId?: number },
): Promise<string> {
  const { publishers, publisherId = 1, deadline, chainId = 31337 } = consent
  const domain = {
    name: 'Firsthand PublisherRegistry',
    version: '1',
    chainId,
    verifyingContract: await publishers.getAddress(),
  }
  const custody = consent.custody ?? (await publishers.custodyOf!(publisherId))
  const value = { publisherId, custody, key: await key.getAddress(), deadline }
  return key.signTypedData(domain, { KeyConsent: KEY_CONSENT }, value)
}

/** Adds `key` to publisher 1 with its consent. */
export async function addKey(publishers: Contract, custody: Signer, key: Signer) {
  const deadline = await soon()
  const consent = await consentOf(key, { publishers, deadline })
  return as(publishers, custody).addKey!(1, await key.getAddress(), deadline, consent)
}

/** What a build says of a contract. */
export interface Build {
  abi: InterfaceAbi
  bytecode: string
}

/** Both contracts and publisher 1 with keys `key` and `otherKey`. */
export async function setUp(publisherBuild: Build, mediaBuild: Build) {
  const [custody, key, otherKey, stranger] = await ethers.getSigners()
  const publisherFactory = new ethers.ContractFactory(publisherBuild.abi, publisherBuild.bytecode, custody)
  const publishers = (await publisherFactory.deploy()) as Contract
  const mediaFactory = new ethers.ContractFactory(mediaBuild.abi, mediaBuild.bytecode, custody)
  const media = (await mediaFactory.deploy(await publishers.getAddress())) as Contract
  await publishers.createPublisher!('data:,', ethers.ZeroHash, ethers.ZeroAddress)
  await addKey(publishers, custody!, key!)
  await addKey(publishers, custody!, otherKey!)
  return { publishers, media, custody: custody!, key: key!, otherKey: otherKey!, stranger: stranger! }
}

/** The hash over all that a contract stores. */
async function storageOf(contract: Contract): Promise<string> {
  const proof = await ethers.provider.send('eth_getProof', [await contract.getAddress(), [], 'latest'])
  return proof.storageHash
}

/** Sends a call that reverts, in a block, and asserts the error, its arguments, and that the contract stores what it did.
 *  @param call function and arguments. */
export async function expectRefusal(
  contract: Contract,
  call: readonly [name: string, ...args: unknown[]],
  error: readonly [name: string, ...args: unknown[]],
): Promise<void> {
  const [name, ...args] = call
  const [errorName, ...errorArgs] = error
  const before = await storageOf(contract)
  // A given gas limit: an estimate would find the revert, and nothing would be sent.
  const sent = contract.getFunction(name)(...args, { gasLimit: 5_000_000 })
  await expect(sent)
    .to.be.revertedWithCustomError(contract, errorName)
    .withArgs(...errorArgs)
  expect(await storageOf(contract), 'what the contract stores').to.equal(before)
}
