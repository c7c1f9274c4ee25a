import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../chain/until.ts'
import { expectProblem, heldDecode, type Options, type Served, serve } from './harness.ts'

describe('an upload', () => {
  let server: Served
  const start = async (options?: Options) => {
    server = await serve(options)
  }
  afterEach(() => server.close())

  const post = (body: BodyInit, headers: Record<string, string> = {}, path = '/v1/lookups') =>
    fetch(server.url + path, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)

  /** A body of which nobody knows the length. */
  function streamed(chunks: number, bytes: number): ReadableStream {
    let sent = 0
    return new ReadableStream({
      pull(controller) {
        if (sent++ < chunks) controller.enqueue(new Uint8Array(bytes))
        else controller.close()
      },
    })
  }

  it('is on disk without a name, and gone when its lookup is', async () => {
    const held = heldDecode()
    await start({ decode: held.decode })
    const answer = post('some media')
    await until(
      () => held.begun() === 1,
      () => held.begun(),
    )
    expect(readdirSync(join(server.directory, 'uploads'))).to.deep.equal([])
    held.letGo()
    expect((await answer).status).to.equal(200)
  })

  it('of no bytes is refused', async () => {
    await start()
    await expectProblem(await post(''), 400, 'media.empty')
    const form = new FormData()
    form.set('media', new Blob([]), 'a.jpg')
    await expectProblem(await post(form), 400, 'media.empty')
  })

  it('of as many bytes as are taken is taken', async () => {
    await start({ limits: { maxBytes: 5_000 } })
    expect((await post(new Uint8Array(5_000))).status).to.equal(200)
    expect((await post(streamed(5, 1_000))).status).to.equal(200)
  })

  it('that announces too much is refused before it is sent', async () => {
    await start({ limits: { maxBytes: 5_000 } })
    const { status, sent } = await announce(server.port, 5_000_000_000)
    expect(status).to.match(/^HTTP\/1\.1 413 /)
    expect(sent, 'nobody invited the body').to.equal(false)
  })

  it('that turns out to be too much is refused while it is sent', async () => {
    await start({ limits: { maxBytes: 5_000 } })
    await expectProblem(await post(streamed(6, 1_000)), 413, 'request.too_large')
  })

  it('of many times too much is refused so that even a client reads it that sends first and reads then', async () => {
    await start({ limits: { maxBytes: 5_000 } })
    expect(await sendThenRead(server.port, 20_000_000)).to.match(/^HTTP\/1\.1 413 /)
  })

  it('in a form is refused when its field is too large', async () => {
    await start({ limits: { maxBytes: 5_000 } })
    const bytes = `--b\r\ncontent-disposition: form-data; name="media"; filename="a"\r\n\r\n${'x'.repeat(6_000)}\r\n--b--\r\n`
    const body = new Blob([bytes]).stream()
    await expectProblem(
      await post(body, { 'content-type': 'multipart/form-data; boundary=b' }),
      413,
      'request.too_large',
    )
  })

  it('in a form without the field, or without a boundary, is refused', async () => {
    await start()
    const form = new FormData()
    form.set('file', new Blob(['x']), 'a.jpg')
    form.set('media', 'a text and no file')
    expect((await expectProblem(await post(form), 400, 'request.invalid')).detail).to.contain('"media"')
    await expectProblem(await post('x', { 'content-type': 'multipart/form-data' }), 400, 'request.invalid')
  })

  it('in a form that is cut off is refused, and its file is let go', async () => {
    const held = heldDecode()
    await start({ decode: held.decode })
    const whole = '--b\r\ncontent-disposition: form-data; name="media"; filename="a"\r\n\r\nsome media\r\n--b'
    for (const length of [whole.length, whole.length - 4, whole.length - 8])
      await expectProblem(
        await post(whole.slice(0, length), { 'content-type': 'multipart/form-data; boundary=b' }),
        400,
        'request.invalid',
      )
    expect(held.begun()).to.equal(0)
    expect(openUploads(server.directory)).to.deep.equal([])
  })

  it('that stalls is refused', async () => {
    await start({ limits: { idleMs: 30 } })
    const never = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) })
    const problem = await expectProblem(await post(never), 408, 'request.timeout')
    expect(problem.detail).to.equal('no byte arrived for 0.03 s')
  })

  it('that drips is refused, be it a file or a fingerprint', async () => {
    for (const type of ['image/jpeg', 'application/json']) {
      await start({ limits: { minRate: 1_000_000_000 } })
      const problem = await expectProblem(
        await post(streamed(100, 10), { 'content-type': type }),
        408,
        'request.timeout',
      )
      expect(problem.detail).to.match(/^\d+ bytes in \d+ s is too slow$/)
      if (type === 'image/jpeg') await server.close()
    }
  })

  it('too many at a time is refused with the time to wait, and the others are not disturbed', async () => {
    await start({ limits: { maxConcurrent: 1 } })
    const first = Promise.withResolvers<void>()
    const slow = new ReadableStream({
      async start(controller) {
        controller.enqueue(new Uint8Array(10))
        await first.promise
        controller.close()
      },
    })
    const answer = post(slow)
    let refused: Response | undefined
    await until(
      async () => {
        const response = await post('other')
        if (response.status !== 503) return false
        refused = response
        return true
      },
      () => 'the first upload holds the place',
    )
    expect(refused!.headers.get('retry-after')).to.equal('2')
    await expectProblem(refused!, 503, 'server.busy')
    first.resolve()
    expect((await answer).status).to.equal(200)
    expect((await post('other')).status).to.equal(200)
  })

  it('that breaks off at any moment leaves the server at work', async () => {
    await start()
    for (let i = 0; i < 40; i++) await breakOff(server.port, i % 2 === 0, i)
    expect((await post('some media')).status).to.equal(200)
    expect(server.said.filter(({ level }) => Number(level) >= 50)).to.deep.equal([])
  })
})

