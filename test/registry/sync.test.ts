import { expect } from 'chai'
import { toHex } from '../../server/bytes.ts'
import type { RecordRow } from '../../server/catalogue/index.ts'
import { type Fingerprint, writeManifest } from '../../server/fingerprint/index.ts'
import { createMatcher } from '../../server/matching/index.ts'
import { createSync } from '../../server/registry/sync.ts'
import { picture, sound, video } from '../fingerprint/make.ts'
import { memoryBlocks, memoryCatalogue, recordOf } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

async function registered(of: Fingerprint, sequence: number, title: string | null = null) {
  const manifest = await writeManifest(of, { ...NOTHING, title })
  return { row: recordOf(of, sequence, { manifestDigest: manifest.digest }), manifest }
}

function setUp() {
  const [catalogue, blocks, matcher] = [memoryCatalogue(), memoryBlocks(), createMatcher()]
  const errors: unknown[] = []
  const sync = createSync({ catalogue, blocks, matcher, onError: (error) => errors.push(error) })
  const manifestOf = async ({ recordId }: RecordRow) => (await catalogue.record(recordId))!.manifest
  const keysOf = (of: Fingerprint) => {
    const answer = matcher.find(of)
    return answer.kind === 'found' ? answer.found.map(({ key }) => key) : answer.reason
  }
  return { catalogue, blocks, matcher, sync, errors, manifestOf, keysOf }
}

describe('the registry keeps what is registered searchable', () => {
  it('when it starts, in all pieces of the catalogue', async () => {
    const { catalogue, sync, matcher, keysOf } = setUp()
    const all = [1, 2, 3, 4, 5].map((seed) => picture(seed))
    catalogue.insert(...all.map((of, i) => recordOf(of, i)))
    await sync.start()
    expect(matcher.size().originals).to.equal(5)
    for (const of of all) expect(keysOf(of)).to.have.length(1)
  })

  it('after an append and until a rollback', async () => {
    const { catalogue, sync, keysOf } = setUp()
    await sync.start()
    const row = recordOf(picture(1), 1)
    catalogue.insert(row)
    await sync.settled()
    expect(keysOf(picture(1))).to.deep.equal([toHex(row.recordId)])
    catalogue.drop(row)
    await sync.settled()
    expect(keysOf(picture(1))).to.deep.equal([])
  })

  it('what is appended and rolled back while it starts', async () => {
    const { catalogue, sync, matcher, keysOf } = setUp()
    const [stays, goes, comes] = [1, 2, 3].map((seed) => recordOf(picture(seed), seed))
    catalogue.insert(stays!, goes!)
    const starting = sync.start()
    catalogue.drop(goes!)
    catalogue.insert(comes!)
    await starting
    expect(matcher.size().originals).to.equal(2)
    expect([1, 2, 3].map((seed) => keysOf(picture(seed)).length)).to.deep.equal([1, 0, 1])
  })

  it('no longer once it is stopped', async () => {
    const { catalogue, sync, matcher } = setUp()
    await sync.start()
    sync.stop()
    catalogue.insert(recordOf(picture(1), 1))
    await sync.settled()
    expect(matcher.size().originals).to.equal(0)
  })

  it('without sound, and without what this version does not know', async () => {
    const { catalogue, sync, matcher } = setUp()
    await sync.start()
    catalogue.insert(
      recordOf(sound(1), 1),
      recordOf(picture(2), 2, { kind: null }),
      recordOf(picture(3), 3, { algorithm: 9 }),
      recordOf(video(4, 0), 4),
    )
    await sync.settled()
    expect(matcher.size().originals).to.equal(0)
  })

  it('though one record in a batch cannot be read', async () => {
    const { catalogue, blocks, sync, errors, keysOf } = setUp()
    await sync.start()
    const failure = new Error('disk')
    const { row, manifest } = await registered(picture(1), 1)
    const { get } = blocks
    blocks.get = (cid) => (cid === manifest.root ? Promise.reject(failure) : get(cid))
    catalogue.insert(row, recordOf(picture(2), 2))
    await sync.settled()
    expect(keysOf(picture(2))).to.have.length(1)
    expect(errors).to.deep.equal([failure])
  })
})

describe('a manifest', () => {
  const of = video(5, 130)

  it('that is held when its record comes is kept and read', async () => {
    const { catalogue, blocks, sync, matcher, manifestOf } = setUp()
    await sync.start()
    const { row, manifest } = await registered(of, 1, 'Quay')
    await blocks.hold(manifest.root, manifest.blocks)
    catalogue.insert(row)
    await sync.settled()
    expect([...blocks.kept.keys()]).to.deep.equal(manifest.blocks.map(({ cid }) => cid))
    const { width, height, durationMs } = of
    expect(await manifestOf(row)).to.deep.equal({ state: 'present', title: 'Quay', width, height, durationMs })
    expect(matcher.size().hashes, 'all frames, not only the anchored').to.equal(130)
  })

  it('that comes after its record is read on refresh', async () => {
    const { catalogue, blocks, sync, matcher, manifestOf } = setUp()
    await sync.start()
    const { row, manifest } = await registered(of, 1)
    catalogue.insert(row)
    await sync.settled()
    expect(await manifestOf(row)).to.include({ state: 'missing' })
    expect(matcher.size().hashes).to.equal(64)
    await blocks.hold(manifest.root, manifest.blocks)
    await sync.refresh([row.recordId])
    expect(await manifestOf(row)).to.include({ state: 'present' })
    expect(matcher.size()).to.deep.equal({ originals: 1, hashes: 130 })
  })

  it('that differs from its anchor is a mismatch, and only the anchored words count', async () => {
    const { catalogue, blocks, sync, matcher, manifestOf } = setUp()
    await sync.start()
    const { row, manifest } = await registered(of, 1, 'Quay')
    await blocks.hold(manifest.root, manifest.blocks)
    const anchored = { ...row, perceptualHashes: row.perceptualHashes.slice(0, 60) }
    catalogue.insert(anchored)
    await sync.settled()
    expect(await manifestOf(row)).to.deep.include({ state: 'mismatch', title: null })
    expect(matcher.size().hashes).to.equal(60)
  })

  it('that is rubbish is a mismatch, and its record stands', async () => {
    const { catalogue, blocks, sync, errors, manifestOf, keysOf } = setUp()
    await sync.start()
    const { row, manifest } = await registered(picture(6), 1)
    await blocks.put([{ cid: manifest.root, bytes: new Uint8Array([0xff]) }])
    catalogue.insert(row)
    await sync.settled()
    expect(await manifestOf(row)).to.include({ state: 'mismatch' })
    expect(keysOf(picture(6))).to.have.length(1)
    expect(errors).to.deep.equal([])
  })
})
