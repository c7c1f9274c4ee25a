/** Strangers who claim what a newsroom registered: a forgery of it, its hashes with evidence of something else, its very bytes. On a local
 *  network, through API, page and report. */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import type { Fingerprint, PixelPlane } from '../../server/fingerprint/index.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import type { LookupView } from '../../server/registry/index.ts'
import { pasted } from '../fingerprint/copies.ts'
import { scene } from '../fingerprint/scene.ts'
import { CHROMIUM, launch } from '../web/browser.ts'
import { textOf } from '../web/text-of.ts'
import { chainOf, createPublisher, type Local, type Publisher } from './publisher.ts'
import { type ServerProcess, startServerProcess, temporaryFolder } from './server.ts'

/** The development publisher is the first. */
const NEWSROOM = 2
const BOX = { x: 210, y: 120, width: 70, height: 80 }

const pixelsOf = (seed: number, shapes = 40) => scene({ width: 480, height: 360, seed, shapes })
const raw = ({ width, height, channels }: PixelPlane) => ({ raw: { width, height, channels: channels as 3 } })
const asPng = (pixels: PixelPlane) => sharp(pixels.data, raw(pixels)).png().toBuffer()
const asJpeg = (pixels: PixelPlane) => sharp(pixels.data, raw(pixels)).jpeg({ quality: 85 }).toBuffer()

function fingerprintOf(file: Buffer, pixels: PixelPlane): Fingerprint {
  return {
    kind: 'image',
    mediaType: 'image/png',
    contentDigest: new Uint8Array(createHash('sha256').update(file).digest()),
    byteLength: file.length,
    width: pixels.width,
    height: pixels.height,
    durationMs: null,
    picture: hashWhole(pixels, pixels),
    frames: [],
  }
}

interface Told {
  api: LookupView
  report: string
  /** Empty without a browser. */
  verdict: string
  matches: string[]
}

