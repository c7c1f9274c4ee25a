import { expect } from 'chai'
import { createRoster } from '../../server/chain/roster.ts'

const WHY = { condition: 'failing', error: 'no answer' } as const

describe('the roster of nodes', () => {
  let nowMs = 0
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs, sleep: async () => {} }
  const roster = (...names: string[]) => createRoster(names, { pauseMs: 100, clock })

  beforeEach(() => {
    nowMs = 0
  })

  it('keeps to the first node as long as nothing is wrong with it', () => {
    const nodes = roster('a', 'b')
    expect([nodes.use(), nodes.use(), nodes.waitMs()]).to.deep.equal([0, 0, 0])
  })

  it('turns to the next node that is not set aside, and stays with it when the first is back', () => {
    const nodes = roster('a', 'b', 'c')
    nodes.setAside(0, WHY)
    nodes.setAside(1, WHY)
    expect(nodes.use()).to.equal(2)
    nowMs = 1_000
    expect(nodes.use()).to.equal(2)
    expect(nodes.states().map(({ used }) => used)).to.deep.equal([false, false, true])
  })

  it('says when the first is back if all are set aside', () => {
    const nodes = roster('a', 'b')
    nodes.setAside(0, { ...WHY, retryAfterMs: 7_000 })
    nodes.setAside(1, { ...WHY, retryAfterMs: 5_000 })
    expect([nodes.use(), nodes.waitMs()]).to.deep.equal([null, 5_000])
    nowMs = 5_000
    expect(nodes.use()).to.equal(1)
  })

  it('sets aside twice as long each time, half a minute at most, until the node answers well', () => {
    const nodes = roster('a')
    const pauses = Array.from({ length: 12 }, () => {
      nodes.setAside(0, WHY)
      return nodes.waitMs()
    })
    expect([...pauses.slice(0, 4), pauses.at(-1)]).to.deep.equal([100, 200, 400, 800, 30_000])
    nowMs = 30_000
    nodes.good(0, 7)
    nodes.setAside(0, WHY)
    expect(nodes.waitMs()).to.equal(100)
  })

  it('shows each node’s condition and what went wrong', () => {
    const nodes = roster('a', 'b')
    nodes.good(0, 9)
    nodes.setAside(1, WHY)
    expect(nodes.states()).to.deep.equal([
      { name: 'a', used: true, condition: 'good', head: 9, finalized: null, error: null },
      { name: 'b', used: false, condition: 'failing', head: null, finalized: null, error: 'no answer' },
    ])
  })

  it('calls a node behind that lags by more than blocks take from one to the next', () => {
    const nodes = roster('a', 'b', 'c')
    nodes.good(0, 20)
    nodes.surveyed(1, 18, 5)
    nodes.surveyed(2, 17, 5)
    expect(nodes.states().map(({ condition }) => condition)).to.deep.equal(['good', 'good', 'behind'])
  })

  describe('believes no block to be final', () => {
    it('before each other node was asked', () => {
      const nodes = roster('a', 'b', 'c')
      nodes.surveyed(1, 20, 9)
      expect(nodes.finalLimit(0)).to.equal(null)
      nodes.setAside(2, WHY)
      expect(nodes.finalLimit(0)).to.equal(9)
    })

    it('that another good one does not call final, where that tells', () => {
      const nodes = roster('a', 'b', 'c', 'd')
      nodes.surveyed(1, 20, 9)
      nodes.surveyed(2, 20, null)
      nodes.surveyed(3, 5, 2)
      expect(nodes.finalLimit(0)).to.equal(9)
      expect(roster('a').finalLimit(0)).to.equal(Number.MAX_SAFE_INTEGER)
    })
  })
})
