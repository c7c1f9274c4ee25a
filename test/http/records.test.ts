import { setTimeout } from 'node:timers/promises'
import { CarReader } from '@ipld/car'
import { expect } from 'chai'
import { toHex, toHex0x } from '../../server/bytes.ts'
import { writeList, writeManifest } from '../../server/fingerprint/index.ts'
import {
  CAR_TYPE,
  heldView,
  publisherView,
  recordsView,
  recordView,
  registrationView,
  wholeRecordView,
  writeCar,
} from '../../server/registry/index.ts'
import { networkView } from '../../server/registry/views.ts'
import { picture, video } from '../fingerprint/make.ts'
import { readCar } from '../registry/cars.ts'
import { recordOf } from '../registry/fakes.ts'
import { expectProblem, REVALIDATE, type Served, serve, TOKEN } from './harness.ts'

const of = video(11, 130)
const manifest = await writeManifest(of, {
  title: 'Quay',
  text: null,
  sourceUrl: null,
  derivedFrom: new Uint8Array(32),
})
const row = recordOf(of, 4, { manifestDigest: manifest.digest })
const recordId = toHex0x(row.recordId)

describe('records over HTTP', () => {
  let server: Served
  beforeEach(async () => {
    server = await serve()
  })
  afterEach(() => server.close())

  it('a record that the indexer commits just now is told when it can be found, and not before', async () => {
    const { record } = server.catalogue
    const [committed, manifestRead] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()]
    server.blocks.adopt = () => manifestRead.promise
    server.catalogue.record = async (id) => {
      if (!(await record(id))) server.catalogue.insert(row)
      committed.resolve()
      return record(id)
    }
    let told = false
    const telling = server.registry.record(recordId).then(() => {
      told = true
    })
    await committed.promise
    await setTimeout(100)
    const early = told
    manifestRead.resolve(false)
    await telling
    expect(early).to.equal(false)
  })

  const get = (path: string, headers: Record<string, string> = {}) => fetch(server.url + path, { headers })
  const json = async (path: string) => (await get(path)).json()
  const hold = (body: Uint8Array, type = CAR_TYPE) =>
    fetch(`${server.url}/v1/registrations`, {
      method: 'POST',
      body: body as BodyInit,
      headers: { 'content-type': type },
    })
  const car = () => writeCar(manifest.root, manifest.blocks)

  it('lists newest first, in pages that neither repeat nor leave out', async () => {
    const rows = [1, 2, 3, 4, 5].map((sequence) => recordOf(picture(sequence), sequence))
    server.catalogue.insert(...rows)
    const seen: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page = recordsView.strict().parse(await json(`/v1/records?limit=2${next && `&cursor=${next}`}`))
      seen.push(...page.records.map((one) => one.recordId))
      next = page.next
    }
    expect(seen).to.deep.equal(rows.toReversed().map((one) => toHex0x(one.recordId)))
  })

  it('lists those of a digest, of a publisher, of a kind', async () => {
    server.catalogue.insert(recordOf(picture(1), 1), recordOf(picture(2), 2, { publisherId: 9 }), row)
    const sequences = async (query: string) => (await json(`/v1/records?${query}`)).records.length
    expect(await sequences(`contentDigest=${toHex(of.contentDigest)}`)).to.equal(1)
    expect(await sequences(`contentDigest=0x${toHex(of.contentDigest)}`)).to.equal(1)
    expect(await sequences('publisher=9')).to.equal(1)
    expect(await sequences('kind=image')).to.equal(2)
    expect(await sequences('kind=audio')).to.equal(0)
  })

  for (const query of ['contentDigest=12', 'cursor=-1', 'cursor=x', 'limit=201', 'kind=text', 'publisher=0'])
    it(`refuses to list by ${query}`, async () => {
      const { detail } = await expectProblem(await get(`/v1/records?${query}`), 400, 'request.invalid')
      expect(detail).to.contain(query.split('=')[0]!)
    })

  it('shows one, as promised', async () => {
    server.catalogue.insert({ ...row, revoked: { at: 1_700_000_100, reason: 200, signer: row.signer } })
    const view = wholeRecordView.strict().parse(await json(`/v1/records/${recordId}`))
    expect(view).to.deep.include({
      recordId,
      citation: `eip155:31337:0x${'02'.repeat(20)}/${recordId}`,
      manifest: 'missing',
      manifestCid: manifest.root,
      state: 'revoked',
      algorithm: 'pdq1',
    })
    expect(view.revocation!.reason).to.equal('unknown (200)')
    expect(view.anchor.finality).to.equal('local')
    await expectProblem(await get(`/v1/records/0x${'00'.repeat(32)}`), 404, 'record.not_found')
    await expectProblem(await get('/v1/records/12'), 400, 'request.invalid')
  })

  it('shows a publisher', async () => {
    const view = publisherView.strict().parse(await json('/v1/publishers/7'))
    expect(view.keys.map(({ endedAt }) => endedAt)).to.deep.equal([null, '2020-09-13T12:30:00Z'])
    await expectProblem(await get('/v1/publishers/8'), 404, 'publisher.not_found')
    await expectProblem(await get('/v1/publishers/seven'), 400, 'request.invalid')
  })

  it('shows the status of chain and index', async () => {
    const view = networkView.strict().parse(await json('/v1/status'))
    expect(view).to.deep.include({ chainId: 31_337, local: true, version: '1.2.3', publishers: 1, records: 0 })
    expect(view.index).to.deep.equal({
      head: 9,
      chainHead: 9,
      safe: null,
      finalized: null,
      lagBlocks: 0,
      lagSeconds: 0,
      lastError: null,
      lastErrorAt: null,
      nodes: [],
    })
  })

  it('holds a manifest until its registration, and keeps it after', async () => {
    const first = await hold(await car())
    expect(first.status).to.equal(202)
    expect(heldView.strict().parse(await first.json())).to.deep.equal({
      root: manifest.root,
      type: 'manifest',
      contentDigest: toHex(of.contentDigest),
      count: null,
      blocks: 4 - 1,
      status: 'held',
      expiresAt: '1970-01-01T00:26:40Z',
    })
    await expectProblem(await get(`/v1/records/${recordId}/manifest`), 404, 'record.not_found')
    server.catalogue.insert(row)
    expect(recordView.parse(await json(`/v1/records/${recordId}`))).to.include({ manifest: 'present', title: 'Quay' })
    expect(await json(`/v1/records/${recordId}/manifest`)).to.deep.include({
      cid: manifest.root,
      description: { title: 'Quay', text: null, sourceUrl: null, derivedFrom: '00'.repeat(32) },
      frames: 130,
    })
  })

  it('holds a list whose blocks are all there', async () => {
    const claim = { contentDigest: of.contentDigest, manifestDigest: manifest.digest, kind: 2, algorithm: 0 }
    const list = await writeList([{ ...claim, perceptualHashes: [] }])
    const answer = await hold(await writeCar(list.root, list.blocks))
    expect(answer.status).to.equal(202)
    const { expiresAt: _, ...held } = heldView.strict().parse(await answer.json())
    expect(held).to.deep.equal({
      root: list.root,
      type: 'list',
      contentDigest: null,
      count: 1,
      blocks: 2,
      status: 'held',
    })
    await expectProblem(await hold(await writeCar(list.root, list.blocks.slice(0, 1))), 400, 'block.invalid')
  })

  it('keeps a manifest at once whose registration has come already', async () => {
    server.catalogue.insert(row)
    await expectProblem(await get(`/v1/records/${recordId}/manifest`), 404, 'block.not_found')
    const held = await hold(await car())
    expect(held.status).to.equal(200)
    expect(await held.json()).to.include({ status: 'kept', expiresAt: null })
    expect(await json(`/v1/records/${recordId}`)).to.include({ manifest: 'present' })
  })

  it('keeps of a CAR what the manifest links to, and nothing else', async () => {
    const other = await writeManifest(picture(3), { title: null, text: null, sourceUrl: null, derivedFrom: null })
    server.catalogue.insert(row)
    await hold(await writeCar(manifest.root, [...manifest.blocks, ...other.blocks]))
    expect([...server.blocks.kept.keys()]).to.have.members(manifest.blocks.map(({ cid }) => cid))
  })

  it('keeps evidence that is for this server alone, and serves it to nobody', async () => {
    const withEvidence = picture(4, {
      picture: { ...picture(4).picture!, local: new Uint8Array(37), evidence: Uint8Array.of(1, 2, 3) },
    })
    const own = await writeManifest(
      withEvidence,
      { title: null, text: null, sourceUrl: null, derivedFrom: null },
      'server',
    )
    const [root, local, kept] = own.blocks.map(({ cid }) => cid)
    server.catalogue.insert({ ...recordOf(withEvidence, 9), manifestDigest: own.digest })
    expect(await (await hold(await writeCar(own.root, own.blocks))).json()).to.include({ status: 'kept', blocks: 3 })
    expect([...server.blocks.kept.keys()]).to.have.members([root, local, kept])
    expect((await get(`/ipfs/${local}?format=raw`)).status).to.equal(200)
    await expectProblem(await get(`/ipfs/${kept}?format=raw`), 404, 'block.not_found')
    await expectProblem(await get(`/ipfs/${kept}?format=car`), 404, 'block.not_found')
    const all = await readCar(new Uint8Array(await (await get(`/ipfs/${root}?format=car&dag-scope=all`)).arrayBuffer()))
    expect(all.blocks.map(({ cid }) => cid)).to.deep.equal([root, local])
  })

  describe('of a film', () => {
    /** Two minutes and a half: frames and local hashes of three minutes, evidence of eight stretches, six megabytes. */
    const film = video(12, 300)
    const frames = film.frames.map((frame) => ({
      ...frame,
      local: new Uint8Array(37),
      evidence: Uint8Array.of(1, 1, 0, 8, 0, 8, ...new Uint8Array(16_000).fill(frame.timeMs)),
    }))
    const nothing = { title: null, text: null, sourceUrl: null, derivedFrom: null }
    const stretches = 8
    let large: Served
    let blocks: Awaited<ReturnType<typeof writeManifest>>['blocks']
    before(async () => {
      large = await serve({ limits: { spaceBytes: 100e6, clientBytes: 100e6 } })
      blocks = (await writeManifest({ ...film, frames }, nothing)).blocks
      large.catalogue.insert({
        ...recordOf(film, 13),
        manifestDigest: (await writeManifest({ ...film, frames }, nothing)).digest,
      })
    })
    after(() => large.close())
    const served = async (scope: string) => {
      const answer = await fetch(`${large.url}/ipfs/${blocks[0]!.cid}?format=car&dag-scope=${scope}`)
      return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) }
    }
    const cids = async ({ bytes }: { bytes: Uint8Array }) => (await readCar(bytes)).blocks.map(({ cid }) => cid)

    it('are taken in a CAR of any size that a film has, and served in one', async () => {
      const sent = await writeCar(blocks[0]!.cid, blocks)
      expect(sent.length).to.be.above(4 << 20)
      const answer = await fetch(`${large.url}/v1/registrations`, {
        method: 'POST',
        headers: { 'content-type': CAR_TYPE },
        body: sent as BodyInit,
      })
      expect(await answer.json()).to.include({ status: 'kept', blocks: blocks.length })
      expect((await served('all')).bytes).to.deep.equal(sent)
      expect(await cids(await served('block'))).to.deep.equal([blocks[0]!.cid])
    })

    it('are served without evidence that is not here, and not without anything else', async () => {
      const [first] = blocks.slice(-stretches)
      large.blocks.kept.delete(first!.cid)
      const rest = blocks.filter(({ cid }) => cid !== first!.cid)
      expect(await cids(await served('all'))).to.deep.equal(rest.map(({ cid }) => cid))
      large.blocks.kept.delete(blocks[2]!.cid)
      expect((await served('all')).status).to.equal(404)
    })
  })

  it('takes nothing but the CAR of a manifest', async () => {
    await expectProblem(await hold(await car(), 'application/json'), 415, 'request.unsupported_media_type')
    await expectProblem(await hold(new Uint8Array([1, 2, 3])), 400, 'block.invalid')
    await expectProblem(await hold(new Uint8Array()), 400, 'block.invalid')
    const leaf = manifest.blocks[1]!
    await expectProblem(await hold(await writeCar(leaf.cid, [leaf])), 400, 'block.invalid')
    await expectProblem(await hold(await writeCar(manifest.root, manifest.blocks.slice(0, 2))), 400, 'block.invalid')
  })

  describe('and their blocks', () => {
    beforeEach(() => server.blocks.put(manifest.blocks))

    it('are served raw, for ever, and never as a page', async () => {
      const response = await get(`/ipfs/${manifest.root}?format=raw`)
      expect(response.status).to.equal(200)
      expect(Buffer.compare(await response.bytes(), manifest.blocks[0]!.bytes)).to.equal(0)
      expect(Object.fromEntries(response.headers)).to.include({
        'content-type': 'application/vnd.ipld.raw',
        'cache-control': 'public, max-age=29030400, immutable',
        'content-disposition': `attachment; filename="${manifest.root}.bin"`,
        'x-content-type-options': 'nosniff',
        vary: 'Accept',
      })
      const again = await get(`/ipfs/${manifest.root}`, {
        'if-none-match': response.headers.get('etag')!,
        ...REVALIDATE,
      })
      expect(again.status).to.equal(304)
    })

    it('are served as a CAR with all that is linked, or one alone', async () => {
      const cids = async (query: string) => {
        const reader = await CarReader.fromBytes(await (await get(`/ipfs/${manifest.root}?${query}`)).bytes())
        expect((await reader.getRoots()).map(String)).to.deep.equal([manifest.root])
        return (await Array.fromAsync(reader.cids())).map(String)
      }
      expect(await cids('format=car')).to.deep.equal(manifest.blocks.map(({ cid }) => cid))
      expect(await cids('format=car&dag-scope=block')).to.deep.equal([manifest.root])
    })

    it('are chosen by Accept where the query says nothing', async () => {
      const response = await get(`/ipfs/${manifest.root}`, { accept: 'application/vnd.ipld.car' })
      expect(response.headers.get('content-type')).to.equal('application/vnd.ipld.car; version=1; order=dfs; dups=n')
      await expectProblem(await get(`/ipfs/${manifest.root}?format=html`), 400, 'request.invalid')
    })

    it('that are not here are not found, whole or in part', async () => {
      const missing = manifest.blocks[1]!.cid
      server.blocks.kept.delete(missing)
      await expectProblem(await get(`/ipfs/${missing}?format=raw`), 404, 'block.not_found')
      await expectProblem(await get(`/ipfs/${manifest.root}?format=car`), 404, 'block.not_found')
    })
  })

  describe('by the development publisher', () => {
    const register = (token: string | null, query = '') =>
      fetch(`${server.url}/v1/development/registrations${query}`, {
        method: 'POST',
        body: 'media',
        headers: token === null ? {} : { 'x-firsthand-token': token },
      })

    it('are registered with the token of the page', async () => {
      const answer = await (await register(TOKEN, '?title=Quay')).json()
      expect(registrationView.strict().parse(answer)).to.include({
        status: 'registered',
        transaction: `0x${'06'.repeat(32)}`,
      })
    })

    it('are refused without the token, or with another', async () => {
      for (const token of [null, '', 'x', `${TOKEN}x`, TOKEN.toUpperCase()])
        await expectProblem(await register(token), 403, 'request.forbidden')
    })

    it('are refused with a title of 301 characters', async () => {
      await expectProblem(await register(TOKEN, `?title=${'x'.repeat(301)}`), 400, 'request.invalid')
    })

    it('are refused where there is no such publisher', async () => {
      await server.close()
      server = await serve({ token: null })
      await expectProblem(await register(TOKEN), 403, 'signer.unavailable')
    })
  })
})
