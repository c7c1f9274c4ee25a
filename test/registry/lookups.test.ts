import { expect } from 'chai'
import { toHex, toHex0x } from '../../server/bytes.ts'
import { RegistryError } from '../../server/errors.ts'
import type { Fingerprint, MediaFingerprint } from '../../server/fingerprint/index.ts'
import { lookupView } from '../../server/registry/views.ts'
import { picture, sound, video } from '../fingerprint/make.ts'
import { flipped, seeded } from '../random.ts'
import { recordOf, turn } from './fakes.ts'
import { HOUR, lookupsOf, ME, NOW } from './lookups-of.ts'

/** A candidate whose disposal can be seen. */
function candidate(of: Fingerprint) {
  const seen = { disposed: 0 }
  const dispose = async () => void seen.disposed++
  return { seen, fd: 9, byteLength: of.byteLength, contentDigest: of.contentDigest, dispose }
}

function near(of: Fingerprint, bits: number): Fingerprint {
  const shifted = (hashes: Uint8Array[]) => hashes.map((hash) => flipped(hash, bits, seeded(bits)))
  const { orientations, reduced, quality } = of.picture!
  return {
    ...of,
    contentDigest: picture(999).contentDigest,
    picture: { ...of.picture!, orientations: shifted(orientations), reduced: shifted(reduced), quality },
  }
}

describe('a lookup', () => {
  it('of registered bytes is identical, and in the shape that is promised', async () => {
    const { catalogue, sync, ask } = lookupsOf()
    await sync.start()
    const row = recordOf(picture(1), 1)
    catalogue.insert(row)
    await sync.settled()
    const view = await ask(picture(1))
    expect(lookupView.strict().parse(view)).to.deep.equal(view)
    expect(view).to.include({ status: 'done', verdict: 'identical', basis: 'client fingerprint', reason: null })
    expect(view.matches).to.have.length(1)
    expect(view.matches[0]).to.deep.include({
      recordId: toHex0x(row.recordId),
      relation: 'identical',
      similarity: 100,
      distanceBits: 0,
      publisher: { id: 7, name: 'Quay News', domain: null, trust: 'unverified' },
      registeredAt: '2023-11-14T22:13:20Z',
      state: 'active',
    })
    expect(view.limits).to.deep.equal([])
  })

  it('of a copy has the same content, and says what was not compared', async () => {
    const { catalogue, sync, ask } = lookupsOf()
    await sync.start()
    catalogue.insert(recordOf(picture(1), 1))
    await sync.settled()
    const view = await ask(near(picture(1), 16))
    expect(view.verdict).to.equal('same_content')
    expect(view.matches[0]).to.include({ distanceBits: 16, similarity: 88 })
    expect(view.limits).to.deep.equal(['not compared for alterations', 'no evidence of the original is published'])
    expect((await ask(near(picture(1), 16), { maxDistance: 15 })).verdict).to.equal('not_registered')
  })

  it('of a stranger is not registered, of sound and of grey inconclusive with a reason', async () => {
    const { ask } = lookupsOf()
    expect(await ask(picture(1))).to.include({ verdict: 'not_registered', reason: null })
    expect(await ask(sound(1)))
      .to.include({ verdict: 'inconclusive' })
      .and.to.have.property('reason')
      .equal('the fingerprint has no sound to compare by')
    const grey = await ask(video(1, 2))
    expect(grey.verdict).to.equal('inconclusive')
    expect(grey.matches).to.deep.equal([])
  })

  it('of a registered sound without features is identical by its bytes', async () => {
    const { catalogue, ask } = lookupsOf()
    catalogue.insert(recordOf(sound(1), 1))
    expect(await ask(sound(1))).to.include({ verdict: 'identical', reason: null })
  })

  it('names the older record first, and a younger one of these bytes as a conflict', async () => {
    const { catalogue, sync, ask } = lookupsOf()
    await sync.start()
    const original = recordOf(picture(1), 1, { registeredAt: 1_000 })
    const copy = near(picture(1), 8)
    const taken = recordOf(copy, 2, { registeredAt: 1_000 + HOUR, publisherId: 8, publisherName: null })
    catalogue.insert(original, taken)
    await sync.settled()
    const view = await ask(copy)
    expect(view.verdict).to.equal('same_content')
    expect(view.matches.map(({ relation }) => relation)).to.deep.equal(['same_content', 'identical'])
    expect(view.conflict?.recordId).to.equal(toHex0x(taken.recordId))
    expect(view.summary).to.match(/unverified.*Unverified publisher 8 registered exactly these bytes/)
  })

  it('answers in the same order whatever the order of the search', async () => {
    const rows = [3, 1, 2].map((sequence) => recordOf(picture(1), sequence))
    const orders = [rows, rows.toReversed()].map(async (inserted) => {
      const { catalogue, ask } = lookupsOf()
      catalogue.insert(...inserted)
      return (await ask(picture(1))).matches.map(({ recordId }) => recordId)
    })
    const [one, other] = await Promise.all(orders)
    expect(one).to.deep.equal(other)
    expect(one![0]).to.equal(toHex0x(rows[1]!.recordId))
  })

  it('keeps to the publisher, the kind and the number of matches that are asked for', async () => {
    const { catalogue, ask } = lookupsOf()
    catalogue.insert(recordOf(picture(1), 1), recordOf(picture(1), 2, { publisherId: 8 }), recordOf(picture(1), 3))
    expect((await ask(picture(1), { publisher: 8 })).matches.map(({ publisher }) => publisher.id)).to.deep.equal([8])
    expect((await ask(picture(1), { kind: 'video' })).verdict).to.equal('not_registered')
    expect((await ask(picture(1), { limit: 2 })).matches).to.have.length(2)
  })

  it('shows what is revoked as revoked', async () => {
    const { catalogue, ask } = lookupsOf()
    catalogue.insert(recordOf(picture(1), 1, { revoked: { at: 5, reason: 1, signer: new Uint8Array(20) } }))
    const view = await ask(picture(1))
    expect(view.matches[0]!.state).to.equal('revoked')
    expect(view.summary).to.contain('revoked')
  })
})

