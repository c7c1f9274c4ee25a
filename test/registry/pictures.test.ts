import { expect } from 'chai'
import {
  anchoredWords,
  type EvidenceChoice,
  type Fingerprint,
  type PixelPlane,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { hashAndView, hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { createMatcher, examinePicture, type Found } from '../../server/matching/index.ts'
import { createPictureLookup } from '../../server/registry/pictures.ts'
import { createRows } from '../../server/registry/rows.ts'
import { createSync } from '../../server/registry/sync.ts'
import { cropped, framed, pasted } from '../fingerprint/copies.ts'
import { picture } from '../fingerprint/make.ts'
import { scene } from '../fingerprint/scene.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
const signal = new AbortController().signal
const made = (seed: number) => scene({ width: 480, height: 360, seed, shapes: 40 })
const box = { x: 150, y: 80, width: 280, height: 220 }

const fingerprintOf = (pixels: PixelPlane, seed: number): Fingerprint =>
  picture(seed, { width: pixels.width, height: pixels.height, picture: hashWhole(pixels, pixels) })

async function registryOf(originals: PixelPlane[], choice: EvidenceChoice = 'public', trusted: number[] = []) {
  const [catalogue, matcher, blocks] = [memoryCatalogue(), createMatcher(), memoryBlocks()]
  let examined = 0
  const failures: unknown[] = []
  const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks, matcher, onError: (e) => failures.push(e) })
  await sync.start()
  for (const [i, pixels] of originals.entries()) {
    const of = fingerprintOf(pixels, i + 1)
    const manifest = await writeManifest(of, NOTHING, choice)
    await blocks.hold(manifest.root, manifest.blocks, null)
    const { algorithm, words } = anchoredWords(of)
    catalogue.insert({
      ...recordOf(of, i + 1, { registeredAt: 1_700_000_000 + 7_200 * i }),
      manifestDigest: manifest.digest,
      algorithm,
      perceptualHashes: words,
    })
  }
  await sync.settled()
  expect(failures).to.deep.equal([])
  const lookup = createPictureLookup({
    matcher,
    blocks,
    examine: async (candidate, among) => {
      examined += among.length
      return examinePicture(candidate, among)
    },
    trusted: new Set(trusted),
  })
  const find = async (pixels: PixelPlane, maxDistance?: number): Promise<Found[]> => {
    const answer = await lookup.find(fingerprintOf(pixels, 99), hashAndView(pixels, pixels).view, {
      maxDistance,
      rows: createRows(catalogue),
      signal,
    })
    return answer.kind === 'found' ? answer.found : []
  }
  return { find, examined: () => examined }
}

describe('a lookup of a picture', () => {
  it('finds a crop by local hashes, and compares it', async () => {
    const { find } = await registryOf([made(1), made(2), made(3)])
    const [found, ...more] = await find(cropped(made(2), box))
    expect(more).to.deep.equal([])
    expect(found).to.deep.include({ relation: 'excerpt', distanceBits: null, findings: [], limits: [] })
    expect(found!.transforms).to.include('cropped')
    expect(found!.likeness).to.be.above(0.8)
  })

  it('does not ask local hashes where a trusted publisher’s record explains everything', async () => {
    const { find, examined } = await registryOf([made(1), made(2), made(3)], 'public', [
      recordOf(picture(1), 1).publisherId,
    ])
    expect((await find(made(1))).map(({ relation }) => relation)).to.deep.equal(['same_content'])
    expect(examined()).to.equal(1)
  })

  it('asks for what is older where a stranger’s record does, and for no more', async () => {
    const part = cropped(made(1), box)
    const younger = await registryOf([made(1), part])
    expect((await younger.find(part)).map(({ relation }) => relation)).to.deep.equal(['same_content', 'excerpt'])
    const older = await registryOf([part, made(1)])
    expect((await older.find(part)).map(({ relation }) => relation)).to.deep.equal(['same_content'])
    expect(older.examined()).to.equal(1)
  })

  it('finds what is altered in a copy that is found as a whole', async () => {
    const { find } = await registryOf([made(1)])
    const [found] = await find(pasted(made(1), made(4), { x: 200, y: 150, width: 60, height: 60 }))
    expect(found!.relation).to.equal('altered')
    expect(found!.distanceBits).to.be.at.most(31)
  })

  it('finds each of two originals in one picture', async () => {
    const { find } = await registryOf([made(1), made(2), made(3)])
    const table = [20, 20, 20]
    const above = framed(made(1), 360, table)
    const below = cropped(framed(made(2), 1_000, table), { x: 640, y: 280, width: 1_200, height: 1_080 })
    const both = pasted(above, below, { x: 360, y: 720, width: 480, height: 360 })
    const found = await find(both)
    expect(found.map(({ relation }) => relation)).to.deep.equal(['composite', 'composite'])
  })

  it('says of a record without evidence that nothing was compared', async () => {
    const { find } = await registryOf([made(1), made(2)], 'none')
    const [found] = await find(cropped(made(1), box))
    expect(found!.limits).to.deep.equal(['not compared for alterations', 'no evidence of the original is published'])
  })

  it('compares with evidence that is kept here for its publisher', async () => {
    const { find } = await registryOf([made(1), made(2)], 'server')
    const [found] = await find(cropped(made(1), box))
    expect(found).to.deep.include({ relation: 'excerpt', limits: [] })
  })

  it('leaves out what has no near hash where only near ones are asked for', async () => {
    const { find } = await registryOf([made(1)])
    expect(await find(cropped(made(1), box), 31)).to.deep.equal([])
  })
})
