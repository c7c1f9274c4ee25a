import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import sharp, { type Sharp } from 'sharp'
import { distanceBits } from '../../server/bytes.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { hashPicture, type PixelPlane } from '../../server/fingerprint/pdq.ts'
import { decodePicture } from '../../server/fingerprint/picture.ts'
import { createFiles, failureOf, texture, toSharp } from './media.ts'

const decode = (bytes: Buffer) => decodePicture(bytes, DEFAULT_LIMITS)

const hashOf = (pixels: PixelPlane) => hashPicture(pixels).orientations[0]!

/** Bits between the hash of a file and that of the pixels it was made of. */
async function bitsFrom(source: PixelPlane, bytes: Buffer): Promise<number> {
  return distanceBits(hashOf((await decode(bytes)).pixels), hashOf(source))
}

/** Largest difference of a sample. */
function largestDifference(a: PixelPlane, b: PixelPlane): number {
  expect([a.width, a.height, a.channels]).to.deep.equal([b.width, b.height, b.channels])
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0)
}

describe('a decoded picture', () => {
  let source: Awaited<ReturnType<typeof texture>>
  before(async () => {
    source = await texture(42)
  })

  it('has the pixels of a lossless file, to the last bit', async () => {
    for (const bytes of [
      await toSharp(source).png().toBuffer(),
      await toSharp(source).tiff({ compression: 'lzw' }).toBuffer(),
    ])
      expect(largestDifference((await decode(bytes)).pixels, source)).to.equal(0)
  })

  for (const type of ['jpeg', 'webp', 'avif', 'gif'] as const)
    it(`of a ${type} looks like its source`, async () => {
      expect(await bitsFrom(source, await toSharp(source).toFormat(type).toBuffer())).to.be.at.most(8)
    })

  for (let orientation = 1; orientation <= 8; orientation++)
    it(`stands upright when EXIF says orientation ${orientation}`, async () => {
      // Laid down by undoing what the tag asks for.
      const lying = toSharp(source)
      if ([2, 7].includes(orientation)) lying.flop()
      if ([4, 5].includes(orientation)) lying.flip()
      const turned = toSharp(await raw(lying)).rotate({ 3: 180, 5: 90, 6: 270, 7: 90, 8: 90 }[orientation] ?? 0)
      const bytes = await toSharp(await raw(turned))
        .withMetadata({ orientation })
        .png()
        .toBuffer()
      const { width, height, pixels } = await decode(bytes)
      expect([width, height]).to.deep.equal([320, 240])
      expect(largestDifference(pixels, source)).to.equal(0)
    })

  it('lies on white where it is transparent', async () => {
    const { data } = await toSharp(source).ensureAlpha(0).raw().toBuffer({ resolveWithObject: true })
    const bytes = await sharp(data, { raw: { width: 320, height: 240, channels: 4 } })
      .png()
      .toBuffer()
    const { pixels } = await decode(bytes)
    expect(pixels.channels).to.equal(3)
    expect(new Set(pixels.data)).to.deep.equal(new Set([255]))
  })

  it('has 8 bits a sample of a picture of 16', async () => {
    const bytes = await toSharp(source).toColourspace('rgb16').png().toBuffer()
    expect((await sharp(bytes).metadata()).depth).to.equal('ushort')
    expect(largestDifference((await decode(bytes)).pixels, source)).to.be.at.most(1)
  })

  it('has the colours of one in CMYK', async () => {
    for (const type of ['jpeg', 'tiff'] as const) {
      const bytes = await toSharp(source).toColourspace('cmyk').toFormat(type).toBuffer()
      expect((await sharp(bytes).metadata()).space).to.equal('cmyk')
      expect(await bitsFrom(source, bytes)).to.be.at.most(16)
    }
  })

  it('is in sRGB, whatever its profile is', async () => {
    const p3 = await toSharp(source).withIccProfile('p3').png().toBuffer()
    expect((await sharp(p3).metadata()).icc).to.be.instanceOf(Buffer)
    // The samples in the file differ by up to 40; back in sRGB they are those of the source, but for rounding and
    // what P3 cannot say.
    expect(largestDifference(await raw(sharp(p3, { ignoreIcc: true }).removeAlpha()), source)).to.be.above(20)
    expect(await bitsFrom(source, p3)).to.be.at.most(2)
  })

  it('is the same in grey, of 8 bits and of 16', async () => {
    const grey = await raw(toSharp(source).greyscale().toColourspace('srgb'))
    const eight = await toSharp(grey).greyscale().png().toBuffer()
    const sixteen = await toSharp(grey).greyscale().toColourspace('grey16').png().toBuffer()
    expect((await sharp(sixteen).metadata()).depth).to.equal('ushort')
    for (const bytes of [eight, sixteen]) expect(await bitsFrom(grey, bytes)).to.be.at.most(2)
  })

  it('is the first frame of an animation', async () => {
    const pages = await Promise.all([1, 2, 3].map((seed) => texture(seed, 160, 120)))
    const strip = Buffer.concat(pages.map(({ data }) => data))
    const animation = sharp(strip, { raw: { width: 160, height: 360, channels: 3, pageHeight: 120 } })
    for (const type of ['gif', 'webp'] as const) {
      const bytes = await animation.clone().toFormat(type).toBuffer()
      expect((await sharp(bytes, { animated: true }).metadata()).pages).to.equal(3)
      const { width, height } = await decode(bytes)
      expect([width, height]).to.deep.equal([160, 120])
      // 256 colours, dithered, move a small picture by some bits; another frame would move it by about 128.
      expect(await bitsFrom(pages[0]!, bytes)).to.be.at.most(16)
    }
  })

  it('tells its full size when it was reduced', async () => {
    const large = await texture(9, 2400, 1600)
    const { width, height, pixels } = await decode(await toSharp(large).jpeg().toBuffer())
    expect([width, height]).to.deep.equal([2400, 1600])
    expect([pixels.width, pixels.height]).to.deep.equal([1024, 1024])
    expect(distanceBits(hashOf(pixels), hashOf(large))).to.be.at.most(4)
  })
})

