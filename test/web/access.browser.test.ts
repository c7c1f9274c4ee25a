import { expect } from 'chai'
import { hostileRecord, newest, VERDICTS } from './answers.ts'
import { browserSuite, expectAccessible, lookUp, picture } from './browser.ts'

browserSuite('the page, for everybody', (session) => {
  const scenarios = [...VERDICTS.map(([verdict]) => verdict), 'unshown', 'failed', 'conflict', 'hostile']

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has no violation that axe knows, in ${colorScheme}`, async () => {
      const page = await session.start({ token: 'secret', records: [hostileRecord, ...newest(2)] }, { colorScheme })
      const check = (state: string) => expectAccessible(page, colorScheme, state)
      await page.locator('.record-list summary').first().click()
      await page.locator('footer summary').click()
      await check('at the start')
      await page.setInputFiles('#file', picture('slow'))
      await page.locator('[aria-current="step"]', { hasText: 'Decoding' }).waitFor()
      await check('while it runs')
      for (const scenario of scenarios) {
        await lookUp(page, scenario)
        await check(scenario)
      }
    })

  for (const width of [320, 768])
    it(`fits ${width} pixels without scrolling sideways`, async () => {
      const stubOptions = { token: 'secret', records: [hostileRecord, ...newest(3)] }
      const page = await session.start(stubOptions, {
        viewport: { width, height: 640 },
        hasTouch: true,
        isMobile: true,
      })
      for (const scenario of ['start', 'slow', ...scenarios]) {
        if (scenario === 'slow') await page.setInputFiles('#file', picture(scenario))
        else if (scenario !== 'start') await lookUp(page, scenario)
        await page.locator('details').evaluateAll((all) => {
          for (const one of all) (one as HTMLDetailsElement).open = true
        })
        expect(await page.evaluate(() => document.documentElement.scrollWidth), scenario).to.equal(width)
      }
    })

  it('can be walked with the keyboard alone', async () => {
    const page = await session.start({ token: 'secret', records: newest(21) })
    // Early, because the browser takes a while to hand its dialogs over.
    const chooser = page.waitForEvent('filechooser')
    const at = () =>
      page.evaluate(() => {
        const here = document.activeElement
        return here?.id || here?.getAttribute('aria-label') || here?.textContent?.trim() || ''
      })
    await page.keyboard.press('Tab')
    expect(await at()).to.equal('file')
    const ring = () => page.locator('label[for=file]').evaluate((label) => getComputedStyle(label).outlineStyle)
    expect(await ring(), 'the outline of the label').to.equal('solid')
    await page.keyboard.press('Enter')
    await (await chooser).setFiles(picture('not_registered'))
    await page.locator('#verdict').waitFor()
    const walked: string[] = []
    for (let step = 0; step < 60 && walked.at(-1) !== 'OpenAPI'; step += 1) {
      await page.keyboard.press('Tab')
      walked.push(await at())
    }
    expect(walked.slice(0, 6)).to.deep.equal([
      'Copy content digest',
      'This answer as a page to print, to file or to cite',
      'The whole lookup as JSON',
      'register-title',
      'register-text',
      'Register this file',
    ])
    expect(walked).to.include.members(['Older', 'The words on this page', 'API documentation', 'OpenAPI'])
  })
})
