/** Records with several anchors, what is void, lists, and custody that moves. */
import { expect } from 'chai'
import type { Catalogue, Changes } from '../../server/catalogue/index.ts'
import { type Current, failureOf, namesOf } from './expect.ts'
import type { MadeChain } from './made.ts'
import * as made from './made.ts'

const { addressOf, batchOf, claimed, compromised, created, digestOf, keyAdded, keyEnded, logged } = made
const { recordIdOf, registered, revoked, rooted, superseded, timeOf } = made

export function defineAnchorFacts(current: () => Current): void {
  let catalogue: Catalogue
  let chain: MadeChain
  beforeEach(async () => {
    ;({ catalogue, chain } = current())
    await catalogue.append(chain.block(created(1), keyAdded(1, 'thief'), keyAdded(1, 'honest')))
  })

  const append = (...events: Parameters<MadeChain['block']>) => catalogue.append(chain.block(...events))
  const record = async (name: string) => (await catalogue.record(recordIdOf(name)))!
  const rollback = async (number: number) => {
    await catalogue.rollback(number)
    chain.rollback(number)
  }
  const changesOf = async (work: () => Promise<void>): Promise<Changes[]> => {
    const seen: Changes[] = []
    const stop = catalogue.onChange((changes) => seen.push(changes))
    await work()
    stop()
    return seen
  }
  const disowned = (since: number, declared: number, by = 'custody', contested = false) => ({
    since: timeOf(since),
    declaredAt: timeOf(declared),
    declaredBy: addressOf(by),
    contested,
  })

  describe('a key that was declared compromised', () => {
    it('makes void what it signed from then on, and nothing that it signed before', async () => {
      await append(registered('a', { signer: 'thief' }))
      await append(registered('b', { signer: 'thief' }), registered('c', { signer: 'honest' }))
      await append(keyEnded(1, 'thief'), compromised('thief', 3))
      expect((await record('a')).disowned).to.equal(null)
      expect((await record('b')).disowned).to.deep.equal(disowned(3, 4))
      expect((await record('c')).disowned).to.equal(null)
      const { keys } = (await catalogue.publisher(1))!
      expect(keys[0]).to.deep.include({ endedAt: timeOf(4), disowned: disowned(3, 4) })
      expect(keys[1]).to.deep.include({ endedAt: null, disowned: null })
    })

    it('is extended to an earlier time: of a record the first declaration counts that made it void, of the key the last', async () => {
      await append(registered('a', { signer: 'thief' }))
      await append(registered('b', { signer: 'thief' }))
      await append(compromised('thief', 3))
      await append(compromised('thief', 2))
      expect((await record('a')).disowned).to.deep.equal(disowned(2, 5))
      expect((await record('b')).disowned).to.deep.equal(disowned(3, 4))
      expect((await catalogue.publisher(1))!.keys[0]!.disowned).to.deep.equal(disowned(2, 5))
      await rollback(4)
      expect((await record('a')).disowned).to.equal(null)
      expect((await record('b')).disowned).to.deep.equal(disowned(3, 4))
    })

    it('is not declared again since the same time or a later one', async () => {
      await append(registered('a', { signer: 'thief' }))
      await append(compromised('thief', 2))
      for (const since of [2, 3]) {
        const failure = await failureOf(append(compromised('thief', since)))
        expect(failure).to.include({ code: 'chain.mismatch' })
        expect(failure.message).to.match(/declared again, since no earlier time/)
        chain.rollback(3)
      }
    })

    it('by an account that is declared itself, since then or before, is contested', async () => {
      await append(registered('a', { signer: 'honest' }))
      await append(compromised('honest', 2, 'robber'))
      expect((await record('a')).disowned).to.deep.equal(disowned(2, 3, 'robber'))
      await append(compromised('robber', 4))
      expect((await record('a')).disowned!.contested).to.equal(false)
      await append(compromised('robber', 3))
      expect((await record('a')).disowned).to.deep.equal(disowned(2, 3, 'robber', true))
      expect((await catalogue.history(recordIdOf('a')))!.anchors[0]!.disowned!.contested).to.equal(true)
    })

    it('leaves no trace when the declaration is rolled back', async () => {
      await append(registered('a', { signer: 'thief' }))
      await append(compromised('thief', 2))
      await rollback(2)
      expect((await record('a')).disowned).to.equal(null)
      expect((await catalogue.publisher(1))!.keys[0]!.disowned).to.equal(null)
    })

    it('lets what it revoked and superseded fall away, and keeps it in the history', async () => {
      await append(registered('a', { signer: 'honest' }))
      await append(revoked('a', 4, 1, 'thief'), superseded('a', 'x', 'thief'))
      expect(await record('a')).to.deep.include({
        revoked: { at: timeOf(3), reason: 4, signer: addressOf('thief') },
        superseded: { at: timeOf(3), by: digestOf('x'), signer: addressOf('thief') },
      })
      await append(compromised('thief', 3))
      await append(revoked('a', 1, 1, 'honest'))
      const row = await record('a')
      expect(row.revoked).to.deep.equal({ at: timeOf(5), reason: 1, signer: addressOf('honest') })
      expect(row.superseded).to.equal(null)
      const { changes } = (await catalogue.history(recordIdOf('a')))!
      expect(changes.map(({ change, disowned }) => [change.kind, disowned !== null])).to.deep.equal([
        ['revoked', true],
        ['superseded', true],
        ['revoked', false],
      ])
    })
  })

  describe('a record with several anchors', () => {
    it('is led by the earliest that is not void, and told to have changed', async () => {
      await append(registered('a', { signer: 'thief', manifest: 'thief’s' }))
      await append(logged('batch', ['a', 'b'], 'honest'))
      expect(await record('a')).to.deep.include({ signer: addressOf('thief'), registeredAt: timeOf(2) })
      const [seen] = await changesOf(() => append(compromised('thief', 1)))
      expect(seen).to.deep.equal({ changed: [recordIdOf('a')], removed: [], lists: [] })
      const row = await record('a')
      expect(row).to.deep.include({ signer: addressOf('honest'), registeredAt: timeOf(3), disowned: null })
      expect(row.manifestDigest).to.deep.equal(digestOf('manifest a in batch'))
      expect(row.anchor).to.deep.include({ way: 'logged', batch: { root: digestOf('batch'), index: 0 } })
      const { anchors } = (await catalogue.history(recordIdOf('a')))!
      expect(anchors.map(({ way, disowned }) => [way, disowned !== null])).to.deep.equal([
        ['stored', true],
        ['logged', false],
      ])
    })

    it('is listed once, counted once, and loses an anchor without being removed', async () => {
      await append(registered('a', { signer: 'thief' }), registered('b', { signer: 'honest' }))
      await append(compromised('thief', 1))
      await append(registered('a', { signer: 'honest', manifest: 'again' }))
      expect(namesOf(await catalogue.records({ limit: 10 }))).to.deep.equal(['a', 'b'])
      expect(namesOf(await catalogue.records({ limit: 10, contentDigest: digestOf('a') }))).to.deep.equal(['a'])
      expect((await catalogue.counts()).records).to.equal(2)
      expect((await record('a')).disowned).to.equal(null)
      const [seen] = await changesOf(() => rollback(3))
      expect(seen).to.deep.equal({ changed: [recordIdOf('a')], removed: [], lists: [] })
      expect((await record('a')).disowned).to.deep.equal(disowned(1, 3))
      expect((await catalogue.counts()).records).to.equal(2)
    })

    it('is led by its earliest anchor where all are void', async () => {
      await append(registered('a', { signer: 'thief' }))
      await append(logged('batch', ['a'], 'thief'))
      await append(compromised('thief', 1))
      expect(await record('a')).to.deep.include({ registeredAt: timeOf(2), disowned: disowned(1, 4) })
    })

    it('is a node’s lie where it is stored twice and was not void', async () => {
      await append(registered('a', { signer: 'thief' }))
      await append(compromised('thief', 3))
      const error = await append(registered('a', { signer: 'honest' })).catch((cause) => cause)
      expect(error.code).to.equal('chain.mismatch')
    })
  })

  describe('a rooted batch', () => {
    const claims = ['a', 'b'].map((name) => claimed(name))
    const batch = { publisherId: 1, ...batchOf('batch', 2) }

    it('is told of, and counts as unlisted until its list comes', async () => {
      const [seen] = await changesOf(() => append(rooted('batch', 2, 'honest')))
      expect(seen).to.deep.equal({ changed: [], removed: [], lists: [digestOf('list of batch')] })
      expect((await catalogue.publisher(1))!.unlisted).to.deep.equal({ batches: 1, records: 2 })
      const [row] = await catalogue.batches({ list: 'missing', limit: 10 })
      expect(row).to.deep.include({ ...batch, registeredAt: timeOf(2), list: 'missing', disowned: null })
      const [taken] = await changesOf(() => catalogue.setList(batch, claims))
      expect(taken).to.deep.equal({ changed: claims.map(({ recordId }) => recordId), removed: [], lists: [] })
      expect((await catalogue.publisher(1))!.unlisted).to.deep.equal({ batches: 0, records: 0 })
      expect((await record('b')).anchor).to.deep.include({
        way: 'rooted',
        batch: { root: digestOf('batch'), index: 1 },
        registeredAt: timeOf(2),
        signer: addressOf('honest'),
      })
      expect((await catalogue.counts()).records).to.equal(2)
    })

    it('takes its list once, and none for what is not there', async () => {
      await append(rooted('batch', 2, 'honest'))
      await catalogue.setList(batch, claims)
      const seen = await changesOf(async () => {
        await catalogue.setList(batch, claims)
        await catalogue.setList({ ...batch, count: 3 }, claims)
      })
      expect(seen).to.deep.equal([])
      expect((await catalogue.history(recordIdOf('a')))!.anchors).to.have.length(1)
    })

    it('is in one of the pages, newest first', async () => {
      await append(rooted('one', 2, 'honest'), rooted('two', 2, 'honest'))
      await append(rooted('three', 2, 'honest'))
      const roots: Uint8Array[] = []
      let [last] = await catalogue.batches({ limit: 1 })
      for (; last; [last] = await catalogue.batches({ before: last, limit: 1 })) roots.push(last.root)
      expect(roots).to.deep.equal(['three', 'two', 'one'].map(digestOf))
    })

    it('may have another list than was anchored, and is unlisted then', async () => {
      await append(rooted('batch', 2, 'honest'))
      await catalogue.setList(batch, null)
      expect((await catalogue.batches({ publisherId: 1, limit: 1 }))[0]!.list).to.equal('mismatch')
      expect((await catalogue.publisher(1))!.unlisted).to.deep.equal({ batches: 1, records: 2 })
    })

    it('takes its claims with it when it is rolled back, whenever their list came', async () => {
      await append(rooted('batch', 2, 'honest'))
      await append(registered('c'))
      await catalogue.setList(batch, claims)
      await append(registered('d'))
      await rollback(3)
      expect(namesOf(await catalogue.records({ limit: 9 })).toSorted()).to.deep.equal(['a', 'b', 'c'])
      const [seen] = await changesOf(() => rollback(1))
      expect(namesOf(seen!.removed.map((recordId) => ({ recordId }))).toSorted()).to.deep.equal(['a', 'b', 'c'])
      expect((await catalogue.counts()).records).to.equal(0)
      await append(rooted('batch', 2, 'honest'))
      expect((await catalogue.batches({ limit: 1 }))[0]!.list).to.equal('missing')
    })

    it('is void with its signer', async () => {
      await append(rooted('batch', 2, 'thief'))
      await catalogue.setList(batch, claims)
      await append(compromised('thief', 2))
      expect((await record('a')).disowned).to.deep.equal(disowned(2, 3))
      expect((await catalogue.batches({ limit: 1 }))[0]!.disowned).to.deep.equal(disowned(2, 3))
    })
  })

  describe('custody', () => {
    const custody = async () => (await catalogue.publisher(1))!
    const [old, thief, next] = ['custody of 1', 'thief of custody', 'next'].map(addressOf) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]

    it('moves when an offer is accepted, and what recovery offered stands', async () => {
      await append({ type: 'recoveryChanged', publisherId: 1, recovery: addressOf('recovery') })
      await append({ type: 'custodyOffered', publisherId: 1, to: thief })
      await append({ type: 'custodyRecoveryOffered', publisherId: 1, to: next })
      expect(await custody()).to.deep.include({ custodyOfferedTo: thief, recoveryOfferedTo: next })
      await append({ type: 'custodyTransferred', publisherId: 1, from: old, to: thief })
      await append({ type: 'recoveryChangeStarted', publisherId: 1, to: null, notBefore: timeOf(99) })
      expect(await custody()).to.deep.include({
        custody: thief,
        custodyOfferedTo: null,
        recoveryOfferedTo: next,
        recoveryChange: { to: null, notBefore: timeOf(99) },
        formerCustody: [{ account: old, until: timeOf(5), disowned: null }],
      })
      await append(
        { type: 'custodyTransferred', publisherId: 1, from: thief, to: next },
        { type: 'recoveryChangeCancelled', publisherId: 1 },
      )
      await append(compromised('thief of custody', 5))
      expect(await custody()).to.deep.include({
        custody: next,
        recovery: addressOf('recovery'),
        recoveryOfferedTo: null,
        recoveryChange: null,
      })
      expect((await custody()).formerCustody[1]).to.deep.include({ account: thief, disowned: disowned(5, 8) })
    })

    it('is what it was when that is rolled back', async () => {
      await append({ type: 'custodyOffered', publisherId: 1, to: next })
      await append({ type: 'custodyTransferred', publisherId: 1, from: old, to: next })
      await rollback(2)
      expect(await custody()).to.deep.include({ custody: old, custodyOfferedTo: next, formerCustody: [] })
    })
  })
}
