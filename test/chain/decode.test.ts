import { expect } from 'chai'
import { getBytes, ZeroAddress } from 'ethers'
import fc from 'fast-check'
import { toHex0x } from '../../server/bytes.ts'
import { createDecoder } from '../../server/chain/decode.ts'
import type { RegistryEvent } from '../../server/chain/events.ts'
import type { RawLog } from '../../server/chain/node.ts'
import { RegistryError } from '../../server/errors.ts'
import { anyEvent, DEPLOYMENT, loggedBatch, media, publishers, rawLog } from './events.ts'

const AT = {
  blockNumber: 70_000,
  logIndex: 17,
  blockHash: new Uint8Array(32).fill(0xbb),
  transactionHash: new Uint8Array(32).fill(0xcc),
}
const decode = createDecoder(DEPLOYMENT)
const WORD = '00'.repeat(32)

const registered: RegistryEvent = {
  type: 'mediaRegistered',
  recordId: new Uint8Array(32).fill(1),
  publisherId: 7,
  contentDigest: new Uint8Array(32).fill(2),
  signer: new Uint8Array(20).fill(3),
  kind: 2,
  algorithm: 1,
  manifestDigest: new Uint8Array(32).fill(4),
  perceptualHashes: [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)],
}
const profile: RegistryEvent = { type: 'profileChanged', publisherId: 1, uri: 'data:,{}', digest: new Uint8Array(32) }

/** What ethers makes of a log: the event's name, and that it encodes to the same log again. */
function sameByEthers(raw: RawLog, event: RegistryEvent): void {
  const contract = raw.address === toHex0x(DEPLOYMENT.mediaRegistry) ? media : publishers
  const { name, args } = contract.parseLog(raw)!
  expect(name[0]!.toLowerCase() + name.slice(1)).to.equal(event.type)
  const said = args.toObject() as Record<string, unknown>
  for (const [key, value] of Object.entries(event)) {
    if (typeof value === 'number' || key === 'uri') expect(String(said[key]), key).to.equal(String(value))
    if (value instanceof Uint8Array) expect(String(said[key]).toLowerCase(), key).to.equal(toHex0x(value))
    if (value === null) expect(said[key], key).to.equal(ZeroAddress)
  }
}

/** The words of the log's data, for changing one. */
const wordsOf = (raw: RawLog) => raw.data.slice(2).match(/.{64}/g)!
const withData = (raw: RawLog, words: string[]): RawLog => ({ ...raw, data: `0x${words.join('')}` })

function refusal(raw: unknown): string {
  try {
    decode(raw as RawLog)
  } catch (error) {
    expect(error).to.be.instanceOf(RegistryError)
    expect((error as RegistryError).code).to.equal('chain.mismatch')
    return (error as RegistryError).message
  }
  throw new Error('the log was decoded')
}

