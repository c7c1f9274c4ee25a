import { expect } from 'chai'
import { anchoredWords, type Fingerprint, type PixelPlane, writeManifest } from '../../server/fingerprint/index.ts'
import { hashAndView, hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { createMatcher, examinePicture } from '../../server/matching/index.ts'
import { createRows } from '../../server/registry/rows.ts'
import { createStillLookup } from '../../server/registry/stills.ts'
import { createStretches } from '../../server/registry/stretches.ts'
import { createSync } from '../../server/registry/sync.ts'
import { candidateOf, joined, originalFrames, SIZE, shot } from '../fingerprint/footage.ts'
import { picture, video } from '../fingerprint/make.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

/** A registry that holds these, and the lookup of stills in it. */
async function registryOf(...originals: Fingerprint[]) {
  const [catalogue, blocks, matcher] = [memoryCatalogue(), memoryBlocks(), createMatcher()]
  const onError = (error: unknown) => {
    throw error
  }
  const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks, matcher, onError })
  for (const [i, of] of originals.entries()) {
    const manifest = await writeManifest(of, NOTHING, 'public')
    await blocks.hold(manifest.root, manifest.blocks, null)
    await blocks.adopt(manifest.root)
    const { algorithm, words } = anchoredWords(of)
    const row = recordOf(of, i + 1, { manifestDigest: manifest.digest, algorithm, perceptualHashes: words })
    catalogue.insert(row)
    await sync.refresh([row.recordId])
  }
  const parts: Parameters<typeof createStillLookup>[0] = {
    matcher,
    blocks,
    stretches: createStretches({ blocks, fetch: null }),
    examine: async (candidate, among) => examinePicture(candidate, among),
  }
  const options = { rows: createRows(catalogue), signal: new AbortController().signal }
  return { ...createStillLookup(parts), parts, options }
}

const registeredVideo = (seed: number): Fingerprint => ({
  ...video(seed, 24, { width: SIZE.width, height: SIZE.height }),
  frames: originalFrames(shot(seed), 12_000),
})

const registeredPicture = (seed: number, pixels: PixelPlane): Fingerprint =>
  picture(seed, { width: pixels.width, height: pixels.height, picture: hashWhole(pixels, pixels) })

/** As a decoder answers a picture that is looked up. */
function asked(seed: number, pixels: PixelPlane) {
  const { picture: hashes, view } = hashAndView(pixels, pixels)
  return { candidate: picture(seed, { width: pixels.width, height: pixels.height, picture: hashes }), view }
}

describe('a still', () => {
  it('of a registered video is found at its moment', async () => {
    const stills = await registryOf(registeredVideo(1), registeredVideo(2))
    const { candidate, view } = asked(9, shot(1)(4_000))
    const [found, ...others] = await stills.ofPicture(candidate, view, stills.options)
    expect(others).to.deep.equal([])
    expect(found!.relation).to.equal('excerpt')
    expect(found!.segments[0]!.original.startMs).to.be.within(3_000, 5_000)
    expect(found!.limits.join()).to.match(/what moves was not compared/)
  })

  it('of another video is not', async () => {
    const stills = await registryOf(registeredVideo(1), registeredVideo(2))
    const { candidate, view } = asked(9, shot(3)(4_000))
    expect(await stills.ofPicture(candidate, view, stills.options)).to.deep.equal([])
  })

  it('is passed over where the evidence of its video is rubbish', async () => {
    const stills = await registryOf(registeredVideo(1))
    const { candidate, view } = asked(9, shot(1)(4_000))
    const broken = createStillLookup({
      ...stills.parts,
      stretches: { get: async ([one]) => new Map([[one!.cid, Uint8Array.of(1, 2, 3)]]) },
    })
    expect(await broken.ofPicture(candidate, view, stills.options)).to.deep.equal([])
  })

  it('is not sought without its pixels', async () => {
    const stills = await registryOf(registeredVideo(1))
    expect(await stills.ofPicture(asked(9, shot(1)(4_000)).candidate, null, stills.options)).to.deep.equal([])
  })
})

describe('a video', () => {
  const shown = shot(5)(0)
  const still = () => shown
  const ofVideo = ({ frames, durationMs }: ReturnType<typeof candidateOf>) =>
    video(9, 1, { width: SIZE.width, height: SIZE.height, frames, durationMs })

  it('of a registered picture finds it', async () => {
    const stills = await registryOf(registeredPicture(1, shown), registeredPicture(2, shot(6)(0)))
    const candidate = candidateOf(still, 4_000)
    const found = await stills.ofFilm(ofVideo(candidate), candidate.film, stills.options)
    expect(found.map(({ relation }) => relation)).to.deep.equal(['same_content'])
    expect(found[0]!.explained).to.be.at.least(0.9)
  })

  it('that shows it for a while is a composite, with the stretch', async () => {
    const stills = await registryOf(registeredPicture(1, shown))
    const other = shot(7)
    const candidate = candidateOf(
      joined({ of: other, startMs: 0, ms: 3_000 }, { of: still, startMs: 0, ms: 3_000 }),
      6_000,
    )
    const [found] = await stills.ofFilm(ofVideo(candidate), candidate.film, stills.options)
    expect(found!.relation).to.equal('composite')
    expect(found!.segments[0]!.candidate.startMs).to.be.within(2_700, 3_300)
    expect(found!.segments[0]!.candidate.endMs).to.be.within(5_700, 6_300)
  })

  it('of something else finds none', async () => {
    const stills = await registryOf(registeredPicture(1, shown))
    const candidate = candidateOf(shot(8), 4_000)
    expect(await stills.ofFilm(ofVideo(candidate), candidate.film, stills.options)).to.deep.equal([])
  })
})
