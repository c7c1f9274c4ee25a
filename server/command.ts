/** What the command needs of the world, built from its configuration: a server far away, a key, a chain. */
import { Wallet } from 'ethers'
import { fromHex, toHex0x } from './bytes.ts'
import {
  createNode,
  createPublisherClient,
  type Deployment,
  developmentWallet,
  type PublisherClient,
  recordId,
} from './chain/index.ts'
import { type Config, isLoopback } from './config.ts'
import { RegistryError } from './errors.ts'
import { CAR_TYPE, type Ledger, type NetworkView, writeCar } from './registry/index.ts'

/** The server's HTTP interface, as far as registering needs it. */
export interface ServerApi {
  status(): Promise<NetworkView>
  recordExists(recordId: string): Promise<boolean>
  post(path: string, type: string, body: Uint8Array): Promise<unknown>
}

/** A publisher with a key that is at hand. */
export interface Identity {
  publisherId: number
  deployment: Deployment
  client: PublisherClient
}

/** Milliseconds between two looks whether a record can be found, and after which nobody waits any longer. */
const POLL_MS = 100
const SEARCHABLE_MS = 120_000

/** Whoever signs: the development publisher on a local network, else the key of the environment.
 * @throws RegistryError `signer.unavailable` naming the variable that is missing. */
export async function openIdentity(config: Config, api: ServerApi): Promise<Identity> {
  const status = await api.status()
  const deployment: Deployment = {
    chainId: status.chainId,
    publisherRegistry: fromHex(status.publisherRegistry, 20),
    mediaRegistry: fromHex(status.mediaRegistry, 20),
    startBlock: status.startBlock,
  }
  return status.local && !config.FIRSTHAND_KEY ? localIdentity(status, deployment) : keyIdentity(config, deployment)
}

async function localIdentity(status: NetworkView, deployment: Deployment): Promise<Identity> {
  const url = new URL(status.rpcUrl ?? 'http://nowhere.invalid')
  if (!isLoopback(url.hostname))
    throw new RegistryError('signer.unavailable', 'the development publisher signs only for a network on this machine')
  const node = createNode({ url: url.href })
  const custody = createPublisherClient({ node, deployment, signer: developmentWallet('custody', deployment.chainId) })
  const publisherId = await custody.publisherId()
  if (publisherId === null)
    throw new RegistryError('publisher.not_found', 'the local network has no development publisher')
  const client = createPublisherClient({ node, deployment, signer: developmentWallet('signing', deployment.chainId) })
  return { publisherId, deployment, client }
}

async function keyIdentity(config: Config, deployment: Deployment): Promise<Identity> {
  const { FIRSTHAND_KEY: key, FIRSTHAND_PUBLISHER: publisherId, RPC_URL: rpcUrl } = config
  if (!key || !publisherId || !rpcUrl)
    throw new RegistryError(
      'signer.unavailable',
      'to sign on this chain set FIRSTHAND_KEY (private key), FIRSTHAND_PUBLISHER (your number) and RPC_URL (a node), see .env.example',
    )
  const client = createPublisherClient({ node: createNode({ url: rpcUrl }), deployment, signer: walletOf(key) })
  if (!(await client.isLive(publisherId, client.address)))
    throw new RegistryError(
      'signer.unavailable',
      `${toHex0x(client.address)} is not a live key of publisher ${publisherId}`,
    )
  return { publisherId, deployment, client }
}

function walletOf(key: string): Wallet {
  try {
    return new Wallet(key)
  } catch {
    // Without the cause: it may quote the key.
    throw new RegistryError('signer.unavailable', 'FIRSTHAND_KEY is not a private key: expected 0x and 64 hex digits')
  }
}

/** Registers by that identity, with the server as the place of the blocks. */
export function openLedger({ publisherId, deployment, client }: Identity, api: ServerApi): Ledger {
  return {
    recordId: (digest) => recordId(deployment.chainId, deployment.mediaRegistry, publisherId, digest),
    exists: (id) => api.recordExists(toHex0x(id)),
    async hold(root, blocks) {
      await api.post('/v1/registrations', CAR_TYPE, await writeCar(root, blocks))
    },
    async send(registrations) {
      const records = await client.registerMany(publisherId, registrations)
      return records.map((record) => record.transactionHash)
    },
    searchable: (id) => searchable(toHex0x(id), api),
  }
}

async function searchable(id: string, api: ServerApi): Promise<void> {
  const until = performance.now() + SEARCHABLE_MS
  while (!(await api.recordExists(id))) {
    if (performance.now() > until)
      throw new RegistryError('server.busy', `record ${id} is on the chain, but the server has not indexed it yet`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
