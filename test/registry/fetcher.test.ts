import { Readable } from 'node:stream'
import { expect } from 'chai'
import type { Block } from '../../server/catalogue/index.ts'
import { writeManifest } from '../../server/fingerprint/index.ts'
import { createGuard, type Guard } from '../../server/outgoing/index.ts'
import { fetchMissing } from '../../server/registry/index.ts'
import { manifestWant } from '../../server/registry/wanted.ts'
import { until } from '../chain/until.ts'
import { picture } from '../fingerprint/make.ts'
import { type Served, serve } from '../http/harness.ts'
import { memoryBlocks, memoryCatalogue, memoryWithdrawals, PUBLISHER, recordOf, turn } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

/** A record, and its manifest. */
async function registered(seed: number, title: string) {
  const manifest = await writeManifest(picture(seed), { ...NOTHING, title })
  return { manifest, row: recordOf(picture(seed), seed, { manifestDigest: manifest.digest }) }
}

describe('a server without a manifest', () => {
  let elsewhere: Served
  let here: Served
  beforeEach(async () => {
    elsewhere = await serve()
    const allow = [{ host: '127.0.0.1', port: elsewhere.port }]
    here = await serve({ allow, gateways: [elsewhere.url], now: () => Math.floor(Date.now() / 1000) })
  })
  afterEach(async () => {
    await here.close()
    await elsewhere.close()
  })

  it('gets it from another server, and the record is complete', async () => {
    const { manifest, row } = await registered(1, 'From elsewhere')
    await elsewhere.blocks.put(manifest.blocks)
    here.catalogue.insert(row)
    const record = async () => {
      const response = await fetch(`${here.url}/v1/records?publisher=7`)
      return ((await response.json()) as { records: { manifest: string; title: string | null }[] }).records[0]!
    }
    expect(await record()).to.include({ manifest: 'missing', title: null })
    await until(
      async () => (await record()).manifest === 'present',
      () => 'still missing',
    )
    expect(await record()).to.include({ title: 'From elsewhere' })
    expect((await fetch(`${here.url}/ipfs/${manifest.root}?format=raw`)).status, 'and is a gateway itself').to.equal(
      200,
    )
  })
})

describe('fetching everything that is missing', () => {
  it('brings what the publisher and the configured gateways have, and says what cannot be had', async () => {
    const [own, configured] = [await serve(), await serve()]
    const all = await Promise.all([1, 2, 3].map((seed) => registered(seed, `title ${seed}`)))
    await own.blocks.put(all[0]!.manifest.blocks)
    await configured.blocks.put(all[1]!.manifest.blocks)
    const catalogue = memoryCatalogue([{ ...PUBLISHER, gateways: [own.url] }])
    const blocks = memoryBlocks()
    catalogue.insert(...all.map(({ row }) => row))
    const arrived: string[] = []
    const allow = [own, configured].map(({ port }) => ({ host: '127.0.0.1', port }))
    const parts = {
      catalogue,
      blocks,
      withdrawals: memoryWithdrawals(),
      guard: createGuard({ allow, userAgent: 'test' }),
      configured: [configured.url],
      now: () => Math.floor(Date.now() / 1000),
      arrived: async ({ root }: { root: string }) => void arrived.push(root),
    }
    const report = await fetchMissing(parts)
    const lacking = manifestWant(all[2]!.row)
    expect(report).to.deep.equal({
      fetched: 2,
      missing: 1,
      examples: [{ type: 'manifest', root: lacking.root, publisherId: 7, why: '127.0.0.1 answers with status 404' }],
    })
    expect(arrived.sort()).to.deep.equal(
      all
        .slice(0, 2)
        .map(({ manifest }) => manifest.root)
        .sort(),
    )
    expect([...blocks.kept.keys()].sort()).to.deep.equal(arrived)
    const none = await fetchMissing({ ...parts, catalogue: memoryCatalogue(), configured: [] })
    expect(none).to.deep.equal({ fetched: 0, missing: 0, examples: [] })
    await own.close()
    await configured.close()
  })

  describe('at a gateway that has some of it', () => {
    /** Every fourth of forty is not there. */
    async function setUp(status: number) {
      const all = await Promise.all(Array.from({ length: 40 }, (_, i) => registered(i + 1, `title ${i + 1}`)))
      const catalogue = memoryCatalogue()
      catalogue.insert(...all.map(({ row }) => row))
      const there = all.filter((_, i) => i % 4 !== 3).flatMap(({ manifest }) => manifest.blocks)
      const clock = { s: 1_000 }
      const pauses: number[] = []
      const parts = {
        catalogue,
        blocks: memoryBlocks(),
        withdrawals: memoryWithdrawals(),
        guard: guardOf(there, status),
        configured: ['https://a.example'],
        now: () => clock.s,
        arrived: async () => {},
        pause: async (ms: number) => {
          const end = clock.s + ms / 1000
          pauses.push(ms / 1000)
          // Timers fire in the order of their times: not before everything else has come to rest.
          for (let i = 0; i < 20; i++) await turn()
          clock.s = Math.max(clock.s, end)
        },
      }
      return { parts, clock, pauses }
    }

    /** Serves these blocks, and answers with a status for others. */
    function guardOf(blocks: Block[], otherwise: number): Guard {
      const get: Guard['get'] = async (url) => {
        const found = blocks.find(({ cid }) => url.includes(cid))
        return {
          host: 'a.example',
          status: found ? 200 : otherwise,
          mediaType: null,
          retryAfterS: null,
          byteLength: null,
          body: Readable.from(found ? [Buffer.from(found.bytes)] : []),
        }
      }
      return { check: () => {}, get }
    }

    it('brings it, and waits for nothing, where it does not find the rest in time', async () => {
      const { parts, pauses } = await setUp(504)
      expect(await fetchMissing(parts)).to.include({ fetched: 30, missing: 10 })
      expect(pauses).to.deep.equal([])
    })

    it('brings it where it fails for the rest: that it rests for others is no attempt', async () => {
      const { parts } = await setUp(503)
      expect(await fetchMissing(parts)).to.include({ fetched: 30, missing: 10 })
    })

    it('does not wait where it asks to be left alone for an hour', async () => {
      const { parts, pauses } = await setUp(503)
      const { get } = parts.guard
      parts.guard.get = async (...asked) => ({ ...(await get(...asked)), status: 503, retryAfterS: 3_600 })
      expect(await fetchMissing(parts)).to.include({ fetched: 0, missing: 40 })
      expect(pauses).to.deep.equal([])
    })
  })
})
