/** A chain that RPC_URL names, and its contracts. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { equalBytes, fromHex } from './bytes.ts'
import { type ChainNode, type ChainNodes, checkBytecode, type Deployment } from './chain/index.ts'
import type { Config } from './config.ts'
import { RegistryError } from './errors.ts'

/** Milliseconds that a start waits for a node, where the catalogue knows the chain already. */
const PATIENCE_MS = 10_000

/** The contracts that the configuration names, once a node has shown that they are there and are this source's.
 * @throws RegistryError `chain.unreachable`, `chain.mismatch`. */
export async function namedDeployment(config: Config, node: ChainNode): Promise<Deployment> {
  const deployment = {
    chainId: await node.chainId(),
    publisherRegistry: fromHex(config.PUBLISHER_REGISTRY!, 20),
    mediaRegistry: fromHex(config.MEDIA_REGISTRY!, 20),
    startBlock: config.START_BLOCK,
  }
  await checkBytecode(node, deployment)
  return deployment
}

/** As `namedDeployment`; but where no node answers and the catalogue holds blocks of these very contracts, that is answered from, and
 *  each node is checked when it comes back, before anything of it is believed.
 * @returns the nodes to index from with it. */
export async function deploymentOrKnown(
  config: Config,
  node: ChainNodes,
  known: Deployment | null,
  log: Logger,
): Promise<{ deployment: Deployment; members: readonly ChainNode[] }> {
  if (!known || !isNamed(known, config))
    return { deployment: await namedDeployment(config, node), members: node.members }
  try {
    return { deployment: await withPatience(namedDeployment(config, node)), members: node.members }
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'chain.unreachable') throw error
    log.warn({ err: error }, 'no node answers: starting with what is indexed')
    return {
      deployment: { ...known, startBlock: config.START_BLOCK },
      members: node.members.map((one) => checked(one, known)),
    }
  }
}

const isNamed = ({ publisherRegistry, mediaRegistry }: Deployment, config: Config): boolean =>
  equalBytes(publisherRegistry, fromHex(config.PUBLISHER_REGISTRY!, 20)) &&
  equalBytes(mediaRegistry, fromHex(config.MEDIA_REGISTRY!, 20))

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {})
  const late = sleep(PATIENCE_MS, null, { ref: false }).then(() => {
    throw new RegistryError('chain.unreachable', `no node answered within ${PATIENCE_MS / 1000} s`)
  })
  return Promise.race([answer, late])
}

/** Whoever indexes asks for the chain id first. */
function checked(node: ChainNode, deployment: Deployment): ChainNode {
  let isOurs = false
  return {
    ...node,
    async chainId() {
      const chainId = await node.chainId()
      if (!isOurs && chainId === deployment.chainId) {
        await checkBytecode(node, deployment)
        isOurs = true
      }
      return chainId
    },
  }
}
