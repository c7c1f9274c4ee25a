import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { toHex } from '../../server/bytes.ts'
import type { BatchRow, RecordRow } from '../../server/catalogue/index.ts'
import { writeManifest } from '../../server/fingerprint/index.ts'
import type { Fetched } from '../../server/registry/fetch-block.ts'
import type { FetchRoot } from '../../server/registry/fetch-root.ts'
import { createWanted, listWant, manifestWant, type Want } from '../../server/registry/wanted.ts'
import { picture } from '../fingerprint/make.ts'
import { memoryBlocks, memoryCatalogue, recordOf, rootOf, turn as turnOfLoop } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
const MISSING: Fetched = { kind: 'missing', why: 'not here' }
const LATE: Fetched = { kind: 'late', why: 'down', asked: true }

/** A fetcher whose clock and gateways are in the test's hands. */
function setUp(
  answer: (root: string) => Promise<Fetched> | Fetched,
  { wakesAt = (): number => 0, whole = (): boolean => true } = {},
) {
  const [catalogue, blocks] = [memoryCatalogue(), memoryBlocks()]
  const clock = { s: 1_000_000 }
  const asked: { root: string; at: number }[] = []
  const arrived: string[] = []
  const errors: unknown[] = []
  let [abreast, most] = [0, 0]
  const fetchRoot: FetchRoot = async (root) => {
    asked.push({ root, at: clock.s })
    most = Math.max(most, ++abreast)
    try {
      return await answer(root)
    } finally {
      abreast--
    }
  }
  const wanted = createWanted({
    catalogue,
    blocks,
    fetchRoot,
    gatewaysOf: async (publisherId) => ({ publisherId, bases: publisherId === 99 ? [] : ['https://a.example'] }),
    wakesAt,
    arrived: async (one) => {
      arrived.push(one.root)
      if (whole()) await read(one)
    },
    now: () => clock.s,
    onError: (error) => errors.push(error),
  })
  /** As it is read when it is here. */
  async function read({ type, id }: Want): Promise<void> {
    const row = type === 'manifest' && (await catalogue.record(id))
    if (row) await catalogue.setManifest(id, { ...row.manifest, state: 'present' })
    for (const batch of catalogue.rooted) if (toHex(batch.listDigest) === toHex(id)) batch.list = 'present'
  }
  /** Lets time go by, second by second or in steps, and everything run that is due. */
  async function pass(seconds: number, step = 1): Promise<void> {
    for (const end = clock.s + seconds; clock.s < end; ) {
      clock.s += step
      await wanted.turn()
      for (let i = 0; i < 5; i++) await turnOfLoop()
    }
  }
  /** As the index has it, without the news of it. */
  const insert = (...rows: RecordRow[]) => catalogue.insert(...rows)
  return { catalogue, blocks, wanted, clock, asked, arrived, errors, pass, insert, most: () => most }
}

function batchOf(number: number, publisherId: number): BatchRow {
  const digest = new Uint8Array(32)
  new DataView(digest.buffer).setUint32(0, number)
  return {
    publisherId,
    root: digest,
    listDigest: digest,
    count: 1,
    signer: new Uint8Array(20),
    registeredAt: 1,
    transactionHash: digest,
    blockNumber: number,
    logIndex: 0,
    list: 'missing',
    disowned: null,
  }
}

const rowOf = (sequence: number, publisherId = 7) => recordOf(picture(1), sequence, { publisherId })

