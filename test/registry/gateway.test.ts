import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import type { Block } from '../../server/catalogue/index.ts'
import { RegistryError } from '../../server/errors.ts'
import { manifestCid, writeList, writeManifest } from '../../server/fingerprint/index.ts'
import { createGuard } from '../../server/outgoing/index.ts'
import { carPieces, writeCar } from '../../server/registry/car.ts'
import { createFetchRoot } from '../../server/registry/fetch-root.ts'
import { createGateway, type Gateway } from '../../server/registry/gateway.ts'
import { createGatewayHealth } from '../../server/registry/gateway-health.ts'
import { picture, video } from '../fingerprint/make.ts'
import { type Site, site } from '../outgoing/internet.ts'
import { memoryWithdrawals } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
const SIGNAL = new AbortController().signal

function block(value: unknown): Block {
  const bytes = dagCbor.encode(value)
  return { cid: manifestCid(new Uint8Array(createHash('sha256').update(bytes).digest())), bytes }
}

describe('blocks from gateways', () => {
  const sites: Site[] = []
  afterEach(async () => {
    for (const one of sites.splice(0)) await one.close()
  })

  const opened = async (answer: RequestListener) => {
    const one = await site(answer)
    sites.push(one)
    return one
  }
  /** Serves these blocks one by one, and as a CAR if told. */
  const serving = (blocks: Block[], { cars = false } = {}) =>
    opened(async (request, response) => {
      const url = new URL(request.url!, 'http://x')
      const cid = url.pathname.replace('/ipfs/', '')
      const found = blocks.find((one) => one.cid === cid)
      if (url.searchParams.get('format') === 'car')
        return cars && found ? void response.end(await writeCar(cid, blocks)) : void response.writeHead(406).end()
      if (found) response.end(found.bytes)
      else response.writeHead(404).end()
    })
  const answering = (status: number, body: string | Uint8Array = '', headers: Record<string, string> = {}) =>
    opened((_request, response) => void response.writeHead(status, headers).end(body))

  function setUp(withdrawn: string[] = []) {
    const clock = { s: 1_000 }
    const withdrawals = memoryWithdrawals(withdrawn)
    const guard = createGuard({ allow: sites.map(({ allow }) => allow), userAgent: 'test', resolve: async () => [] })
    const health = createGatewayHealth(() => clock.s)
    const fetchRoot = createFetchRoot({ gateway: createGateway(guard), health, withdrawals })
    return {
      clock,
      health,
      fetchRoot: (root: string, publisherId = 7) =>
        fetchRoot(root, { publisherId, bases: sites.map(({ url }) => url) }, SIGNAL),
    }
  }
  const asked = (one: Site) => one.seen.map(({ url }) => url)

  it('are asked for raw by CID, as a trustless gateway is', async () => {
    const { root, blocks } = await writeManifest(picture(1), NOTHING)
    const there = await serving(blocks)
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
    expect(asked(there)).to.deep.equal([`/ipfs/${root}?format=raw`])
    expect(there.seen[0]!.headers.accept).to.equal('application/vnd.ipld.raw')
  })

  it('are asked for together where there are several, and one by one where a gateway serves no CAR', async () => {
    const { root, blocks } = await writeManifest(video(5, 600), NOTHING)
    expect(blocks.length).to.be.above(4)
    const together = await serving(blocks, { cars: true })
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
    expect(asked(together)).to.deep.equal([`/ipfs/${root}?format=raw`, `/ipfs/${root}?format=car&dag-scope=all`])
    await sites.pop()!.close()
    const single = await serving(blocks)
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
    expect(single.seen).to.have.length(blocks.length + 1)
  })

  it('of a video are all but its evidence, of which no more is read than comes before the rest', async () => {
    const plain = video(5, 600)
    const frames = plain.frames.map((frame) => ({
      ...frame,
      local: new Uint8Array(37),
      evidence: Uint8Array.of(1, 1, 0, 8, 0, 8, ...new Uint8Array(8_000)),
    }))
    const { root, blocks } = await writeManifest({ ...plain, frames }, NOTHING)
    const wanted = blocks.slice(0, 1 + 5 + 5)
    expect(blocks.length - wanted.length, 'stretches').to.equal(15)
    const together = await serving(blocks, { cars: true })
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks: wanted })
    expect(together.seen).to.have.length(2)
    await sites.pop()!.close()
    const single = await serving(blocks)
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks: wanted })
    expect(single.seen).to.have.length(wanted.length + 1)
  })

  it('are read from a CAR until all that is wanted is there', async () => {
    const { root, blocks } = await writeManifest(video(5, 600), NOTHING)
    let read = 0
    async function* pieces() {
      for await (const piece of carPieces(root, blocks)) {
        read++
        yield piece
      }
    }
    const answer = { host: 'a', status: 200, mediaType: null, retryAfterS: null, byteLength: null }
    const get = async () => ({ ...answer, body: Readable.from(pieces(), { highWaterMark: 1 }) })
    const found = await createGateway({ check: () => {}, get }).car(
      'https://a.example',
      root,
      new Set([blocks[1]!.cid]),
      1e6,
      SIGNAL,
    )
    expect(found).to.deep.equal({ kind: 'blocks', blocks: [blocks[1]] })
    expect(read, 'header, root and frames, three pieces each, and what was read ahead').to.be.below(12)
  })

  it('come from whichever gateway has them', async () => {
    const { root, blocks } = await writeManifest(video(5, 130), NOTHING)
    await serving(blocks.slice(0, 1))
    await serving(blocks.slice(1))
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
  })

  it('that do not hash to their CID are not taken, in a CAR neither', async () => {
    const { root, blocks } = await writeManifest(video(5, 300), NOTHING)
    const lie = blocks.map(({ cid, bytes }, i) => ({ cid, bytes: i === 2 ? bytes.with(9, bytes[9]! ^ 1) : bytes }))
    await serving(lie, { cars: true })
    const found = await setUp().fetchRoot(root)
    expect(found.kind).to.equal('missing')
    expect(found).to.have.property('why').that.contains('does not hash to its CID')
    await serving(blocks)
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
  })

  it('of a list are taken as they are: its claims are checked when it is read', async () => {
    const claim = {
      contentDigest: new Uint8Array(32).fill(1),
      manifestDigest: new Uint8Array(32),
      kind: 1,
      algorithm: 0,
      perceptualHashes: [],
    }
    const { root, blocks } = await writeList([claim])
    await serving(blocks)
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
  })

  for (const [what, value] of [
    ['is no manifest', { firsthand: 'manifest1' }],
    ['links to one block twice', { firsthand: 'manifest1', frames: Array(2).fill(CID.parse(block({ a: 1 }).cid)) }],
    ['links to what no block is', { frames: [CID.createV1(0x70, CID.parse(block(1).cid).multihash)] }],
    ['links to more than is fetched', { frames: Array.from({ length: 2_001 }, (_, i) => CID.parse(block(i).cid)) }],
  ] as const)
    it(`of a root that ${what} are the root alone, which shows it`, async () => {
      const rubbish = block(value)
      const there = await serving([rubbish])
      expect(await setUp().fetchRoot(rubbish.cid)).to.deep.equal({ kind: 'blocks', blocks: [rubbish], rubbish: true })
      expect(there.seen).to.have.length(1)
    })

  it('are not taken beyond 1 MiB each, 32 MiB of one manifest and 4 MiB of one list', async () => {
    const large = block({ x: new Uint8Array(1 << 20) })
    await serving([large])
    expect(await setUp().fetchRoot(large.cid)).to.have.property('kind', 'missing')
    const linked = Array.from({ length: 40 }, (_, i) => block({ i, x: new Uint8Array(1_000_000) }))
    const links = linked.map(({ cid }) => CID.parse(cid))
    const [film, list] = [block({ frames: links }), block({ firsthand: 'list1', leaves: links })]
    for (const [root, most] of [
      [film, 33_554_432],
      [list, 4_194_304],
    ] as const) {
      const there = await serving([root, ...linked])
      const found = await setUp().fetchRoot(root.cid)
      expect(found).to.have.property('why').that.contains(`${most} bytes`)
      expect(there.seen.length).to.be.below(most / 1_000_000 + 8)
      await sites.pop()!.close()
    }
  })

  it('that nobody has are missing; where nobody answers, nothing is known', async () => {
    const { root } = await writeManifest(picture(1), NOTHING)
    await answering(503)
    const why = 'localhost answers with status 503'
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'late', why, asked: true })
    await answering(404)
    expect(await setUp().fetchRoot(root)).to.deep.equal({ kind: 'missing', why: 'localhost answers with status 404' })
  })

  it('that a gateway does not find in time are missing, and it is asked for others', async () => {
    const { root, blocks } = await writeManifest(picture(1), NOTHING)
    const there = await opened((request, response) => {
      if (request.url!.startsWith(`/ipfs/${root}?`)) response.end(blocks[0]!.bytes)
      else response.writeHead(504).end()
    })
    const { fetchRoot } = setUp()
    for (let i = 0; i < 5; i++)
      expect(await fetchRoot(manifestCid(new Uint8Array(32).fill(i)))).to.have.property('kind', 'missing')
    expect(await fetchRoot(root)).to.deep.equal({ kind: 'blocks', blocks })
    expect(there.seen).to.have.length(6)
    const error = new RegistryError('fetch.timeout', 'slow')
    const slow = createGateway({ check: () => {}, get: () => Promise.reject(error) })
    expect(await slow.block('https://a.example', root, SIGNAL)).to.deep.equal({ kind: 'miss', why: 'slow' })
  })

  it('of which the root comes before another question makes the gateway rest are late, and it was asked', async () => {
    const { root, blocks } = await writeManifest(video(5, 300), NOTHING)
    const health = createGatewayHealth(() => 1_000)
    const gateway: Gateway = {
      block: async () => ({ kind: 'blocks', blocks: blocks.slice(0, 1) }),
      car: async (base) => {
        health.tell(8, base, { kind: 'sick', why: 'down', retryAfterS: null })
        return { kind: 'miss', why: 'no CAR' }
      },
    }
    const fetchRoot = createFetchRoot({ gateway, health, withdrawals: memoryWithdrawals() })
    const found = await fetchRoot(root, { publisherId: 7, bases: ['https://a.example'] }, SIGNAL)
    expect(found).to.deep.equal({ kind: 'late', why: 'no gateway may be asked now', asked: true })
  })

  it('that come one by one without end are given up after five minutes', async () => {
    const { root, blocks } = await writeManifest(video(5, 300), NOTHING)
    const late = new AbortController()
    const allowed: number[] = []
    const gateway: Gateway = {
      block: (_base, cid, signal) =>
        cid === root
          ? Promise.resolve({ kind: 'blocks', blocks: blocks.slice(0, 1) })
          : new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason as Error))
              late.abort(new Error('five minutes'))
            }),
      car: async () => ({ kind: 'miss', why: 'no CAR' }),
    }
    const deadline = (ms: number) => {
      allowed.push(ms)
      return late.signal
    }
    const health = createGatewayHealth(() => 1_000)
    const fetchRoot = createFetchRoot({ gateway, health, withdrawals: memoryWithdrawals(), deadline })
    const gateways = { publisherId: 7, bases: ['https://a.example'] }
    const why = `root ${root} did not come in full within 300 s`
    expect(await fetchRoot(root, gateways, SIGNAL)).to.deep.equal({ kind: 'missing', why })
    expect(allowed).to.deep.equal([300_000])
    const stopped = AbortSignal.abort(new Error('the server stops'))
    expect(await fetchRoot(root, gateways, stopped).catch((error: unknown) => error)).to.equal(stopped.reason)
  })

  it('are not asked for at a gateway that rests: 30 s at first, twice as long each time, or as it says', async () => {
    const { root } = await writeManifest(picture(1), NOTHING)
    const there = await answering(500)
    const { fetchRoot, clock } = setUp()
    const asksAfter = async (seconds: number) => {
      clock.s += seconds
      const before = there.seen.length
      expect((await fetchRoot(root)).kind).to.equal('late')
      return there.seen.length - before
    }
    const told: number[] = []
    for (const seconds of [0, 29, 1, 59, 1, 119, 1]) told.push(await asksAfter(seconds))
    expect(told).to.deep.equal([1, 0, 1, 0, 1, 0, 1])
    const slow = await answering(429, '', { 'Retry-After': '500' })
    sites.shift()
    const other = setUp()
    await other.fetchRoot(root)
    other.clock.s += 499
    await other.fetchRoot(root)
    expect(slow.seen).to.have.length(1)
    await there.close()
  })

  it('are not asked for without end at a host that never has any', async () => {
    const there = await answering(404)
    const { fetchRoot, clock } = setUp()
    for (let i = 0; i < 60; i++) await fetchRoot(manifestCid(new Uint8Array(32).fill(i)))
    expect(there.seen).to.have.length(20)
    const { root } = await writeManifest(picture(1), NOTHING)
    expect(await fetchRoot(root)).to.deep.equal({ kind: 'late', why: 'no gateway may be asked now', asked: false })
    expect(await fetchRoot(root, 8), 'of another publisher').to.have.property('kind', 'missing')
    expect(there.seen).to.have.length(21)
    clock.s += 30
    for (let i = 0; i < 60; i++) await fetchRoot(manifestCid(new Uint8Array(32).fill(i)))
    expect(there.seen).to.have.length(41)
  })

  it('are not asked for where they were withdrawn here, and none of a root in which one was', async () => {
    const { root, blocks } = await writeManifest(video(5, 300), NOTHING)
    const there = await serving(blocks, { cars: true })
    const why = (cid: string) => ({ kind: 'missing', why: `block ${cid} was withdrawn here` })
    expect(await setUp([root]).fetchRoot(root)).to.deep.equal(why(root))
    expect(there.seen).to.deep.equal([])
    const [, , second] = blocks
    expect(await setUp([second!.cid]).fetchRoot(root)).to.deep.equal(why(second!.cid))
  })

  it('are not asked for at an address that the guard refuses', async () => {
    const there = await answering(200)
    const guard = createGuard({ allow: [], userAgent: 'test', resolve: async () => [] })
    const given = await createGateway(guard).block(there.url, manifestCid(new Uint8Array(32)), SIGNAL)
    expect(given).to.have.property('kind', 'miss')
    expect(there.seen).to.deep.equal([])
  })
})