describe('where a stranger contradicts a newsroom that the operator trusts', function () {
  this.timeout(120_000)
  const folder = temporaryFolder()
  let server: ServerProcess
  let local: Local
  let browser: Browser | null = null
  let newsroom: Publisher
  let stranger: Publisher

  before(async () => {
    server = await startServerProcess(folder.path, [], { TRUSTED_PUBLISHERS: String(NEWSROOM) })
    local = await chainOf(server.url)
    newsroom = await createPublisher(local, 'Quay News', 2)
    stranger = await createPublisher(local, 'Nobody in particular', 4)
    expect(newsroom.id).to.equal(NEWSROOM)
    browser = CHROMIUM ? await launch() : null
  })
  after(async () => {
    await browser?.close()
    local?.node.close()
    await server?.stop()
    folder.remove()
  })

  it(
    CHROMIUM
      ? 'has a browser for the page'
      : 'the page: not tested, there is no browser at CHROMIUM or /usr/bin/chromium',
    () => {},
  )

  async function ask(file: Buffer): Promise<Told> {
    const answered = await fetch(`${server.url}/v1/lookups?wait=60`, { method: 'POST', body: new Uint8Array(file) })
    const api = (await answered.json()) as LookupView
    const report = await (await fetch(`${server.url}/v1/lookups/${api.id}/report`)).text()
    return { api, report: textOf(report), ...(await onPage(file)) }
  }

  async function onPage(file: Buffer): Promise<Pick<Told, 'verdict' | 'matches'>> {
    if (!browser) return { verdict: '', matches: [] }
    const page = await browser.newPage()
    try {
      await page.goto(server.url)
      await page.setInputFiles('#file', { name: 'candidate.png', mimeType: 'image/png', buffer: file })
      await page.locator('#verdict').waitFor({ timeout: 60_000 })
      return await readPage(page)
    } finally {
      await page.close()
    }
  }

  async function readPage(page: Page) {
    const matches = await page.locator('#answer .match').allInnerTexts()
    return { verdict: await page.locator('#answer .verdict').innerText(), matches }
  }

  /** The newsroom leads and the stranger is named, wherever it is told. */
  function expectNamed(
    { api, report, verdict, matches }: Told,
    ids: { trusted: string; other: string },
    how: RegExp,
  ): void {
    expect(api.matches.map(({ recordId }) => recordId)).to.deep.equal([ids.trusted, ids.other])
    expect(api.matches.map(({ publisher }) => publisher.trust)).to.deep.equal(['listed by this server', 'unverified'])
    expect(api.verdict).to.equal(api.matches[0]!.relation)
    expect(api.conflict!.recordId).to.equal(ids.other)
    expect(api.conflict!.summary).to.match(how)
    expect(api.summary)
      .to.match(/registered by Quay News \(listed by this server\)/)
      .and.to.include(api.conflict!.summary)
    expect(report).to.include(`Another record contradicts the one that leads. ${api.conflict!.summary}`)
    expect(report).to.match(/1\. The newsroom’s .* 2\. The stranger’s /)
    if (!browser) return
    expect(verdict).to.include(`Another record contradicts the one that leads. ${api.conflict!.summary}`)
    expect(matches).to.have.length(2)
    expect(matches[0]).to.match(/^The newsroom’s/)
    expect(matches[1]).to.match(/^The stranger’s/)
  }

  it('it registered a forgery, and the forgery is looked up: altered from the newsroom’s, with the region', async () => {
    const genuine = pixelsOf(21)
    const forged = pasted(genuine, pixelsOf(22, 120), BOX)
    const [original, forgery] = [await asPng(genuine), await asPng(forged)]
    const other = await stranger.register(fingerprintOf(forgery, forged), 'The stranger’s forgery')
    const trusted = await newsroom.register(fingerprintOf(original, genuine), 'The newsroom’s picture')
    const told = await ask(forgery)
    expectNamed(
      told,
      { trusted, other },
      /^Nobody in particular \(unverified\) registered exactly these bytes earlier, on /,
    )
    expect(told.api.matches.map(({ relation }) => relation)).to.deep.equal(['altered', 'identical'])
    const region = told.api.matches[0]!.findings[0]!.region!
    const [x, y] = [region.x + region.w / 2, region.y + region.h / 2]
    expect(x * 480).to.be.within(BOX.x, BOX.x + BOX.width)
    expect(y * 360).to.be.within(BOX.y, BOX.y + BOX.height)
    expect(told.report).to.match(/Region 1: differs from the original, in the middle, \d+ % × \d+ % of the picture/)
    if (!browser) return
    expect(told.verdict).to.match(/^Altered/)
    expect(told.matches[0]).to.match(/Region 1: differs from the original, in the middle/)
  })

  for (const [what, evidenceOf, relation, how] of [
    [
      'a forgery of it',
      (genuine: PixelPlane) => pasted(genuine, pixelsOf(32, 120), BOX),
      'altered',
      /registered a version that differs from it earlier, on /,
    ],
    [
      'another picture',
      () => pixelsOf(33, 60),
      'same_content',
      /claimed this picture, with a small copy of it that does not fit, earlier, on /,
    ],
  ] as const)
    it(`it registered the newsroom’s digest and hashes first, with evidence of ${what}`, async () => {
      const genuine = pixelsOf(what === 'another picture' ? 51 : 31)
      const original = await asPng(genuine)
      const honest = fingerprintOf(original, genuine)
      const doctored = evidenceOf(genuine)
      const { evidence } = hashWhole(doctored, doctored)
      const other = await stranger.register(
        { ...honest, picture: { ...honest.picture!, evidence } },
        'The stranger’s claim',
      )
      const trusted = await newsroom.register(honest, 'The newsroom’s picture')
      const copy = await ask(await asJpeg(genuine))
      expectNamed(copy, { trusted, other }, how)
      expect(copy.api.matches.map((match) => match.relation)).to.deep.equal(['same_content', relation])
      const same = await ask(original)
      expectNamed(
        same,
        { trusted, other },
        /^Nobody in particular \(unverified\) registered exactly these bytes earlier, on /,
      )
      expect(same.api.matches.map((match) => match.relation)).to.deep.equal(['identical', 'identical'])
    })

  it('it registered the same bytes one block earlier', async () => {
    const genuine = pixelsOf(41)
    const original = await asPng(genuine)
    const fingerprint = fingerprintOf(original, genuine)
    const other = await stranger.register(fingerprint, 'The stranger’s claim')
    const trusted = await newsroom.register(fingerprint, 'The newsroom’s picture')
    const told = await ask(original)
    const [first, second] = told.api.matches
    expect(second!.anchor.block).to.equal(first!.anchor.block - 1)
    expectNamed(
      told,
      { trusted, other },
      /^Nobody in particular \(unverified\) registered exactly these bytes earlier, on /,
    )
    if (browser) expect(told.verdict).to.match(/^Identical/)
  })
})
