import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { FINDINGS } from './answers.ts'
import { browserSuite, lookUp, text } from './browser.ts'

const FRAME = '.comparison > .frame'
/** Its width belongs to the box of a line. */
const STROKE = 0.02
const SLIDER = '.slider input'

/** Of an element, in parts of another. */
async function placeIn(page: Page, inner: string, outer: string): Promise<number[]> {
  const [a, b] = await Promise.all([page.locator(inner).boundingBox(), page.locator(outer).boundingBox()])
  return [(a!.x - b!.x) / b!.width, (a!.y - b!.y) / b!.height, a!.width / b!.width, a!.height / b!.height]
}

function expectNear(found: number[], expected: number[], within = 0.01): void {
  for (const [i, value] of found.entries()) expect(value, `${found}`).to.be.closeTo(expected[i]!, within)
}

const atFocus = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')
const announced = (page: Page) => text(page, '#announce')

browserSuite('a comparison with the original', (session) => {
  it('draws each finding where it is, whole lines around what differs and broken ones around what is laid over', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    for (const [i, { region }] of FINDINGS.entries()) {
      const { x, y, w, h } = region!
      expectNear(await placeIn(page, `${FRAME} .outline >> nth=${i} >> .line`, FRAME), [x, y, w, h], STROKE)
    }
    const dashes = await page
      .locator(`${FRAME} .outline .line`)
      .evaluateAll((lines) => lines.map((line) => getComputedStyle(line).strokeDasharray))
    expect(dashes).to.deep.equal(['none', '7px, 6px'])
    expect(await page.locator(`${FRAME} .number`).allInnerTexts()).to.deep.equal(['1', '2'])
  })

  it('says each finding in words, and that a small copy was compared', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    const answer = await text(page, '#answer')
    expect(answer).to.include('Region 1: differs from the original, on the left, 12 % × 9 % of the picture; score 0.99')
    expect(answer).to.include('Region 2: something is laid over it, bottom in the middle, 10 % × 5 % of the picture')
    expect(answer).to.include('The original fills 25 % of your file.')
    expect(answer).to.include('a changed word in small print, can go unnoticed')
    expect(answer).not.to.match(/\b(?:fake|tampered|true)\b/i)
  })

  it('lays the original where it lies in the candidate, and no further than the slider says', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    expectNear(await placeIn(page, `${FRAME} .original`, FRAME), [0.25, 0.25, 0.5, 0.5])
    const clipped = () => page.locator(`${FRAME} .over`).evaluate((over) => getComputedStyle(over).clipPath)
    expect(await clipped()).to.equal('inset(0px 100% 0px 0px)')
    expect(await page.locator(SLIDER).getAttribute('aria-valuetext')).to.equal('your file alone')
    await page.locator(SLIDER).focus()
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight')
    expect(await clipped()).to.equal('inset(0px 60% 0px 0px)')
    const said = 'the registered original over the left 40 % of your file'
    expect(await page.locator(SLIDER).getAttribute('aria-valuetext')).to.equal(said)
    expect(await page.locator(FRAME).getAttribute('aria-label')).to.equal(`Comparison: ${said}, with 2 outlines`)
    expectNear((await placeIn(page, `${FRAME} .edge`, FRAME)).slice(0, 1), [0.4])
    await page.keyboard.press('End')
    expect(await clipped()).to.match(/^inset\(0px(?: 0%? ?| 0px)?.*\)$/)
    expect(await page.locator(SLIDER).getAttribute('aria-valuetext')).to.equal('the registered original alone')
  })

  it('is walked with the keyboard: each finding shows its region in both pictures, and Escape leaves it', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    const labels = () =>
      page.locator('.closer .frame').evaluateAll((frames) => frames.map((one) => one.getAttribute('aria-label')))
    expect(await labels()).to.deep.equal(['Region 1, enlarged: your file', 'Region 1, enlarged: registered original'])
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).to.equal('range')
    await page.keyboard.press('Tab')
    expect(await atFocus(page)).to.match(/^1Region 1/)
    await page.keyboard.press('Tab')
    expect(await atFocus(page)).to.match(/^2Region 2/)
    await page.keyboard.press('Enter')
    expect(await labels()).to.deep.equal(['Region 2, enlarged: your file', 'Region 2, enlarged: registered original'])
    expect(await page.locator('.finding').evaluateAll((all) => all.map((one) => one.ariaPressed))).to.deep.equal([
      'false',
      'true',
    ])
    expect(await page.locator(`${FRAME} .outline.chosen`).getAttribute('class')).to.include('overlay')
    expect(await announced(page)).to.equal('Region 2 is shown enlarged below the list. Escape puts it away.')
    await page.keyboard.press('Escape')
    expect(await labels()).to.deep.equal([])
    expect(await page.locator('.chosen').count()).to.equal(0)
    expect(await atFocus(page)).to.match(/^2Region 2/)
    expect(await announced(page)).to.equal('Region 2 is put away.')
  })

  it('enlarges the same part of both: the region and what is around it', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    const [file, registered] = ['.pair figure >> nth=0 >> .frame', '.pair figure >> nth=1 >> .frame']
    const scale =
      (await page.locator(`${file} .box`).boundingBox())!.width / (await page.locator(file).boundingBox())!.width
    expect(scale).to.be.above(4)
    expectNear(await placeIn(page, `${file} .box`, file), await placeIn(page, `${registered} .box`, registered))
    expect(await page.locator(`${file} img`).count()).to.equal(1)
    expect(await page.locator(`${file} img`).getAttribute('src')).to.match(/^blob:/)
    expect(await page.locator(`${registered} img`).getAttribute('src')).to.match(
      /\/v1\/records\/0x[0-9a-f]{64}\/evidence$/,
    )
  })

  it('begins with what differs, though something laid over it comes first', async () => {
    const page = await session.start()
    await lookUp(page, 'overlaid')
    expect(await page.locator('.finding[aria-pressed=true]').innerText()).to.match(/Region 2: differs/)
    expect(await text(page, '.closer h5')).to.equal('A closer look at region 2')
  })

  it('takes a click on an outline as one on its entry', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    await page.locator(`${FRAME} .outline >> nth=1`).click()
    expect(await page.locator('.finding >> nth=1').getAttribute('aria-pressed')).to.equal('true')
  })

  it('begins half-way where nothing differs', async () => {
    const page = await session.start()
    await lookUp(page, 'composite')
    expect(await page.locator(SLIDER).inputValue()).to.equal('50')
    expect(await page.locator('.finding, .closer').count()).to.equal(0)
  })

  it('of a further match is made when it is asked for', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    const asked = () =>
      new Set(session.stub.seen.filter(({ url }) => url.endsWith('/evidence')).map(({ url }) => url)).size
    expect(await asked()).to.equal(1)
    await page.getByText('Compare with this original').click()
    await page.locator('details .comparison .original').waitFor()
    await page.waitForFunction(() => [...document.images].every((one) => one.complete))
    expect(await asked()).to.equal(2)
  })

  it('shows the original alone where the page does not have the file', async () => {
    const page = await session.start()
    await page.locator('#address').fill('https://media.example/stub:altered')
    await page.keyboard.press('Enter')
    await page.locator('#verdict').waitFor()
    expect(await text(page, '.comparison')).to.include(
      'Your file cannot be shown here. This is the registered original',
    )
    expect(await page.locator(`${FRAME} img`).count()).to.equal(1)
    expect(await page.locator(`${FRAME} .over`).evaluate((over) => getComputedStyle(over).clipPath)).to.match(
      /^inset\(0(?:px)?/,
    )
    expect(await page.locator(SLIDER).count()).to.equal(0)
    expect(await page.locator('.pair figcaption').allInnerTexts()).to.deep.equal(['Registered original'])
  })

  it('shows the file alone where there is no evidence to show', async () => {
    const page = await session.start()
    await lookUp(page, 'unshown')
    await page.getByText('The original’s small copy is not to be had here: only your file is shown.').waitFor()
    expect(await page.locator(`${FRAME} .outline`).count()).to.equal(2)
    expect(await page.locator(SLIDER).count()).to.equal(0)
    expect(await page.locator('.pair figcaption').allInnerTexts()).to.deep.equal(['Your file'])
  })

  it('says it in words where nothing can be shown', async () => {
    const page = await session.start()
    await page.locator('#address').fill('https://media.example/stub:unshown')
    await page.keyboard.press('Enter')
    await page.getByText('Neither your file nor the original can be shown here.').waitFor()
    expect(await page.locator(FRAME).count()).to.equal(0)
    expect(await text(page, '.comparison li >> nth=0')).to.match(/^Region 1: differs from the original/)
  })

  it('stays in its frame whatever the numbers are', async () => {
    const page = await session.start()
    await lookUp(page, 'hostile')
    await page.locator('.finding >> nth=1').click()
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).to.equal(true)
    expect(await page.evaluate(() => (window as { pwned?: number }).pwned)).to.equal(undefined)
  })
})
