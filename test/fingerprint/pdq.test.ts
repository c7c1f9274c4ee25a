import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import sharp from 'sharp'
import { distanceBits, fromHex, toHex } from '../../server/bytes.ts'
import { ORIENTATIONS } from '../../server/fingerprint/index.ts'
import { hashFrame, hashPicture, type PixelPlane } from '../../server/fingerprint/pdq.ts'

const vectors = new URL('../vectors/pdq/', import.meta.url)
const reference = readFileSync(new URL('reference.tsv', vectors), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t') as [file: string, hash: string, quality: string])

async function pixelsOf(file: string): Promise<PixelPlane> {
  const image = sharp(readFileSync(new URL(file, vectors)))
    .removeAlpha()
    .raw()
  const { data, info } = await image.toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, channels: info.channels as 1 | 3, data }
}

describe('PDQ on the vectors of the reference hasher', () => {
  for (const [file, hash, quality] of reference) {
    const large = file.split(/[-x.]/).some((part) => Number(part) > 512)
    const featureless = Number(quality) === 0
    const fact = featureless ? 'has quality 0' : large ? 'is within 10 bits' : 'is equal in all bits'
    it(`${file} ${fact}, and of equal quality`, async () => {
      const found = hashPicture(await pixelsOf(file))
      expect(found.quality).to.equal(Number(quality))
      // Over 512 pixels the reference takes every n-th pixel and we take the mean: its README grants up to 10 bits.
      if (large) expect(distanceBits(found.orientations[0]!, fromHex(hash))).to.be.at.most(10)
      else if (!featureless) expect(toHex(found.orientations[0]!)).to.equal(hash)
    })
  }
})

describe('PDQ orientations', () => {
  for (const [i, name] of ORIENTATIONS.entries())
    it(`the hash "${name}" is that of the picture ${name}`, async () => {
      const original = hashPicture(await pixelsOf('shapes-320x240.png'))
      const mirrored = i >= 4
      const base = sharp(readFileSync(new URL('shapes-320x240.png', vectors)))
      const first = await (mirrored ? base.flop() : base).png().toBuffer()
      const copy = await sharp(first)
        .rotate((i % 4) * 90)
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true })
      const { width, height, channels } = copy.info
      const turned = hashFrame({ width, height, channels: channels as 3, data: copy.data })
      const distances = original.orientations.map((hash) => distanceBits(hash, turned.hash))
      // The samples of a mirrored picture lie half a pixel aside; hard edges like these show it most.
      expect(distances[i], `${distances}`).to.be.at.most(40)
      expect(Math.min(...distances)).to.equal(distances[i])
    })
})

describe('PDQ on any picture', () => {
  it('gives 32 bytes and a quality of 0 to 100 for every size from 1×1, grey and colour', () => {
    const picture = fc
      .record({
        width: fc.integer({ min: 1, max: 700 }),
        height: fc.integer({ min: 1, max: 90 }),
        channels: fc.constantFrom(1 as const, 3 as const),
        seed: fc.nat(),
      })
      .map(({ seed, ...size }) => ({ ...size, data: noise(size.width * size.height * size.channels, seed) }))
    fc.assert(
      fc.property(picture, (pixels) => {
        const { orientations, quality } = hashPicture(pixels)
        expect(orientations.map((hash) => hash.length)).to.deep.equal(Array(8).fill(32))
        expect(quality).to.be.within(0, 100)
        expect(hashFrame(pixels)).to.deep.equal({ hash: orientations[0], mirrored: orientations[4], quality })
      }),
      { numRuns: 40 },
    )
  })

  it('reads grey samples as the same picture in three equal channels', () => {
    const data = noise(80 * 60, 7)
    const colour = Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)]!)
    expect(hashPicture({ width: 80, height: 60, channels: 1, data })).to.deep.equal(
      hashPicture({ width: 80, height: 60, channels: 3, data: colour }),
    )
  })

  it('refuses samples that do not fill the picture', () => {
    const pixels = { width: 10, height: 10, channels: 3, data: new Uint8Array(299) } as const
    expect(() => hashPicture(pixels)).to.throw(RangeError, '"data" expected 10×10×3 values, got 299')
  })
})

function noise(length: number, seed: number): Uint8Array {
  let state = seed + 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}
