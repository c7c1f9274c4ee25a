import { expect } from 'chai'
import { writeManifest } from '../../server/fingerprint/index.ts'
import { createGuard } from '../../server/outgoing/index.ts'
import { fetchMissing } from '../../server/registry/index.ts'
import { manifestWant } from '../../server/registry/wanted.ts'
import { until } from '../chain/until.ts'
import { picture } from '../fingerprint/make.ts'
import { type Served, serve } from '../http/harness.ts'
import { memoryBlocks, memoryCatalogue, memoryWithdrawals, PUBLISHER, recordOf } from './fakes.ts'

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
})
