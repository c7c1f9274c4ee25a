import { expect } from 'chai'
import fc from 'fast-check'
import { decodeEvidence, encodeEvidence } from '../../server/fingerprint/evidence.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { planesOf } from '../../server/fingerprint/planes.ts'
import { GAIN } from '../../server/fingerprint/transform.ts'
import { seeded } from '../random.ts'
import * as plain from './plain/evidence.ts'
import { createBitReader, createBitWriter } from './plain/range-coder.ts'
import { forward, inverse } from './plain/transform.ts'
import { scene } from './scene.ts'

const difference = (a: Uint8Array, b: Uint8Array) => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return Math.sqrt(sum / a.length)
}

describe('evidence of a picture', () => {
  it('is of the size of the view and looks like it', () => {
    const view = scene({ width: 500, height: 331, seed: 1 })
    const evidence = decodeEvidence(encodeEvidence(view))
    const { luma, colour } = planesOf(view)
    expect([evidence.width, evidence.height]).to.deep.equal([500, 331])
    expect([evidence.colour!.blue.width, evidence.colour!.blue.height]).to.deep.equal([125, 83])
    expect(difference(evidence.luma.samples, luma.samples)).to.be.below(6)
    expect(difference(evidence.colour!.red.samples, colour!.red.samples)).to.be.below(5)
    const lost = evidence.luma.losses!.variances
    const mean = lost.reduce((sum, one) => sum + one, 0) / lost.length
    expect(difference(evidence.luma.samples, luma.samples) ** 2).to.be.within(mean / 2, 2 * mean)
  })

  it('of noise, which nothing predicts, still has at most 24 KiB', () => {
    const random = seeded(3)
    const data = Uint8Array.from({ length: 512 * 512 * 3 }, () => Math.floor(256 * random()))
    expect(encodeEvidence({ width: 512, height: 512, channels: 3, data }).length).to.be.at.most(24 * 1024)
  })

  it('of a grey picture has no colour', () => {
    const view: PixelPlane = { width: 40, height: 30, channels: 1, data: new Uint8Array(1200).fill(90) }
    const evidence = decodeEvidence(encodeEvidence(view))
    expect(evidence.colour).to.equal(null)
    expect(new Set(evidence.luma.samples)).to.deep.equal(new Set([90]))
  })

  it('is the same bytes for the same pixels, these', async () => {
    const bytes = encodeEvidence(scene({ width: 320, height: 240, seed: 7 }))
    const digest = await crypto.subtle.digest('SHA-256', bytes as BufferSource)
    expect(Buffer.from(digest).toString('hex')).to.equal(
      '0166a274c43aa70654fb63a70eacfcfa981d7ad12a1a2740b9218ef96a96e575',
    )
  })

  it('of any size from 1×1 can be read, and has the bytes and the samples of plain code', () => {
    const size = fc.integer({ min: 1, max: 70 })
    const picture = fc.record({
      width: size,
      height: size,
      channels: fc.constantFrom(1 as const, 3 as const),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(picture, ({ seed, ...shape }) => {
        const random = seeded(seed)
        const data = Uint8Array.from({ length: shape.width * shape.height * shape.channels }, () => 256 * random())
        const bytes = encodeEvidence({ ...shape, data })
        expect(bytes).to.deep.equal(plain.encodeEvidence({ ...shape, data }))
        expect(decodeEvidence(bytes)).to.deep.equal(plain.decodeEvidence(bytes))
        const { luma, colour } = decodeEvidence(bytes)
        expect(luma.samples.length).to.equal(shape.width * shape.height)
        expect(colour === null).to.equal(shape.channels === 1)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses a view that is no picture or too large', () => {
    expect(() => encodeEvidence({ width: 4, height: 4, channels: 3, data: new Uint8Array(47) })).to.throw(
      RangeError,
      'view',
    )
    expect(() => encodeEvidence({ width: 1025, height: 1, channels: 1, data: new Uint8Array(1025) })).to.throw(
      RangeError,
    )
  })
})

describe('evidence from a stranger', () => {
  const good = encodeEvidence(scene({ width: 160, height: 120, seed: 2 }))

  it('is refused with too few or too many bytes', () => {
    for (const length of [0, 1, 6, 7, 40, good.length - 40])
      expect(() => decodeEvidence(good.subarray(0, length)), `${length}`).to.throw(RangeError)
    expect(() => decodeEvidence(Uint8Array.of(...good, 0))).to.throw(RangeError, 'go on')
  })

  it('is refused with another version, count of planes, size or step', () => {
    for (const [at, value] of [
      [0, 2],
      [1, 2],
      [2, 5],
      [4, 255],
      [6, 25],
    ] as const) {
      const bytes = good.slice()
      bytes[at] = value
      expect(() => decodeEvidence(bytes), `byte ${at}`).to.throw(RangeError)
    }
    const nothing = good.slice()
    nothing.fill(0, 2, 4)
    expect(() => decodeEvidence(nothing)).to.throw(RangeError, '0×')
  })

  it('is read or refused, and nothing else, whatever the bytes', () => {
    const broken = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(good.length))
    fc.assert(
      fc.property(broken, ([at, value, length]) => {
        const bytes = good.slice(0, Math.max(8, length))
        bytes[Math.min(at, bytes.length - 1)] = value
        try {
          const { luma, width, height } = decodeEvidence(bytes)
          expect(luma).to.deep.equal(plain.decodeEvidence(bytes).luma)
          expect(luma.samples.length).to.equal(width * height)
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('the transform', () => {
  it('brings every block back to within one grey level', () => {
    const random = seeded(5)
    for (let n = 0; n < 200; n++) {
      const samples = Int32Array.from({ length: 64 }, () => Math.floor(256 * random()) - 128)
      const block = samples.slice()
      forward(block)
      inverse(block)
      for (let k = 0; k < 64; k++) expect(Math.abs(block[k]! - samples[k]!)).to.be.at.most(1)
    }
  })

  it('keeps energy, times its gain', () => {
    const block = Int32Array.from({ length: 64 }, (_, k) => (k % 8 < 4 ? 100 : -100))
    forward(block)
    const energy = block.reduce((sum, value) => sum + value * value, 0)
    expect(Math.sqrt(energy) / GAIN / 800).to.be.closeTo(1, 0.01)
  })
})

describe('the coder', () => {
  it('reads what it wrote, bit by bit, and ends where it ends', () => {
    const bits = fc.array(fc.tuple(fc.nat(7), fc.nat(1)), { maxLength: 3000 })
    fc.assert(
      fc.property(bits, (list) => {
        const writer = createBitWriter(8)
        for (const [context, bit] of list) writer.bit(context, bit)
        const reader = createBitReader(8, writer.finish())
        for (const [context, bit] of list) expect(reader.bit(context, 0)).to.equal(bit)
        expect(reader.atEnd()).to.equal(true)
      }),
      { numRuns: 100 },
    )
  })

  it('takes next to nothing for what it has come to expect', () => {
    const writer = createBitWriter(2)
    for (let i = 0; i < 8000; i++) writer.bit(1, Number(i % 100 === 0))
    expect(writer.finish().length).to.be.below(125)
  })
})
