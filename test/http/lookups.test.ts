import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { toDocument } from '../../server/fingerprint/index.ts'
import { type LookupView, lookupView } from '../../server/registry/index.ts'
import { until } from '../chain/until.ts'
import { picture, video } from '../fingerprint/make.ts'
import { recordOf } from '../registry/fakes.ts'
import { expectProblem, heldDecode, type Options, type Served, serve, undecodable } from './harness.ts'

describe('POST /v1/lookups', () => {
  let server: Served
  const start = async (options?: Options) => {
    server = await serve(options)
  }
  afterEach(() => server.close())

  const post = (body: BodyInit, query = '', headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/lookups${query}`, { method: 'POST', body, headers })
  const view = async (response: Response) => (await response.json()) as LookupView

  it('answers media with the finished lookup', async () => {
    await start()
    const response = await post('some media', '', { 'content-type': 'image/jpeg' })
    const found = await view(response)
    expect(response.status).to.equal(200)
    expect(response.headers.get('location')).to.equal(`/v1/lookups/${found.id}`)
    expect(lookupView.strict().parse(found)).to.deep.equal(found)
    expect(found).to.include({ status: 'done', basis: 'media', verdict: 'not_registered' })
    // SHA-256 of the body, by coreutils.
    expect(found.candidate!.contentDigest).to.equal('919abfcbcf6c5118e8a7903f4036076593b12f973d5b7614b8aeae85b24888c6')
  })

  it('answers the field "media" of a form, whatever else it holds', async () => {
    await start()
    const form = new FormData()
    form.set('comment', 'hello')
    form.set('other', new Blob(['not this']), 'b.bin')
    form.set('media', new Blob(['some media']), 'a.jpg')
    form.set('more', new Blob(['nor this']), 'c.bin')
    const raw = await view(await post('some media'))
    expect((await view(await post(form))).candidate).to.deep.equal(raw.candidate)
  })

  it('answers a fingerprint without its media', async () => {
    await start()
    server.catalogue.insert(recordOf(picture(1), 1))
    const body = JSON.stringify({ fingerprint: toDocument(picture(1)) })
    const found = await view(await post(body, '', { 'content-type': 'application/json; charset=utf-8' }))
    expect(found).to.include({ basis: 'client fingerprint', verdict: 'identical' })
  })

  for (const [what, body, code] of [
    ['no JSON', '{', 'request.invalid'],
    ['an address that is a number', '{"url": 1}', 'request.invalid'],
    ['neither', '{}', 'request.invalid'],
    ['both', '{"url": "x", "fingerprint": {}}', 'request.invalid'],
    ['no fingerprint', '{"fingerprint": {}}', 'fingerprint.invalid'],
    ['a text', '"fingerprint"', 'request.invalid'],
  ] as const)
    it(`refuses JSON with ${what}`, async () => {
      await start()
      await expectProblem(await post(body, '', { 'content-type': 'application/json' }), 400, code)
    })

  it('refuses a fingerprint over 2 MiB', async () => {
    await start()
    const body = JSON.stringify({ fingerprint: toDocument(video(1, 20_500)) })
    await expectProblem(await post(body, '', { 'content-type': 'application/json' }), 413, 'request.too_large')
  })

  for (const query of [
    '?wait=121',
    '?wait=-1',
    '?wait=soon',
    '?limit=0',
    '?maxDistance=32',
    '?kind=text',
    '?publisher=0',
  ])
    it(`refuses ${query} by its name`, async () => {
      await start()
      const name = query.match(/\w+/)![0]
      const { detail } = await expectProblem(await post('media', query), 400, 'request.invalid')
      expect(detail).to.match(new RegExp(`^${name}: `))
    })

  it('answers a failure as the problem that it is, and keeps it', async () => {
    await start({ decode: undecodable })
    const response = await post('media')
    const problem = await expectProblem(response, 422, 'media.undecodable')
    expect(problem.detail).to.equal('frame 17: not a JPEG')
    const kept = await view(await fetch(server.url + response.headers.get('location')))
    expect(kept).to.include({ status: 'failed', verdict: null })
    expect(kept.error).to.deep.equal(problem)
  })

  it('answers a failure of ours without its words, which are in the log under the same name', async () => {
    await start({ decode: () => Promise.reject(new Error('secret path')) })
    const problem = await expectProblem(await post('media'), 500, 'server.internal')
    expect(JSON.stringify(problem)).not.to.contain('secret')
    const line = server.said.find(({ instance }) => instance === problem.instance)
    expect(line).to.have.nested.property('err.message', 'secret path')
  })

  it('answers 202 when the time is over, and later the lookup at its Location', async () => {
    const { decode, letGo } = heldDecode()
    await start({ decode })
    const response = await post('media', '?wait=0')
    expect(response.status).to.equal(202)
    expect(await view(response)).to.include({ status: 'running', stage: 'decoding', verdict: null })
    const location = server.url + response.headers.get('location')
    expect((await view(await fetch(location))).status).to.equal('running')
    letGo()
    await until(
      async () => (await view(await fetch(location))).status === 'done',
      () => location,
    )
  })

  it('is abandoned by a client that hangs up before it is told where to ask', async () => {
    const held = heldDecode()
    await start({ decode: held.decode })
    const abort = new AbortController()
    const asked = fetch(`${server.url}/v1/lookups`, { method: 'POST', body: 'media', signal: abort.signal })
    await until(
      () => held.begun() === 1,
      () => held.begun(),
    )
    abort.abort()
    expect(await asked.catch((error: Error) => error.name)).to.equal('AbortError')
    await until(
      () => [...server.catalogue.lookups.values()].some(({ body }) => body.includes('"cancelled"')),
      () => [...server.catalogue.lookups.values()],
    )
  })
})

/** Milliseconds between two signs of life on a stream of events, here. */
const HEARTBEAT_MS = 20

describe('/v1/lookups/{id}', () => {
  let server: Served
  let held: ReturnType<typeof heldDecode>
  beforeEach(async () => {
    held = heldDecode()
    server = await serve({ decode: held.decode, heartbeatMs: HEARTBEAT_MS })
  })
  afterEach(() => server.close())

  const begin = async () => {
    const response = await fetch(`${server.url}/v1/lookups?wait=0`, { method: 'POST', body: 'media' })
    return server.url + response.headers.get('location')
  }

  it('DELETE cancels what runs', async () => {
    const location = await begin()
    expect((await fetch(location, { method: 'DELETE' })).status).to.equal(204)
    expect(await (await fetch(location)).json()).to.include({ status: 'cancelled', verdict: null })
  })

  it('DELETE forgets what is finished', async () => {
    const location = await begin()
    await fetch(location, { method: 'DELETE' })
    expect((await fetch(location, { method: 'DELETE' })).status).to.equal(204)
    await expectProblem(await fetch(location), 404, 'lookup.not_found')
    await expectProblem(await fetch(location, { method: 'DELETE' }), 404, 'lookup.not_found')
    await expectProblem(await fetch(`${location}/events`), 404, 'lookup.not_found')
  })

  it('events tells stages and progress in order, then the lookup, and ends', async () => {
    const location = await begin()
    const stream = await fetch(`${location}/events`)
    expect(stream.headers.get('content-type')).to.match(/^text\/event-stream/)
    const events = readEvents(stream)
    expect((await events.next()).value).to.deep.equal(['stage', { stage: 'decoding', progress: null }])
    held.tell(0.25)
    expect((await events.next()).value).to.deep.equal(['stage', { stage: 'decoding', progress: 0.25 }])
    held.letGo()
    const rest = await Array.fromAsync(events)
    expect(rest.map(([name]) => name)).to.deep.equal(['stage', 'stage', 'done'])
    expect(rest[0]![1]).to.deep.equal({ stage: 'searching', progress: null })
    expect(rest[1]![1]).to.deep.equal({ stage: 'comparing', progress: null })
    expect(rest[2]![1]).to.deep.equal(await (await fetch(location)).json())
  })

  it('events of a connection that was cut are told from where it stands to whoever asks again', async () => {
    const location = await begin()
    const cut = new AbortController()
    const first = readEvents(await fetch(`${location}/events`, { signal: cut.signal }))
    await first.next()
    held.tell(0.25)
    cut.abort()
    await first.next().catch(() => {})
    const again = readEvents(await fetch(`${location}/events`))
    expect((await again.next()).value).to.deep.equal(['stage', { stage: 'decoding', progress: 0.25 }])
    held.letGo()
    expect((await Array.fromAsync(again)).at(-1)![1]).to.include({ status: 'done' })
  })

  it('events of a finished lookup is its end alone', async () => {
    held.letGo()
    const response = await fetch(`${server.url}/v1/lookups`, { method: 'POST', body: 'media' })
    const location = server.url + response.headers.get('location')
    const events = await Array.fromAsync(readEvents(await fetch(`${location}/events`)))
    expect(events).to.deep.equal([['done', await response.json()]])
  })

  it('events that have ended behind another answer on their connection break nothing', async () => {
    const body = JSON.stringify({ fingerprint: toDocument(picture(1)) })
    const headers = { 'content-type': 'application/json' }
    const answered = await fetch(`${server.url}/v1/lookups`, { method: 'POST', body, headers })
    const running = await begin()
    const ask = (path: string) => `GET ${path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const socket = connect(server.port, '127.0.0.1')
    const heard = once(socket, 'data')
    socket.write(ask(new URL(running).pathname) + ask(answered.headers.get('location')!))
    await heard
    // Long enough for several signs of life.
    await setTimeout(10 * HEARTBEAT_MS)
    socket.destroy()
    expect((await fetch(running)).status).to.equal(200)
    held.letGo()
  })

  it('events of a lookup that is cancelled ends with it', async () => {
    const location = await begin()
    const events = readEvents(await fetch(`${location}/events`))
    await events.next()
    await fetch(location, { method: 'DELETE' })
    const [last, ...more] = await Array.fromAsync(events)
    expect(more).to.deep.equal([])
    expect(last![0]).to.equal('done')
    expect(last![1]).to.include({ status: 'cancelled' })
  })
})

async function* readEvents(response: Response): AsyncGenerator<[string, unknown]> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const parts = text.split('\n\n')
    text = parts.pop()!
    // Without the signs of life, which come whenever the machine is slow.
    for (const part of parts.filter((one) => one !== ':')) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(part)!
      yield [name!, JSON.parse(data!)]
    }
  }
}