describe('the lookup of media', () => {
  const of = picture(1)
  const { contentDigest: _, byteLength: __, ...media } = of

  it('decodes, tells progress on the way and disposes of the candidate', async () => {
    const { lookups } = lookupsOf(async (fd, byteLength, { onProgress }) => {
      expect([fd, byteLength]).to.deep.equal([9, of.byteLength])
      await turn()
      onProgress(0.5)
      return media
    })
    const file = candidate(of)
    const started = lookups.startMedia(file, {}, ME)
    const seen: unknown[] = []
    lookups.watch(started.id, ({ status, stage, progress }) => seen.push([status, stage, progress]))
    const view = await lookups.wait(started.id, 10_000)
    expect(seen).to.deep.equal([
      ['running', 'decoding', null],
      ['running', 'decoding', 0.5],
      ['running', 'searching', null],
      ['running', 'comparing', null],
      ['done', null, null],
    ])
    expect(view).to.include({ basis: 'media', verdict: 'not_registered' })
    expect(view.candidate).to.include({ contentDigest: toHex(of.contentDigest), width: 640, quality: 100 })
    expect(file.seen.disposed).to.equal(1)
  })

  it('that breaks off says so, and is looked at all the same', async () => {
    const { contentDigest: _, byteLength: __, ...film } = video(2, 10)
    const { lookups } = lookupsOf(async () => ({ ...film, truncated: true }))
    const view = await lookups.wait(lookups.startMedia(candidate(of), {}, ME).id, 10_000)
    expect(view).to.include({ status: 'done', verdict: 'not_registered' })
    expect(view.limits).to.deep.equal(['the file breaks off: it was looked at as far as it could be read'])
  })

  it('tells progress in steps that can be seen, and none that goes back', async () => {
    const { lookups } = lookupsOf(async (_fd, _length, { onProgress }) => {
      await turn()
      for (const fraction of [0.5, 0.5001, 0.3, -1, 0.75, 0.7501, 7]) onProgress(fraction)
      return media
    })
    const seen: unknown[] = []
    const { id } = lookups.startMedia(candidate(of), {}, ME)
    lookups.watch(id, ({ stage, progress }) => stage === 'decoding' && seen.push(progress))
    await lookups.wait(id, 10_000)
    expect(seen).to.deep.equal([null, 0.5, 0.75, 1])
  })

  it('that cannot be decoded fails without a verdict, and nobody is told but who asked', async () => {
    const { lookups, errors } = lookupsOf(() => Promise.reject(new RegistryError('media.undecodable', 'frame 17')))
    const file = candidate(of)
    const view = await lookups.wait(lookups.startMedia(file, {}, ME).id, 10_000)
    expect(view).to.include({ status: 'failed', verdict: null })
    expect(view.error).to.include({ code: 'media.undecodable', status: 422 })
    expect(file.seen.disposed).to.equal(1)
    expect(errors).to.deep.equal([])
  })

  it('that fails by our fault is reported with the name that the answer gives it', async () => {
    const { lookups, errors } = lookupsOf()
    const view = await lookups.wait(lookups.startMedia(candidate(of), {}, ME).id, 10_000)
    expect(view.error).to.include({ code: 'server.internal' })
    expect(errors.map(({ instance }) => instance)).to.deep.equal([view.error!.instance])
    expect(errors[0]!.error).to.have.property('message', 'nothing to decode')
  })

  it('is cancelled while it decodes, and stays so', async () => {
    const { lookups } = lookupsOf(
      (_fd, _length, { signal }) =>
        new Promise<MediaFingerprint>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    )
    const file = candidate(of)
    const { id } = lookups.startMedia(file, {}, ME)
    await lookups.remove(id)
    expect(await lookups.get(id)).to.include({ status: 'cancelled', verdict: null, error: null, stage: null })
    expect(file.seen.disposed).to.equal(1)
  })

  it('is cancelled though its answer was nearly there', async () => {
    const released = Promise.withResolvers<MediaFingerprint>()
    const { lookups } = lookupsOf(() => released.promise)
    const { id } = lookups.startMedia(candidate(of), {}, ME)
    const removed = lookups.remove(id)
    released.resolve(media)
    await removed
    expect(await lookups.get(id)).to.include({ status: 'cancelled', verdict: null, summary: null })
  })

  it('waits for its turn, gives the place back when it is decoded, and keeps nothing of the quota', async () => {
    const gates = [Promise.withResolvers<MediaFingerprint>(), Promise.withResolvers<MediaFingerprint>()]
    let begun = 0
    const { lookups, admission, quota } = lookupsOf(() => gates[begun++]!.promise, { places: 1 })
    const [first, second] = [1, 2].map(() => lookups.startMedia(candidate(of), {}, ME).id)
    expect((await lookups.get(second!)).status).to.equal('queued')
    expect([begun, admission.stats().waiting, quota.used()]).to.deep.equal([1, 1, 2])
    gates[0]!.resolve(media)
    await lookups.wait(first!, 10_000)
    await turn()
    expect((await lookups.get(second!)).stage).to.equal('decoding')
    gates[1]!.resolve(media)
    expect((await lookups.wait(second!, 10_000)).status).to.equal('done')
    await turn()
    expect([admission.stats().running, admission.stats().waiting, quota.used()]).to.deep.equal([0, 0, 0])
  })

  it('is cancelled while it waits, and is nothing to the one that runs', async () => {
    const gate = Promise.withResolvers<MediaFingerprint>()
    const { lookups, admission } = lookupsOf(() => gate.promise, { places: 1 })
    const files = [candidate(of), candidate(of)]
    const [first, second] = files.map((file) => lookups.startMedia(file, {}, ME).id)
    await lookups.remove(second!)
    expect((await lookups.get(second!)).status).to.equal('cancelled')
    expect([files[1]!.seen.disposed, admission.stats().waiting]).to.deep.equal([1, 0])
    gate.resolve(media)
    expect((await lookups.wait(first!, 10_000)).status).to.equal('done')
  })

  it('is refused beyond the limits, and its candidate disposed of', async () => {
    const gate = Promise.withResolvers<MediaFingerprint>()
    const { lookups } = lookupsOf(() => gate.promise, { places: 1, perClient: 2 })
    for (let i = 0; i < 2; i++) lookups.startMedia(candidate(of), {}, ME)
    const file = candidate(of)
    const refused = { code: 'request.rate_limited', retryAfterS: 3 }
    expect(() => lookups.startMedia(file, {}, ME))
      .to.throw()
      .and.to.include(refused)
    expect(() => lookups.check(ME))
      .to.throw()
      .and.to.include(refused)
    expect(() => lookups.startFingerprint(of, {}, ME))
      .to.throw()
      .and.to.include(refused)
    expect(file.seen.disposed).to.equal(1)
    lookups.check({ key: 'you', limited: true })
    gate.resolve(media)
    await lookups.close()
  })

  it('all that runs is cancelled on close', async () => {
    const { lookups } = lookupsOf(
      (_fd, _length, { signal }) =>
        new Promise((_resolve, reject) => void signal.addEventListener('abort', () => reject(signal.reason as Error))),
    )
    const files = [candidate(of), candidate(of)]
    const ids = files.map((file) => lookups.startMedia(file, {}, ME).id)
    await lookups.close()
    expect(files.map(({ seen }) => seen.disposed)).to.deep.equal([1, 1])
    for (const id of ids) expect((await lookups.get(id)).status).to.equal('cancelled')
  })
})

