import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { DEFAULT_LIMITS, readAnswer } from '../../server/fingerprint/job.ts'
import { hashPicture } from '../../server/fingerprint/pdq.ts'
import { createDecoderPool, type DecoderPool, type DecoderPoolOptions } from '../../server/fingerprint/pool.ts'
import { distanceBits } from '../../server/matching/hamming.ts'
import { createFiles, failureOf, makeVideo, texture, toSharp } from './media.ts'

const FAKE = new URL('fake-decoder.ts', import.meta.url)
const linux = process.platform === 'linux'

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

/** Process ids of the children of a process. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return text.split(' ').filter(Boolean).map(Number)
}

const alive = (pid: number) => {
  try {
    // A zombie still has a pid: its state says so.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

async function until(fact: () => boolean, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; !fact(); await sleep(20))
    if (Date.now() > end) throw new Error(`not within ${ms} ms`)
}

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
    expect(picture.picture).to.deep.equal(hashPicture(source))
    expect(again).to.deep.equal(picture)
    expect(video).to.include({ kind: 'video', durationMs: 1200 })
    expect(video.frames.map((frame) => frame.timeMs)).to.deep.equal([0, 520, 1000])
    expect(distanceBits(video.frames[0]!.hash, hashPicture(await texture(0)).orientations[0]!)).to.be.at.most(16)
    expect(pool.stats()).to.deep.include({ busy: 0, queued: 0, done: 3, failed: 0 })
  })

  it('keeps one process for many jobs, and each sees its own media only', async () => {
    const pool = createDecoderPool({ size: 1 })
    pools.push(pool)
    for (const seed of [1, 2, 3]) {
      const source = await texture(seed, 320 - seed, 240 - seed)
      expect((await give(pool, await toSharp(source).png().toBuffer())).picture).to.deep.equal(hashPicture(source))
    }
    expect(pool.stats()).to.include({ started: 1, processes: 1 })
  })

  it('starts no process before the first job', async () => {
    const { pool } = obedient()
    expect(pool.stats()).to.deep.equal({ processes: 0, busy: 0, queued: 0, started: 0, done: 0, failed: 0 })
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
    for (const pid of childrenOf(process.pid)) if (commandOf(pid).includes('fake-decoder')) process.kill(pid, 'SIGKILL')
    await sleep(200)
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

describe('what a decoder says is not believed', () => {
  const hash = '0'.repeat(64)
  const image = {
    kind: 'image',
    mediaType: 'image/png',
    width: 4,
    height: 3,
    durationMs: null,
    picture: { orientations: new Array(8).fill(hash), reduced: new Array(8).fill(hash), quality: 50 },
    frames: [],
  }
  const frame = { timeMs: 0, hash, quality: 50 }
  const video = { ...image, kind: 'video', mediaType: 'video/mp4', picture: null, durationMs: 1000, frames: [frame] }
  const read = (media: object) => readAnswer(JSON.stringify({ media }), DEFAULT_LIMITS)

  it('unless it has the form of an answer', () => {
    expect(read(image).kind).to.equal('media')
    expect(read(video).kind).to.equal('media')
    expect(read({ ...image, kind: 'audio', width: null, height: null, picture: null, durationMs: 5 }).kind).to.equal(
      'media',
    )
  })

  const lies: Record<string, object> = {
    'a hash too few': { ...image, picture: { ...image.picture, orientations: new Array(7).fill(hash) } },
    'a reduced hash too few': { ...image, picture: { ...image.picture, reduced: new Array(7).fill(hash) } },
    'a hash too short': { ...image, picture: { ...image.picture, orientations: new Array(8).fill('00') } },
    'a quality beyond 100': { ...image, picture: { ...image.picture, quality: 101 } },
    'more pixels than are allowed': { ...image, width: 100_000, height: 100_000 },
    'a size of nothing': { ...image, width: 0 },
    'a picture that lasts': { ...image, durationMs: 1 },
    'a picture with frames': { ...image, frames: [frame] },
    'a video without frames': { ...video, frames: [] },
    'a video without an end': { ...video, durationMs: null },
    'a video that lasts too long': { ...video, durationMs: 1e12 },
    'frames out of order': { ...video, frames: [frame, frame] },
    'frames after the end': { ...video, frames: [{ ...frame, timeMs: 1001 }] },
    'more frames than fit': {
      ...video,
      durationMs: 14_400_000,
      frames: Array.from({ length: 28_802 }, (_, timeMs) => ({ ...frame, timeMs })),
    },
    'a sound with a size': { ...image, kind: 'audio', picture: null, durationMs: 5 },
    'a media type with markup': { ...image, mediaType: 'image/<b>' },
    'a key of its own': { ...image, contentDigest: hash },
    'a number that is none': { ...image, width: '4' },
  }
  for (const [lie, media] of Object.entries(lies)) it(`not ${lie}`, () => expect(() => read(media)).to.throw())

  it('not codes that say nothing of media', () => {
    const line = JSON.stringify({ error: { code: 'chain.rejected', detail: 'x' } })
    expect(() => readAnswer(line, DEFAULT_LIMITS)).to.throw()
  })

  it('and of its words one clean line is kept', () => {
    const detail = `a\u001b[31m\nb\u202e${'c'.repeat(1000)}`
    const answer = readAnswer(JSON.stringify({ error: { code: 'media.undecodable', detail } }), DEFAULT_LIMITS)
    expect(answer.kind === 'error' && answer.error.message)
      .to.match(/^a \[31m b c{200,}…$/)
      .and.to.have.length(300)
  })

  for (const [what, order] of [
    ['rubbish', 'say:rubbish'],
    ['a lie', `say:${JSON.stringify({ media: { ...image, width: -1 } })}`],
    ['an answer without end', 'flood'],
    ['two answers', `say:${JSON.stringify({ media: image })}\n${JSON.stringify({ media: image })}\n{}`],
  ] as const)
    it(`${what} ends the process`, async () => {
      const { pool, order: give } = obedient()
      await give('answer')
      const outcome = await give(order).catch((error) => error)
      if (what !== 'two answers')
        expect(outcome).to.include({ code: 'media.undecodable', message: 'the decoder broke down over it' })
      await sleep(100)
      expect((await give('answer')).width).to.equal(1)
      expect(pool.stats().started).to.equal(2)
    })
})

describe('a decoder process', () => {
  before(function () {
    if (!linux) this.skip()
  })

  const ours = () => childrenOf(process.pid).filter((pid) => commandOf(pid).includes('server/fingerprint/decoder'))

  it('knows its program, and no path, environment or descriptor of ours', async () => {
    const pool = createDecoderPool({ size: 1, directory: files.directory })
    pools.push(pool)
    await give(
      pool,
      await toSharp(await texture(1))
        .png()
        .toBuffer(),
    )
    const [pid] = ours()
    expect(commandOf(pid!).split('\0').slice(-2)[0]).to.match(/server\/fingerprint\/decoder\.ts$/)
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).to.equal('MALLOC_ARENA_MAX=1\0')
    // O_RDONLY is the lowest two bits unset; the scratch file has no name any more, and no content.
    expect(Number(/^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/3`, 'latin1'))![1]) & 3).to.equal(0)
    expect(readdirSync(files.directory).filter((name) => name.startsWith('firsthand-'))).to.deep.equal([])
    expect(readFileSync(`/proc/${pid}/fd/3`).length).to.equal(0)
  })

  it('does not mind Ctrl-C: the parent decides', async () => {
    const pool = createDecoderPool({ size: 1 })
    pools.push(pool)
    const png = await toSharp(await texture(1))
      .png()
      .toBuffer()
    await give(pool, png)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(ours()[0]!, signal)
    await sleep(100)
    await give(pool, png)
    expect(pool.stats()).to.include({ started: 1, done: 2 })
  })

  for (const [when, program] of [
    ['is idle', undefined],
    ['hangs', FAKE.href],
  ] as const)
    it(`ends when its parent is killed while it ${when}`, async () => {
      const media = program
        ? Buffer.from('hang')
        : await toSharp(await texture(1))
            .png()
            .toBuffer()
      const path = await files.write(media)
      const script = fileURLToPath(new URL('pool-parent.ts', import.meta.url))
      const parent = spawn(process.execPath, [script, path, ...(program ? [program] : [])], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(parent.stdout, 'data')
      const children = childrenOf(parent.pid!)
      expect(children.length).to.equal(1)
      expect(children.every(alive)).to.equal(true)
      parent.kill('SIGKILL')
      await until(() => !children.some(alive))
    })
})

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}
