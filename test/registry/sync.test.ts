import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { toHex } from '../../server/bytes.ts'
import type { BatchRow, RecordRow } from '../../server/catalogue/index.ts'
import { claimOf, rootOf } from '../../server/chain/index.ts'
import { encodeBlock } from '../../server/fingerprint/block.ts'
import { anchoredWords, type Fingerprint, writeList, writeManifest } from '../../server/fingerprint/index.ts'
import { createMatcher, type Original } from '../../server/matching/index.ts'
import { createSync } from '../../server/registry/sync.ts'
import { picture, sound, video } from '../fingerprint/make.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf, turn } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

async function registered(of: Fingerprint, sequence: number, title: string | null = null) {
  const manifest = await writeManifest(of, { ...NOTHING, title })
  return { row: recordOf(of, sequence, { manifestDigest: manifest.digest }), manifest }
}

function setUp() {
  const [catalogue, blocks, matcher] = [memoryCatalogue(), memoryBlocks(), createMatcher()]
  const errors: unknown[] = []
  /** What waits for its time, and after how long. */
  const timers = new Map<() => void, number>()
  const sync = createSync({
    deployment: DEPLOYMENT,
    catalogue,
    blocks,
    matcher,
    later: (ms, work) => {
      timers.set(work, ms)
      return () => timers.delete(work)
    },
    onError: (error) => errors.push(error),
  })
  const manifestOf = async ({ recordId }: RecordRow) => (await catalogue.record(recordId))!.manifest
  const keysOf = (of: Fingerprint) => {
    const answer = matcher.find(of)
    return answer.kind === 'found' ? answer.found.map(({ key }) => key) : answer.reason
  }
  /** Lets the time of everything that waits come. @returns after how many milliseconds it does. */
  async function pass(): Promise<number[]> {
    const due = [...timers]
    timers.clear()
    for (const [work] of due) work()
    await sync.settled()
    return due.map(([, ms]) => ms)
  }
  return { catalogue, blocks, matcher, sync, errors, manifestOf, keysOf, timers, pass }
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

  it('what is rolled back while it starts and comes again before the lists are taken', async () => {
    const { catalogue, sync, keysOf } = setUp()
    const row = recordOf(picture(1), 1)
    catalogue.insert(row)
    const { batches } = catalogue
    catalogue.batches = async (filter) => {
      catalogue.insert(row)
      await turn()
      return batches(filter)
    }
    const starting = sync.start()
    catalogue.drop(row)
    await starting
    expect(keysOf(picture(1))).to.deep.equal([toHex(row.recordId)])
  })

  it('until its leading anchor is one that claims nothing to compare', async () => {
    const { catalogue, sync, matcher, keysOf } = setUp()
    await sync.start()
    const row = recordOf(picture(1), 1)
    catalogue.insert(row)
    await sync.settled()
    catalogue.insert({ ...row, kind: 'audio', algorithm: 0, perceptualHashes: [] })
    await sync.settled()
    expect(keysOf(picture(1))).to.deep.equal([])
    expect(matcher.size().originals).to.equal(0)
  })

  it('no longer once it is stopped', async () => {
    const { catalogue, sync, matcher } = setUp()
    await sync.start()
    sync.stop()
    catalogue.insert(recordOf(picture(1), 1))
    await sync.settled()
    expect(matcher.size().originals).to.equal(0)
  })

  it('without sounds that have no prints, and without what this version does not know', async () => {
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

describe('what fails is tried again', () => {
  const failure = new Error('down')

  it('where the catalogue does not answer: all that was told meanwhile, once it does', async () => {
    const { catalogue, sync, errors, keysOf, pass, timers } = setUp()
    await sync.start()
    catalogue.broken = failure
    catalogue.insert(recordOf(picture(1), 1))
    catalogue.insert(recordOf(picture(2), 2))
    await sync.settled()
    expect(errors).to.deep.equal([failure, failure])
    expect(await pass()).to.deep.equal([5_000])
    expect(await pass()).to.deep.equal([10_000])
    expect(keysOf(picture(1))).to.deep.equal([])
    catalogue.broken = null
    expect(await pass()).to.deep.equal([20_000])
    expect([1, 2].map((seed) => keysOf(picture(seed)).length)).to.deep.equal([1, 1])
    expect(timers.size, 'nothing waits any more').to.equal(0)
    catalogue.broken = failure
    catalogue.insert(recordOf(picture(3), 3))
    await sync.settled()
    expect([...timers.values()], 'patience begins anew').to.deep.equal([5_000])
  })

  it('after at most a minute, however often it fails', async () => {
    const { catalogue, sync, pass } = setUp()
    await sync.start()
    catalogue.broken = failure
    catalogue.insert(recordOf(picture(1), 1))
    await sync.settled()
    for (let i = 0; i < 6; i++) await pass()
    expect(await pass()).to.deep.equal([60_000])
  })

  for (const [what, method] of [
    ['the record cannot be written', 'setManifest'],
    ['its blocks cannot be adopted', 'adopt'],
  ] as const)
    it(`where ${what}: that record alone`, async () => {
      const { catalogue, blocks, sync, errors, keysOf, pass } = setUp()
      await sync.start()
      const { row, manifest } = await registered(picture(1), 1)
      await blocks.hold(manifest.root, manifest.blocks)
      const broken = (method === 'adopt' ? blocks : catalogue) as unknown as Record<string, unknown>
      const whole = broken[method]
      broken[method] = async () => Promise.reject(failure)
      catalogue.insert(row)
      await sync.settled()
      expect(errors).to.deep.equal([failure])
      broken[method] = whole
      await pass()
      expect(keysOf(picture(1))).to.deep.equal([toHex(row.recordId)])
    })

  it('and what was rolled back meanwhile is not found', async () => {
    const { catalogue, sync, matcher, pass } = setUp()
    await sync.start()
    const row = recordOf(picture(1), 1)
    catalogue.broken = failure
    catalogue.insert(row)
    await sync.settled()
    catalogue.broken = null
    catalogue.drop(row)
    await pass()
    expect(matcher.size().originals).to.equal(0)
  })

  it('not once it is stopped', async () => {
    const { catalogue, sync, timers } = setUp()
    await sync.start()
    catalogue.broken = failure
    catalogue.insert(recordOf(picture(1), 1))
    await sync.settled()
    sync.stop()
    expect(timers.size).to.equal(0)
  })
})

describe('a change', () => {
  it('of a record that is not here takes it out of the search', async () => {
    const { catalogue, sync, matcher } = setUp()
    const row = recordOf(picture(1), 1)
    catalogue.insert(row)
    await sync.start()
    const { recordsById } = catalogue
    catalogue.recordsById = async () => []
    await sync.refresh([row.recordId])
    expect(matcher.size().originals).to.equal(0)
    catalogue.recordsById = recordsById
    await sync.refresh([row.recordId])
    expect(matcher.size().originals).to.equal(1)
  })

  it('of many records is read in pieces of 500', async () => {
    const { catalogue, sync } = setUp()
    await sync.start()
    const asked: number[] = []
    catalogue.recordsById = async (ids) => {
      asked.push(ids.length)
      return []
    }
    await sync.refresh(Array.from({ length: 1_001 }, (_, i) => recordOf(picture(1), i).recordId))
    expect(asked).to.deep.equal([500, 500, 1])
  })

  it('is left after the record at which the server stops', async () => {
    const { catalogue, blocks, sync, matcher } = setUp()
    await sync.start()
    const { adopt } = blocks
    let adopted = 0
    blocks.adopt = async (root) => {
      if (++adopted === 2) sync.stop()
      return adopt(root)
    }
    catalogue.insert(...[1, 2, 3, 4].map((seed) => recordOf(picture(seed), seed)))
    catalogue.insert(recordOf(picture(5), 5))
    await sync.settled()
    expect(matcher.size().originals).to.equal(2)
  })
})

describe('the local hashes of a video', () => {
  const of = video(3, 200)
  const local = new Uint8Array(74)
  const withKeys = { ...of, frames: of.frames.map((frame, i) => ({ ...frame, local: i % 90 === 0 ? local : null })) }
  const keys = [0, 45_000, 90_000].map((timeMs) => ({ timeMs, local }))

  it('are handed to the search with its frames, named by its manifest', async () => {
    const { catalogue, blocks, matcher, sync } = setUp()
    const given: Original[] = []
    matcher.add = (original) => void given.push(original)
    const { row, manifest } = await registered(withKeys, 1)
    await blocks.put(manifest.blocks)
    catalogue.insert(row)
    await sync.start()
    expect(given).to.have.length(1)
    expect(given[0]).to.deep.include({ keys, localCid: manifest.root })
    expect(given[0]!.frames).to.have.length(200)
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
    expect(matcher.size()).to.include({ originals: 1, hashes: 130 })
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

  it('of which a linked block is not here is missing, wanted, and read once it is here', async () => {
    const { catalogue, blocks, sync, manifestOf } = setUp()
    await sync.start()
    const { row, manifest } = await registered(of, 1)
    await blocks.put(manifest.blocks)
    catalogue.insert(row)
    await sync.settled()
    expect(await manifestOf(row)).to.include({ state: 'present' })
    blocks.kept.delete(manifest.blocks[1]!.cid)
    await sync.refresh([row.recordId])
    expect(await manifestOf(row)).to.include({ state: 'missing' })
    await blocks.put(manifest.blocks)
    await sync.refresh([row.recordId])
    expect(await manifestOf(row)).to.include({ state: 'present' })
  })

  it('that was found to be rubbish stays a mismatch, though only its root is here', async () => {
    const { catalogue, blocks, sync, manifestOf } = setUp()
    await sync.start()
    const { row, manifest } = await registered(of, 1)
    await blocks.put(manifest.blocks.slice(0, 1))
    catalogue.insert({ ...row, manifest: { ...row.manifest, state: 'mismatch' } })
    await sync.settled()
    expect(await manifestOf(row)).to.include({ state: 'mismatch' })
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

describe('the list of a rooted batch', () => {
  const listed = [1, 2, 3].map((seed) => {
    const { algorithm, words } = anchoredWords(picture(seed))
    const manifestDigest = new Uint8Array(32).fill(seed)
    return { contentDigest: picture(seed).contentDigest, manifestDigest, kind: 1, algorithm, perceptualHashes: words }
  })
  const claims = listed.map((one) => claimOf(DEPLOYMENT, 7, one))

  async function rooted(change: Partial<BatchRow> = {}) {
    const list = await writeList(listed)
    const batch: BatchRow = {
      publisherId: 7,
      root: rootOf(claims),
      listDigest: list.digest,
      count: 3,
      signer: new Uint8Array(20),
      registeredAt: 1,
      transactionHash: new Uint8Array(32),
      blockNumber: 1,
      logIndex: 0,
      list: 'missing',
      disowned: null,
      ...change,
    }
    const all = setUp()
    all.catalogue.rooted.push(batch)
    return { ...all, list, batch }
  }

  it('is taken when it is here at the start, or comes later', async () => {
    const early = await rooted()
    await early.blocks.hold(early.list.root, early.list.blocks)
    await early.sync.start()
    expect(early.catalogue.taken).to.deep.equal([claims])
    const late = await rooted()
    await late.sync.start()
    expect(late.catalogue.taken).to.deep.equal([])
    await late.blocks.hold(late.list.root, late.list.blocks)
    await late.sync.take(late.list.digest)
    expect(late.catalogue.taken).to.deep.equal([claims])
    expect(late.errors).to.deep.equal([])
  })

  it('is looked for again where that failed', async () => {
    const { catalogue, blocks, sync, list, pass } = await rooted()
    await sync.start()
    await blocks.hold(list.root, list.blocks)
    const { batches, setList } = catalogue
    catalogue.batches = () => Promise.reject(new Error('down'))
    await sync.take(list.digest)
    catalogue.batches = batches
    catalogue.setList = () => Promise.reject(new Error('down'))
    expect(await pass()).to.deep.equal([5_000])
    catalogue.setList = setList
    expect(await pass()).to.deep.equal([10_000])
    expect(catalogue.taken).to.deep.equal([claims])
  })

  it('is looked for at the start, however many are missing', async () => {
    const { catalogue, blocks, sync, list, batch } = await rooted({ blockNumber: 1 })
    await blocks.hold(list.root, list.blocks)
    for (let i = 2; i <= 2_000; i++)
      catalogue.rooted.push({ ...batch, listDigest: recordOf(picture(1), i).recordId, blockNumber: i })
    await sync.start()
    expect(catalogue.taken).to.deep.equal([claims])
  })

  it('counts for nothing where it has another root or count', async () => {
    for (const change of [{ root: new Uint8Array(32).fill(1) }, { count: 4 }]) {
      const { catalogue, blocks, sync, list } = await rooted(change)
      await blocks.hold(list.root, list.blocks)
      await sync.start()
      expect(catalogue.taken).to.deep.equal([null])
      expect(catalogue.rooted[0]!.list).to.equal('mismatch')
    }
  })

  it('is waited for while one of its blocks is missing, and rubbish is none', async () => {
    const { catalogue, blocks, sync, list } = await rooted()
    await blocks.hold(list.root, list.blocks.slice(0, 1))
    await sync.start()
    expect(catalogue.taken).to.deep.equal([])
    const endless = await encodeBlock({ firsthand: 'list1', count: 3, leaves: Array(2_001).fill(CID.parse(list.root)) })
    const never = await rooted({ listDigest: CID.parse(endless.cid).multihash.digest })
    await never.blocks.hold(endless.cid, [endless])
    await never.sync.start()
    expect(never.catalogue.taken, 'more than is fetched').to.deep.equal([null])
    const rubbish = await writeManifest(picture(1), NOTHING)
    const other = await rooted({ listDigest: rubbish.digest })
    await other.blocks.hold(rubbish.root, rubbish.blocks)
    await other.sync.start()
    expect(other.catalogue.taken).to.deep.equal([null])
    expect(other.errors).to.deep.equal([])
  })
})