/** Descriptors of this process on files in `directory`, where the system tells. */
function openUploads(directory: string): string[] {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(directory) ? [path] : []
    } catch {
      return []
    }
  })
}

/** Asks whether it may send so much, and waits for the answer. */
function announce(port: number, bytes: number): Promise<{ status: string; sent: boolean }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\nExpect: 100-continue\r\n\r\n`,
      ),
    )
    socket.setEncoding('utf8').on('error', reject)
    socket.on('data', (data) => {
      text += data
      if (!text.includes('\r\n\r\n')) return
      socket.destroy()
      resolve({ status: text.split('\r\n')[0]!, sent: text.includes('100 Continue') })
    })
  })
}

/** As Python's http.client does: writes all of it without a look at what comes back. */
function sendThenRead(port: number, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.pause()
      socket.write(`POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`)
      socket.write(new Uint8Array(bytes), (error) => (error ? reject(error) : socket.resume()))
    })
    socket.setEncoding('utf8').on('error', reject)
    socket.once('data', (data: string) => {
      socket.destroy()
      resolve(data.split('\r\n')[0]!)
    })
  })
}

/** Sends a part of an upload and hangs up, each time a little later. */
function breakOff(port: number, form: boolean, turns: number): Promise<void> {
  const type = form ? 'multipart/form-data; boundary=b' : 'image/jpeg'
  const body = form ? '--b\r\ncontent-disposition: form-data; name="media"; filename="a"\r\n\r\nxxx' : 'xxx'
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: 9999\r\n\r\n${body}`,
        () => after(turns, () => socket.resetAndDestroy()),
      ),
    )
    socket.on('error', () => {}).on('close', () => resolve())
  })
}

function after(turns: number, done: () => void): void {
  if (turns <= 0) done()
  else setImmediate(() => after(turns - 1, done))
}