describe('what is missing', () => {
  it('is asked for, kept with its root last, and told', async () => {
    const manifest = await writeManifest(picture(1), NOTHING)
    const other = await writeManifest(picture(2), NOTHING)
    const all = setUp(() => ({ kind: 'blocks', blocks: [...manifest.blocks, ...other.blocks] }))
    const order: string[] = []
    const { put } = all.blocks
    all.blocks.put = async (blocks) => {
      order.push(...blocks.map(({ cid }) => cid))
      return put(blocks)
    }
    const row = recordOf(picture(1), 1, { manifestDigest: manifest.digest })
    all.insert(row)
    expect(all.wanted.want(manifestWant(row))).to.equal(true)
    await all.pass(3)
    expect(order).to.deep.equal([other.root, manifest.root])
    expect(all.arrived).to.deep.equal([manifest.root])
    expect(all.wanted.state()).to.deep.equal({ waiting: 0, running: 0, fetched: 1, failed: 0 })
  })

  it('is asked for again after 30 s, 1, 2, 4 and 8 minutes, and then left to the next sweep', async () => {
    const { wanted, pass, asked, insert, clock } = setUp(() => MISSING)
    await pass(1)
    const row = rowOf(1)
    insert(row)
    const start = clock.s
    wanted.want(manifestWant(row))
    await pass(4_000)
    expect(asked.map(({ at }) => at - start)).to.deep.equal([2, 32, 92, 212, 452, 932])
    expect(wanted.state()).to.deep.include({ waiting: 0, failed: 1 })
    await pass(6 * 3_600, 60)
    expect(asked, 'found by the sweep').to.have.length(7)
  })

  it('is not counted as tried while no gateway answers, and waits until one may be asked', async () => {
    const wake = { s: 0 }
    const { wanted, pass, asked, insert, clock } = setUp(() => LATE, { wakesAt: () => wake.s })
    await pass(1)
    insert(rowOf(1))
    wake.s = clock.s + 500
    wanted.want(manifestWant(rowOf(1)))
    await pass(499)
    expect(asked).to.have.length(1)
    await pass(3)
    expect(asked).to.have.length(2)
    expect(wanted.state()).to.include({ waiting: 1, failed: 0 })
  })

  it('is left to the next sweep when no gateway has answered for the sixth time', async () => {
    const { wanted, pass, asked, insert, clock } = setUp(() => LATE)
    await pass(1)
    const start = clock.s
    insert(rowOf(1))
    wanted.want(manifestWant(rowOf(1)))
    await pass(300)
    expect(asked.map(({ at }) => at - start)).to.deep.equal([2, 32, 62, 92, 122, 152])
    expect(wanted.state()).to.include({ waiting: 0, failed: 1 })
    await pass(6 * 3_600, 60)
    expect(asked.length, 'found by the sweep').to.be.above(6)
  })

  it('is not asked for where nobody is known who might have it', async () => {
    const { wanted, pass, asked, insert } = setUp(() => MISSING)
    const row = rowOf(1, 99)
    insert(row)
    wanted.want(manifestWant(row))
    await pass(5)
    expect(asked).to.deep.equal([])
    expect(wanted.state()).to.include({ waiting: 0 })
  })

  it('is told where it is here, though nobody is known who might have it', async () => {
    const manifest = await writeManifest(picture(1), NOTHING)
    const { wanted, pass, asked, arrived, insert, blocks } = setUp(() => MISSING)
    const row = recordOf(picture(1), 1, { publisherId: 99, manifestDigest: manifest.digest })
    insert(row)
    await blocks.put(manifest.blocks)
    wanted.want(manifestWant(row))
    await pass(5)
    expect(arrived).to.deep.equal([manifest.root])
    expect(asked).to.deep.equal([])
  })

  it('that is rubbish is noted as a mismatch, and not asked for again', async () => {
    const manifest = await writeManifest(picture(1), NOTHING)
    const { wanted, pass, asked, insert, catalogue } = setUp(() => ({
      kind: 'blocks',
      blocks: manifest.blocks.slice(0, 1),
      rubbish: true,
    }))
    const row = recordOf(picture(1), 1, { manifestDigest: manifest.digest })
    const noted: string[] = []
    catalogue.setManifest = async (_, { state }) => void noted.push(state)
    insert(row)
    wanted.want(manifestWant(row))
    await pass(20)
    expect(noted[0], 'before it is told').to.equal('mismatch')
    expect(asked).to.have.length(1)
  })

  it('is dropped when its record is rolled back, before it is asked for and while it is', async () => {
    const manifest = await writeManifest(picture(1), NOTHING)
    const row = recordOf(picture(1), 1, { manifestDigest: manifest.digest })
    const gate = Promise.withResolvers<Fetched>()
    const all = setUp(() => gate.promise)
    all.wanted.want(manifestWant(row))
    await all.pass(3)
    expect(all.asked, 'no record names it').to.deep.equal([])
    all.insert(row)
    all.wanted.want(manifestWant(row))
    await all.pass(3)
    all.catalogue.drop(row)
    gate.resolve({ kind: 'blocks', blocks: manifest.blocks })
    await all.pass(1)
    expect(all.blocks.kept.size).to.equal(0)
    expect(all.arrived).to.deep.equal([])
  })

  it('that came by another way is read and not asked for', async () => {
    const manifest = await writeManifest(picture(1), NOTHING)
    const row = recordOf(picture(1), 1, { manifestDigest: manifest.digest })
    const { wanted, pass, asked, arrived, insert, blocks } = setUp(() => MISSING)
    insert(row)
    await blocks.put(manifest.blocks)
    wanted.want(manifestWant(row))
    await pass(3)
    expect(asked).to.deep.equal([])
    expect(arrived).to.deep.equal([manifest.root])
  })

  it('of which the root is here and more is not is fetched, and then waited for with patience', async () => {
    const { root, blocks: fetched } = await writeManifest(picture(1), NOTHING)
    const last = { ...batchOf(451, 9), listDigest: CID.parse(root).multihash.digest }
    const all = setUp(() => ({ kind: 'blocks', blocks: fetched }), { whole: () => false })
    await all.pass(1)
    all.catalogue.rooted.push(last)
    await all.blocks.put(fetched)
    const start = all.clock.s
    // Whoever reads it tells at once that it is missing.
    all.wanted.want(listWant(last))
    await all.pass(2_000)
    expect(all.asked.map(({ at }) => at - start)).to.deep.equal([2, 32, 92, 212, 452, 932])
    expect(all.wanted.state()).to.include({ waiting: 0, fetched: 0, failed: 1 })
  })

  it('is asked for again after a failure of ours, which is told', async () => {
    const failure = new Error('disk')
    const { wanted, pass, asked, errors, insert } = setUp(() => Promise.reject(failure))
    insert(rowOf(1))
    wanted.want(manifestWant(rowOf(1)))
    await pass(60)
    expect(asked).to.have.length(2)
    expect(errors).to.deep.equal([failure, failure])
  })

  it('is found by the sweep after a restart, in all pages of the catalogue', async () => {
    const { pass, asked, insert } = setUp(() => MISSING)
    const rows = Array.from({ length: 450 }, (_, i) => rowOf(i + 1, (i % 3) + 1))
    insert(...rows)
    await pass(120)
    expect(new Set(asked.map(({ root }) => root))).to.deep.equal(new Set(rows.map(rootOf)))
  })
})

