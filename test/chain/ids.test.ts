import { expect } from 'chai'
import { AbiCoder, keccak256 } from 'ethers'
import fc from 'fast-check'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import { citation, recordId } from '../../server/chain/ids.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe('recordId', () => {
  it('is the hash of the ABI encoding, as ethers forms it', () => {
    const chainId = fc.nat({ max: Number.MAX_SAFE_INTEGER })
    const publisherId = fc.nat({ max: 0xffff_ffff })
    const equal = fc.property(chainId, bytes(20), publisherId, bytes(32), (chain, registry, publisher, digest) => {
      const types = ['uint256', 'address', 'uint32', 'bytes32']
      const encoded = AbiCoder.defaultAbiCoder().encode(types, [chain, toHex0x(registry), publisher, digest])
      expect(toHex0x(recordId(chain, registry, publisher, digest))).to.equal(keccak256(encoded))
    })
    fc.assert(equal, { seed: 1 })
  })

  it('refuses values out of range by name', () => {
    const [registry, digest] = [new Uint8Array(20), new Uint8Array(32)]
    expect(() => recordId(1, new Uint8Array(19), 1, digest)).to.throw(
      RangeError,
      '"registry" expected 20 bytes, got 19',
    )
    expect(() => recordId(1, registry, 1, registry)).to.throw(RangeError, '"contentDigest" expected 32 bytes, got 20')
    expect(() => recordId(1, registry, 2 ** 32, digest)).to.throw(RangeError, '"publisherId"')
    expect(() => recordId(-1, registry, 1, digest)).to.throw(RangeError, '"chainId"')
  })
})

describe('citation', () => {
  it('names chain, contract and record', () => {
    const mediaRegistry = fromHex('ab'.repeat(20))
    const cited = citation({ chainId: 1, mediaRegistry }, fromHex('cd'.repeat(32)))
    expect(cited).to.equal(`eip155:1:0x${'ab'.repeat(20)}/0x${'cd'.repeat(32)}`)
  })
})
