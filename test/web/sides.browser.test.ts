import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { browserSuite, clip, expectAccessible, lookUp, picture, SEEN, type Session, standAt, text } from './browser.ts'
import { CLIP, PUBLISHED_AT } from './films.ts'

const ORIGIN = new URL(PUBLISHED_AT).origin

const registered = { name: 'harbour.mp4', mimeType: 'video/mp4', buffer: CLIP }
const other = { ...clip('another'), name: 'harbour-2.mp4' }

const stateOf = (page: Page) =>
  page.locator(SEEN).evaluate((video: HTMLVideoElement) => ({
    name: video.getAttribute('aria-label'),
    atS: Number(video.currentTime.toFixed(2)),
    plays: !video.paused,
  }))

/** Where both playheads are, in percent; null where one is not shown. */
const heads = (page: Page) =>
  page
    .locator('.head')
    .evaluateAll((all) =>
      all.map((one) =>
        (one as HTMLElement).hidden ? null : Math.round(Number.parseFloat((one as HTMLElement).style.left)),
      ),
    )

const side = (page: Page, name: 'Your file' | 'Original') => page.getByRole('button', { name, exact: true })
const said = (page: Page) => text(page, '.side-said')

/** Looks a copy up and chooses a file as its original. */
async function choose(page: Page, file: ReturnType<typeof clip>, scenario = 'film_sides'): Promise<void> {
  await lookUp(page, scenario, clip)
  await page.locator('.originals > summary').click()
  await page.locator('#original-0').setInputFiles(file)
  await page.locator('.original-said:is([data-standing=registered], [data-standing=other])').waitFor()
}

/** Serves media at the address that the publisher names, with or without ranges. @returns headers of what was asked. */
async function publish(session: Session, page: Page, ranges = true): Promise<Record<string, string>[]> {
  const asked: Record<string, string>[] = []
  await page.route(PUBLISHED_AT, (route) => {
    asked.push(route.request().headers())
    const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(route.request().headers().range ?? '') ?? []
    const body = CLIP.subarray(Number(from), to ? Number(to) + 1 : CLIP.length)
    const type = { 'Content-Type': 'video/mp4' }
    if (!ranges) return route.fulfill({ status: 200, headers: type, body: CLIP })
    const range = `bytes ${from}-${Number(from) + body.length - 1}/${CLIP.length}`
    return route.fulfill({ status: 206, headers: { ...type, 'Accept-Ranges': 'bytes', 'Content-Range': range }, body })
  })
  session.allow(ORIGIN)
  return asked
}

async function expectUnplayed(page: Page, sentence: string): Promise<void> {
  const link = page.getByRole('link', { name: 'Open it at press.example in a new tab' })
  await link.waitFor()
  expect(await text(page, '.original-said:not(:empty)')).to.contain(sentence)
  for (const [name, value] of [
    ['href', PUBLISHED_AT],
    ['target', '_blank'],
    ['rel', 'noopener noreferrer nofollow'],
  ])
    expect(await link.getAttribute(name!)).to.equal(value)
  expect(await page.locator('.side-bar').isVisible()).to.equal(false)
}

