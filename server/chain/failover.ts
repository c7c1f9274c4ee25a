/** Several nodes of one chain as one, for what is asked now and then: calls, fees, receipts, transactions. The indexer does not use it: what
 *  it reads must come from one node (`members.ts`). */
import { RegistryError } from '../errors.ts'
import { type ChainNode, createNode } from './node.ts'
import type { RpcOptions } from './rpc.ts'

export interface ChainNodes extends ChainNode {
  /** At least one, the preferred one first. */
  members: readonly ChainNode[]
}

export interface NodesOptions extends Omit<RpcOptions, 'url'> {
  /** At least one; http or https. */
  urls: readonly string[]
}

/** With others to turn to, waiting for one that is slow or busy is no use. Milliseconds. */
const IMPATIENT = { timeoutMs: 10_000, retries: 0 }

/** @throws RegistryError `request.invalid` if an address is not http or https. */
export function createNodes({ urls, ...options }: NodesOptions): ChainNodes {
  const impatient = urls.length > 1 ? IMPATIENT : {}
  return failover(urls.map((url) => createNode({ url, ...impatient, ...options })))
}

/** Reads from one node until it does not answer, then from the next that is of the same chain. A transaction is sent once; whoever sends it
 *  again sends it to the next node. */
export function failover(members: readonly ChainNode[]): ChainNodes {
  let current = 0
  let chainId: number | null = null
  const checked = members.map(() => false)

  async function requireSameChain(index: number): Promise<void> {
    if (checked[index] || members.length === 1) return
    const actual = await members[index]!.chainId()
    chainId ??= actual
    if (actual !== chainId)
      throw new RegistryError(
        'chain.mismatch',
        `${members[index]!.name} is of chain ${actual}, the others of ${chainId}`,
      )
    checked[index] = true
  }

  /** @param times how many nodes are asked at most. */
  async function ask<T>(run: (node: ChainNode) => Promise<T>, times = members.length): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const index = current
      try {
        await requireSameChain(index)
        return await run(members[index]!)
      } catch (error) {
        if (!isNodesFailure(error)) throw error
        checked[index] = false
        // Another question may have moved on meanwhile.
        if (current === index) current = (index + 1) % members.length
        if (attempt >= times) throw error
      }
    }
  }

  return {
    members,
    name: members.map(({ name }) => name).join(', '),
    chainId: () => ask((node) => node.chainId()),
    blockNumber: () => ask((node) => node.blockNumber()),
    header: (block) => ask((node) => node.header(block)),
    headers: (blocks) => ask((node) => node.headers(blocks)),
    logs: (range, addresses) => ask((node) => node.logs(range, addresses)),
    blockLogs: (hashes, addresses) => ask((node) => node.blockLogs(hashes, addresses)),
    call: (request, block) => ask((node) => node.call(request, block)),
    estimateGas: (request) => ask((node) => node.estimateGas(request)),
    code: (address) => ask((node) => node.code(address)),
    fees: () => ask((node) => node.fees()),
    nextNonce: (address) => ask((node) => node.nextNonce(address)),
    sendRaw: (transaction) => ask((node) => node.sendRaw(transaction), 1),
    receipt: (hash) => ask((node) => node.receipt(hash)),
    close() {
      for (const member of members) member.close()
    },
  }
}

const isNodesFailure = (error: unknown): boolean =>
  error instanceof RegistryError && (error.code === 'chain.unreachable' || error.code === 'chain.mismatch')
