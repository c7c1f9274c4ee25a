/** Puts both contracts on a chain, from the bytes that scripts/bindings.ts compiled (docs/protocol.md §2). */
import { ContractFactory, HDNodeWallet, type InterfaceAbi, type Signer } from 'ethers'
import { fromHex } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import type { Deployment } from './events.ts'
import {
  mediaRegistryAbi,
  mediaRegistryBytecode,
  publisherRegistryAbi,
  publisherRegistryBytecode,
} from './generated.ts'

interface Compiled {
  abi: InterfaceAbi
  bytecode: string
}

const PUBLISHER_REGISTRY: Compiled = { abi: publisherRegistryAbi, bytecode: publisherRegistryBytecode }
const MEDIA_REGISTRY: Compiled = { abi: mediaRegistryAbi, bytecode: mediaRegistryBytecode }

/** The chain of a local Hardhat network: the only one for which its well-known accounts sign. */
export const LOCAL_CHAIN_ID = 31337

/** The phrase in Hardhat's documentation, and how many accounts it makes of it. Anyone can sign for them. */
const WELL_KNOWN_PHRASE = 'test test test test test test test test test test test junk'
const WELL_KNOWN_ACCOUNTS = 20

/** Lower-case; derived when first asked for, because deriving takes about 0.1 s. */
let wellKnown: Set<string> | undefined

/** Codes of ethers and of Node that mean that nobody answered. Others are a node's refusal. */
const UNREACHABLE = /^(NETWORK_ERROR|SERVER_ERROR|TIMEOUT|E[A-Z]+)$/

/** Whether the key of an account is public, because Hardhat gives it to everybody. */
export function isWellKnownAccount(address: string): boolean {
  wellKnown ??= wellKnownAddresses()
  return wellKnown.has(address.toLowerCase())
}

function wellKnownAddresses(): Set<string> {
  const parent = HDNodeWallet.fromPhrase(WELL_KNOWN_PHRASE, '', "m/44'/60'/0'/0")
  const addresses = Array.from({ length: WELL_KNOWN_ACCOUNTS }, (_, index) => parent.deriveChild(index).address)
  return new Set(addresses.map((address) => address.toLowerCase()))
}

/** Deploys the publisher registry, then the media registry that relies on it, and waits for both.
 *  @param signer pays; it has a provider.
 *  @throws RegistryError `signer.unavailable` without a provider or for a well-known account on another chain than 31337,
 *  `chain.rejected` where the chain refuses, `chain.unreachable` where the node does not answer. */
export async function deploy({ signer }: { signer: Signer }): Promise<Deployment> {
  try {
    return await createBoth(signer, await checkSigner(signer))
  } catch (cause) {
    throw cause instanceof RegistryError ? cause : asRegistryError(cause as Failure)
  }
}

/** The chain that the signer may deploy to. */
async function checkSigner(signer: Signer): Promise<number> {
  if (signer.provider === null) throw new RegistryError('signer.unavailable', '"signer" expected one with a provider')
  const chainId = Number((await signer.provider.getNetwork()).chainId)
  const address = await signer.getAddress()
  if (chainId === LOCAL_CHAIN_ID || !isWellKnownAccount(address)) return chainId
  throw new RegistryError(
    'signer.unavailable',
    `${address} is one of Hardhat's well-known accounts: it signs for chain ${LOCAL_CHAIN_ID} only, not for ${chainId}`,
  )
}

async function createBoth(signer: Signer, chainId: number): Promise<Deployment> {
  // Counted here: a provider may answer a second question for the nonce from its cache.
  const nonce = await signer.getNonce()
  const publishers = await create(PUBLISHER_REGISTRY, { signer, nonce, args: [] })
  const media = await create(MEDIA_REGISTRY, { signer, nonce: nonce + 1, args: [publishers.address] })
  return {
    chainId,
    publisherRegistry: fromHex(publishers.address, 20),
    mediaRegistry: fromHex(media.address, 20),
    startBlock: publishers.blockNumber,
  }
}

async function create(
  { abi, bytecode }: Compiled,
  { signer, nonce, args }: { signer: Signer; nonce: number; args: string[] },
): Promise<{ address: string; blockNumber: number }> {
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args, { nonce })
  const receipt = await contract.deploymentTransaction()?.wait()
  if (!receipt) throw new Error('the node gave no receipt')
  return { address: await contract.getAddress(), blockNumber: receipt.blockNumber }
}

/** What ethers and Node say of a failure. */
interface Failure {
  /** A word, or the number of a JSON-RPC error. */
  code?: string | number
  error?: { message?: string }
  shortMessage?: string
  message?: string
}

function asRegistryError(failure: Failure): RegistryError {
  const { code, error, shortMessage, message } = failure
  // The node's own words where there are any: ethers says only "could not coalesce error".
  const detail = `the contracts were not deployed: ${error?.message ?? shortMessage ?? message}`
  const unreachable = UNREACHABLE.test(String(code))
  return new RegistryError(unreachable ? 'chain.unreachable' : 'chain.rejected', detail, { cause: failure })
}
