import { expect } from 'chai'
import type { IndexerNode } from '../../server/chain/step.ts'
import { RegistryError } from '../../server/errors.ts'
import { DEPLOYMENT } from './events.ts'
import { anyRegistration } from './fake-chain.ts'
import { indexerSetting } from './indexer-setting.ts'
import { until } from './until.ts'

const PUBLIC = { ...DEPLOYMENT, chainId: 1 }

describe('the indexer with several nodes', () => {
  const setting = indexerSetting()
  /** Named calls, in order. */
  let asked: string[]

  /** A node of the setting's chain with a name, whose answers go through `spoil` first. */
  function node(name: string, spoil: Partial<IndexerNode> = {}): IndexerNode {
    const { node } = setting.chain
    const noted = <A extends unknown[], T>(method: (...args: A) => Promise<T>) => {
      return (...args: A) => {
        asked.push(name)
        return method(...args)
      }
    }
    const all = { ...node, ...spoil, name }
    return { ...all, header: noted(all.header), headers: noted(all.headers), logs: noted(all.logs) }
  }
  const down = async () => {
    throw new RegistryError('chain.unreachable', 'eth_chainId at a: connect ECONNREFUSED')
  }
  const conditions = () => setting.indexer.state().nodes.map(({ name, condition, used }) => ({ name, condition, used }))

  beforeEach(() => {
    asked = []
    setting.chain.chainId = 1
    setting.mine(6)
  })

  const begin = (...nodes: IndexerNode[]) => setting.begin({ node: nodes, deployment: PUBLIC, patienceMs: 200 })

  it('reads from the first as long as it answers', async () => {
    begin(node('a'), node('b'))
    await setting.caughtUp()
    setting.mine(3, 100)
    await setting.caughtUp()
    setting.expectCanonical()
    expect(conditions()[0]).to.deep.equal({ name: 'a', condition: 'good', used: true })
  })

  it('turns to the next when one is down, and says what is wrong with which', async () => {
    begin(node('a', { chainId: down }), node('b'))
    await setting.caughtUp()
    setting.expectCanonical()
    const [a, b] = setting.indexer.state().nodes
    expect(a).to.include({ condition: 'failing', used: false, error: 'eth_chainId at a: connect ECONNREFUSED' })
    expect(b).to.include({ condition: 'good', used: true, error: null })
  })

  it('reads nothing from a node of another chain', async () => {
    begin(node('a', { chainId: async () => 5 }), node('b'))
    await setting.caughtUp()
    setting.expectCanonical()
    expect(conditions()[0]).to.deep.equal({ name: 'a', condition: 'other chain', used: false })
    expect(asked).not.to.include('a')
  })

  it('turns to the next when one contradicts itself', async () => {
    const { node: truth } = setting.chain
    const lying = { logs: async (...args: Parameters<IndexerNode['logs']>) => (await truth.logs(...args)).reverse() }
    begin(node('a', lying), node('b'))
    await setting.caughtUp()
    setting.expectCanonical()
    expect(conditions()[0]).to.deep.include({ condition: 'contradicting', used: false })
  })

  it('waits when all are down, and goes on when one is back', async () => {
    let isDown = true
    const flaky = { chainId: () => (isDown ? down() : setting.chain.node.chainId()) }
    begin(node('a', flaky), node('b', flaky))
    await setting.failed(/ECONNREFUSED/)
    isDown = false
    await setting.caughtUp()
    setting.expectCanonical()
    expect(setting.indexer.state().lastError).to.equal(null)
  })

  it('does not roll back for a node on a fork while another that is as far has what is stored', async () => {
    const { chain, sink } = setting
    let forked = false
    const other = new Uint8Array(32).fill(0xee)
    const onFork = {
      header: async (...args: Parameters<IndexerNode['header']>) => {
        const header = await chain.node.header(...args)
        return header && forked && header.number > 3 ? { ...header, hash: other } : header
      },
      headers: async (...args: Parameters<IndexerNode['headers']>) => {
        const headers = await chain.node.headers(...args)
        return headers.map((one) => (one && forked && one.number > 3 ? { ...one, hash: other } : one))
      },
    }
    begin(node('a', onFork), node('b'))
    await setting.caughtUp()
    forked = true
    await until(() => conditions()[1]!.used, conditions)
    expect(setting.indexer.state().nodes[0]!.error).to.match(/another node has it/)
    setting.mine(2, 100)
    await setting.caughtUp()
    expect(sink.rollbacks).to.deep.equal([])
    setting.expectCanonical()
  })

  it('leaves a node that stays where it is while the others go on', async () => {
    const { chain } = setting
    let stuckAt = Infinity
    const stuck = {
      header: async (...[asked]: Parameters<IndexerNode['header']>) =>
        chain.node.header(asked === 'latest' ? Math.min(stuckAt, chain.head().number) : asked),
      headers: async (...[all]: Parameters<IndexerNode['headers']>) =>
        chain.node.headers(all.map((asked) => (asked === 'latest' ? Math.min(stuckAt, chain.head().number) : asked))),
    }
    begin(node('a', stuck), node('b'))
    await setting.caughtUp()
    stuckAt = 6
    setting.mine(4, 100)
    // The others are asked every five seconds, and it takes two times to know that it stays.
    await until(() => {
      setting.nowMs += 100
      return conditions()[1]!.used
    }, conditions)
    await setting.caughtUp()
    setting.expectCanonical()
  })

  it('calls final only what all others that are good call final', async () => {
    setting.chain.tags = { safe: 2, finalized: 2 }
    const { node: truth } = setting.chain
    const eager = {
      headers: async (...[all]: Parameters<IndexerNode['headers']>) =>
        truth.headers(all.map((asked) => (asked === 'finalized' || asked === 'safe' ? 5 : asked))),
    }
    begin(node('a', eager), node('b'))
    await setting.caughtUp()
    await until(() => {
      setting.nowMs += 100
      return setting.indexer.finality(2) === 'finalized'
    }, setting.indexer.state)
    expect([2, 3, 5, 6].map(setting.indexer.finality)).to.deep.equal(['finalized', 'safe', 'safe', 'latest'])
  })

  describe('that lost everything', () => {
    beforeEach(async () => {
      begin(node('a'))
      await setting.caughtUp()
    })

    it('keeps the index while the contracts are not there', async () => {
      setting.chain.code = new Uint8Array()
      setting.chain.drop(6)
      for (let i = 0; i < 9; i++) setting.chain.mine()
      await setting.failed(/some of which is final/)
      await until(() => {
        setting.nowMs += 50
        return /without the contracts/.test(setting.indexer.state().lastError?.message ?? '')
      }, setting.indexer.state)
      expect(setting.sink.headers.at(-1)!.number).to.equal(6)
    })

    it('follows it once it holds to that, where the contracts are', async () => {
      setting.chain.drop(6)
      for (let i = 0; i < 9; i++) setting.chain.mine([anyRegistration(500 + i)])
      await until(() => {
        setting.nowMs += 50
        return setting.sink.rollbacks.length > 0
      }, setting.indexer.state)
      await setting.caughtUp()
      setting.expectCanonical()
    })
  })
})
