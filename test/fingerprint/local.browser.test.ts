/** The core of the fingerprint in a real browser: the same bits for the same pixels. */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { hashPicture } from '../../server/fingerprint/pdq.ts'
import { CHROMIUM, launch } from '../web/browser.ts'
import { localVectors, pixelsOf, sha256 } from './local-vectors.ts'

/** An origin that exists in this browser only: its requests are answered here. */
const CORE = 'http://core.test/'
const folder = new URL('../../server/fingerprint/', import.meta.url)

async function openCore(browser: Browser): Promise<Page> {
  const page = await browser.newPage()
  await page.route(`${CORE}**`, (route) => {
    const name = new URL(route.request().url()).pathname.slice(1)
    if (name === '') return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })
    const body = stripTypeScriptTypes(readFileSync(new URL(name, folder), 'utf8'))
    return route.fulfill({ contentType: 'text/javascript', body })
  })
  await page.goto(CORE)
  return page
}

/** Runs in the page. */
async function compute({ base64, ...picture }: { base64: string; width: number; height: number; detail: string }) {
  const load = (name: string) => import(`${location.origin}/${name}`)
  const [local, code, pdq] = await Promise.all([load('local.ts'), load('local-code.ts'), load('pdq.ts')])
  const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const pixels = { ...picture, channels: 3, data }
  const { orientations, reduced } = pdq.hashPicture(pixels)
  return {
    local: [...code.encodeLocal(local.localFeatures(pixels, picture, picture.detail))] as number[],
    pdq: [...orientations, ...reduced].map((hash: Uint8Array) => [...hash]) as number[][],
  }
}

function suite(): void {
  let browser: Browser
  let page: Page
  before(async () => {
    browser = await launch()
    page = await openCore(browser)
  })
  after(() => browser.close())

  for (const vector of localVectors)
    it(`computes local hashes and PDQ of ${vector.width}×${vector.height}, ${vector.detail}, as Node does`, async () => {
      const { width, height, detail } = vector
      const data = pixelsOf(vector)
      const base64 = Buffer.from(data).toString('base64')
      const found = await page.evaluate(compute, { width, height, detail, base64 })
      expect(sha256(Uint8Array.from(found.local))).to.equal(vector.sha256)
      const { orientations, reduced } = hashPicture({ width, height, channels: 3, data })
      expect(found.pdq).to.deep.equal([...orientations, ...reduced].map((hash) => [...hash]))
    })
}

const title = 'the core of the fingerprint in a browser'
if (CHROMIUM) describe(title, suite)
else describe.skip(`${title} (skipped: no browser at CHROMIUM or /usr/bin/chromium)`, suite)
