import { expect } from 'chai'
import { keccak256 as theirs } from 'ethers'
import fc from 'fast-check'
import { toHex0x } from '../../server/bytes.ts'
import { keccak256 } from '../../server/chain/keccak.ts'

describe('Keccak-256', () => {
  it('is that of ethers for any bytes', () => {
    const same = fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => toHex0x(keccak256(bytes)) === theirs(bytes))
    fc.assert(same, { numRuns: 500, seed: 1 })
  })

  for (const length of [0, 1, 135, 136, 137, 271, 272, 273])
    it(`is that of ethers for ${length} bytes, at the edge of a block of 136`, () => {
      const bytes = new Uint8Array(length).fill(0xa5)
      expect(toHex0x(keccak256(bytes))).to.equal(theirs(bytes))
    })
})
