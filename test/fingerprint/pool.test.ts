import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { AV_PIX_FMT_RGB24 } from 'node-av/constants'
import sharp from 'sharp'
import { distanceBits } from '../../server/bytes.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { hashPicture } from '../../server/fingerprint/pdq.ts'
import { hashAndView, hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { createDecoderPool, type DecoderPool, type DecoderPoolOptions } from '../../server/fingerprint/pool.ts'
import { createFiles, failureOf, makeVideo, texture, toSharp } from './media.ts'
import { decodersOf, descendantsOf, until } from './processes.ts'

const FAKE = new URL('fake-decoder.ts', import.meta.url)
const linux = process.platform === 'linux'

describe('decoders', () => {
  const files = createFiles()
  const pools: DecoderPool[] = []
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))
  after(() => files.remove())

  /** A pool of one decoder that obeys the text in the file. */
  function obedient(options: DecoderPoolOptions = {}) {
    const pool = createDecoderPool({ size: 1, program: FAKE, ...options })
    pools.push(pool)
    return { pool, order: (text: string, rest: object = {}) => give(pool, Buffer.from(text), rest) }
  }

  async function give(pool: DecoderPool, bytes: Buffer, options: object = {}) {
    return await pool.decode(await files.open(bytes), bytes.length, options)
  }

  const limits = (change: Partial<typeof DEFAULT_LIMITS>) => ({ limits: { ...DEFAULT_LIMITS, ...change } })

  describe('a pool of decoders', () => {
    it('decodes pictures and video, of a FileHandle and of a descriptor', async () => {
      const pool = createDecoderPool({ size: 2 })
      pools.push(pool)
      const source = await texture(1)
      const png = await toSharp(source).png().toBuffer()
      const frames = Array.from({ length: 30 }, (_, seed) => ({ seed, ms: 40 * seed }))
      const mp4 = await makeVideo({ format: 'mp4', encoder: 'libx264', frames })
      const file = await files.open(png)
      const [picture, again, video] = await Promise.all([
        pool.decode(file, png.length),
        pool.decode(file.fd, png.length),
        give(pool, mp4),
      ])
      expect(picture).to.include({ kind: 'image', mediaType: 'image/png', width: 320, height: 240, durationMs: null })
      expect(picture.picture).to.deep.equal(hashWhole(source, source))
      expect(again).to.deep.equal(picture)
      expect(video).to.include({ kind: 'video', durationMs: 1200 })
      expect(video.frames.map((frame) => frame.timeMs)).to.deep.equal([0, 520, 1000])
      expect(distanceBits(video.frames[0]!.hash, hashPicture(await texture(0)).orientations[0]!)).to.be.at.most(16)
      expect(pool.stats()).to.deep.include({ busy: 0, queued: 0, done: 3, failed: 0 })
    })

    it('answers what is compared at once with its view instead of evidence', async () => {
      const pool = createDecoderPool({ size: 1 })
      pools.push(pool)
      const source = await texture(4, 301, 203)
      const png = await toSharp(source).png().toBuffer()
      const { picture, view } = await give(pool, png, { detail: 'candidate', view: true })
      expect({ picture, view }).to.deep.equal(hashAndView(source, source))
    })

    it('sees a video in an animation, and a picture in what does not move', async () => {
      const pool = createDecoderPool({ size: 1 })
      pools.push(pool)
      const frames = Array.from({ length: 15 }, (_, seed) => ({ seed, ms: 100 * seed }))
      const animation = await sharp(
        Buffer.concat(await Promise.all(frames.map(async ({ seed }) => (await texture(seed)).data))),
        {
          raw: { width: 320, height: 240 * frames.length, channels: 3, pageHeight: 240 },
        },
      )
        .gif({ delay: 100, effort: 1 })
        .toBuffer()
      const apng = await makeVideo({
        format: 'apng',
        encoder: 'apng',
        frames,
        context: { pixelFormat: AV_PIX_FMT_RGB24 },
      })
      for (const [bytes, mediaType] of [
        [animation, 'image/gif'],
        [apng, 'image/apng'],
      ] as const) {
        const media = await give(pool, bytes)
        expect(media).to.include({ kind: 'video', mediaType, width: 320, height: 240, picture: null })
        expect(media.frames.map(({ timeMs }) => timeMs)).to.deep.equal([0, 500, 1000])
        expect(media.durationMs).to.be.within(1400, 1600)
      }
      const still = await toSharp(await texture(1))
        .gif()
        .toBuffer()
      expect(await give(pool, still)).to.include({ kind: 'image', mediaType: 'image/gif', durationMs: null })
    })

    it('sees the picture in a HEIC of one piece', async () => {
      const pool = createDecoderPool({ size: 1 })
      pools.push(pool)
      const { picture, ...media } = await give(
        pool,
        readFileSync(new URL('../vectors/heic/texture-42.heic', import.meta.url)),
      )
      expect(media).to.include({ kind: 'image', mediaType: 'image/heic', width: 320, height: 240, durationMs: null })
      const { orientations } = hashPicture(await texture(42))
      expect(distanceBits(picture!.orientations[0]!, orientations[0]!)).to.be.at.most(8)
    })

    it('takes samples for what they are, line ends too', async () => {
      const { order } = obedient()
      const { view } = await order('view:12')
      expect(view).to.deep.equal({
        luma: { width: 4, height: 3, samples: Uint8Array.from({ length: 12 }, (_, i) => 10 + i) },
        colour: null,
      })
    })

    it('keeps one process for many jobs, and each sees its own media only', async () => {
      const pool = createDecoderPool({ size: 1 })
      pools.push(pool)
      for (const seed of [1, 2, 3]) {
        const source = await texture(seed, 320 - seed, 240 - seed)
        expect((await give(pool, await toSharp(source).png().toBuffer())).picture).to.deep.equal(
          hashWhole(source, source),
        )
      }
      expect(pool.stats()).to.include({ started: 1, processes: 1 })
    })

    it('starts no process before the first job', async () => {
      const { pool } = obedient()
      expect(pool.stats()).to.deep.equal({
        processes: 0,
        busy: 0,
        queued: 0,
        started: 0,
        done: 0,
        failed: 0,
        confinement: null,
      })
    })

    it('refuses a file without bytes at once', async () => {
      const { pool } = obedient()
      expect(await failureOf(give(pool, Buffer.alloc(0)))).to.include({ code: 'media.empty' })
      expect(pool.stats().started).to.equal(0)
    })

    it('passes on what a decoder refuses, and replaces it', async () => {
      const { pool, order } = obedient()
      await order('answer')
      const error = await failureOf(order('refuse'))
      expect(error).to.include({ code: 'media.undecodable', message: 'an orderly refusal' })
      expect((await order('answer')).width).to.equal(1)
      expect(pool.stats()).to.include({ started: 2, done: 2, failed: 1 })
    })

    it('passes on refusals of the real decoder with what was found', async () => {
      const pool = createDecoderPool({ size: 1 })
      pools.push(pool)
      const error = await failureOf(give(pool, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')))
      expect(error).to.include({ code: 'media.unsupported' })
      expect(error.message).to.match(/^found SVG; accepted are JPEG/)
    })

    it('reports progress', async () => {
      const { order } = obedient()
      const seen: number[] = []
      await order('progress', { onProgress: (fraction: number) => seen.push(fraction) })
      expect(seen).to.deep.equal([0.25, 0.5, 1])
    })

    it('runs at most so many jobs at once', async () => {
      const { pool, order } = obedient({ size: 2 })
      const jobs = Array.from({ length: 6 }, () => order('answer'))
      await until(() => pool.stats().queued === 4)
      expect(pool.stats()).to.include({ busy: 2, queued: 4 })
      await Promise.all(jobs)
      expect(pool.stats()).to.include({ busy: 0, queued: 0, started: 2, done: 6 })
    })

    it('runs them in the order in which they came', async () => {
      const { pool, order } = obedient()
      const finished: number[] = []
      const jobs = []
      for (let i = 0; i < 5; i++) {
        jobs.push(order('answer').then(() => finished.push(i)))
        await until(() => pool.stats().busy + pool.stats().queued + finished.length === i + 1)
      }
      await Promise.all(jobs)
      expect(finished).to.deep.equal([0, 1, 2, 3, 4])
    })

    it('is busy when too many wait, and says when to come again', async () => {
      const { pool, order } = obedient({ maxQueued: 1 })
      const jobs = [order('hang'), order('hang')].map(failureOf)
      await until(() => pool.stats().queued === 1)
      const error = await failureOf(order('answer'))
      expect(error).to.include({ code: 'server.busy', message: '1 files wait for 1 decoders' })
      expect(error.retryAfterS).to.be.within(1, 60)
      await pool.close()
      for (const job of jobs) expect(await job).to.include({ code: 'server.busy' })
    })

    it('fails a job as busy when it is closed while the media is still copied', async () => {
      const { pool, order } = obedient()
      await order('answer')
      const job = failureOf(give(pool, Buffer.alloc(64 * 2 ** 20)))
      await until(() => pool.stats().busy === 1)
      await pool.close()
      expect(await job).to.include({ code: 'server.busy' })
    })

    it('takes nothing any more when it is closed, and leaves no process behind', async () => {
      const { pool, order } = obedient()
      await order('answer')
      await pool.close()
      expect(pool.stats().processes).to.equal(0)
      expect(await failureOf(order('answer'))).to.include({ code: 'server.busy' })
    })
  })

  describe('a decoder process is replaced', () => {
    it('after so many jobs', async () => {
      const { pool, order } = obedient({ jobsPerProcess: 3 })
      const jobs: (number | null)[] = []
      for (let i = 0; i < 7; i++) jobs.push((await order('answer')).width)
      expect(jobs).to.deep.equal([1, 2, 3, 1, 2, 3, 1])
      expect(pool.stats().started).to.equal(3)
    })

    it('when it has crashed, which is told with its words as the cause', async () => {
      const { pool, order } = obedient()
      await order('answer')
      expect(await failureOf(order('crash'))).to.include({
        code: 'media.undecodable',
        message: 'the decoder crashed on it',
      })
      const error = await failureOf(order('throw'))
      expect(String(error.cause)).to.contain('a defect of the decoder')
      expect((await order('answer')).width).to.equal(1)
      expect(pool.stats().started).to.equal(3)
    })

    it('when it takes too long, even if it does not listen any more', async () => {
      const { order } = obedient(limits({ timeoutS: 0.5 }))
      for (const idle of ['hang', 'spin']) {
        const error = await failureOf(order(idle))
        expect(error).to.include({ code: 'media.too_slow', message: 'it takes more than 0.5 s to decode' })
      }
      expect((await order('answer')).width).to.equal(1)
    })

    it('not while it gets on at a pace that ends, even where it takes longer than most', async () => {
      const { order } = obedient(limits({ timeoutS: 0.5 }))
      expect((await order('creep:120')).width).to.equal(1)
      expect(await failureOf(order('creep:1000'))).to.include({ code: 'media.too_slow' })
    })

    it('when it needs too much memory', async function () {
      if (!linux) this.skip()
      const { order } = obedient(limits({ maxMemoryBytes: 400 * 2 ** 20 }))
      const error = await failureOf(order('eat'))
      expect(error).to.include({ code: 'media.too_large', message: 'it needs more than 400 MiB of memory to decode' })
      expect((await order('answer')).width).to.equal(1)
    })

    it('when it keeps too much memory after a job', async function () {
      if (!linux) this.skip()
      const { pool, order } = obedient({ maxIdleBytes: 300 * 2 ** 20 })
      await order('answer')
      expect((await order('swell:300')).width).to.equal(2)
      expect((await order('answer')).width).to.equal(1)
      expect(pool.stats()).to.include({ started: 2, done: 3, failed: 0 })
    })

    it('when nobody waits for its job any more', async () => {
      const { pool, order } = obedient()
      const abort = new AbortController()
      const reason = new Error('the lookup was cancelled')
      const job = failureOf(order('hang', { signal: abort.signal }))
      const waiting = failureOf(order('answer', { signal: abort.signal }))
      await until(() => pool.stats().queued === 1)
      abort.abort(reason)
      expect(await job).to.equal(reason)
      expect(await waiting).to.equal(reason)
      expect(await failureOf(order('answer', { signal: abort.signal }))).to.equal(reason)
      expect(pool.stats()).to.include({ processes: 0, busy: 0, queued: 0 })
    })

    it('when it died while it was idle', async function () {
      if (!linux) this.skip()
      const { pool, order } = obedient()
      await order('answer')
      for (const pid of decodersOf(process.pid, 'fake-decoder')) process.kill(pid, 'SIGKILL')
      await until(() => descendantsOf(process.pid).length === 0)
      await sleep(100)
      expect((await order('answer')).width).to.equal(1)
      expect(pool.stats()).to.include({ started: 2, failed: 0 })
    })

    it('and if it cannot even start, the server is to blame and not the media', async () => {
      const { order } = obedient({ program: new URL('no-such-program.ts', import.meta.url) })
      const error = await failureOf(order('answer'))
      expect(error).to.include({ code: 'server.internal' })
      expect(error.message).to.match(/^the decoder process does not start: .*no-such-program/)
    })
  })

  describe('a decoder process that says', () => {
    for (const [what, order] of [
      ['rubbish', 'say:rubbish'],
      ['a lie', 'say:{"media":{"kind":"image","width":-1}}'],
      ['an answer without end', 'flood'],
      ['two answers', 'twice'],
      ['a view that goes on', 'view:20'],
      ['a word without end after its answer', 'mutter'],
    ] as const)
      it(`${what} is ended`, async () => {
        const { pool, order: give } = obedient()
        await give('answer')
        const outcome = await give(order).catch((error) => error)
        if (!['twice', 'view:20', 'mutter'].includes(order))
          expect(outcome).to.include({ code: 'media.undecodable', message: 'the decoder broke down over it' })
        await sleep(100)
        expect((await give('answer')).width).to.equal(1)
        expect(pool.stats().started).to.equal(2)
      })
  })
})
