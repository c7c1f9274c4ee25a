/** What a catalogue answers. */
import { expect } from 'chai'
import type { Catalogue } from '../../server/catalogue/index.ts'
import { type Current, collect, namesOf } from './expect.ts'
import type { MadeChain } from './made.ts'
import * as made from './made.ts'

const { created, digestOf, addressOf, keyAdded, keyEnded, profile, recordIdOf, registered, revoked, timeOf } = made

const PRESENT = { state: 'present', title: 'A picture', durationMs: 1500, width: 640, height: 480 } as const
const MISSING = { state: 'missing', title: null, durationMs: null, width: null, height: null } as const

export function defineAnswerFacts(current: () => Current): void {
  let catalogue: Catalogue
  let chain: MadeChain
  beforeEach(() => {
    ;({ catalogue, chain } = current())
  })

  describe('records', () => {
    beforeEach(async () => {
      await catalogue.append(chain.block(created(1), created(2)))
      const shared = { content: 'shared' }
      await catalogue.append(
        chain.block(registered('a', shared), registered('b', { kind: 2 }), registered('c', { kind: 3 })),
      )
      await catalogue.append(
        chain.block(registered('d', { ...shared, publisherId: 2 }), registered('e', { kind: 2, publisherId: 2 })),
      )
    })

    it('come newest first, one more in sequence each, as far as the limit goes', async () => {
      const rows = await catalogue.records({ limit: 10 })
      expect(namesOf(rows)).to.deep.equal(['e', 'd', 'c', 'b', 'a'])
      expect(rows.map((row, i) => row.sequence + i)).to.deep.equal(Array(5).fill(rows[0]!.sequence))
      expect(namesOf(await catalogue.records({ limit: 2 }))).to.deep.equal(['e', 'd'])
    })

    it('can be gone through with their sequence as the cursor', async () => {
      const seen: unknown[] = []
      let page = await catalogue.records({ limit: 2 })
      while (page.length > 0) {
        seen.push(...namesOf(page))
        page = await catalogue.records({ limit: 2, before: page.at(-1)!.sequence })
      }
      expect(seen).to.deep.equal(['e', 'd', 'c', 'b', 'a'])
    })

    it('can be chosen by digest, publisher and kind, and by all of them', async () => {
      const named = async (filter: object) => namesOf(await catalogue.records({ limit: 10, ...filter }))
      expect(await named({ contentDigest: digestOf('shared') })).to.deep.equal(['d', 'a'])
      expect(await named({ publisherId: 2 })).to.deep.equal(['e', 'd'])
      expect(await named({ kind: 'video' })).to.deep.equal(['e', 'b'])
      expect(await named({ kind: 'video', publisherId: 1 })).to.deep.equal(['b'])
      const all = { contentDigest: digestOf('shared'), publisherId: 2, kind: 'image' }
      expect(await named(all)).to.deep.equal(['d'])
      expect(await named({ ...all, kind: 'audio' })).to.deep.equal([])
      expect(await named({ publisherId: 0xffff_ffff })).to.deep.equal([])
    })

    it('can be fetched by their ids, without those that do not exist', async () => {
      const rows = await catalogue.recordsById([recordIdOf('a'), recordIdOf('nothing'), recordIdOf('e')])
      expect(namesOf(rows)).to.have.members(['a', 'e'])
    })

    it('can all be read in pieces, oldest first', async () => {
      const pieces = await collect(catalogue.allRecords(2))
      expect(pieces.map(namesOf)).to.deep.equal([['a', 'b'], ['c', 'd'], ['e']])
    })

    it('show a revocation that came before, in the same block, or after them', async () => {
      await catalogue.append(chain.block(revoked('a', 2), revoked('f', 3)))
      await catalogue.append(chain.block(registered('f'), registered('g'), revoked('g', 4)))
      const signer = (name: string) => addressOf(`revoker of ${name}`)
      const revocation = async (name: string) => (await catalogue.record(recordIdOf(name)))!.revoked
      expect(await revocation('a')).to.deep.equal({ at: timeOf(4), reason: 2, signer: signer('a') })
      expect(await revocation('f')).to.deep.equal({ at: timeOf(4), reason: 3, signer: signer('f') })
      expect(await revocation('g')).to.deep.equal({ at: timeOf(5), reason: 4, signer: signer('g') })
      expect(await revocation('b')).to.equal(null)
    })
  })

  describe('a publisher', () => {
    it('has its custody, its last profile and its keys with their times, in order', async () => {
      await catalogue.append(chain.block(created(1), keyAdded(1, 'one'), keyAdded(1, 'two'), created(2)))
      await catalogue.append(chain.block(profile(1, '{"name":"Old"}'), keyEnded(1, 'one')))
      await catalogue.append(
        chain.block(profile(1, '{"name":"New","domain":"new.example"}'), profile(1, '{"name":"Newest"}')),
      )
      expect(await catalogue.publisher(1)).to.deep.equal({
        publisherId: 1,
        custody: addressOf('custody of 1'),
        recovery: null,
        custodyOfferedTo: null,
        recoveryOfferedTo: null,
        recoveryChange: null,
        profileUri: 'data:application/json,%7B%22name%22%3A%22Newest%22%7D',
        name: 'Newest',
        domain: null,
        gateways: [],
        createdAt: timeOf(1),
        keys: [
          { key: addressOf('one'), addedAt: timeOf(1), endedAt: timeOf(2), disowned: null },
          { key: addressOf('two'), addedAt: timeOf(1), endedAt: null, disowned: null },
        ],
        formerCustody: [],
        unlisted: { batches: 0, records: 0 },
      })
      expect(await catalogue.publisher(2)).to.deep.include({ profileUri: '', name: null, domain: null, keys: [] })
    })

    it('names the gateways of its last profile', async () => {
      await catalogue.append(chain.block(created(1), profile(1, '{"gateways":["https://old.example"]}')))
      await catalogue.append(chain.block(profile(1, '{"gateways":["https://new.example/","x"]}')))
      expect(await catalogue.publisher(1)).to.deep.include({ gateways: ['https://new.example'] })
    })

    it('whose last profile cannot be read has no name, though an earlier one had', async () => {
      const elsewhere = {
        type: 'profileChanged',
        publisherId: 1,
        uri: 'https://a.example/p.json',
        digest: digestOf('p'),
      } as const
      await catalogue.append(chain.block(created(1), profile(1, '{"name":"Agency"}'), elsewhere))
      expect(await catalogue.publisher(1)).to.deep.include({ profileUri: elsewhere.uri, name: null })
    })
  })

  describe('a manifest', () => {
    beforeEach(() => catalogue.append(chain.block(created(1), registered('a', { manifest: 'first' }))))
    const manifestOf = async (name: string) => (await catalogue.record(recordIdOf(name)))!.manifest

    it('is kept beside its record, and replaced', async () => {
      await catalogue.setManifest(recordIdOf('a'), { ...MISSING, state: 'mismatch' })
      await catalogue.setManifest(recordIdOf('a'), PRESENT)
      expect(await manifestOf('a')).to.deep.equal(PRESENT)
    })

    it('survives a rollback of its record', async () => {
      await catalogue.setManifest(recordIdOf('a'), PRESENT)
      await catalogue.rollback(-1)
      chain.rollback(-1)
      await catalogue.append(chain.block(created(1), registered('a', { manifest: 'first' })))
      expect(await manifestOf('a')).to.deep.equal(PRESENT)
    })

    it('is not mistaken for the one that the record names on another branch', async () => {
      await catalogue.setManifest(recordIdOf('a'), PRESENT)
      await catalogue.rollback(-1)
      chain.rollback(-1)
      await catalogue.append(chain.block(created(1), registered('a', { manifest: 'second' })))
      expect(await manifestOf('a')).to.deep.equal(MISSING)
    })

    it('of a record that is not here is not kept', async () => {
      await catalogue.setManifest(recordIdOf('b'), PRESENT)
      await catalogue.append(chain.block(registered('b')))
      expect(await manifestOf('b')).to.deep.equal(MISSING)
    })
  })

  describe('a lookup', () => {
    const row = { id: 'id', createdAt: 100, expiresAt: 200, body: '{"verdict":"identical"}' }
    beforeEach(() => catalogue.expireLookups(Number.MAX_SAFE_INTEGER))

    it('is found until it expires', async () => {
      await catalogue.putLookup(row)
      expect(await catalogue.lookup('id', 200)).to.deep.equal(row)
      expect(await catalogue.lookup('id', 201)).to.equal(null)
      expect(await catalogue.lookup('other', 0)).to.equal(null)
    })

    it('is replaced by one of the same id', async () => {
      await catalogue.putLookup(row)
      await catalogue.putLookup({ ...row, body: '{}', expiresAt: 300 })
      expect(await catalogue.lookup('id', 250)).to.deep.equal({ ...row, body: '{}', expiresAt: 300 })
    })

    it('can be deleted once', async () => {
      await catalogue.putLookup(row)
      expect(await catalogue.deleteLookup('id')).to.equal(true)
      expect(await catalogue.deleteLookup('id')).to.equal(false)
      expect(await catalogue.lookup('id', 0)).to.equal(null)
    })

    it('is found by any text that a stranger may ask with, or not at all', async () => {
      for (const id of ['a\0b', '\ud800', "'; drop table lookups; --", 'x'.repeat(10_000)]) {
        expect(await catalogue.lookup(id, 0)).to.equal(null)
        expect(await catalogue.deleteLookup(id)).to.equal(false)
      }
    })

    it('is removed when it has expired', async () => {
      await catalogue.putLookup(row)
      await catalogue.putLookup({ ...row, id: 'later', expiresAt: 300 })
      expect(await catalogue.expireLookups(200)).to.equal(0)
      expect(await catalogue.expireLookups(201)).to.equal(1)
      expect(await catalogue.lookup('later', 300)).not.to.equal(null)
    })
  })
}
