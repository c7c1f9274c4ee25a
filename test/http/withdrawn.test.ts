import { expect } from 'chai'
import { toHex0x } from '../../server/bytes.ts'
import { toDocument, writeManifest } from '../../server/fingerprint/index.ts'
import type { LookupView, WholeRecordView } from '../../server/registry/index.ts'
import { writeCar } from '../../server/registry/index.ts'
import { picture, video } from '../fingerprint/make.ts'
import { recordOf } from '../registry/fakes.ts'
import { expectProblem, type Served, serve } from './harness.ts'

const of = video(5, 130)
const description = { title: 'What may not be shown', text: null, sourceUrl: null, derivedFrom: null }
const manifest = await writeManifest(of, description)
const row = recordOf(of, 1, { manifestDigest: manifest.digest })
const id = toHex0x(row.recordId)
const WITHDRAWN = { at: 1_700_000_000, reason: 'a court said so' }

describe('a manifest that the operator withdrew', () => {
  let server: Served
  beforeEach(async () => {
    server = await serve()
    await server.blocks.put(manifest.blocks)
    server.catalogue.insert(row)
    await server.registry.record(id)
    await server.withdrawals.withdraw(manifest.root, WITHDRAWN)
  })
  afterEach(() => server.close())
  const get = (path: string) => fetch(server.url + path)
  const record = async () => (await (await get(`/v1/records/${id}`)).json()) as WholeRecordView

  it('is gone from every address that served it, with the reason', async () => {
    const linked = manifest.blocks[1]!.cid
    for (const path of [
      `/ipfs/${manifest.root}?format=raw`,
      `/ipfs/${manifest.root}?format=car`,
      `/v1/records/${id}/manifest`,
    ]) {
      const { detail } = await expectProblem(await get(path), 410, 'block.withdrawn')
      expect(detail).to.equal(
        `the operator of this server withdrew block ${manifest.root} on 2023-11-14: a court said so`,
      )
    }
    expect((await get(`/ipfs/${linked}?format=raw`)).status, 'what it links to is another block').to.equal(200)
  })

  it('takes a CAR with it that would hold it', async () => {
    await server.withdrawals.restore(manifest.root)
    await server.withdrawals.withdraw(manifest.blocks[1]!.cid, { at: 0, reason: null })
    await expectProblem(await get(`/ipfs/${manifest.root}?format=car`), 410, 'block.withdrawn')
    expect((await get(`/ipfs/${manifest.root}?format=car&dag-scope=block`)).status).to.equal(200)
  })

  it('leaves its record, which says so and shows nothing of it', async () => {
    const shown = await record()
    expect(shown).to.deep.include({
      state: 'active',
      manifest: 'withdrawn',
      withdrawal: { at: '2023-11-14T22:13:20Z', reason: 'a court said so' },
      title: null,
      durationS: null,
    })
    expect(JSON.stringify(await (await get('/v1/records')).json())).not.to.contain(description.title)
  })

  it('is named in no answer to a lookup, though its record is found', async () => {
    const response = await fetch(`${server.url}/v1/lookups`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fingerprint: toDocument(of) }),
    })
    const found = (await response.json()) as LookupView
    expect(found).to.include({ verdict: 'identical' })
    expect(found.matches[0]!.recordId).to.equal(id)
    expect(JSON.stringify(found)).not.to.contain(description.title)
  })

  it('is not taken when it is handed over again', async () => {
    const car = await writeCar(manifest.root, manifest.blocks)
    const response = await fetch(`${server.url}/v1/registrations`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.ipld.car' },
      body: car as BodyInit,
    })
    await expectProblem(response, 410, 'block.withdrawn')
  })

  it('is there again when it is restored', async () => {
    await server.withdrawals.restore(manifest.root)
    expect(await record()).to.include({ manifest: 'present', withdrawal: null, title: description.title })
    expect((await get(`/v1/records/${id}/manifest`)).status).to.equal(200)
  })

  it('is no matter for other records', async () => {
    const other = await writeManifest(picture(1), description)
    await server.blocks.put(other.blocks)
    const second = recordOf(picture(1), 2, { manifestDigest: other.digest })
    server.catalogue.insert(second)
    expect(await server.registry.record(toHex0x(second.recordId))).to.include({ manifest: 'present', withdrawal: null })
  })
})
