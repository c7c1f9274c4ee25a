/** Each limit on decoding, met by real media that is made to meet it. */
import { expect } from 'chai'
import sharp from 'sharp'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { createDecoderPool, type DecoderPool } from '../../server/fingerprint/pool.ts'
import { deflatedZeros, png, pngChunk } from '../hostile/bytes.ts'
import { createFiles, failureOf, makeVideo, texture, toSharp } from './media.ts'

const MIB = 2 ** 20
/** Libjpeg keeps all coefficients of a progressive picture: 64 million pixels of three colours and two bytes. */
const SIDE = 8000

describe('media that is more than a decoder may be burdened with', function () {
  this.timeout(120_000)
  const files = createFiles()
  const pools: DecoderPool[] = []
  let progressive: Buffer
  before(async () => {
    const background = { r: 90, g: 120, b: 150 }
    progressive = await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } })
      .jpeg({ progressive: true, chromaSubsampling: '4:4:4', optimiseScans: true })
      .toBuffer()
  })
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))
  after(() => files.remove())

  /** Decodes a file, and another one after it: the pool must be none the worse. */
  async function decode(bytes: Buffer, change: Partial<typeof DEFAULT_LIMITS> = {}) {
    const pool = createDecoderPool({ size: 1, limits: { ...DEFAULT_LIMITS, ...change } })
    pools.push(pool)
    const outcome = pool.decode(await files.open(bytes), bytes.length)
    const settled = await outcome.catch(() => null)
    const small = await toSharp(await texture(1, 64, 48))
      .png()
      .toBuffer()
    if (!settled || settled.kind === 'image')
      expect((await pool.decode(await files.open(small), small.length)).width).to.equal(64)
    return await outcome
  }
  const refusal = async (bytes: Buffer, change: Partial<typeof DEFAULT_LIMITS> = {}) =>
    await failureOf(decode(bytes, change))

  it('is refused for its memory, though its header is in order', async function () {
    if (process.platform !== 'linux') this.skip()
    const error = await refusal(progressive, { maxMemoryBytes: 256 * MIB })
    expect(error).to.include({ code: 'media.too_large', message: 'it needs more than 256 MiB of memory to decode' })
  })

  it('is refused for its time', async () => {
    const error = await refusal(progressive, { timeoutS: 0.1 })
    expect(error).to.include({ code: 'media.too_slow', message: 'it takes more than 0.1 s to decode' })
  })

  it('is decoded where the limits allow it', async () => {
    expect(await decode(progressive)).to.include({ kind: 'image', width: SIDE, height: SIDE })
  })

  it('is refused for the pixels that its header announces, without decoding one', async () => {
    const bomb = png({ width: 20_000, height: 20_000 }, pngChunk('IDAT', deflatedZeros(20_000 * 20_001)))
    expect(bomb.length).to.be.below(MIB)
    const error = await refusal(bomb)
    expect(error).to.include({ code: 'media.too_large' })
    expect(error.message).to.equal('a picture of 20000×20000 pixels; at most 120000000 are decoded')
  })

  it('is refused for the pixels of its frames', async () => {
    const video = await makeVideo({ format: 'mp4', encoder: 'libx264', frames: [{ seed: 1, ms: 0 }] })
    const error = await refusal(video, { maxPixels: 70_000 })
    expect(error).to.include({ code: 'media.too_large' })
    expect(error.message).to.equal('frames of 320×240 pixels; at most 70000 are decoded')
  })

  it('is refused for its duration: five hours in which nothing moves', async () => {
    const frames = [0, 1, 2, 3, 4, 5].map((hours) => ({ seed: 1, ms: hours * 3_600_000 }))
    for (const format of ['matroska', 'mp4']) {
      const video = await makeVideo({ format, encoder: 'libx264', frames, encoderOptions: { tune: 'zerolatency' } })
      const error = await refusal(video)
      expect(error, format).to.include({ code: 'media.too_large' })
      expect(error.message, format).to.match(/^it lasts (14|18)\d\d\d s; at most 14400 s are decoded$/)
    }
  })

  it('is a video, or one picture, its first, when it has thousands of them', async () => {
    const pages = 2000
    const { data } = await texture(1, 16, 16 * pages)
    const raw = { width: 16, height: 16 * pages, channels: 3, pageHeight: 16 } as const
    for (const format of ['gif', 'webp'] as const) {
      const animated = await sharp(data, { raw }).toFormat(format).toBuffer()
      const kind = format === 'gif' ? 'video' : 'image'
      expect(await decode(animated), format).to.include({ kind, width: 16, height: 16 })
    }
  })
})
