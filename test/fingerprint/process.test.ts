import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { createDecoderPool, type DecoderPool } from '../../server/fingerprint/pool.ts'
import { createFiles, texture, toSharp } from './media.ts'
import { alive, commandOf, decodersOf, descendantsOf, until } from './processes.ts'

const FAKE = new URL('fake-decoder.ts', import.meta.url)

describe('a decoder process', () => {
  const files = createFiles()
  const pools: DecoderPool[] = []
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))
  after(() => files.remove())

  async function give(pool: DecoderPool, bytes: Buffer) {
    return await pool.decode(await files.open(bytes), bytes.length)
  }

  before(function () {
    if (process.platform !== 'linux') this.skip()
  })

  const ours = () => decodersOf(process.pid)

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
      const children = descendantsOf(parent.pid!)
      expect(decodersOf(parent.pid!, program ? 'fake-decoder' : undefined).length).to.equal(1)
      expect(children.every(alive)).to.equal(true)
      parent.kill('SIGKILL')
      await until(() => !children.some(alive))
    })
})