describe('a picture is refused', () => {
  const limits = { ...DEFAULT_LIMITS, maxPixels: 1_000_000 }

  it('that announces more pixels than are allowed, before any is decoded, with its size', async () => {
    const error = await failureOf(decodePicture(pngHeader(60_000, 60_000), DEFAULT_LIMITS))
    expect(error).to.include({ code: 'media.too_large' })
    expect(error.message).to.equal('a picture of 60000×60000 pixels; at most 120000000 are decoded')
  })

  it('that has a few pixels more than are allowed', async () => {
    const bytes = await sharp({ create: { width: 1001, height: 1000, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    expect(await failureOf(decodePicture(bytes, limits))).to.include({ code: 'media.too_large' })
  })

  for (const type of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)
    it(`as ${type} that is cut off, in one line of the decoder`, async () => {
      const whole = await toSharp(await texture(3))
        .toFormat(type)
        .toBuffer()
      for (const part of [0.3, 0.9]) {
        const error = await failureOf(decode(whole.subarray(0, Math.floor(part * whole.length))))
        expect(error).to.include({ code: 'media.undecodable' })
        expect(error.message).to.match(/^[\x20-\x7e…]{5,300}$/)
      }
    })

  it('whose samples are broken', async () => {
    const bytes = await toSharp(await texture(3))
      .png()
      .toBuffer()
    bytes.fill(0x55, bytes.length / 2, bytes.length / 2 + 100)
    expect(await failureOf(decode(bytes))).to.include({ code: 'media.undecodable' })
  })

  it('in a decoder process by every loader of libvips that is not on the list, and by every path', async () => {
    const files = createFiles()
    const path = await files.write('')
    const module = new URL('../../server/fingerprint/picture.ts', import.meta.url)
    const program = `
      import { writeFileSync } from 'node:fs'
      import sharp from 'sharp'
      import { restrictLibvips } from '${module}'
      restrictLibvips()
      const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
      const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } }).png().toBuffer()
      const word = (input) => sharp(input).metadata().then(() => 'read', () => 'refused')
      writeFileSync(process.argv[1], png)
      console.log(await word(svg), await word(process.argv[1]), await word(png))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, path], {
      cwd: new URL('.', import.meta.url),
    })
    await files.remove()
    expect(stdout.trim()).to.equal('refused refused read')
  })

  it('not for something behind its end', async () => {
    const bytes = await toSharp(await texture(3))
      .jpeg()
      .toBuffer()
    expect((await decode(Buffer.concat([bytes, Buffer.from('<html>')]))).width).to.equal(320)
  })
})

async function raw(image: Sharp): Promise<PixelPlane> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, channels: info.channels as 1 | 3, data }
}

/** The beginning of a PNG of that size, and no more. */
function pngHeader(width: number, height: number): Buffer {
  const bytes = Buffer.from('89504e470d0a1a0a0000000d494844520000000000000000080200000000000000', 'hex')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  let crc = ~0
  for (const byte of bytes.subarray(12, 29)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  bytes.writeInt32BE(~crc, 29)
  return Buffer.concat([bytes, Buffer.from('0000000049444154', 'hex')])
}