describe('a list that is missing', () => {
  it('is found by the sweep, however many there are, and told when it is here', async () => {
    const { blocks, root } = await writeManifest(picture(1), NOTHING)
    const all = setUp((asked) => (asked === root ? { kind: 'blocks', blocks } : MISSING))
    for (let i = 1; i <= 450; i++) all.catalogue.rooted.push(batchOf(i, (i % 5) + 1))
    await all.pass(300)
    expect(new Set(all.asked.map(({ root }) => root)).size).to.equal(450)
    expect(all.arrived).to.deep.equal([])
    const last = { ...batchOf(451, 9), listDigest: CID.parse(root).multihash.digest }
    all.catalogue.rooted.push(last)
    all.wanted.want(listWant(last))
    await all.pass(3)
    expect(all.arrived).to.deep.equal([root])
    all.catalogue.rooted.pop()
    all.blocks.kept.clear()
    all.wanted.want(listWant(last))
    await all.pass(3)
    expect(all.blocks.kept.size, 'of a batch that was rolled back').to.equal(0)
  })
})

describe('a publisher with more missing than is kept in mind', () => {
  it('does not keep another waiting', async () => {
    const never = new Promise<Fetched>(() => {})
    const { wanted, pass, asked, insert } = setUp((root) => (root === mine ? MISSING : never))
    const rows = Array.from({ length: 3_000 }, (_, i) => rowOf(i + 1, 1))
    const row = rowOf(3_001, 2)
    const mine = rootOf(row)
    insert(...rows, row)
    for (const one of rows) wanted.want(manifestWant(one))
    expect(wanted.state().waiting).to.be.within(100, 500)
    expect(wanted.want(manifestWant(row))).to.equal(true)
    await pass(3)
    expect(asked.map(({ root }) => root)).to.include(mine)
    expect(asked, 'two at a time of the first').to.have.length(3)
  })

  it('leaves room for one more, however many there are', () => {
    const { wanted } = setUp(() => MISSING)
    for (let publisherId = 1; publisherId <= 300; publisherId++)
      for (let i = 0; i < 500; i++) {
        const id = new Uint8Array(Buffer.from(`${publisherId}`.padStart(16, '0') + `${i}`.padStart(16, '0')))
        if (!wanted.want({ type: 'manifest', id, root: '', publisherId })) break
      }
    expect(wanted.state().waiting).to.equal(20_000)
    for (let i = 1; i <= 1_000; i++) expect(wanted.want(manifestWant(rowOf(i, 1_000 + i)))).to.equal(true)
    expect(wanted.state().waiting).to.equal(20_000)
  })

  it('leaves room where twenty thousand have one each: what was asked for in vain gives way', async () => {
    const never = new Promise<Fetched>(() => {})
    let asked = 0
    const { wanted, catalogue, pass } = setUp(() => (asked++ < 10 ? [LATE, MISSING][asked % 2]! : never))
    const row = rowOf(1)
    catalogue.record = async () => row
    const { root } = manifestWant(row)
    for (let publisherId = 100; publisherId < 20_100; publisherId++)
      wanted.want({ type: 'manifest', id: row.recordId, root, publisherId })
    expect(wanted.state().waiting).to.equal(20_000)
    const wantOne = (publisherId: number) => wanted.want({ type: 'manifest', id: row.recordId, root, publisherId })
    expect(wantOne(50_000), 'before one was asked').to.equal(false)
    await pass(3)
    for (let i = 1; i <= 10; i++) expect(wantOne(50_000 + i)).to.equal(true)
    expect(wantOne(50_011), 'all that was asked for has given way').to.equal(false)
    expect(wanted.state()).to.include({ waiting: 20_000, running: 8 })
  })

  it('is served on and on: one that ends makes room for the next', async () => {
    const { wanted, pass, asked, insert, clock } = setUp(() => MISSING)
    await pass(2)
    const rows = Array.from({ length: 100 }, (_, i) => rowOf(i + 1, 1))
    insert(...rows)
    for (const one of rows) wanted.want(manifestWant(one))
    clock.s += 5
    await wanted.turn()
    for (let i = 0; i < 100; i++) await turnOfLoop()
    expect(new Set(asked.map(({ root }) => root)).size, 'in one turn').to.equal(100)
  })

  it('gets all of it in the end', async () => {
    const { pass, asked, insert, most } = setUp(() => MISSING)
    const rows = Array.from({ length: 1_500 }, (_, i) => rowOf(i + 1, 1))
    insert(...rows)
    await pass(900)
    expect(new Set(asked.map(({ root }) => root)).size).to.equal(1_500)
    expect(most()).to.equal(2)
  })
})
