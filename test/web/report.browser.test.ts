import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { browserSuite, expectAccessible, lookUp, text } from './browser.ts'

/** One of each shape of the page: drawn, several records, nothing found, another record named, strings of people who mean no good. */
const SCENARIOS = ['film_kinds', 'altered', 'same_content', 'not_registered', 'conflict', 'hostile']

browserSuite('the report of a lookup, in a browser', (session) => {
  const openReport = async (page: Page, scenario: string) => {
    await page.goto(session.stub.url)
    await lookUp(page, scenario)
    await page.getByRole('link', { name: 'This answer as a page to print' }).click()
    await page.getByText('Report of a lookup').waitFor()
  }

  it('is linked by the answer, and tells the name under which the file was sent', async () => {
    const page = await session.start()
    const sent = page.waitForRequest((request) => request.method() === 'POST')
    await openReport(page, 'altered')
    expect((await sent).headers()['content-disposition']).to.equal(`attachment; filename*=UTF-8''altered.png`)
    expect(await text(page, 'h1')).to.equal('Altered')
    expect(new URL(page.url()).pathname).to.equal('/v1/lookups/lookup1/report')
  })

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has its style and no violation that axe knows, in ${colorScheme}`, async () => {
      const page = await session.start({}, { colorScheme })
      for (const scenario of SCENARIOS) {
        await openReport(page, scenario)
        const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
        expect(ground).to.equal(colorScheme === 'dark' ? 'rgb(19, 21, 24)' : 'rgb(250, 249, 246)')
        await expectAccessible(page, colorScheme, scenario)
      }
    })

  it('fits a phone and a sheet of paper, on which it is never dark', async () => {
    const page = await session.start({}, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' })
    for (const scenario of SCENARIOS) {
      await openReport(page, scenario)
      expect(await page.evaluate(() => document.documentElement.scrollWidth), scenario).to.equal(320)
    }
    await page.emulateMedia({ media: 'print' })
    // A4 without its margins, in CSS pixels.
    await page.setViewportSize({ width: 672, height: 986 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(672)
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).to.equal('rgb(26, 28, 30)')
  })

  it('draws a region where it is in the frame', async () => {
    const page = await session.start()
    await openReport(page, 'altered')
    const [frame, region] = await Promise.all(
      ['.frame', '.finding > rect'].map((one) => page.locator(one).first().boundingBox()),
    )
    expect((region!.x - frame!.x) / frame!.width).to.be.closeTo(0.26, 0.02)
    expect((region!.y - frame!.y) / frame!.height).to.be.closeTo(0.3, 0.02)
    expect(region!.width / frame!.width).to.be.closeTo(0.12, 0.02)
  })

  it('runs nothing of a stranger, also where it was filed', async () => {
    const page = await session.start()
    await openReport(page, 'hostile')
    expect(await page.evaluate(() => 'pwned' in window)).to.equal(false)
    await page.setContent(await page.content())
    expect(await page.evaluate(() => 'pwned' in window)).to.equal(false)
    expect(await page.locator('h1').evaluate((heading) => getComputedStyle(heading).fontWeight)).to.equal('700')
  })
})
