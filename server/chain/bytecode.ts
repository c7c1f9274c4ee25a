/** Whether the code on a chain is that of this source. */
import { Interface } from 'ethers'
import { equalBytes, fromHex, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import type { Deployment } from './events.ts'
import {
  mediaRegistryAbi,
  mediaRegistryImmutables,
  mediaRegistryRuntime,
  publisherRegistryImmutables,
  publisherRegistryRuntime,
} from './generated.ts'
import type { ChainNode } from './node.ts'

const WORD = 32

/** Compares both contracts' code, apart from the values that are set when they are created, and asks the media registry which publisher
 *  registry it relies on.
 *  @throws RegistryError `chain.mismatch` that says which contract differs, and `chain.unreachable` where the node does not answer. */
export async function checkBytecode(
  node: Pick<ChainNode, 'code' | 'call'>,
  { chainId, publisherRegistry, mediaRegistry }: Omit<Deployment, 'startBlock'>,
): Promise<void> {
  const contracts = [
    ['PublisherRegistry', publisherRegistry, publisherRegistryRuntime, publisherRegistryImmutables],
    ['MediaRegistry', mediaRegistry, mediaRegistryRuntime, mediaRegistryImmutables],
  ] as const
  for (const [name, address, runtime, immutables] of contracts) {
    const where = `${name} at ${toHex0x(address)} on chain ${chainId}`
    const code = await node.code(address)
    if (code.length === 0) throw new RegistryError('chain.mismatch', `there is no contract for ${where}: ${REMEDY}`)
    if (!equalBytes(masked(code, immutables), masked(fromHex(runtime), immutables)))
      throw new RegistryError('chain.mismatch', `the code of ${where} is not this version's: ${REMEDY}`)
  }
  const relied = await reliedOn(node, mediaRegistry)
  if (!equalBytes(relied, publisherRegistry))
    throw new RegistryError(
      'chain.mismatch',
      `the media registry relies on the publisher registry ${toHex0x(relied)}, not on ${toHex0x(publisherRegistry)}: ${REMEDY}`,
    )
}

const REMEDY = 'check PUBLISHER_REGISTRY, MEDIA_REGISTRY and RPC_URL, or run the version that was deployed'

/** A copy with zeros for what is set at creation: the source has zeros there. */
function masked(code: Uint8Array, immutables: readonly number[]): Uint8Array {
  const copy = code.slice()
  for (const start of immutables) copy.fill(0, start, start + WORD)
  return copy
}

const media = new Interface(mediaRegistryAbi)

async function reliedOn(node: Pick<ChainNode, 'call'>, mediaRegistry: Uint8Array): Promise<Uint8Array> {
  const data = fromHex(media.encodeFunctionData('publisherRegistry', []))
  const [registry] = media.decodeFunctionResult('publisherRegistry', await node.call({ to: mediaRegistry, data }))
  return fromHex(String(registry), 20)
}
