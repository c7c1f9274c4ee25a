import { expect } from 'chai'
import sharp from 'sharp'
import { type Pixels, writePng } from '../../server/registry/png.ts'
import { randomBytes, seeded } from '../random.ts'

const pixels = (width: number, height: number, channels: 1 | 3): Pixels => ({
  width,
  height,
  channels,
  data: randomBytes(seeded(width), width * height * channels),
})

describe('a PNG file', () => {
  for (const [width, height, channels] of [
    [1, 1, 1],
    [7, 300, 1],
    [512, 3, 3],
    [33, 17, 3],
  ] as const)
    it(`of ${width} × ${height} in ${channels === 1 ? 'grey' : 'colour'} reads back pixel by pixel`, async () => {
      const of = pixels(width, height, channels)
      const image = sharp(await writePng(of))
      expect(await image.metadata()).to.include({ format: 'png', width, height, channels, depth: 'uchar' })
      const { data } = await image
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer({ resolveWithObject: true })
      expect(data.equals(of.data)).to.equal(true)
    })

  it('is not made of pixels of another size', async () => {
    const failure = await writePng({ ...pixels(4, 4, 3), height: 5 }).catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(RangeError).with.property('message', '"data" expected 60 bytes, got 48')
  })
})
