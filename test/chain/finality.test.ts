import { expect } from 'chai'
import { createFinality } from '../../server/chain/finality.ts'

describe('finality', () => {
  const confirmed = (safe: number | null, finalized: number | null, head = 100) => {
    const finality = createFinality(false)
    finality.confirmed({ safe, finalized }, head)
    return finality
  }

  it('is latest before anything is known', () => {
    expect(createFinality(false).of(0)).to.equal('latest')
  })

  it('is told by the last blocks that are so final', () => {
    expect([2, 3, 4, 5].map(confirmed(4, 2).of)).to.deep.equal(['finalized', 'safe', 'safe', 'latest'])
  })

  it('is never told of blocks above what is stored', () => {
    expect(confirmed(90, 80, 10).blocks()).to.deep.equal({ safe: 10, finalized: 10 })
  })

  it('is not lowered by a node that takes it back, though a safe block may cease to be one', () => {
    const finality = confirmed(60, 50)
    finality.confirmed({ safe: 40, finalized: null }, 100)
    expect(finality.blocks()).to.deep.equal({ safe: 50, finalized: 50 })
    finality.confirmed({ safe: 55, finalized: 20 }, 100)
    expect(finality.blocks()).to.deep.equal({ safe: 55, finalized: 50 })
  })

  it('ends where the index was rolled back to', () => {
    const finality = confirmed(60, 50)
    finality.rolledBack(30)
    expect(finality.blocks()).to.deep.equal({ safe: 30, finalized: 30 })
    finality.rolledBack(-1)
    expect(finality.blocks()).to.deep.equal({ safe: null, finalized: null })
  })

  it('means nothing on a local chain', () => {
    const finality = createFinality(true)
    finality.confirmed({ safe: 1, finalized: 1 }, 1)
    expect([finality.blocks(), finality.of(1)]).to.deep.equal(['local', 'local'])
  })
})
