/** A real browser for the tests of the page, and what a test does with it. */
import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { expect } from 'chai'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { CLIP } from './films.ts'
import { createStub, PNG, type Stub, type StubOptions } from './stub.ts'

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Null where there is none: the tests are skipped then. */
export const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path)) ?? null

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? '', args: ARGUMENTS })
}

/** A page and what went wrong on it: errors, refusals of the content security policy, requests to anywhere else. */
export interface Opened {
  page: Page
  complaints: string[]
  /** Beginnings of addresses elsewhere that may be asked. */
  visited: string[]
}

export async function open(browser: Browser, stub: Stub, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const visited = [`${stub.url}/`]
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    // The browser reports every answer of 4xx and 5xx here; those are asked for.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!/^(?:blob|data):/.test(request.url()) && !visited.some((one) => request.url().startsWith(one)))
      complaints.push(request.url())
  })
  await page.goto(stub.url)
  await page.locator('#record-list:not([aria-busy])').waitFor()
  return { page, complaints, visited }
}

/** A picture that asks the stub for a scenario. */
export function picture(scenario: string): { name: string; mimeType: string; buffer: Buffer } {
  const buffer = Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.from(`stub:${scenario}`)])
  return { name: `${scenario}.png`, mimeType: 'image/png', buffer }
}

/** A video of twelve seconds that asks the stub for a scenario; as `free`, an atom that players pass over. */
export function clip(scenario: string): { name: string; mimeType: string; buffer: Buffer } {
  const asked = Buffer.from(`stub:${scenario}`)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(head.length + asked.length)
  head.write('free', 4)
  return { name: `${scenario}.mp4`, mimeType: 'video/mp4', buffer: Buffer.concat([CLIP, head, asked]) }
}

/** Chooses a file and waits for what comes of it. */
export async function lookUp(page: Page, scenario: string, file = picture): Promise<void> {
  await page.setInputFiles('#file', file(scenario))
  await page.locator('#verdict').waitFor()
}

/** Nothing that axe knows is wrong. In the dark nothing differs but the colours. @param state what is looked at. */
export async function expectAccessible(page: Page, colorScheme: 'light' | 'dark', state: string): Promise<void> {
  const axe = new AxeBuilder({ page })
  const { violations } = await (colorScheme === 'dark' ? axe.withRules('color-contrast') : axe).analyze()
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join()}`),
    state,
  ).to.deep.equal([])
}

/** The side of a film that is seen. */
export const SEEN = '.player video:not([hidden])'

/** Puts what is seen at a moment, and waits until it shows it. */
export async function standAt(page: Page, seconds: number): Promise<void> {
  await page.locator(SEEN).evaluate(async (video: HTMLVideoElement, at) => {
    if (video.readyState < 2) await new Promise((done) => video.addEventListener('loadeddata', done, { once: true }))
    const shown = new Promise((done) => video.addEventListener('seeked', done, { once: true }))
    video.currentTime = at
    await shown
  }, seconds)
}

export const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText()

/** What a test of a suite has: its own stub and its own page. */
export interface Session {
  readonly stub: Stub
  /** Starts the stub and opens the page. */
  start(stubOptions?: StubOptions, options?: BrowserContextOptions): Promise<Page>
  /** From now on the page may ask there. */
  allow(origin: string): void
}

/** A suite in one browser. No test of it may leave a complaint; without a browser all are skipped, and the title says why. */
export function browserSuite(title: string, tests: (session: Session) => void): void {
  if (!CHROMIUM) {
    describe.skip(`${title} (skipped: no browser at CHROMIUM or /usr/bin/chromium)`, () => tests({} as Session))
    return
  }
  describe(title, () => {
    let browser: Browser
    let stub: Stub
    let opened: Opened
    before(async () => {
      browser = await launch()
    })
    after(() => browser.close())
    afterEach(async () => {
      await opened.page.context().close()
      await stub.close()
      expect(opened.complaints, 'errors, refusals of the policy and requests to elsewhere').to.deep.equal([])
    })
    tests({
      get stub() {
        return stub
      },
      async start(stubOptions, options) {
        stub = await createStub(stubOptions)
        opened = await open(browser, stub, options)
        return opened.page
      },
      allow: (origin) => void opened.visited.push(`${origin}/`),
    })
  })
}
