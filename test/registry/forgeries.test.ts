import { expect } from 'chai'
import { anchoredWords, type Fingerprint, type PixelPlane, writeManifest } from '../../server/fingerprint/index.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { lookupView } from '../../server/registry/views.ts'
import { pasted } from '../fingerprint/copies.ts'
import { picture } from '../fingerprint/make.ts'
import { scene } from '../fingerprint/scene.ts'
import { recordOf } from './fakes.ts'
import { lookupsOf } from './lookups-of.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
const [TRUSTED, STRANGER] = [7, 8]
const HOUR = 3_600

const genuine = scene({ width: 480, height: 360, seed: 21, shapes: 40 })
const forged = pasted(genuine, scene({ width: 480, height: 360, seed: 22, shapes: 120 }), {
  x: 210,
  y: 120,
  width: 70,
  height: 80,
})

const fingerprintOf = (pixels: PixelPlane, seed: number): Fingerprint =>
  picture(seed, { width: pixels.width, height: pixels.height, picture: hashWhole(pixels, pixels) })

interface Registered {
  of: Fingerprint
  by: number
  /** Hours since the first. */
  hours: number
}

async function registryOf(registered: Registered[]) {
  const set = lookupsOf(undefined, { trusted: [TRUSTED] })
  await set.sync.start()
  for (const [i, { of, by, hours }] of registered.entries()) {
    const manifest = await writeManifest(of, NOTHING)
    await set.blocks.hold(manifest.root, manifest.blocks, null)
    const { algorithm, words } = anchoredWords(of)
    const row = recordOf(of, i + 1, { publisherId: by, registeredAt: 1_000_000 + hours * HOUR })
    set.catalogue.insert({ ...row, manifestDigest: manifest.digest, algorithm, perceptualHashes: words })
  }
  await set.sync.settled()
  return set.ask
}

describe('a trusted publisher’s record leads, and the other is named, where a stranger', () => {
  it('registered a forgery of it, and it is the forgery that is looked up', async () => {
    const fake = fingerprintOf(forged, 2)
    const ask = await registryOf([
      { of: fake, by: STRANGER, hours: 0 },
      { of: fingerprintOf(genuine, 1), by: TRUSTED, hours: 48 },
    ])
    const view = await ask(fake)
    expect(view.matches.map(({ publisher, relation }) => [publisher.id, relation])).to.deep.equal([
      [TRUSTED, 'altered'],
      [STRANGER, 'identical'],
    ])
    expect(lookupView.parse(view), 'nothing beside what is promised').to.deep.equal(view)
    expect(view.conflict!.recordId).to.equal(view.matches[1]!.recordId)
    expect(view.summary).to.match(/one region differs from it\..*registered exactly these bytes/)
  })

  it('registered the true hashes with doctored evidence before it', async () => {
    const honest = fingerprintOf(genuine, 1)
    const evidence = fingerprintOf(forged, 2).picture!.evidence
    const doctored = { ...honest, contentDigest: picture(3).contentDigest, picture: { ...honest.picture!, evidence } }
    const ask = await registryOf([
      { of: doctored, by: STRANGER, hours: 0 },
      { of: honest, by: TRUSTED, hours: 48 },
    ])
    const view = await ask({ ...honest, contentDigest: picture(4).contentDigest })
    expect(view.matches.map(({ publisher, relation }) => [publisher.id, relation])).to.deep.equal([
      [TRUSTED, 'same_content'],
      [STRANGER, 'altered'],
    ])
    expect(view.conflict!.recordId).to.equal(view.matches[1]!.recordId)
    expect(view.summary).to.contain('registered a version that differs from it')
  })

  it('registered the same bytes a block earlier', async () => {
    const of = fingerprintOf(genuine, 1)
    const ask = await registryOf([
      { of, by: STRANGER, hours: 0 },
      { of, by: TRUSTED, hours: 0 },
    ])
    const view = await ask(of)
    expect(view.matches.map(({ publisher, relation }) => [publisher.id, relation])).to.deep.equal([
      [TRUSTED, 'identical'],
      [STRANGER, 'identical'],
    ])
    expect(view.conflict!.recordId).to.equal(view.matches[1]!.recordId)
    expect(view.matches[0]!.publisher.trust).to.equal('listed by this server')
  })
})
