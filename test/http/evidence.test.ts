import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import sharp from 'sharp'
import { toHex0x } from '../../server/bytes.ts'
import { encodeEvidence, manifestCid, writeManifest } from '../../server/fingerprint/index.ts'
import { draw } from '../../server/registry/examine-worker.ts'
import type { EvidenceChoice } from '../../server/registry/index.ts'
import { picture, video } from '../fingerprint/make.ts'
import { scenePlane } from '../fingerprint/planes.ts'
import { recordOf } from '../registry/fakes.ts'
import { expectProblem, REVALIDATE, type Served, serve } from './harness.ts'

const description = { title: 'Quay', text: null, sourceUrl: null, derivedFrom: null }
const view = scenePlane(90, 60)
const evidenceOf = (evidence: Uint8Array) => picture(1, { picture: { ...picture(1).picture!, evidence } })

describe('the evidence of a record', () => {
  let server: Served
  let drawn: number
  beforeEach(async () => {
    drawn = 0
    server = await serve({
      draw: (evidence) => {
        drawn++
        return draw(evidence)
      },
    })
  })
  afterEach(() => server.close())

  /** Registers a picture. @returns where its evidence is, and the blocks of its manifest. */
  async function registered(evidence = encodeEvidence(view), choice: EvidenceChoice = 'public') {
    const of = evidenceOf(evidence)
    const manifest = await writeManifest(of, description, choice)
    await server.blocks.put(manifest.blocks)
    const row = recordOf(of, 1, { manifestDigest: manifest.digest })
    server.catalogue.insert(row)
    const path = `/v1/records/${toHex0x(row.recordId)}/evidence`
    return { path, root: manifest.root, cid: manifest.blocks.at(-1)!.cid }
  }
  const get = (path: string, headers: Record<string, string> = {}) => fetch(server.url + path, { headers })

  it('is a picture that is asked for each time, and sent and drawn once', async () => {
    const { path, cid } = await registered()
    const answer = await get(path)
    expect(answer.status).to.equal(200)
    expect(Object.fromEntries(answer.headers)).to.include({
      'content-type': 'image/png',
      'cache-control': 'no-cache',
      etag: `"${cid}.png"`,
      'x-content-type-options': 'nosniff',
    })
    const { data, info } = await sharp(await answer.arrayBuffer())
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(info).to.include({ width: 90, height: 60, channels: 3 })
    const difference = data.reduce((sum, value, i) => sum + Math.abs(value - view.data[i]!), 0) / data.length
    expect(difference).to.be.below(8)
    const again = await get(path, { 'if-none-match': `"${cid}.png"`, ...REVALIDATE })
    expect(again.status).to.equal(304)
    expect(Object.fromEntries(again.headers)).to.include({ 'cache-control': 'no-cache', etag: `"${cid}.png"` })
    expect((await (await get(path)).arrayBuffer()).byteLength).to.be.above(1_000)
    expect(drawn).to.equal(1)
  })

  it('is not decoded for who has it already', async () => {
    const { path, cid } = await registered()
    expect((await get(path, { 'if-none-match': `"${cid}.png"`, ...REVALIDATE })).status).to.equal(304)
    expect(drawn).to.equal(0)
  })

  it('is not there for who has it already, once it was withdrawn', async () => {
    const { path, cid } = await registered()
    await server.withdrawals.withdraw(cid, { at: 0, reason: null })
    const headers = { 'if-none-match': `"${cid}.png"`, ...REVALIDATE }
    await expectProblem(await get(path, headers), 410, 'block.withdrawn')
  })

  it('is not there where the publisher kept it, where the record has no manifest, and where there is no record', async () => {
    const { path } = await registered(undefined, 'none')
    const { detail } = await expectProblem(await get(path), 404, 'block.not_found')
    expect(detail).to.match(/has no public evidence$/)
    const bare = recordOf(picture(2), 2)
    server.catalogue.insert(bare)
    await expectProblem(await get(`/v1/records/${toHex0x(bare.recordId)}/evidence`), 404, 'block.not_found')
    await expectProblem(await get(`/v1/records/0x${'00'.repeat(32)}/evidence`), 404, 'record.not_found')
  })

  it('is shown to nobody where it was handed to this server alone, not through the manifest of a stranger either', async () => {
    const { path, cid } = await registered(undefined, 'server')
    await expectProblem(await get(path), 404, 'block.not_found')
    const [rootBlock] = (await writeManifest(evidenceOf(encodeEvidence(view)), description)).blocks
    const root = dagCbor.decode<Record<string, unknown>>(rootBlock!.bytes)
    const block = dagCbor.encode({ ...root, evidence: CID.parse(cid) })
    const digest = (await sha256.digest(block)).digest
    await server.blocks.put([{ cid: manifestCid(digest), bytes: block }])
    const row = recordOf(picture(1), 9, { manifestDigest: digest })
    server.catalogue.insert(row)
    const stolen = `/v1/records/${toHex0x(row.recordId)}`
    expect(await (await get(stolen)).json()).to.include({ manifest: 'present' })
    const { detail } = await expectProblem(await get(`${stolen}/evidence`), 404, 'block.not_found')
    expect(detail).to.match(/is no evidence that this server reads$/)
  })

  it('is not shown where the manifest is not what was anchored', async () => {
    const of = evidenceOf(encodeEvidence(view))
    const manifest = await writeManifest(of, description)
    await server.blocks.put(manifest.blocks)
    const row = recordOf(picture(3), 3, { manifestDigest: manifest.digest })
    server.catalogue.insert(row)
    const path = `/v1/records/${toHex0x(row.recordId)}`
    expect(await (await get(path)).json()).to.include({ manifest: 'mismatch' })
    await expectProblem(await get(`${path}/evidence`), 404, 'block.not_found')
  })

  describe('of a video', () => {
    const grey = (value: number) => ({
      width: 64,
      height: 36,
      channels: 1 as const,
      data: new Uint8Array(64 * 36).fill(value),
    })
    /** Half a minute, two frames a second, each a little brighter than the one before. */
    const plain = video(5, 60)
    const of = {
      ...plain,
      frames: plain.frames.map((frame, i) => ({ ...frame, evidence: encodeEvidence(grey(4 * i)) })),
    }

    async function filmed(choice: EvidenceChoice = 'public', blocksFrom = 0) {
      const manifest = await writeManifest(of, description, choice)
      await server.blocks.put(manifest.blocks.filter((_, i) => i < 2 || i >= 2 + blocksFrom))
      const row = recordOf(of, 4, { manifestDigest: manifest.digest })
      server.catalogue.insert(row)
      return { path: `/v1/records/${toHex0x(row.recordId)}/evidence`, stretches: manifest.blocks.slice(2) }
    }
    const shown = async (answer: Response) => {
      const { data, info } = await sharp(await answer.arrayBuffer())
        .raw()
        .toBuffer({ resolveWithObject: true })
      expect(info).to.include({ width: 64, height: 36 })
      return Math.round(data[0]! / 4)
    }

    it('is that of the frame nearest to the second that is asked for, the first one unless told', async () => {
      const { path, stretches } = await filmed()
      for (const [query, frame] of [
        ['', 0],
        ['?at=0.2', 0],
        ['?at=3.3', 7],
        ['?at=20.1', 40],
        ['?at=99999', 59],
      ] as const) {
        const answer = await get(path + query)
        expect(answer.headers.get('etag')).to.equal(`"${stretches[frame < 40 ? 0 : 1]!.cid}.${500 * frame}.png"`)
        expect(await shown(answer), query).to.equal(frame)
      }
    })

    it('is drawn once for each frame', async () => {
      const { path } = await filmed()
      for (const at of [1, 1.1, 2]) await get(`${path}?at=${at}`)
      expect(drawn).to.equal(2)
    })

    it('is not there where its publisher kept it, and where its stretch is not here', async () => {
      await expectProblem(await get((await filmed('server')).path), 404, 'block.not_found')
      await expectProblem(await get((await filmed('none')).path), 404, 'block.not_found')
    })

    it('is shown of the stretches that are here, and withdrawn one by one', async () => {
      const { path, stretches } = await filmed('public', 1)
      await expectProblem(await get(`${path}?at=5`), 404, 'block.not_found')
      expect((await get(`${path}?at=25`)).status).to.equal(200)
      await server.withdrawals.withdraw(stretches[1]!.cid, { at: 0, reason: null })
      await expectProblem(await get(`${path}?at=25`), 410, 'block.withdrawn')
    })

    it('is asked for at a second that there is', async () => {
      const { path } = await filmed()
      for (const at of ['-1', 'x', '1e9']) await expectProblem(await get(`${path}?at=${at}`), 400, 'request.invalid')
    })
  })

  it('is not shown where its bytes are none, and no cache keeps that', async () => {
    const { path } = await registered(Uint8Array.of(1, 3, 255, 255, 255, 255, 0, 9))
    const answer = await get(path)
    expect(answer.headers.get('cache-control')).not.to.match(/immutable/)
    expect(answer.headers.get('etag')).not.to.match(/png/)
    const { detail } = await expectProblem(answer, 404, 'block.not_found')
    expect(detail).to.match(/is no evidence that this server reads$/)
    await expectProblem(await get(path), 404, 'block.not_found')
    expect(drawn, 'times that it was tried').to.equal(1)
  })

  it('is gone when the operator withdrew it, or the manifest that it belongs to', async () => {
    const { path, root, cid } = await registered()
    await server.withdrawals.withdraw(cid, { at: 0, reason: null })
    await expectProblem(await get(path), 410, 'block.withdrawn')
    await server.withdrawals.restore(cid)
    expect((await get(path)).status).to.equal(200)
    await server.withdrawals.withdraw(root, { at: 0, reason: null })
    await expectProblem(await get(path), 410, 'block.withdrawn')
  })

  it('is read and nothing else', async () => {
    const { path } = await registered()
    await expectProblem(await fetch(server.url + path, { method: 'DELETE' }), 405, 'request.method_not_allowed')
  })
})
