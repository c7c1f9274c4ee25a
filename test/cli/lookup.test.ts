import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { progressLines } from '../../server/cli/terminal.ts'
import { until } from '../chain/until.ts'
import { heldDecode, type Served, serve } from '../http/harness.ts'
import { captured, firsthand } from './capture.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/firsthand.mjs')

/** The way to a server, which can be cut and mended. */
async function wire(port: number) {
  const open = new Set<Socket>()
  const keep = (socket: Socket) => {
    open.add(socket.on('error', () => {}))
    return socket.once('close', () => open.delete(socket))
  }
  const way = createServer((near) => {
    const far = keep(connect(port, '127.0.0.1'))
    keep(near).pipe(far).pipe(near)
  })
  const listen = async (at: number) => {
    way.listen(at, '127.0.0.1')
    await once(way, 'listening')
    return (way.address() as AddressInfo).port
  }
  const own = await listen(0)
  const cut = async () => {
    const closed = once(way, 'close')
    way.close()
    for (const socket of open) socket.destroy()
    await closed
  }
  return { url: `http://127.0.0.1:${own}`, cut, mend: () => listen(own) }
}

describe('a lookup from the terminal', () => {
  let server: Served
  let held: ReturnType<typeof heldDecode>
  let file: string
  beforeEach(async () => {
    held = heldDecode()
    server = await serve({ decode: held.decode })
    file = join(server.directory, 'clip.mp4')
    writeFileSync(file, 'some media')
  })
  afterEach(() => server.close())

  /** The command knows its id by now: it has asked for it. */
  const followed = () =>
    until(
      () => server.lines.some((line) => line.includes('"GET"')),
      () => server.lines,
    )
  const stored = () => [...server.catalogue.lookups.values()].map(({ body }) => JSON.parse(body).status)

  it('outlives its connection: it is asked for again by its id, and not begun anew', async () => {
    const way = await wire(server.port)
    const ran = firsthand('lookup', file, '--server', way.url)
    await followed()
    await way.cut()
    held.letGo()
    await setTimeout(500)
    await way.mend()
    const { code, out, err } = await ran
    await way.cut()
    expect([code, out.split('\n')[0]]).to.deep.equal([0, 'NOT REGISTERED'])
    expect(err).to.equal('the connection was lost: asking again for the same lookup\n')
    expect([held.begun(), stored()]).to.deep.equal([1, ['done']])
  })

  it('that is interrupted ends on the server, too, and the command as who interrupts expects', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'lookup', file, '--server', server.url])
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    const ended = once(child, 'exit')
    await followed()
    child.kill('SIGINT')
    expect(await ended).to.deep.equal([null, 'SIGINT'])
    expect([said, stored()]).to.deep.equal(['cancelled\n', ['cancelled']])
  })
})

describe('progress in a pipe', () => {
  it('is a line now and then, and none of what is quick', async () => {
    let now = 0
    const { err } = await captured(() => {
      const progress = progressLines(() => now)
      for (const [at, stage, fraction] of [
        [4_900, 'decoding', 0.1],
        [5_000, 'decoding', 0.256],
        [9_900, 'decoding', 0.5],
        [10_000, 'searching', null],
      ] as const) {
        now = at
        progress.update('clip\x1b[2J.mp4', stage, fraction)
      }
    })
    expect(err).to.equal('decoding 26 %: clip�[2J.mp4\nsearching: clip�[2J.mp4\n')
  })
})
