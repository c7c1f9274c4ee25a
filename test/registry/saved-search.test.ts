import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { toHex } from '../../server/bytes.ts'
import { type Fingerprint, writeManifest } from '../../server/fingerprint/index.ts'
import { PRINT_STEP_S } from '../../server/fingerprint/sound-prints.ts'
import { createMatcher, type Original } from '../../server/matching/index.ts'
import { createSavedSearch } from '../../server/registry/saved-search.ts'
import { createSync, type Filled } from '../../server/registry/sync.ts'
import { temporaryPath } from '../catalogue/databases.ts'
import { picture, sound, video } from '../fingerprint/make.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

describe('what is saved of the search', () => {
  let world: Awaited<ReturnType<typeof worldOf>>
  beforeEach(async () => {
    world = await worldOf([picture(1), video(2, 130), sound(3), video(4, 300)])
    await world.start()
    await world.sync().save()
  })

  it('is taken at the next start instead of reading a manifest, and is the same', async () => {
    const { sync, held, start, opened, saves } = world
    const before = held()
    opened.length = 0
    expect(await start()).to.deep.equal({ taken: 4, read: 0, refused: null })
    expect(held()).to.deep.equal(before)
    expect(opened).to.deep.equal([])
    saves.length = 0
    await sync().save()
    expect(saves, 'nothing has changed').to.deep.equal([])
  })

  it('holds where the local hashes of a video are, which are read at the start', async () => {
    const of = video(8, 130)
    const frames = of.frames.map((frame, i) => ({ ...frame, local: i % 60 === 0 ? new Uint8Array(37) : null }))
    const { start, opened, sync, given, manifests } = await worldOf([{ ...of, frames }])
    await start()
    const before = given()
    expect(before[0]!.keys!.map(({ timeMs }) => timeMs)).to.deep.equal([0, 30_000, 60_000])
    await sync().save()
    opened.length = 0
    expect(await start()).to.include({ taken: 1, read: 0 })
    expect(given()).to.deep.equal(before)
    expect(opened).to.deep.equal(manifests[0]!.blocks.slice(3).map(({ cid }) => cid))
  })

  it('holds where the prints of a sound are, which are read at the start', async () => {
    const prints = {
      startS: 0.25,
      stepS: PRINT_STEP_S,
      prints: Uint32Array.from({ length: 3_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0),
      levels: new Uint8Array(3_000).fill(120),
    }
    const heard = { prints, tracks: 1, damaged: false, readable: true }
    const { start, opened, sync, given, manifests } = await worldOf([{ ...sound(9), sound: heard }])
    await start()
    const before = given()
    expect(before[0]!.sound).to.deep.equal(prints)
    await sync().save()
    opened.length = 0
    expect(await start()).to.include({ taken: 1, read: 0 })
    expect(given()).to.deep.equal(before)
    expect(opened).to.deep.equal(manifests[0]!.blocks.slice(1).map(({ cid }) => cid))
  })

  it('is passed over for a record of which the catalogue says something else', async () => {
    const { catalogue, rows, start, sync } = world
    const [row] = await catalogue.recordsById([rows[1]!.recordId])
    for (const change of [
      { perceptualHashes: row!.perceptualHashes.slice(1) },
      { kind: 'image' as const },
      { algorithm: 0 },
      { manifestDigest: rows[0]!.manifestDigest },
      { contentDigest: rows[0]!.contentDigest },
      { manifest: { ...row!.manifest, title: 'another' } },
      { manifest: { ...row!.manifest, state: 'missing' as const } },
    ]) {
      sync().stop()
      catalogue.insert({ ...row!, ...change })
      expect(await start(), JSON.stringify(Object.keys(change))).to.include({ taken: 3, read: 1 })
    }
  })

  it('is passed over for a record of whose manifest a block is gone, be it the root or another', async () => {
    const { blocks, manifests, start } = world
    for (const { cid, bytes } of manifests[3]!.blocks) {
      blocks.kept.delete(cid)
      expect(await start()).to.include({ taken: 3, read: 1 })
      blocks.kept.set(cid, bytes)
      await start()
      await world.sync().save()
    }
  })

  it('does not bring back a record that is gone', async () => {
    const { catalogue, rows, start, held } = world
    catalogue.drop(rows[0]!)
    expect(await start()).to.include({ taken: 3, read: 0 })
    expect(held().map(({ key }) => key)).not.to.include(toHex(rows[0]!.recordId))
  })

  it('counts for nothing where a byte is another one, or it ends early', async () => {
    const { file, start, held } = world
    const whole = readFileSync(file)
    const before = held()
    const damaged = [0, 40, whole.length >> 1, whole.length - 1].map((at) => {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1
      return bytes
    })
    for (const bytes of [...damaged, ...[0, 31, 100, whole.length - 1].map((length) => whole.subarray(0, length))]) {
      writeFileSync(file, bytes)
      expect(await start()).to.deep.equal({ taken: 0, read: 4, refused: 'it is damaged' })
      expect(held()).to.deep.equal(before)
    }
  })

  it('counts for nothing to another program, and for another deployment', async () => {
    const refused = 'it is of another version or deployment'
    for (const change of [{ version: '2' }, { deployment: { ...DEPLOYMENT, chainId: 1 } }])
      expect(await world.start(change)).to.deep.equal({ taken: 0, read: 4, refused })
  })

  it('is replaced as a whole, and what a crash left of another attempt does not matter', async () => {
    const { file, directory, catalogue, rows, start, sync } = world
    const unfinished = join(directory, 'index', '.new')
    mkdirSync(unfinished, { recursive: true })
    writeFileSync(join(unfinished, 'left'), 'half')
    const before = readFileSync(file)
    catalogue.drop(rows[0]!)
    await sync().settled()
    await sync().save()
    expect(readFileSync(file).equals(before)).to.equal(false)
    expect(readdirSync(unfinished)).to.deep.equal(['left'])
    expect(await start()).to.include({ taken: 3, read: 0 })
  })

  it('is not there before the search is filled', async () => {
    const { entries, saves, open } = world
    saves.length = 0
    await open().save()
    expect(saves).to.deep.equal([])
    expect(entries().size).to.equal(4)
  })
})

/** Records with their manifests, and servers that start and stop. */
async function worldOf(all: Fingerprint[]) {
  const [directory, catalogue, blocks] = [temporaryPath(), memoryCatalogue(), memoryBlocks()]
  const manifests = await Promise.all(all.map((of) => writeManifest(of, NOTHING)))
  const rows = all.map((of, i) => recordOf(of, i + 1, { manifestDigest: manifests[i]!.digest }))
  catalogue.insert(...rows)
  for (const manifest of manifests) await blocks.put(manifest.blocks)
  const opened: string[] = []
  const saves: number[] = []
  const { get } = blocks
  blocks.get = (cid) => {
    opened.push(cid)
    return get(cid)
  }
  let matcher = createMatcher()
  /** What was handed to it. */
  let given: Original[] = []
  let filled: Filled | null = null
  let sync = open()

  function open(change: object = {}) {
    matcher = createMatcher()
    given = []
    const { add } = matcher
    matcher.add = (original) => {
      given.push(original)
      add(original)
    }
    const options = { directory, stored: () => blocks.kept.keys(), version: '1', deployment: DEPLOYMENT, ...change }
    const file = createSavedSearch(options)
    const save: typeof file.save = (entries) => {
      saves.push(entries.size)
      return file.save(entries)
    }
    return createSync({
      deployment: DEPLOYMENT,
      catalogue,
      blocks,
      matcher,
      saved: { ...file, save },
      onFilled: (said) => {
        filled = said
      },
      onError: (error) => {
        throw error
      },
    })
  }
  return {
    directory,
    file: join(directory, 'index', 'search1'),
    catalogue,
    blocks,
    manifests,
    rows,
    opened,
    saves,
    open,
    sync: () => sync,
    given: () => given,
    entries: () => sync.entries(),
    held: () => [...matcher.originals()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    async start(change: object = {}): Promise<Filled | null> {
      sync.stop()
      sync = open(change)
      await sync.start()
      return filled
    },
  }
}