browserSuite('the original beside a copy', (session) => {
  it('is the registered file where its bytes are, and says so', async () => {
    const page = await session.start()
    await choose(page, registered)
    expect(await text(page, '.original-said:not(:empty)')).to.equal(
      'harbour.mp4: This is the registered file, byte for byte.',
    )
    expect(await said(page)).to.equal('Original: the registered file')
    expect(session.stub.seen.filter(({ bytes }) => bytes > 0).length, 'nothing is sent but the copy').to.equal(1)
  })

  it('is marked on both sides, and named by no title, where its bytes differ', async () => {
    const page = await session.start()
    await choose(page, other)
    expect(await text(page, '.original-said:not(:empty)')).to.equal(
      'harbour-2.mp4: This is not the registered file: what you see and hear of it proves nothing.',
    )
    const mark = 'Original: not the registered file, it proves nothing'
    const warns = page.locator('.side-said.unsure')
    expect([await said(page), await warns.count()]).to.deep.equal([mark, 1])
    await standAt(page, 2)
    await side(page, 'Original').click()
    await page.getByText('of the file that you chose').waitFor()
    expect(await text(page, '.now')).to.equal('0:03.0 of the file that you chose\nbeside 0:02.0 of your file')
    expect([await said(page), await warns.count()]).to.deep.equal([mark, 1])
  })

  it('is gone to at the same second and back, and plays on only if it played', async () => {
    const page = await session.start()
    await choose(page, registered)
    await standAt(page, 2)
    await side(page, 'Original').click()
    await page.waitForFunction(() => /^0:03\.0 of Harbour/.test(document.querySelector('.now')!.textContent!))
    expect(await stateOf(page)).to.deep.equal({ name: 'The original', atS: 3, plays: false })
    expect(await text(page, '.now')).to.equal('0:03.0 of Harbour\nis 0:02.0 of your file')
    expect(await heads(page)).to.deep.equal([17, 25])
    expect(await side(page, 'Original').getAttribute('aria-pressed')).to.equal('true')
    await standAt(page, 6)
    await side(page, 'Your file').click()
    expect(await stateOf(page)).to.deep.equal({ name: 'Your file', atS: 6, plays: false })
    await page.locator(SEEN).evaluate((video: HTMLVideoElement) => video.play())
    await side(page, 'Original').click()
    const { name, atS, plays } = await stateOf(page)
    expect([name, atS >= 6 && atS < 8, plays]).to.deep.equal(['The original', true, true])
    const playing = await page
      .locator('video')
      .evaluateAll((all) => all.filter((one) => !(one as HTMLVideoElement).paused).length)
    expect(playing, 'the other side stands').to.equal(1)
  })

  it('is not gone to from what comes from no original, and what the copy leaves out leads to its cut', async () => {
    const page = await session.start()
    await choose(page, registered)
    await standAt(page, 4.5)
    await side(page, 'Original').click()
    const nothing = 'This moment of your file comes from no registered original: there is no other side of it.'
    expect([await said(page), await text(page, '#announce')]).to.deep.equal([nothing, nothing])
    expect(await stateOf(page)).to.deep.equal({ name: 'Your file', atS: 4.5, plays: false })
    await standAt(page, 2)
    await side(page, 'Original').click()
    await standAt(page, 8.5)
    expect(await text(page, '.now')).to.equal('0:08.5 of Harbour\nis not in your file')
    expect(await heads(page)).to.deep.equal([null, 71])
    await side(page, 'Your file').click()
    expect((await stateOf(page)).atS).to.equal(7)
    expect(await said(page)).to.equal('Your file has nothing of that moment: it stands where it leaves it out.')
  })

  it('is put to the same moment by marks and by the timeline, as the copy is', async () => {
    const page = await session.start({}, { reducedMotion: 'reduce' })
    await choose(page, registered)
    await side(page, 'Original').click()
    await page.getByRole('button', { name: '2.0 s of the original are missing at 0:07' }).first().click()
    const times = () =>
      page.locator('video').evaluateAll((all) => all.map((one) => (one as HTMLVideoElement).currentTime))
    expect(await times()).to.deep.equal([9, 7])
    expect((await stateOf(page)).name).to.equal('The original')
    await page.getByRole('button', { name: 'Other material is inserted' }).first().click()
    expect(await stateOf(page)).to.deep.equal({ name: 'Your file', atS: 4, plays: false })
    const { width } = (await page.locator('.scrub').boundingBox())!
    await page.locator('.scrub').click({ position: { x: width / 4, y: 5 } })
    const [originalS, copyS] = await times()
    expect(originalS! - copyS!).to.be.closeTo(1, 0.01)
  })

  it('is walked to with the keyboard: Tab to both sides, Enter, and O from wherever the focus is in the film', async () => {
    const page = await session.start({}, { reducedMotion: 'reduce' })
    await lookUp(page, 'film_sides', clip)
    await page.locator('.originals > summary').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Play from press.example' }).waitFor()
    const at = () =>
      page.evaluate(
        () =>
          document.activeElement?.id ||
          document.activeElement?.getAttribute('aria-label') ||
          document.activeElement?.textContent,
      )
    const walked: unknown[] = []
    for (let step = 0; step < 2; step += 1) {
      await page.keyboard.press('Tab')
      walked.push(await at())
    }
    expect(walked).to.deep.equal(['original-0', 'Play from press.example'])
    const ring = page.locator('label[for=original-0]').evaluate((label) => getComputedStyle(label).outlineStyle)
    expect(await ring).to.equal('none')
    await page.keyboard.press('o')
    expect((await stateOf(page)).name, 'there is no other side yet').to.equal('Your file')
    await page.locator('#original-0').setInputFiles(registered)
    await page.locator('[data-standing=registered]').waitFor()
    await page.getByRole('button', { name: 'Full screen' }).focus()
    await page.keyboard.press('Tab')
    expect(await at()).to.equal('Your file')
    await page.keyboard.press('Tab')
    expect(await at()).to.equal('Original')
    await page.keyboard.press('Enter')
    expect((await stateOf(page)).name).to.equal('The original')
    await page.keyboard.press('Tab')
    expect(await at()).to.match(/^Other material is inserted/)
    await page.keyboard.press('o')
    expect((await stateOf(page)).name).to.equal('Your file')
    await page.locator(SEEN).focus()
    await page.keyboard.press('O')
    expect(await at(), 'the focus goes along').to.equal('The original')
    await page.keyboard.press('Control+o')
    expect((await stateOf(page)).name).to.equal('The original')
    await page.locator('#address').fill('')
    await page.locator('#address').press('o')
    expect((await stateOf(page)).name, 'written elsewhere').to.equal('The original')
  })

  it('moves nothing on the page when the side is changed', async () => {
    const page = await session.start()
    await choose(page, other)
    await standAt(page, 2)
    await page.locator('.stills').waitFor()
    const places = () =>
      page
        .locator('.film > *')
        .evaluateAll((all) => all.map((one) => (one.getBoundingClientRect().top + scrollY).toFixed(1)))
    const before = await places()
    await side(page, 'Original').click()
    expect(await places()).to.deep.equal(before)
    expect(await page.locator('.player .outlines').isVisible(), 'outlines are of the copy').to.equal(false)
  })

  it('is that of the moment where there are several, and one that is not here is named', async () => {
    const page = await session.start()
    await choose(page, registered, 'film_two_sides')
    expect(await page.locator('.original > h3').allInnerTexts()).to.deep.equal(['A Harbour', 'B Quay'])
    await standAt(page, 7)
    await side(page, 'Original').click()
    expect(await said(page)).to.equal('This moment comes from Quay, whose file is not here: choose it below.')
    await page.locator('#original-1').setInputFiles(other)
    await page.locator('[data-standing=other]').waitFor()
    await side(page, 'Original').click()
    await page.getByText('beside 0:07.0 of your file').waitFor()
    expect((await stateOf(page)).atS).to.equal(1)
    await page.locator('.scrub').click({ position: { x: 100, y: 5 } })
    await page.getByText('of Harbour').first().waitFor()
    expect(await said(page)).to.equal('Original: the registered file')
  })

  it('that cannot be played is still told from the registered one, and one that is chosen anew takes its place', async () => {
    const page = await session.start()
    await choose(page, { ...picture('x'), name: 'a.mp4', mimeType: 'video/mp4' })
    expect(await text(page, '.original-said:not(:empty)')).to.match(
      /^a\.mp4: This browser cannot play this file.*This is not the registered file/,
    )
    expect(await page.locator('.side-bar').isVisible()).to.equal(false)
    await page.locator('#original-0').setInputFiles(registered)
    await page.locator('[data-standing=registered]').waitFor()
    await page.locator('#original-0').setInputFiles(other)
    await page.locator('[data-standing=other]').waitFor()
    expect(await page.locator('.player video').count()).to.equal(2)
  })

  it('is not offered where the copy is not here or cannot be played', async () => {
    const page = await session.start()
    await lookUp(page, 'film_sides', (scenario) => ({ ...picture(scenario), name: 'a.mp4', mimeType: 'video/mp4' }))
    await page.getByText('This browser cannot play this file').waitFor()
    expect(await page.locator('.originals').isVisible()).to.equal(false)
    await page.locator('#address').fill('https://media.example/stub:film_sides')
    await page.keyboard.press('Enter')
    await page.getByText('this page does not have the file').waitFor()
    expect(await page.locator('.originals').count()).to.equal(0)
  })

  it('is asked for at its publisher’s address only when told, without saying from where, and never called the registered file', async () => {
    const page = await session.start()
    const asked = await publish(session, page)
    await lookUp(page, 'film_sides', clip)
    await page.locator('.originals > summary').click()
    await page.getByText('press.example then learns of your visit, though not what you looked up').waitFor()
    expect(asked).to.deep.equal([])
    await standAt(page, 2)
    await page.getByRole('button', { name: 'Play from press.example' }).click()
    await page.locator('.side-bar').waitFor()
    expect(asked.length).to.be.above(0)
    expect(asked.filter(({ referer, origin, cookie }) => referer ?? origin ?? cookie)).to.deep.equal([])
    expect(await text(page, '.original-said:not(:empty)')).to.equal(
      'It is played as press.example serves it today, not checked: it need not be the registered file.',
    )
    await side(page, 'Original').click()
    await page.getByText('beside 0:02.0 of your file').waitFor()
    expect(await text(page, '.now')).to.equal('0:03.0 of what press.example serves\nbeside 0:02.0 of your file')
    expect(await said(page)).to.equal('Original: as press.example serves it today, not checked')
    await page.locator('#original-0').setInputFiles(registered)
    await page.locator('[data-standing=registered]').waitFor()
    expect(await said(page)).to.equal('Original: the registered file')
  })

  it('that is a page, or gone, or served from its beginning only, is a link', async () => {
    const page = await session.start()
    session.allow(ORIGIN)
    const answers = [
      { status: 200, contentType: 'text/html', body: '<p>An article</p>' },
      { status: 404, contentType: 'text/html', body: '' },
    ]
    for (const answer of answers) {
      await page.route(PUBLISHED_AT, (route) => route.fulfill(answer))
      await lookUp(page, 'film_sides', clip)
      await page.locator('.originals > summary').click()
      await page.getByRole('button', { name: 'Play from press.example' }).click()
      await expectUnplayed(page, 'Nothing that this browser can play came from press.example')
      await page.unroute(PUBLISHED_AT)
    }
    await publish(session, page, false)
    await page.getByRole('button', { name: 'Play from press.example' }).click()
    await page.getByText('press.example serves it from its beginning only').waitFor()
    await expectUnplayed(page, 'press.example serves it from its beginning only')
  })

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has no violation that axe knows, in ${colorScheme}`, async () => {
      const page = await session.start({}, { colorScheme })
      await choose(page, registered)
      await expectAccessible(page, colorScheme, 'the registered file')
      await side(page, 'Original').click()
      await page.locator('#original-0').setInputFiles(other)
      await page.locator('[data-standing=other]').waitFor()
      await side(page, 'Original').click()
      await expectAccessible(page, colorScheme, 'another file')
    })

  it('fits 320 pixels without scrolling sideways', async () => {
    const page = await session.start({}, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })
    for (const scenario of ['film_sides', 'film_two_sides']) {
      await choose(page, { ...other, name: `${'Aa'.repeat(120)}.mp4` }, scenario)
      expect(await page.evaluate(() => document.documentElement.scrollWidth), scenario).to.equal(320)
    }
  })
})
