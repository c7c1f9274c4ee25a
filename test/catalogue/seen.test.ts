import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { createSeen } from '../../server/catalogue/seen.ts'

const ids = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) =>
      new Uint8Array(
        createHash('sha256')
          .update(`${from + i}`)
          .digest(),
      ),
  )

describe('records seen', () => {
  it('need not be asked for in an empty catalogue', () => {
    expect(createSeen().possible(ids(0, 10), 1)).to.deep.equal([])
  })

  it('are all asked for in one that was opened with records', () => {
    expect(createSeen().possible(ids(0, 10), 11)).to.deep.equal(ids(0, 10))
  })

  it('are asked for again, and hardly any other', () => {
    const seen = createSeen()
    seen.committed(ids(0, 20_000), 1, 20_001)
    expect(seen.possible(ids(0, 20_000), 20_001)).to.deep.equal(ids(0, 20_000))
    expect(seen.possible(ids(20_000, 40_000), 20_001)).to.have.length.below(20)
  })

  it('are all asked for where an answer to a commit was lost', () => {
    const seen = createSeen()
    seen.committed(ids(0, 10), 1, 11)
    expect(seen.possible(ids(10, 20), 21)).to.deep.equal(ids(10, 20))
  })

  it('are all asked for from the moment when somebody else writes', () => {
    const seen = createSeen()
    seen.committed(ids(0, 10), 1, 11)
    seen.committed(ids(20, 30), 21, 31)
    expect(seen.possible(ids(10, 20), 31)).to.deep.equal(ids(10, 20))
  })
})
