/** What a catalogue does as the indexer's sink. */
import { expect } from 'chai'
import type { Catalogue, Changes } from '../../server/catalogue/index.ts'
import type { Deployment } from '../../server/chain/index.ts'
import { type Current, collect, failureOf, namesOf } from './expect.ts'
import type { MadeChain } from './made.ts'
import * as made from './made.ts'

const { created, digestOf, addressOf, joined, keyAdded, keyEnded, profile, recordIdOf, registered, revoked, timeOf } =
  made

const DEPLOYMENT: Deployment = {
  chainId: 31337,
  publisherRegistry: addressOf('PublisherRegistry'),
  mediaRegistry: addressOf('MediaRegistry'),
  startBlock: 1,
}

const MISSING = { state: 'missing', title: null, durationMs: null, width: null, height: null } as const

export function defineSinkFacts(current: () => Current): void {
  let catalogue: Catalogue
  let chain: MadeChain
  beforeEach(() => {
    ;({ catalogue, chain } = current())
  })

  const sequenceOf = async (name: string) => (await catalogue.record(recordIdOf(name)))!.sequence

  describe('when it is empty', () => {
    it('has no head, no records and no publishers', async () => {
      expect(await catalogue.head()).to.equal(null)
      expect(await catalogue.headerAtOrBelow(1000)).to.equal(null)
      expect(await catalogue.counts()).to.deep.equal({ records: 0, publishers: 0 })
      expect(await catalogue.records({ limit: 10 })).to.deep.equal([])
      expect(await collect(catalogue.allRecords())).to.deep.equal([])
      expect(await catalogue.record(recordIdOf('a'))).to.equal(null)
      expect(await catalogue.recordsById([])).to.deep.equal([])
      expect(await catalogue.publisher(1)).to.equal(null)
    })
  })

  describe('after an append', () => {
    it('answers a record with all that the chain says of it', async () => {
      await catalogue.append(chain.block(created(1), profile(1, '{"name":"Agency","domain":"agency.example"}')))
      const batch = chain.block(registered('a', { kind: 2, words: 3 }))
      await catalogue.append(batch)
      const row = await catalogue.record(recordIdOf('a'))
      const { number: blockNumber, hash: blockHash } = batch.headers[0]!
      expect(row).to.deep.equal({
        recordId: recordIdOf('a'),
        sequence: row!.sequence,
        publisherId: 1,
        publisherName: 'Agency',
        publisherDomain: 'agency.example',
        contentDigest: digestOf('a'),
        manifestDigest: digestOf('manifest a'),
        signer: addressOf('signer of a'),
        kind: 'video',
        algorithm: 1,
        perceptualHashes: [0, 1, 2].map((i) => digestOf(`word ${i} of a`)),
        registeredAt: timeOf(blockNumber),
        anchor: {
          way: 'stored',
          batch: null,
          manifestDigest: digestOf('manifest a'),
          signer: addressOf('signer of a'),
          registeredAt: timeOf(blockNumber),
          transactionHash: batch.logs[0]!.at.transactionHash,
          blockNumber,
          blockHash,
          logIndex: 0,
          disowned: null,
        },
        disowned: null,
        revoked: null,
        superseded: null,
        manifest: MISSING,
      })
    })

    it('has the last header as its head, and finds the highest one at or below a number', async () => {
      const first = chain.block(created(1)).headers[0]!
      chain.skip(5)
      const second = chain.block().headers[0]!
      await catalogue.append({ headers: [first, second], logs: [] })
      expect(await catalogue.head()).to.deep.equal(second)
      expect(await catalogue.headerAtOrBelow(second.number)).to.deep.equal(second)
      expect(await catalogue.headerAtOrBelow(second.number - 1)).to.deep.equal(first)
      expect(await catalogue.headerAtOrBelow(first.number - 1)).to.equal(null)
    })

    it('keeps kinds, algorithms and reasons that it does not know, and records without words', async () => {
      const odd = { kind: 255, algorithm: 255, words: 0 }
      await catalogue.append(chain.block(created(1), registered('a', odd), revoked('a', 255)))
      const row = await catalogue.record(recordIdOf('a'))
      expect(row).to.deep.include({ kind: null, algorithm: 255, perceptualHashes: [] })
      expect(row!.revoked!.reason).to.equal(255)
    })

    it('takes the widest numbers that the contracts allow', async () => {
      chain.skip(2 ** 40)
      const words = { words: 64, algorithm: 2 }
      await catalogue.append(chain.block(created(1), registered('a', words)))
      const row = await catalogue.record(recordIdOf('a'))
      expect(row!.anchor.blockNumber).to.equal(2 ** 40 + 1)
      expect(row!.registeredAt).to.equal(timeOf(2 ** 40 + 1))
      expect(row!.perceptualHashes).to.have.length(64)
    })

    it('tells of the ids that were added, in the order of the chain', async () => {
      const seen: Changes[] = []
      const stop = catalogue.onChange((changes) => seen.push(changes))
      await catalogue.append(chain.block(created(1), registered('b'), registered('a')))
      stop()
      await catalogue.append(chain.block(registered('c')))
      expect(seen).to.deep.equal([{ changed: [recordIdOf('b'), recordIdOf('a')], removed: [], lists: [] }])
    })

    it('tells one listener as often as it listens', async () => {
      let told = 0
      const listener = () => void told++
      const stops = [catalogue.onChange(listener), catalogue.onChange(listener)]
      await catalogue.append(chain.block(created(1)))
      stops[0]!()
      await catalogue.append(chain.block())
      stops[1]!()
      expect(told).to.equal(3)
    })
  })

  describe('an append that breaks a rule', () => {
    async function isRefused(batch: Parameters<Catalogue['append']>[0], code: string, detail: RegExp): Promise<void> {
      const before = [await catalogue.head(), await catalogue.counts(), await catalogue.records({ limit: 100 })]
      const error = await failureOf(catalogue.append(batch))
      expect(error.code).to.equal(code)
      expect(error.message).to.match(detail)
      const after = [await catalogue.head(), await catalogue.counts(), await catalogue.records({ limit: 100 })]
      expect(after).to.deep.equal(before)
    }

    beforeEach(() => catalogue.append(chain.block(created(1), keyAdded(1, 'key'), registered('a'))))

    it('is refused and changes nothing when there is no header', () =>
      isRefused({ headers: [], logs: [] }, 'server.internal', /no headers/))

    it('is refused when it does not lie above the head', () =>
      isRefused({ headers: [chain.head()!], logs: [] }, 'server.internal', /block 1 is not above block 1/))

    it('is refused when its first block has another parent than the head', async () => {
      const batch = chain.block()
      batch.headers[0]!.parentHash = digestOf('another')
      await isRefused(batch, 'server.internal', /block 2 has the parent 0x/)
    })

    it('is refused when its headers do not rise or do not link', async () => {
      const [one, two] = [chain.block().headers[0]!, chain.block().headers[0]!]
      await isRefused({ headers: [two, one], logs: [] }, 'server.internal', /is not above/)
      const headers = [one, { ...two, parentHash: digestOf('another') }]
      await isRefused({ headers, logs: [] }, 'server.internal', /has the parent/)
    })

    it('is refused when a log has no header', async () => {
      const batch = chain.block(registered('b'))
      batch.logs[0]!.at.blockNumber++
      await isRefused(batch, 'server.internal', /log 0 of block 3 has no header/)
    })

    it('is refused when its logs do not rise', async () => {
      const { headers, logs } = chain.block(registered('b'), registered('c'))
      await isRefused({ headers, logs: logs.toReversed() }, 'server.internal', /log 0 of block 2 comes after log 2/)
      await isRefused({ headers, logs: [logs[0]!, logs[0]!] }, 'server.internal', /comes after/)
    })

    for (const [title, ...events] of [
      ['registers a record twice', registered('b'), registered('b')],
      ['registers a record that is here already', registered('b'), registered('a')],
      ['revokes a record twice', revoked('a'), revoked('a')],
      ['lists a key twice', keyAdded(1, 'key')],
      ['ends a key that was never added', keyEnded(1, 'other')],
      ['ends a key twice', keyEnded(1, 'key'), keyEnded(1, 'key')],
      ['leaves out a publisher', created(3)],
      ['creates a publisher twice', created(1)],
      ['gives two publishers one custody', { ...created(2), custody: addressOf('custody of 1') }],
      ['registers for a publisher that does not exist', registered('b', { publisherId: 2 })],
      ['names a publisher before it creates it', profile(2, '{}'), created(2)],
      ['names publisher 0', revoked('a', 1, 0)],
    ] as [string, ...Parameters<typeof chain.block>][])
      it(`is a node's lie when it ${title}`, () =>
        isRefused(chain.block(...events), 'chain.mismatch', /^the node's logs contradict the contracts: /))
  })

  describe('a rollback', () => {
    beforeEach(async () => {
      await catalogue.append(
        chain.block(created(1), keyAdded(1, 'key'), profile(1, '{"name":"First"}'), registered('a')),
      )
      await catalogue.append(
        chain.block(profile(1, '{"name":"Second"}'), keyEnded(1, 'key'), revoked('a'), registered('b')),
      )
      await catalogue.append(chain.block(created(2), registered('c', { publisherId: 2 }), registered('d')))
    })

    it('removes exactly what lies above the block', async () => {
      await catalogue.rollback(1)
      expect((await catalogue.head())!.number).to.equal(1)
      expect(await catalogue.counts()).to.deep.equal({ records: 1, publishers: 1 })
      expect(namesOf(await catalogue.records({ limit: 10 }))).to.deep.equal(['a'])
      expect((await catalogue.record(recordIdOf('a')))!.revoked).to.equal(null)
      const { name, keys } = (await catalogue.publisher(1))!
      expect({ name, endedAt: keys[0]!.endedAt }).to.deep.equal({ name: 'First', endedAt: null })
      expect(await catalogue.publisher(2)).to.equal(null)
    })

    it('tells of the ids that were removed', async () => {
      const seen: Changes[] = []
      const stop = catalogue.onChange((changes) => seen.push(changes))
      await catalogue.rollback(1)
      stop()
      expect(seen).to.have.length(1)
      expect(seen[0]!.changed).to.deep.equal([])
      expect(seen[0]!.removed).to.have.deep.members(['b', 'c', 'd'].map(recordIdOf))
    })

    it('to a number that has no header leaves the header below it as the head', async () => {
      chain.skip(10)
      await catalogue.append(chain.block(registered('e')))
      await catalogue.rollback(8)
      expect((await catalogue.head())!.number).to.equal(3)
    })

    it('above the head changes nothing', async () => {
      await catalogue.rollback(3)
      await catalogue.rollback(100)
      expect(await catalogue.counts()).to.deep.equal({ records: 4, publishers: 2 })
    })

    it('to something that is no block is refused', async () => {
      for (const number of [-2, 0.5, Number.NaN])
        expect((await failureOf(catalogue.rollback(number))).code).to.equal('server.internal')
      expect((await catalogue.counts()).records).to.equal(4)
    })

    it('to -1 empties the catalogue, and everything can come again', async () => {
      await catalogue.rollback(-1)
      expect(await catalogue.head()).to.equal(null)
      expect(await catalogue.counts()).to.deep.equal({ records: 0, publishers: 0 })
      chain.rollback(-1)
      await catalogue.append(
        chain.block(created(1), keyAdded(1, 'key'), keyEnded(1, 'key'), registered('a'), revoked('a')),
      )
      expect(namesOf(await catalogue.records({ limit: 10 }))).to.deep.equal(['a'])
    })

    it('never gives a sequence again', async () => {
      const used = await sequenceOf('d')
      await catalogue.rollback(2)
      chain.rollback(2)
      await catalogue.append(chain.block(registered('d')))
      expect(await sequenceOf('d')).to.be.above(used)
      expect(await sequenceOf('b')).to.be.below(used)
    })
  })

  describe('bound to a deployment', () => {
    it('can be bound to another one while it is empty', async () => {
      await catalogue.bind(DEPLOYMENT)
      await catalogue.bind({ ...DEPLOYMENT, chainId: 1 })
      await catalogue.bind(DEPLOYMENT)
    })

    it('refuses another one, by each of its parts, once it holds a block, and takes its own again', async () => {
      await catalogue.bind(DEPLOYMENT)
      expect(await catalogue.bound()).to.equal(null)
      await catalogue.append(chain.block(created(1)))
      expect(await catalogue.bound()).to.deep.equal(DEPLOYMENT)
      await catalogue.bind(DEPLOYMENT)
      for (const part of [{ chainId: 1 }, { mediaRegistry: addressOf('x') }, { publisherRegistry: addressOf('x') }])
        expect((await failureOf(catalogue.bind({ ...DEPLOYMENT, ...part }))).code).to.equal('chain.mismatch')
      await catalogue.rollback(-1)
      await catalogue.bind({ ...DEPLOYMENT, chainId: 1 })
    })
  })

  it('appends several blocks at once as it would one by one', async () => {
    const batch = joined(
      chain.block(created(1)),
      chain.block(registered('a')),
      chain.block(),
      chain.block(registered('b')),
    )
    await catalogue.append(batch)
    expect(namesOf(await catalogue.records({ limit: 10 }))).to.deep.equal(['b', 'a'])
    expect((await catalogue.record(recordIdOf('b')))!.anchor.blockHash).to.deep.equal(batch.headers[3]!.hash)
  })
}
