/** What a decoder can do that fell to a file, in each way to confine it that this system has. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { type Way, waysToConfine } from '../../server/fingerprint/confine.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { createDecoderPool, type DecoderPool } from '../../server/fingerprint/pool.ts'
import { createFiles, failureOf, texture, toSharp } from './media.ts'
import { alive, decodersOf, descendantsOf, until } from './processes.ts'

const HOSTILE = new URL('hostile-decoder.ts', import.meta.url)
const FAKE = new URL('fake-decoder.ts', import.meta.url)
const LIMITS = { ...DEFAULT_LIMITS, maxMemoryBytes: 300 * 2 ** 20 }

const WAYS = waysToConfine()

const nameOf = ({ gives: { namespaces, files, user, limits } }: Way) =>
  `${namespaces.length > 0 ? `namespaces ${namespaces.join(', ')}` : 'no namespace'}, sees ${files}, user ${user}, ${limits.length} limits`

describe('a decoder that fell to a file', () => {
  const files = createFiles()
  let canary: Server
  let connections = 0
  before(async () => {
    canary = createServer().listen(0, '127.0.0.1')
    canary.on('connection', (socket) => {
      connections++
      socket.destroy()
    })
    await once(canary, 'listening')
  })
  after(() => {
    canary.close()
    return files.remove()
  })

  for (const way of WAYS)
    describe(`in its way: ${nameOf(way)}`, () => {
      const { namespaces, limits } = way.gives
      const pools: DecoderPool[] = []
      const open = (program?: URL) => {
        const options = { size: 1, limits: LIMITS, ways: [way], replaceAfterRefusal: false }
        const pool = createDecoderPool({ ...options, ...(program && { program }) })
        pools.push(pool)
        return pool
      }
      afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))

      before(async function () {
        const failed = await open()
          .confine()
          .then(() => null, String)
        await Promise.all(pools.splice(0).map((pool) => pool.close()))
        if (!failed) return
        console.log(`      skipped: this system does not allow it (${failed})`)
        this.skip()
      })

      /** A fact that holds where something is given. */
      const holds = (given: boolean, fact: string, show: () => Promise<void>) =>
        it(given ? fact : `${fact}: not in this way`, given ? show : undefined)
      const limited = (name: string, fact: string, show: () => Promise<void>) =>
        holds(limits.includes(name), fact, show)
      const order = async (text: string) => {
        const pool = pools[0] ?? open(HOSTILE)
        const bytes = Buffer.from(text)
        return await failureOf(pool.decode(await files.open(bytes), bytes.length))
      }

      /** Runs a script in this way, with nobody to watch it. */
      const confined = async (script: string, maxCpuS = 100) => {
        const node = [process.execPath, '-e', script]
        const bounds = { maxMemoryBytes: LIMITS.maxMemoryBytes, maxCpuS }
        const [command, ...args] = way.wrap(node, [process.execPath], bounds)
        const child = spawn(command!, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {}, cwd: '/', detached: true })
        let words = ''
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          words += text
        })
        const [code] = await once(child, 'exit')
        try {
          process.kill(-child.pid!, 'SIGKILL')
        } catch {
          // Nobody is left of its group.
        }
        return { code, words }
      }

      it('decodes pictures as ever', async () => {
        const png = await toSharp(await texture(1))
          .png()
          .toBuffer()
        const pool = open()
        expect((await pool.decode(await files.open(png), png.length)).width).to.equal(320)
        expect(pool.stats().confinement).to.equal(way.gives)
      })

      holds(namespaces.includes('net'), 'reaches no address, not even of its own machine', async () => {
        const before = connections
        const error = await order(`connect:${(canary.address() as AddressInfo).port}`)
        expect(error).to.include({ code: 'media.undecodable' })
        expect(error.message).to.match(/ENETUNREACH|ECONNREFUSED/)
        expect(connections).to.equal(before)
      })

      holds(way.gives.files === 'program', 'reads no file but its program and libraries', async () => {
        const path = await files.write('the canary')
        for (const one of [
          path,
          '/etc/passwd',
          '/proc/self/environ',
          '/etc/hostname',
          '/sys/kernel/notes',
          '/dev/null',
        ])
          expect((await order(`read:${one}`)).message, one).to.match(/ENOENT/)
        expect((await order('list:/')).message).not.to.match(/\b(home|root|tmp|dev|proc\/)\b/)
      })

      holds(['none', 'namespace'].includes(way.gives.user), 'reads nothing of the processes of others', async () => {
        for (const what of ['environ', 'mem', 'maps'])
          expect((await order(`read:/proc/${process.pid}/${what}`)).message, what).to.match(/ENOENT|EACCES|EPERM/)
      })

      limited('file_size', 'writes no file', async () => {
        const path = join(files.directory, `written-${Math.random()}`)
        const error = await order(`write:${path}`)
        expect(error).to.include({ code: 'media.undecodable' })
        expect(error.message).to.match(/ENOENT|EFBIG|EACCES|EROFS|the decoder crashed on it/)
        expect(existsSync(path) ? readFileSync(path).length : 0).to.equal(0)
      })

      holds(way.gives.user !== 'server', 'kills no process of the server', async () => {
        const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
        await sleep(100)
        expect((await order(`kill:${victim.pid}`)).message).to.match(/ESRCH|EPERM/)
        expect(alive(victim.pid!)).to.equal(true)
        victim.kill('SIGKILL')
      })

      holds(process.platform === 'linux', 'is ended, and those with it, when it starts another process', async () => {
        const error = await order('start:')
        expect(error).to.include({ code: 'media.undecodable', message: 'the decoder started another process over it' })
        await until(() => descendantsOf(process.pid).length === 0)
      })

      limited('open_files', 'opens at most 64 files', async () => {
        const { message } = await order('open:')
        expect(message).to.match(/EMFILE/)
        expect(Number(/after (\d+)/.exec(message)![1])).to.be.within(20, 60)
      })

      limited('threads', 'has at most 32 threads and processes', async () => {
        const { code, words } = await confined(`
          const { spawn } = require('node:child_process')
          const all = []
          for (let i = 0; i < 40; i++)
            all.push(spawn(process.execPath, ['-e', 'setTimeout(() => {}, 3000)'], { stdio: 'inherit' }))
          for (const one of all)
            one.on('error', ({ code }) => {
              console.error(code)
              process.exit(3)
            })`)
        expect(code).not.to.equal(0)
        expect(words).to.match(/EAGAIN|resource temporarily unavailable|pthread_create|uv_thread_create/i)
      })

      limited(
        'data',
        'gets no more memory at once than a job may have, and the media is called too large',
        async () => {
          const pool = open(FAKE)
          const bytes = Buffer.from('swell:3000')
          const error = await failureOf(pool.decode(await files.open(bytes), bytes.length))
          expect(error).to.include({
            code: 'media.too_large',
            message: 'it needs more than 300 MiB of memory to decode',
          })
        },
      )

      limited('cpu', 'is ended when it computes on while its parent does not watch', async () => {
        const { code } = await confined('for (;;);', 1)
        expect(code).not.to.equal(0)
      })

      holds(
        process.platform === 'linux' && way === WAYS[0],
        'is replaced when it computes on after its answer',
        async () => {
          const pool = open(HOSTILE)
          const bytes = Buffer.from('linger:')
          await pool.decode(await files.open(bytes), bytes.length)
          expect(pool.stats().processes).to.equal(1)
          await until(() => pool.stats().processes === 0, 30_000)
        },
      )

      holds(limits.includes('oom_first'), 'is the first to go when memory runs out', async () => {
        const pool = open()
        await pool.confine()
        const [pid] = decodersOf(process.pid)
        expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1')).to.equal('1000\n')
      })

      holds(way.gives.noNewPrivileges, 'has no capabilities and gets none', async () => {
        await open().confine()
        const status = readFileSync(`/proc/${decodersOf(process.pid)[0]}/status`, 'latin1')
        expect(status).to.match(/^NoNewPrivs:\s+1$/m)
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
          expect(status, set).to.match(new RegExp(`^${set}:\\s+0+$`, 'm'))
      })
    })
})
