/** The same addresses on every chain: CREATE2 by the deterministic deployment proxy (github.com/Arachnid/deterministic-deployment-proxy),
 *  which stands at one address on most chains. The address follows from salt and creation code alone, whoever sends. */
import { AbiCoder, concat, getCreate2Address, id, keccak256, type Provider, type Signer } from 'ethers'
import { fromHex } from '../../server/bytes.ts'
import type { Deployment } from '../../server/chain/events.ts'
import { mediaRegistryBytecode, publisherRegistryBytecode } from '../../server/chain/generated.ts'

export const PROXY = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
export const SALT = id('Firsthand')

export interface Deployed extends Deployment {
  /** Hashes of the transactions that were sent; empty where the contracts were there. */
  transactions: string[]
}

export async function hasProxy(provider: Provider): Promise<boolean> {
  return (await provider.getCode(PROXY)) !== '0x'
}

/** Where this source's contracts are on every chain that has the proxy. */
export function addresses(): { publisherRegistry: string; mediaRegistry: string } {
  const publisherRegistry = addressOf(publisherRegistryBytecode)
  return { publisherRegistry, mediaRegistry: addressOf(mediaCode(publisherRegistry)) }
}

const addressOf = (code: string) => getCreate2Address(PROXY, SALT, keccak256(code))
const mediaCode = (publisherRegistry: string) =>
  concat([mediaRegistryBytecode, AbiCoder.defaultAbiCoder().encode(['address'], [publisherRegistry])])

/** Creates what is not there yet. @param signer pays; it has a provider. */
export async function deployBoth(signer: Signer, provider: Provider): Promise<Deployed> {
  const { publisherRegistry, mediaRegistry } = addresses()
  const transactions: string[] = []
  for (const [address, code] of [
    [publisherRegistry, publisherRegistryBytecode],
    [mediaRegistry, mediaCode(publisherRegistry)],
  ] as const) {
    if ((await provider.getCode(address)) !== '0x') continue
    const sent = await signer.sendTransaction({ to: PROXY, data: concat([SALT, code]) })
    await sent.wait()
    if ((await provider.getCode(address)) === '0x') throw new Error(`nothing was created at ${address}`)
    transactions.push(sent.hash)
  }
  return {
    chainId: Number((await provider.getNetwork()).chainId),
    publisherRegistry: fromHex(publisherRegistry, 20),
    mediaRegistry: fromHex(mediaRegistry, 20),
    startBlock: await firstBlock(provider, publisherRegistry),
    transactions,
  }
}

/** The block that created a contract, by bisection; 0 where the node does not know the past: then indexing begins at the beginning. */
async function firstBlock(provider: Provider, address: string): Promise<number> {
  let [low, high] = [0, await provider.getBlockNumber()]
  try {
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((await provider.getCode(address, middle)) === '0x') low = middle + 1
      else high = middle
    }
    return low
  } catch {
    return 0
  }
}
