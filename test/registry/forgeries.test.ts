import { expect } from 'chai'
import {
  anchoredWords,
  type EvidenceChoice,
  type Fingerprint,
  type PictureHash,
  type PixelPlane,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { TOO_MANY } from '../../server/registry/pictures.ts'
import { type LookupView, lookupView } from '../../server/registry/views.ts'
import { cropped, pasted } from '../fingerprint/copies.ts'
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
  evidence?: EvidenceChoice
}

async function registryOf(registered: Registered[], trusted = [TRUSTED]) {
  const set = lookupsOf(undefined, { trusted })
  await set.sync.start()
  for (const [i, { of, by, hours, evidence }] of registered.entries()) {
    const manifest = await writeManifest(of, NOTHING, evidence)
    await set.blocks.hold(manifest.root, manifest.blocks, null)
    const { algorithm, words } = anchoredWords(of)
    const row = recordOf(of, i + 1, { publisherId: by, registeredAt: 1_000_000 + hours * HOUR })
    set.catalogue.insert({ ...row, manifestDigest: manifest.digest, algorithm, perceptualHashes: words })
  }
  await set.sync.settled()
  return set.ask
}

/** What leads and what contradicts it, by publisher. */
function told(view: LookupView) {
  const conflict = view.matches.find(({ recordId }) => recordId === view.conflict?.recordId)
  const named = (match: LookupView['matches'][number] | undefined) => match && [match.publisher.id, match.relation]
  return { leads: named(view.matches[0]), conflict: named(conflict) }
}

const crop = { x: 60, y: 40, width: 380, height: 290 }
const ofGenuine = { of: fingerprintOf(genuine, 1), by: TRUSTED, hours: 0 }
const forgedCrop = fingerprintOf(cropped(forged, crop), 5)
const again = (of: Fingerprint): Fingerprint => ({ ...of, contentDigest: picture(96).contentDigest })

/** Records of something else that have some hashes of `like`. */
function lures(count: number, like: Partial<PictureHash>): Registered[] {
  return Array.from({ length: count }, (_, i) => {
    const other = scene({ width: 64, height: 64, seed: 400 + i })
    const hashes = { ...hashWhole(other, other), evidence: null, ...like }
    const of = picture(50 + i, { width: 480, height: 360, picture: hashes })
    return { of, by: STRANGER, hours: 48, evidence: 'none' as const }
  })
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

  it('registered a part of the forgery, which has other hashes', async () => {
    const ask = await registryOf([ofGenuine, { of: forgedCrop, by: STRANGER, hours: 48 }])
    const expected = { leads: [TRUSTED, 'altered'], conflict: [STRANGER, 'identical'] }
    expect(told(await ask(forgedCrop))).to.deep.equal(expected)
    expect(told(await ask(again(forgedCrop))).leads).to.deep.equal(expected.leads)
    // Whose records are not asked for hides nothing either.
    expect(told(await ask(forgedCrop, { publisher: TRUSTED })).leads).to.deep.equal(expected.leads)
    expect((await ask(forgedCrop, { kind: 'video' })).matches).to.deep.equal([])
  })

  it('registered many records with the hashes of the forgery', async () => {
    const fake = fingerprintOf(forged, 2)
    const { orientations, reduced } = fake.picture!
    const ask = await registryOf([ofGenuine, ...lures(24, { orientations, reduced, local: null })])
    const view = await ask(fake, { limit: 50 })
    expect(told(view).leads).to.deep.equal([TRUSTED, 'altered'])
    expect(view.matches.filter(({ limits }) => limits.includes(TOO_MANY))).not.to.be.empty
  })

  it('registered many records with the local hashes of a part of it', async () => {
    const ask = await registryOf([ofGenuine, ...lures(24, { local: forgedCrop.picture!.local })])
    expect(told(await ask(forgedCrop)).leads).to.deep.equal([TRUSTED, 'altered'])
  })
})

describe('where nobody is trusted, the older record leads, and the other is named, where a stranger', () => {
  it('registered a part of the forgery later', async () => {
    const ask = await registryOf([ofGenuine, { of: forgedCrop, by: STRANGER, hours: 48 }], [])
    const expected = { leads: [TRUSTED, 'altered'], conflict: [STRANGER, 'identical'] }
    expect(told(await ask(forgedCrop))).to.deep.equal(expected)
  })

  it('flooded the registry with local hashes of a part of it', async () => {
    const ask = await registryOf([ofGenuine, ...lures(24, { local: forgedCrop.picture!.local })], [])
    expect(told(await ask(forgedCrop)).leads).to.deep.equal([TRUSTED, 'altered'])
  })
})

describe('who asks for one publisher’s records', () => {
  it('is told of them, though another publisher’s older record explains everything', async () => {
    const ask = await registryOf(
      [
        { of: forgedCrop, by: STRANGER, hours: 0 },
        { ...ofGenuine, hours: 48 },
      ],
      [],
    )
    expect(told(await ask(forgedCrop, { publisher: TRUSTED })).leads).to.deep.equal([TRUSTED, 'altered'])
  })
})

describe('within the hour, where nobody is trusted,', () => {
  it('equal bytes lead, and the record from which they differ is named', async () => {
    const ask = await registryOf([ofGenuine, { of: forgedCrop, by: STRANGER, hours: 0.5 }], [])
    const expected = { leads: [STRANGER, 'identical'], conflict: [TRUSTED, 'altered'] }
    expect(told(await ask(forgedCrop))).to.deep.equal(expected)
  })
})
