import { expect } from 'chai'
import fc from 'fast-check'
import { clock, fromTo } from '../server/times.ts'
import { clock as clockOfThePage } from '../server/web/client/words.ts'

describe('times in media', () => {
  it('are written as a player does', () => {
    expect([0, 62.4, 59.97, 3723].map((seconds) => clock(seconds))).to.deep.equal(['0:00', '1:02', '1:00', '1:02:03'])
    expect([clock(7.46, true), clock(3599.96, true)]).to.deep.equal(['0:07.5', '1:00:00.0'])
  })

  it('of a stretch have tenths where whole seconds would hide how long it is', () => {
    expect(fromTo({ startS: 6, endS: 10 })).to.equal('0:06 to 0:10')
    expect(fromTo({ startS: 6, endS: 7.5 })).to.equal('0:06.0 to 0:07.5')
  })

  it('are the same in the terminal and on the page', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40_000, noNaN: true }), fc.boolean(), (seconds, tenths) => {
        expect(clock(seconds, tenths)).to.equal(clockOfThePage(seconds, tenths))
      }),
    )
  })
})
