/** The same pixels have the same fingerprint in a server and in a browser: hashing must not depend on whose engine it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { toHex } from '../../server/bytes.ts'
import type { PixelPlane, Size } from '../../server/fingerprint/index.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { decodePicture } from '../../server/fingerprint/picture.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { CHROMIUM, launch } from '../web/browser.ts'
import { scene } from './scene.ts'

const ROOT = join(import.meta.dirname, '../..')
const VECTORS = join(ROOT, 'test/vectors/pdq')

type Case = [name: string, pixels: PixelPlane, size: Size]

async function cases(): Promise<Case[]> {
  const files = readdirSync(VECTORS).filter((name) => name.endsWith('.png'))
  const decoded = files.map(async (name): Promise<Case> => {
    const { width, height, pixels } = await decodePicture(readFileSync(join(VECTORS, name)), DEFAULT_LIMITS)
    return [name, pixels, { width, height }]
  })
  const sizes = [
    [1, 1],
    [37, 900],
    [640, 427],
    [1024, 1024],
  ] as const
  const made = sizes.map(([width, height], seed): Case => {
    const pixels = scene({ width, height, seed })
    return [`a scene of ${width}×${height}`, pixels, { width: 3 * width, height: 2 * height }]
  })
  return [...(await Promise.all(decoded)), ...made]
}

/** As the browser is given them: without types, and nothing else changed. */
function serveModules(): Server {
  return createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (!/^\/server\/[\w/-]+\.ts$/.test(path))
      return void response.setHeader('content-type', 'text/html').end('<!doctype html>')
    response.setHeader('content-type', 'text/javascript')
    response.end(stripTypeScriptTypes(readFileSync(join(ROOT, path), 'utf8'), { mode: 'strip' }))
  }).listen(0, '127.0.0.1')
}

/** Every number of a fingerprint, as hex. */
function inBrowser(page: Page, { data, ...plane }: PixelPlane, size: Size): Promise<string[]> {
  const given = { ...plane, data: Buffer.from(data).toString('base64'), size }
  return page.evaluate(async ({ data, size, ...plane }) => {
    const module = '/server/fingerprint/picture-hash.ts'
    const { hashWhole } = (await import(module)) as typeof import('../../server/fingerprint/picture-hash.ts')
    const pixels = { ...plane, data: Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) }
    const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const of = hashWhole(pixels, size, 'candidate')
    return [...of.orientations, ...of.reduced, Uint8Array.of(of.quality), of.local!, of.evidence!].map(hex)
  }, given)
}

describe('a fingerprint of a picture in Chromium', function () {
  this.timeout(120_000)
  let browser: Browser
  let server: Server
  let page: Page

  before(async function () {
    // The test of the page says so too.
    if (!CHROMIUM) return this.skip()
    server = serveModules()
    browser = await launch()
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })
  after(async () => {
    await browser?.close()
    server?.close()
  })

  it('has the bits that it has here', async () => {
    for (const [name, pixels, size] of await cases()) {
      const of = hashWhole(pixels, size, 'candidate')
      const here = [...of.orientations, ...of.reduced, Uint8Array.of(of.quality), of.local!, of.evidence!].map(toHex)
      expect(await inBrowser(page, pixels, size), name).to.deep.equal(here)
    }
  })
})
