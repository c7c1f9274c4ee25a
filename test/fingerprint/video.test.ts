import { expect } from 'chai'
import * as constants from 'node-av/constants'
import * as lib from 'node-av/lib'
import { distanceBits } from '../../server/bytes.ts'
import { decodeEvidence } from '../../server/fingerprint/evidence.ts'
import type { DecodedMedia } from '../../server/fingerprint/index.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { decodeLocal } from '../../server/fingerprint/local-code.ts'
import { hashFrame } from '../../server/fingerprint/pdq.ts'
import { decodePicture } from '../../server/fingerprint/picture.ts'
import { poseOf } from '../../server/fingerprint/raster.ts'
import { readStream } from '../../server/fingerprint/video.ts'
import { makeVideo, texture, toSharp } from './media.ts'

const av = { ...lib, ...constants }

import { at, every, inOrder, mp4, streamReader } from './streams.ts'

describe('reading a stream', () => {
  const { files, read } = streamReader()

  const timesOf = ({ frames }: DecodedMedia) => frames.map((frame) => frame.timeMs)

  /** Which of the first `count` textures a hash is nearest to. */
  async function seedOf(hash: Uint8Array, count: number): Promise<number> {
    const seeds = Array.from({ length: count }, (_, seed) => seed)
    const bits = await Promise.all(seeds.map(async (seed) => distanceBits(hash, hashFrame(await texture(seed)).hash)))
    const least = Math.min(...bits)
    expect(least).to.be.at.most(24)
    return bits.indexOf(least)
  }

  describe('the frames of a video', () => {
    it('are two a second, each the one shown then', async () => {
      const media = await read(await mp4({ frames: every(40, 40) }))
      expect(media).to.include({ kind: 'video', mediaType: 'video/mp4', width: 320, height: 240, durationMs: 1600 })
      expect(media.picture).to.equal(null)
      expect(timesOf(media)).to.deep.equal([0, 520, 1000, 1520])
      for (const [i, seed] of [0, 13, 25, 38].entries()) expect(await seedOf(media.frames[i]!.hash, 40)).to.equal(seed)
    })

    it('are chosen by time where the rate varies', async () => {
      const media = await read(await mp4({ frames: at(0, 100, 480, 520, 1300, 1400, 2600), ...inOrder }))
      expect(timesOf(media)).to.deep.equal([0, 520, 1300, 2600])
      expect(media.durationMs).to.equal(2640)
      expect(await Promise.all(media.frames.map(({ hash }) => seedOf(hash, 7)))).to.deep.equal([0, 3, 4, 6])
    })

    it('count from the first one when that is not at zero', async () => {
      for (const format of ['mp4', 'matroska', 'mpegts']) {
        const media = await read(await mp4({ format, frames: every(40, 30, 10_000) }))
        expect(timesOf(media), format).to.deep.equal([0, 520, 1000])
        expect(media.durationMs, format).to.equal(1200)
      }
    })

    it('are one a second of a video of one frame a second', async () => {
      expect(timesOf(await read(await mp4({ frames: every(1000, 5), ...inOrder })))).to.deep.equal([
        0, 1000, 2000, 3000, 4000,
      ])
    })

    it('are the same in every container', async () => {
      // One quantiser: aiming at a rate, the encoder would count the headers of some containers, and look at the clock.
      const alike = { encoderOptions: { qp: '20' } }
      const expected = await read(await mp4(alike))
      for (const format of ['matroska', 'mpegts', 'flv', 'mov']) {
        const found = await read(await mp4({ format, ...alike }))
        expect(found.frames, format).to.deep.equal(expected.frames)
      }
    })

    it('go by the frame rate where the file has no times', async () => {
      const media = await read(await makeVideo({ format: 'mpeg2video', encoder: 'mpeg2video', frames: every(40, 40) }))
      expect(timesOf(media)).to.deep.equal([0, 520, 1000, 1520])
      expect(media.durationMs).to.equal(1600)
    })

    it('are found in WebM, AVI, MPEG and Motion JPEG', async () => {
      const kinds = [
        ['webm', 'libvpx', 'video/webm'],
        ['avi', 'mpeg4', 'video/vnd.avi'],
        ['avi', 'mjpeg', 'video/vnd.avi'],
        ['vob', 'mpeg2video', 'video/mpeg'],
        ['3gp', 'mpeg4', 'video/3gpp'],
      ] as const
      for (const [format, encoder, mediaType] of kinds) {
        const media = await read(await makeVideo({ format, encoder, frames: every(40, 30) }))
        expect(media, format).to.include({ kind: 'video', mediaType })
        expect(timesOf(media), format).to.deep.equal([0, 520, 1000])
        expect(await Promise.all(media.frames.map(({ hash }) => seedOf(hash, 30))), format).to.deep.equal([0, 13, 25])
      }
    })

    it('stand upright as the display matrix says', async () => {
      const poses = [
        { matrix: [0, 1, -1, 0], angle: 90 },
        { matrix: [-1, 0, 0, -1], angle: 180 },
        { matrix: [0, -1, 1, 0], angle: 270 },
        { matrix: [-1, 0, 0, 1], angle: 0, mirrored: true },
      ] as const
      for (const { matrix, angle, ...pose } of poses) {
        const media = await read(await mp4({ frames: at(0), ...inOrder, matrix: [...matrix] }))
        const lying = toSharp(await texture(0))
        const { data, info } = await ('mirrored' in pose ? lying.flop() : lying.rotate(angle))
          .raw()
          .toBuffer({ resolveWithObject: true })
        expect([media.width, media.height]).to.deep.equal([info.width, info.height])
        const shown = hashFrame({ width: info.width, height: info.height, channels: 3, data })
        expect(distanceBits(media.frames[0]!.hash, shown.hash), `turned ${angle}`).to.be.at.most(16)
      }
    })

    it('are the same when large ones are reduced by FFmpeg and not by the hash', async () => {
      const media = await read(await mp4({ frames: at(0), ...inOrder, width: 1280, height: 720 }))
      expect([media.width, media.height]).to.deep.equal([1280, 720])
      expect(distanceBits(media.frames[0]!.hash, hashFrame(await texture(0, 1280, 720)).hash)).to.be.at.most(8)
    })

    it('go on where two transport streams are joined', async () => {
      const part = await mp4({ format: 'mpegts', frames: every(40, 25) })
      const media = await read(Buffer.concat([part, part]))
      expect(timesOf(media)).to.deep.equal([0, 520, 1000, 1520])
      expect(media.durationMs).to.equal(2000)
    })

    it('are those before the break in a file that breaks off', async () => {
      const whole = await mp4({ format: 'matroska', frames: every(100, 60) })
      const media = await read(whole.subarray(0, Math.floor(whole.length * 0.6)))
      expect(media.durationMs).to.be.within(3000, 4000)
      expect(timesOf(media).slice(0, 3)).to.deep.equal([0, 500, 1000])
      expect(media.truncated, 'and it is said').to.equal(true)
      expect(await read(whole)).not.to.have.property('truncated')
    })

    it('report progress that rises to the end', async () => {
      const bytes = await mp4({ frames: every(40, 60) })
      const { fd } = await files.open(bytes)
      const seen: number[] = []
      await readStream({
        fd,
        byteLength: bytes.length,
        demuxer: 'mov',
        mediaType: 'video/mp4',
        limits: DEFAULT_LIMITS,
        onProgress: (fraction) => seen.push(fraction),
      })
      expect(seen.length).to.equal(5)
      expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b))
      // Its table is at the end of the file, and was read first.
      expect(seen[0]).to.be.below(0.3)
      expect(seen.at(-1)).to.be.within(0.7, 1)
    })
  })

  describe('what a frame is compared by', () => {
    const still = (count: number) => every(40, count).map(({ ms }) => ({ seed: 5, ms }))

    it('is evidence of each frame of an original, at its proportions', async () => {
      const media = await read(await mp4({ frames: every(40, 30), width: 320, height: 180 }))
      expect(media.film).to.equal(null)
      for (const { evidence, mirrored } of media.frames) {
        expect(decodeEvidence(evidence!)).to.include({ width: 192, height: 108, colour: null })
        expect(mirrored).to.equal(undefined)
      }
    })

    it('is a film of a candidate, a picture of each frame where there are not more than thirty a second, and four frames a second with the hash of the mirrored one', async () => {
      const media = await read(await mp4({ frames: every(40, 40), width: 320, height: 180 }), {}, undefined, true)
      expect(media.film).to.include({ width: 192, height: 108 })
      expect(media.film!.timesMs).to.deep.equal(Array.from({ length: 40 }, (_, i) => 40 * i))
      expect(media.film!.samples.length).to.equal(40 * 192 * 108)
      expect(timesOf(media)).to.deep.equal([0, 240, 480, 720, 960, 1200, 1440])
      const { pixels } = await decodePicture(
        await toSharp(await texture(0, 320, 180))
          .flop()
          .png()
          .toBuffer(),
        DEFAULT_LIMITS,
      )
      expect(distanceBits(media.frames[0]!.mirrored!, hashFrame(pixels).hash)).to.be.at.most(24)
      expect(media.frames.every(({ evidence }) => evidence == null)).to.equal(true)
    })

    it('is as dense of a file that announces hours and has none', async () => {
      const bytes = await makeVideo({ format: 'matroska', encoder: 'libx264', frames: every(40, 40) })
      const duration = bytes.indexOf(Buffer.of(0x44, 0x89, 0x88))
      expect(duration).to.be.greaterThan(0)
      bytes.writeDoubleBE(3 * 3_600_000, duration + 3)
      const { film, truncated } = await read(bytes, {}, undefined, true)
      expect(truncated).to.equal(true)
      expect(film!.stepMs).to.equal(undefined)
      expect(film!.timesMs).to.have.length(40)
    })

    it('stands upright', async () => {
      const media = await read(await mp4({ frames: at(0), ...inOrder, matrix: [0, 1, -1, 0] }), {}, undefined, true)
      expect(media.film).to.include({ width: 144, height: 192 })
    })

    it('are local hashes, once as long as nothing new is seen', async () => {
      const media = await read(await mp4({ frames: still(40) }))
      expect(media.frames.map(({ local }) => (local ? 'some' : null))).to.deep.equal(['some', null, null, null])
    })
  })

  describe('bars above and below', () => {
    const barRows = 30

    it('are found, and left out of the hashes', async () => {
      for (const film of [false, true]) {
        const media = await read(await mp4({ barRows }), {}, undefined, film)
        expect(media.bars!.y).to.be.closeTo(barRows / 240, 0.01)
        expect(media.bars!.h).to.be.closeTo(180 / 240, 0.02)
        expect(media).to.include({ width: 320, height: 240 })
        const [first] = media.frames
        expect(distanceBits(first!.hash, hashFrame(await texture(0, 320, 180)).hash)).to.be.at.most(24)
        const { y, count } = decodeLocal(first!.local!, 'candidate')
        expect(count).to.be.above(8)
        const inRows = [...y].map((part) => (part * 320) / 4096)
        expect(Math.min(...inRows)).to.be.above(barRows)
        expect(Math.max(...inRows)).to.be.below(240 - barRows)
      }
    })

    it('are in the evidence and the film', async () => {
      const { frames } = await read(await mp4({ barRows }))
      const { luma } = decodeEvidence(frames[0]!.evidence!)
      expect([luma.width, luma.height]).to.deep.equal([192, 144])
      expect(Math.max(...luma.samples.subarray(0, 192 * 12))).to.be.below(40)
    })

    it('that end when the picture grows are left out until then', async () => {
      const start = await mp4({ format: 'mpegts', barRows, frames: every(100, 120) })
      const end = await mp4({ format: 'mpegts', frames: every(100, 20) })
      const { frames, bars } = await read(Buffer.concat([start, end]))
      expect(bars).to.equal(null)
      expect(distanceBits(frames[0]!.hash, hashFrame(await texture(0, 320, 180)).hash)).to.be.at.most(24)
      expect(distanceBits(frames[24]!.hash, hashFrame(await texture(0)).hash)).to.be.at.most(24)
    })
  })

  describe('as it is shown', () => {
    it('has square pixels', async () => {
      const context = { sampleAspectRatio: new av.Rational(4, 3) }
      const wide = await read(await mp4({ context }))
      expect(wide).to.include({ width: 427, height: 240 })
      expect(decodeEvidence(wide.frames[0]!.evidence!)).to.include({ width: 192, height: 108 })
      const tight = await read(await mp4({ context }), { maxPixels: 320 * 240 })
      expect(tight).to.include({ width: 320, height: 180 })
    })

    it('has 8 bits, whatever the file has', async () => {
      const context = { pixelFormat: av.AV_PIX_FMT_YUV420P10LE }
      const { frames } = await read(await mp4({ context }))
      expect(distanceBits(frames[0]!.hash, hashFrame(await texture(0)).hash)).to.be.at.most(16)
    })

    it('has the range of an ordinary screen, where it has more', async () => {
      const light = async (colorTrc: number) => {
        const media = await read(
          await mp4({ context: { colorTrc } as object, frames: at(0), ...inOrder }),
          {},
          undefined,
          true,
        )
        const { samples } = media.film!
        return samples.reduce((sum, value) => sum + value, 0) / samples.length
      }
      const plain = await light(av.AVCOL_TRC_BT709)
      expect(await light(av.AVCOL_TRC_SMPTE2084)).to.be.above(plain + 10)
      expect(Math.abs((await light(av.AVCOL_TRC_ARIB_STD_B67)) - plain)).to.be.below(25)
    })

    it('has an odd number of pixels, or few', async () => {
      for (const [width, height] of [
        [321, 243],
        [33, 17],
        [2, 2],
      ] as const) {
        const media = await read(
          await makeVideo({ format: 'avi', encoder: 'mjpeg', frames: every(40, 30), width, height }),
        )
        expect(media).to.include({ width, height })
        expect(timesOf(media)).to.deep.equal([0, 520, 1000])
      }
    })

    it('has another size from some frame on', async () => {
      const parts = [await mp4({ format: 'mpegts' }), await mp4({ format: 'mpegts', width: 480, height: 360 })]
      const media = await read(Buffer.concat(parts), {}, undefined, true)
      expect(media).to.include({ width: 320, height: 240, durationMs: 2400 })
      expect(media.frames.length).to.be.at.least(9)
      expect(Math.max(...media.film!.timesMs)).to.be.at.least(1100)
    })
  })

  describe('a display matrix', () => {
    const matrix = (a: number, b: number, c: number, d: number) =>
      new Uint8Array(Int32Array.from([a, b, 0, c, d, 0, 0, 0, 1 << 14].map((v) => v * 65_536)).buffer)

    it('means the nearest of the eight poses', () => {
      expect(poseOf(null)).to.deep.equal({ swap: false, flipX: false, flipY: false })
      expect(poseOf(matrix(1, 0, 0, 1))).to.deep.equal({ swap: false, flipX: false, flipY: false })
      expect(poseOf(matrix(0, 1, -1, 0))).to.deep.equal({ swap: true, flipX: true, flipY: false })
      expect(poseOf(matrix(0.99, 0.1, -0.1, 0.99))).to.deep.equal({ swap: false, flipX: false, flipY: false })
    })

    it('is passed over when it is cut off', () => {
      expect(poseOf(new Uint8Array(8).fill(255))).to.deep.equal({ swap: false, flipX: false, flipY: false })
    })
  })
})
