import { expect } from 'chai'
import { fromHex } from '../../server/bytes.ts'
import { headerReader } from '../../server/chain/header.ts'
import { checkHeaderHash } from '../../server/chain/header-hash.ts'
import { RegistryError } from '../../server/errors.ts'

const zeros = (length: number) => `0x${'00'.repeat(length)}`

/** Block 0 of Ethereum's main network, which everybody knows by its hash. */
const GENESIS = {
  number: '0x0',
  hash: '0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
  parentHash: zeros(32),
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  miner: zeros(20),
  stateRoot: '0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544',
  transactionsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  receiptsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  logsBloom: zeros(256),
  difficulty: '0x400000000',
  gasLimit: '0x1388',
  gasUsed: '0x0',
  timestamp: '0x0',
  extraData: '0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa',
  mixHash: zeros(32),
  nonce: '0x0000000000000042',
}
const hash = fromHex(GENESIS.hash)

describe('the hash of a header', () => {
  it('comes out for block 0 of Ethereum', () => {
    expect(checkHeaderHash(GENESIS, hash)).to.equal('right')
  })

  for (const [name, value] of [
    ['number', '0x1'],
    ['timestamp', '0x5'],
    ['parentHash', `0x${'01'.repeat(32)}`],
    ['logsBloom', `0x${'01'.repeat(256)}`],
  ] as const)
    it(`does not come out with another "${name}"`, () => {
      expect(checkHeaderHash({ ...GENESIS, [name]: value }, hash)).to.equal('wrong')
    })

  it('is unknown where a field is missing or one is not known', () => {
    const { mixHash: _, ...without } = GENESIS
    expect(checkHeaderHash(without, hash)).to.equal('unknown')
    expect(checkHeaderHash({ ...GENESIS, number: '0x1', blockAccessListHash: zeros(32) }, hash)).to.equal('unknown')
  })
})

describe('a reader of headers', () => {
  const wrong = { ...GENESIS, timestamp: '0x5' }

  it('asks for the hash from the first header on that has it', () => {
    const read = headerReader()
    expect(read(wrong).time).to.equal(5)
    expect(read(GENESIS).time).to.equal(0)
    expect(() => read(wrong)).to.throw(RegistryError, 'the fields of block 0 do not have its hash')
  })
})
