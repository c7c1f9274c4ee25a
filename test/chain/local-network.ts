/** A local network with the contracts on it, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JsonRpcProvider } from 'ethers'
import { developmentWallet } from '../../server/chain/accounts.ts'
import { deploy, LOCAL_CHAIN_ID } from '../../server/chain/deploy.ts'
import { type Devnet, startDevnet } from '../../server/chain/devnet.ts'
import type { Deployment } from '../../server/chain/events.ts'
import { type ChainNode, createNode } from '../../server/chain/node.ts'

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'firsthand-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

export interface LocalNetwork {
  devnet: Devnet
  node: ChainNode
  deployment: Deployment
  dataDir: string
  /** Ends the network and starts it again from its journal; `node` goes on with it. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function localNetwork(): Promise<LocalNetwork> {
  const folder = await temporaryFolder()
  const devnet = await startDevnet({ dataDir: folder.path, port: 0 })
  const network: LocalNetwork = {
    devnet,
    node: createNode({ url: devnet.url }),
    deployment: await deployTo(devnet.url),
    dataDir: folder.path,
    async restart() {
      await network.devnet.close()
      network.node.close()
      network.devnet = await startDevnet({ dataDir: folder.path, port: 0 })
      network.node = createNode({ url: network.devnet.url })
    },
    async close() {
      network.node.close()
      await network.devnet.close()
      await folder.remove()
    },
  }
  return network
}

export async function deployTo(url: string): Promise<Deployment> {
  const provider = new JsonRpcProvider(url, LOCAL_CHAIN_ID, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 })
  try {
    return await deploy({ signer: developmentWallet('custody', LOCAL_CHAIN_ID).connect(provider) })
  } finally {
    provider.destroy()
  }
}
