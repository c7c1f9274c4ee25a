import { expect } from 'chai'
import fc from 'fast-check'
import { equalBytes, fromHex, toHex, toHex0x } from '../server/bytes.ts'

describe('bytes', () => {
  it('come back from hex, with and without prefix, in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromHex(toHex(bytes))).to.deep.equal(bytes)
        expect(fromHex(toHex0x(bytes), bytes.length)).to.deep.equal(bytes)
        expect(fromHex(toHex(bytes).toUpperCase())).to.deep.equal(bytes)
      }),
    )
  })

  it('are written as Buffer writes them', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toHex(bytes)).to.equal(Buffer.from(bytes).toString('hex'))
        expect(toHex0x(bytes)).to.equal(`0x${Buffer.from(bytes).toString('hex')}`)
      }),
    )
  })

  for (const text of ['0', 'abc', 'zz', '0x0x', ' 00', '00 ', '0X00', '１２'])
    it(`are not read from "${text}"`, () => {
      expect(() => fromHex(text)).to.throw(RangeError, `expected hex digits, got "${text}"`)
    })

  it('of another length than expected are refused with both lengths', () => {
    expect(() => fromHex('00'.repeat(31), 32)).to.throw(RangeError, 'expected 32 bytes of hex, got 31')
  })

  it('of a hostile length are not repeated whole in the error', () => {
    expect(() => fromHex('x'.repeat(10_000)))
      .to.throw(RangeError)
      .with.property('message')
      .with.length.below(200)
  })

  it('are equal when length and each byte are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(equalBytes(a, a.slice())).to.equal(true)
        expect(equalBytes(a, b)).to.equal(Buffer.compare(a, b) === 0)
        expect(equalBytes(a, Uint8Array.of(...a, 0))).to.equal(false)
      }),
    )
  })
})
