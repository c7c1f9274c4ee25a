import { expect } from 'chai'
import { createNodes, failover } from '../../server/chain/failover.ts'
import type { ChainNode } from '../../server/chain/node.ts'
import { RegistryError } from '../../server/errors.ts'

const HASH = new Uint8Array(32).fill(7)
const unreachable = (name: string) => new RegistryError('chain.unreachable', `eth_getCode at ${name}: no answer`)

describe('several nodes as one', () => {
  /** What was asked of which, in order. */
  let asked: string[]
  let down: Set<string>

  function node(name: string, chainId = 1): ChainNode {
    const ask = async <T>(what: string, value: T): Promise<T> => {
      asked.push(`${name} ${what}`)
      if (down.has(name)) throw unreachable(name)
      return value
    }
    return {
      name,
      chainId: () => ask('chainId', chainId),
      blockNumber: () => ask('blockNumber', 5),
      code: () => ask('code', HASH),
      sendRaw: () => ask('sendRaw', HASH),
      call: async () => {
        throw new RegistryError('chain.rejected', 'execution reverted')
      },
      close: () => void asked.push(`${name} close`),
    } as unknown as ChainNode
  }
  const codeOf = (nodes: ChainNode) => nodes.code(HASH)

  beforeEach(() => {
    asked = []
    down = new Set()
  })

  it('asks the first, after its chain id', async () => {
    const nodes = failover([node('a'), node('b')])
    await codeOf(nodes)
    await codeOf(nodes)
    expect(asked).to.deep.equal(['a chainId', 'a code', 'a code'])
  })

  it('reads from the next when one does not answer, and stays there', async () => {
    const nodes = failover([node('a'), node('b')])
    await codeOf(nodes)
    down.add('a')
    await codeOf(nodes)
    down.delete('a')
    asked = []
    await codeOf(nodes)
    expect(asked).to.deep.equal(['b code'])
  })

  it('passes over a node of another chain', async () => {
    const nodes = failover([node('a'), node('b', 2), node('c')])
    await codeOf(nodes)
    down.add('a')
    await codeOf(nodes)
    expect(asked.slice(-3)).to.deep.equal(['b chainId', 'c chainId', 'c code'])
  })

  it('fails as the last one does when all fail', async () => {
    down = new Set(['a', 'b'])
    const error = await codeOf(failover([node('a'), node('b')])).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(RegistryError).and.include({ code: 'chain.unreachable' })
    expect(asked).to.deep.equal(['a chainId', 'b chainId'])
  })

  it('does not ask another node for what the chain refuses', async () => {
    const error = await failover([node('a'), node('b')])
      .call({ data: HASH })
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'chain.rejected' })
    expect(asked).to.deep.equal(['a chainId'])
  })

  it('sends a transaction once, and the next time to the next node', async () => {
    const nodes = failover([node('a'), node('b')])
    await nodes.blockNumber()
    down.add('a')
    const error = await nodes.sendRaw(HASH).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'chain.unreachable' })
    expect(asked.filter((what) => what.endsWith('sendRaw'))).to.deep.equal(['a sendRaw'])
    await nodes.sendRaw(HASH)
    expect(asked.at(-1)).to.equal('b sendRaw')
  })

  it('closes all', () => {
    failover([node('a'), node('b')]).close()
    expect(asked).to.deep.equal(['a close', 'b close'])
  })

  it('has names without what is secret', () => {
    const nodes = createNodes({ urls: ['https://me:SECRET@a.example/SECRET', 'http://b.example:8545/SECRET'] })
    expect(nodes.name).to.equal('a.example, b.example:8545')
    nodes.close()
  })
})