describe('the decoder', () => {
  it('reads every event as ethers does', () => {
    const equal = fc.property(anyEvent, (event) => {
      const raw = rawLog(event, AT)
      const { log, blockHash } = decode(raw)!
      const { at, ...decoded } = log
      expect(decoded).to.deep.equal(event)
      sameByEthers(raw, event)
      expect(at).to.deep.equal({ blockNumber: 70_000, logIndex: 17, transactionHash: AT.transactionHash })
      expect(blockHash).to.deep.equal(AT.blockHash)
    })
    fc.assert(equal, { numRuns: 500, seed: 1 })
  })

  it('takes one encoding only: what it reads encodes to the same bytes again', () => {
    const at = fc.record({ byte: fc.nat(), value: fc.nat({ max: 255 }), cut: fc.nat({ max: 40 }) })
    const canonical = fc.property(anyEvent, at, (event, { byte, value, cut }) => {
      const raw = rawLog(event, AT)
      const data = getBytes(raw.data)
      if (data.length > 0) data[byte % data.length] = value
      const mutated = { ...raw, data: toHex0x(data.subarray(0, Math.max(0, data.length - (cut > 32 ? cut - 32 : 0)))) }
      let decoded: ReturnType<typeof decode>
      try {
        decoded = decode(mutated)
      } catch (error) {
        expect((error as RegistryError).code).to.equal('chain.mismatch')
        return
      }
      // Broken UTF-8 is the one thing that is read as something else.
      if (decoded!.log.type === 'profileChanged' && decoded!.log.uri.includes('\ufffd')) return
      expect(rawLog(decoded!.log, AT).data).to.equal(mutated.data)
    })
    fc.assert(canonical, { numRuns: 2_000, seed: 2 })
  })

  it('gives each value bytes of its own', () => {
    const { log } = decode(rawLog(registered, AT))!
    if (log.type !== 'mediaRegistered') throw new Error(log.type)
    for (const value of [log.recordId, log.signer, log.manifestDigest, ...log.perceptualHashes])
      expect(value.buffer.byteLength).to.be.at.most(32)
  })

  it('ignores an event that it does not know', () => {
    const raw = rawLog(registered, AT)
    expect(decode({ ...raw, topics: [toHex0x(new Uint8Array(32))] })).to.equal(null)
    expect(decode({ ...raw, topics: [] })).to.equal(null)
  })

  it('ignores an event of one registry at the address of the other', () => {
    const raw = { ...rawLog(registered, AT), address: toHex0x(DEPLOYMENT.publisherRegistry) }
    expect(decode(raw)).to.equal(null)
  })

  it('reads addresses and hashes in capitals', () => {
    const raw = rawLog(registered, AT)
    const upper = (text: string) => `0x${text.slice(2).toUpperCase()}`
    const capitals = { ...raw, address: upper(raw.address), topics: raw.topics.map(upper), data: upper(raw.data) }
    expect(decode(capitals)).to.deep.equal(decode(raw))
  })

  it('reads a profile that is not UTF-8 with U+FFFD in it', () => {
    const raw = rawLog({ ...profile, uri: 'aaaa' } as RegistryEvent, AT)
    const { log } = decode({ ...raw, data: raw.data.replace('61616161', '61ff6161') })!
    expect(log).to.include({ uri: 'a\ufffdaa' })
  })

  describe('names the position of a log', () => {
    const raw = rawLog(registered, AT)
    const cases: [string, unknown, RegExp][] = [
      ['of another contract', { ...raw, address: `0x${'33'.repeat(20)}` }, /"address" expected one of ours/],
      ['without a block', { ...raw, blockNumber: null }, /log 0x11 of block null: "blockNumber"/],
      ['whose block hash is short', { ...raw, blockHash: '0x12' }, /"blockHash" expected 32 bytes, got 1/],
      ['whose topics are missing', { ...raw, topics: raw.topics.slice(0, 3) }, /"topics" expected 4 values, got 3/],
      ['whose topics are no list', { ...raw, topics: 'x' }, /"topics" expected a list/],
      ['whose data is not hex', { ...raw, data: `${raw.data.slice(0, -2)}zz` }, /expected hex digits, got "zz"/],
      ['whose data is half a byte short', { ...raw, data: raw.data.slice(0, -1) }, /"data" expected hex/],
      ['whose data is a word short', withData(raw, wordsOf(raw).slice(0, -1)), /"data" expected 256 bytes, got 224/],
      ['whose data is a word long', withData(raw, [...wordsOf(raw), WORD]), /"data" expected 256 bytes, got 288/],
      ['without data', { ...raw, data: '0x' }, /"data" expected at least 192 bytes, got 0/],
    ]
    for (const [name, log, message] of cases) {
      it(name, () => {
        const said = refusal(log)
        expect(said).to.match(message)
        expect(said).to.match(/^log 0x11 of block /)
      })
    }
  })

  describe('refuses', () => {
    const raw = rawLog(registered, AT)
    const words = wordsOf(raw)
    const change = (index: number, word: string) => withData(raw, words.with(index, word))
    const word = (value: number) => value.toString(16).padStart(64, '0')

    it('an offset that is not the canonical one', () => {
      expect(refusal(change(4, word(0xc0)))).to.match(/expected offset 160, got 192/)
    })
    it('a length that the data does not have', () => {
      expect(refusal(change(5, word(3)))).to.match(/"data" expected 288 bytes, got 256/)
    })
    it('more than 64 words', () => {
      const many = [...words.slice(0, 5), word(65), ...Array.from({ length: 65 }, () => WORD)]
      expect(refusal(withData(raw, many))).to.match(/at most 64 words, got 65/)
    })
    it('a length beyond 32 bits', () => {
      expect(refusal(change(5, 'f'.repeat(64)))).to.match(/expected a value of 4 bytes/)
    })
    it('an address with something before it', () => {
      expect(refusal(change(0, `01${words[0]!.slice(2)}`))).to.match(/expected a value of 20 bytes/)
    })
    it('a kind beyond 8 bits', () => {
      expect(refusal(change(1, word(256)))).to.match(/expected a value of 1 bytes/)
    })
    it('a publisher beyond 32 bits', () => {
      const topics = raw.topics.with(2, `0x01${'00'.repeat(31)}`)
      expect(refusal({ ...raw, topics })).to.match(/expected a value of 4 bytes/)
    })
    describe('a logged batch', () => {
      const one = { contentDigest: new Uint8Array(32).fill(1), manifestDigest: new Uint8Array(32).fill(2), kind: 1 }
      const hash = new Uint8Array(32).fill(9)
      const claims = [
        { ...one, algorithm: 1, perceptualHashes: [hash] },
        { ...one, algorithm: 0, perceptualHashes: [] },
      ]
      const batch = rawLog(loggedBatch(7, new Uint8Array(20).fill(3), claims), AT)
      const parts = wordsOf(batch)
      const changed = (index: number, value: string) => refusal(withData(batch, parts.with(index, value)))

      it('whose root is not that of its claims', () => {
        expect(changed(6, 'ee'.repeat(32))).to.match(/"root" expected that of the claims/)
      })
      it('whose offsets are not the canonical ones', () => {
        for (const index of [1, 2, 3, 4]) expect(changed(index, word(0x1000))).to.match(/expected offset \d+, got 4096/)
      })
      it('with lists of different lengths', () => {
        expect(changed(5, word(1))).to.match(/expected offset 224, got 256/)
        expect(changed(11, word(7))).to.match(/zeros|as many claims/)
      })
      it('whose heads speak of other words than there are', () => {
        const heads = parts[12]!
        expect(changed(12, `010102${heads.slice(6)}`)).to.match(/"heads" expected 1 words, got 2/)
        expect(changed(12, `0101ff${heads.slice(6)}`)).to.match(/"heads" expected at most 64 words, got 255/)
      })
      it('with a word too many or too few', () => {
        expect(refusal(withData(batch, [...parts, WORD]))).to.match(/"data" expected 480 bytes, got 512/)
        expect(refusal(withData(batch, parts.slice(0, -1)))).to.match(/"data" expected 480 bytes, got 448/)
      })
    })
    it('text with something after it', () => {
      const text = rawLog(profile, AT)
      expect(refusal({ ...text, data: `${text.data.slice(0, -2)}01` })).to.match(/expected zeros after the text/)
    })
  })
})
