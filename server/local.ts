/** The local network made ready for a developer: contracts deployed, one publisher with a key (docs/protocol.md §8). */
import { createHash } from 'node:crypto'
import { getCreateAddress, JsonRpcProvider, NonceManager } from 'ethers'
import { fromHex } from './bytes.ts'
import { mediaRegistryBytecode, publisherRegistryBytecode } from './chain/generated.ts'
import {
  type ChainNode,
  createPublisherClient,
  type Deployment,
  deploy,
  developmentWallet,
  LOCAL_CHAIN_ID,
  type PublisherClient,
  signKeyConsent,
} from './chain/index.ts'
import { RegistryError } from './errors.ts'

export interface LocalPublisher {
  publisherId: number
  /** Signs with the publisher's signing key. */
  client: PublisherClient
  /** Signs with it, while custody sends and pays. */
  relayed: PublisherClient
}

/** Seconds in which the key's consent is used: at once. */
const CONSENT_S = 3600
const PROFILE = JSON.stringify({ name: 'Local development publisher' })

/** Deploys the contracts, or finds those that the journal brought back.
 * @throws RegistryError `chain.mismatch` if they are of another version of this program. */
export async function localDeployment(rpcUrl: string, node: ChainNode): Promise<Deployment> {
  const custody = developmentWallet('custody', LOCAL_CHAIN_ID)
  const provider = new JsonRpcProvider(rpcUrl, LOCAL_CHAIN_ID, { staticNetwork: true })
  try {
    const nonce = await node.nextNonce(fromHex(custody.address))
    if (nonce === 0) return await deploy({ signer: new NonceManager(custody.connect(provider)) })
    await requireSameContracts(provider, nonce)
  } finally {
    provider.destroy()
  }
  const created = (nonce: number) => fromHex(getCreateAddress({ from: custody.address, nonce }), 20)
  return { chainId: LOCAL_CHAIN_ID, publisherRegistry: created(0), mediaRegistry: created(1), startBlock: 1 }
}

/** The first two blocks of a local chain create the contracts, each in one transaction. */
async function requireSameContracts(provider: JsonRpcProvider, nonce: number): Promise<void> {
  if (nonce === 1)
    throw new RegistryError(
      'chain.mismatch',
      'the first start was interrupted: start with --fresh, nothing is lost by it',
    )
  const inputs = await Promise.all(
    [1, 2].map(async (number) => (await provider.getBlock(number, true))?.prefetchedTransactions[0]?.data ?? ''),
  )
  if (inputs[0] === publisherRegistryBytecode && inputs[1]!.startsWith(mediaRegistryBytecode)) return
  throw new RegistryError(
    'chain.mismatch',
    'the local chain holds contracts of another version: start with --fresh to begin a new one (the old one is put aside)',
  )
}

/** The development publisher, created when the chain is new. */
export async function localPublisher(node: ChainNode, deployment: Deployment): Promise<LocalPublisher> {
  const custody = createPublisherClient({ node, deployment, signer: developmentWallet('custody', deployment.chainId) })
  const wallet = developmentWallet('signing', deployment.chainId)
  const publisherId = (await custody.publisherId()) ?? (await createPublisher(custody))
  const key = fromHex(wallet.address, 20)
  if (!(await custody.isLive(publisherId, key))) {
    const now = (await node.header('latest'))!.time
    const deadlineS = Math.max(now, Math.floor(Date.now() / 1000)) + CONSENT_S
    await custody.addKey(
      publisherId,
      await signKeyConsent(deployment, { publisherId, custody: custody.address }, wallet, deadlineS),
    )
  }
  const payer = developmentWallet('custody', deployment.chainId)
  return {
    publisherId,
    client: createPublisherClient({ node, deployment, signer: wallet }),
    relayed: createPublisherClient({ node, deployment, signer: wallet, payer }),
  }
}

async function createPublisher(custody: PublisherClient): Promise<number> {
  const uri = `data:application/json,${encodeURIComponent(PROFILE)}`
  const digest = new Uint8Array(createHash('sha256').update(PROFILE).digest())
  return (await custody.createPublisher(uri, digest, null)).publisherId
}