describe('lookups of fingerprints', () => {
  it('are fewer than those of media, for they lie in memory, and give back what they hold', async () => {
    const { lookups, ask, quota } = lookupsOf(undefined, { inMemory: 2 })
    const started = [1, 2].map(() => lookups.startFingerprint(picture(1), {}, ME))
    expect(() => lookups.startFingerprint(picture(1), {}, ME)).to.throw(RegistryError, /lookups/)
    await Promise.all(started.map(({ id }) => lookups.wait(id, 10_000)))
    expect((await ask(picture(1))).status).to.equal('done')
    expect(quota.used()).to.equal(0)
  })
})

describe('a finished lookup', () => {
  it('is read again as it was told, until it expires', async () => {
    const { catalogue, lookups, ask } = lookupsOf()
    const view = await ask(picture(1))
    await turn()
    expect(await lookups.get(view.id)).to.deep.equal(view)
    expect(view.expiresAt).to.equal(new Date((NOW + HOUR) * 1000).toISOString().replace('.000Z', 'Z'))
    expect(catalogue.lookups.get(view.id)).to.include({ createdAt: NOW, expiresAt: NOW + HOUR })
    catalogue.lookups.set(view.id, { ...catalogue.lookups.get(view.id)!, expiresAt: NOW })
    await expectCode(lookups.get(view.id), 'lookup.not_found')
  })

  it('is forgotten on request, once', async () => {
    const { lookups, ask } = lookupsOf()
    const { id } = await ask(picture(1))
    await turn()
    await lookups.remove(id)
    await expectCode(lookups.get(id), 'lookup.not_found')
    await expectCode(lookups.remove(id), 'lookup.not_found')
  })

  it('is watched by nobody', async () => {
    const { lookups, ask } = lookupsOf()
    const { id } = await ask(picture(1))
    await turn()
    expect(lookups.watch(id, () => expect.fail('called'))).to.equal(null)
  })

  it('that could not be stored has failed, and has no answer', async () => {
    const { catalogue, errors, ask } = lookupsOf()
    catalogue.putLookup = () => Promise.reject(new Error('disk'))
    catalogue.insert(recordOf(picture(1), 1))
    const view = await ask(picture(1))
    expect(view).to.deep.include({ status: 'failed', verdict: null, matches: [], summary: null, candidate: null })
    expect(view.error).to.include({ code: 'server.internal' })
    expect(errors).to.have.length(1)
  })

  it('has an id that nobody guesses', async () => {
    const { ask } = lookupsOf()
    const ids = await Promise.all([1, 2, 3].map(async (seed) => (await ask(picture(seed))).id))
    expect(new Set(ids).size).to.equal(3)
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{32}$/)
  })
})

describe('waiting for a lookup', () => {
  it('ends when the time is over, with the lookup as it is', async () => {
    const { lookups } = lookupsOf(() => new Promise(() => {}))
    const { id } = lookups.startMedia(candidate(picture(1)), {}, ME)
    expect(await lookups.wait(id, 1)).to.include({ status: 'running', stage: 'decoding' })
    expect(await lookups.wait(id, 0)).to.include({ status: 'running' })
  })

  it('for one that does not exist is refused', async () => {
    await expectCode(lookupsOf().lookups.wait('nobody', 10), 'lookup.not_found')
  })
})

async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).to.be.instanceOf(RegistryError).with.property('code', code)
}
