import { expect } from 'chai'
import { toDocument } from '../../server/fingerprint/index.ts'
import { fileNameOf } from '../../server/http/file-name.ts'
import type { LookupView } from '../../server/registry/index.ts'
import { picture } from '../fingerprint/make.ts'
import { recordOf } from '../registry/fakes.ts'
import { expectProblem, heldDecode, type Options, type Served, serve, undecodable } from './harness.ts'

describe('GET /v1/lookups/{id}/report', () => {
  let server: Served
  const start = async (options?: Options) => {
    server = await serve(options)
  }
  afterEach(() => server.close())

  const post = (body: BodyInit, query = '', headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/lookups${query}`, { method: 'POST', body, headers })
  const reportOf = (posted: Response) => fetch(`${server.url}${posted.headers.get('location')}/report`)
  const view = async (response: Response) => (await response.json()) as LookupView

  it('is the finished lookup as a page, which loads nothing, runs nothing and is kept nowhere', async () => {
    await start()
    server.catalogue.insert(recordOf(picture(1), 1))
    const asked = await post('some media')
    const { summary, id, madeBy } = await view(asked)
    const response = await reportOf(asked)
    const html = await response.text()
    expect(response.status).to.equal(200)
    expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).to.match(
      /^default-src 'none'; style-src 'sha256-[^;]+'; img/,
    )
    expect(response.headers.get('content-disposition')).to.equal(`inline; filename="firsthand-report-${id}.html"`)
    expect(response.headers.get('cache-control')).to.equal('private, no-store')
    expect(html).to.include(summary!)
    expect(html).to.include(id)
    expect(madeBy!.software).to.equal('1.2.3')
    expect(madeBy!.thresholds).to.match(/^thresholds1-[0-9a-f]{12}$/)
    expect(html).to.include(madeBy!.thresholds)
  })

  it('tells the name that a file was sent under, without its folders, and its size', async () => {
    await start()
    const disposition = `attachment; filename*=UTF-8''${encodeURIComponent('/home/me/Kai am Morgen ä.jpg')}`
    const asked = await post('some media', '', { 'content-disposition': disposition })
    const { asked: question, candidate } = await view(asked)
    expect(question).to.deep.equal({
      name: 'Kai am Morgen ä.jpg',
      publisher: null,
      kind: null,
      maxDistance: null,
      limit: 20,
    })
    expect(candidate!.sizeBytes).to.equal(10)
    expect(await (await reportOf(asked)).text()).to.include('Kai am Morgen ä.jpg')
  })

  it('tells the name of a file of a form, and what a search was limited to', async () => {
    await start()
    const form = new FormData()
    form.set('media', new Blob(['some media']), 'ä b.jpg')
    const { asked } = await view(await post(form, '?publisher=3&kind=image&maxDistance=4&limit=2'))
    expect(asked).to.deep.equal({ name: 'ä b.jpg', publisher: 3, kind: 'image', maxDistance: 4, limit: 2 })
  })

  it('of a fingerprint says that the file was not seen', async () => {
    await start()
    const body = JSON.stringify({ fingerprint: toDocument(picture(1)) })
    const html = await (await reportOf(await post(body, '', { 'content-type': 'application/json' }))).text()
    expect(html).to.include('a fingerprint only, not the file')
  })

  it('of a lookup that runs is not there yet, and of one that was cancelled never', async () => {
    const held = heldDecode()
    await start({ decode: held.decode })
    const asked = await post('media', '?wait=0')
    const problem = await expectProblem(await reportOf(asked), 409, 'lookup.unfinished')
    expect(problem.retryAfterS).to.equal(2)
    await fetch(server.url + asked.headers.get('location'), { method: 'DELETE' })
    await expectProblem(await reportOf(asked), 409, 'lookup.cancelled')
  })

  it('of a lookup that failed is its failure', async () => {
    await start({ decode: undecodable })
    await expectProblem(await reportOf(await post('media')), 422, 'media.undecodable')
  })

  it('of a lookup that is not there, or was forgotten, is not found', async () => {
    await start()
    await expectProblem(await fetch(`${server.url}/v1/lookups/${'0'.repeat(32)}/report`), 404, 'lookup.not_found')
    const asked = await post('media')
    await fetch(server.url + asked.headers.get('location'), { method: 'DELETE' })
    await expectProblem(await reportOf(asked), 404, 'lookup.not_found')
  })
})

describe('the name that a client gives to a body', () => {
  for (const [header, name] of [
    [undefined, null],
    ['attachment', null],
    ['attachment; filename=quay.jpg', 'quay.jpg'],
    ['attachment; filename="quay at dawn.jpg"', 'quay at dawn.jpg'],
    [`attachment; filename="x.jpg"; filename*=UTF-8''k%C3%A4i.jpg`, 'käi.jpg'],
    [`attachment; filename*=UTF-8''%E0%A4%A`, null],
    [`attachment; filename*=UTF-8'en'a`, 'a'],
    ['attachment; filename=', null],
  ] as const)
    it(`is ${name} in ${header}`, () => void expect(fileNameOf(header)).to.equal(name))
})
