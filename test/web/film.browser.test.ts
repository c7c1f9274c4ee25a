import { expect } from 'chai'
import type { Page } from 'playwright-core'
import type { Region } from '../../server/web/client/wire.ts'
import { browserSuite, clip, expectAccessible, lookUp, picture, standAt, text } from './browser.ts'
import { FACE, FILMS, LOGO } from './films.ts'

const VIDEO = '.player video'

const timeOf = (page: Page) =>
  page.locator(VIDEO).evaluate((video: HTMLVideoElement) => ({ atS: video.currentTime, plays: !video.paused }))

/** Where the outlines lie, in pixels of the page: the box that they are drawn in fractions of. */
const outlineBox = (page: Page, nth: number) =>
  page.locator(`.player .outline >> nth=${nth} >> .line`).evaluate((line) => {
    const { x, y, width, height } = line.parentElement!.parentElement!.getBoundingClientRect()
    const of = (name: string) => Number(line.getAttribute(name))
    return {
      x: x + of('x') * width,
      y: y + of('y') * height,
      width: of('width') * width,
      height: of('height') * height,
    }
  })

/** Where a region of the picture is on the page: in the middle of its element, which may have bars. */
async function expected(page: Page, { x, y, w, h }: Region) {
  const { left, top, width, height, aspect } = await page.locator(VIDEO).evaluate((video: HTMLVideoElement) => {
    const { left, top, width, height } = video.getBoundingClientRect()
    return { left, top, width, height, aspect: video.videoWidth / video.videoHeight }
  })
  const [wide, high] = [Math.min(width, height * aspect), Math.min(height, width / aspect)]
  return {
    x: left + (width - wide) / 2 + x * wide,
    y: top + (height - high) / 2 + y * high,
    width: w * wide,
    height: h * high,
  }
}

async function expectOverThePicture(page: Page): Promise<void> {
  for (const [nth, region] of [FACE, LOGO].entries()) {
    const [found, wanted] = [await outlineBox(page, nth), await expected(page, region)]
    for (const side of ['x', 'y', 'width', 'height'] as const)
      expect(found[side], `${side} of ${JSON.stringify([found, wanted])}`).to.be.closeTo(wanted[side], 1)
  }
}

browserSuite('a video on the page', (session) => {
  it('is played beside its timeline, once', async () => {
    const page = await session.start()
    await lookUp(page, 'film', clip)
    expect(await page.locator('video').count()).to.equal(1)
    await standAt(page, 2)
    expect(await text(page, '.now')).to.equal('0:02.0 of your file\ncomes from 0:14.0 of Harbour, one continuous take')
    await standAt(page, 8.5)
    expect(await text(page, '.now')).to.equal('0:08.5 of your file\ncomes from no registered original')
    expect(await text(page, '.gaps')).to.equal('Nothing of a registered original was found from 0:08.0 to 0:09.0.')
  })

  it('has what differs drawn over it while it is seen, whole lines, and broken ones around what is laid over', async () => {
    const page = await session.start()
    await lookUp(page, 'film', clip)
    const hidden = () =>
      page.locator('.player .outline').evaluateAll((all) => all.map((one) => getComputedStyle(one).display === 'none'))
    await standAt(page, 2)
    expect(await hidden()).to.deep.equal([false, false])
    await standAt(page, 4)
    expect(await hidden()).to.deep.equal([true, false])
    const dashes = page.locator('.player .line')
    expect(await dashes.evaluateAll((all) => all.map((one) => getComputedStyle(one).strokeDasharray))).to.deep.equal([
      'none',
      '7px, 6px',
    ])
  })

  it('has outlines where the picture is, with bars at its sides, and above and below on the full screen', async () => {
    const page = await session.start({}, { viewport: { width: 1000, height: 300 } })
    await lookUp(page, 'film', clip)
    await standAt(page, 2)
    await expectOverThePicture(page)
    await page.getByRole('button', { name: 'Full screen' }).click()
    await page.getByRole('button', { name: 'Leave full screen' }).waitFor()
    await page.setViewportSize({ width: 400, height: 900 })
    await page.waitForFunction(() => document.querySelector('video')!.clientHeight > 500)
    await page.waitForTimeout(100)
    await expectOverThePicture(page)
    await page.getByRole('button', { name: 'Leave full screen' }).click()
    await page.getByRole('button', { name: 'Full screen', exact: true }).waitFor()
  })

  it('has a lane of its sound and of the original’s, in which what is heard to differ is told, and a mark for it that the keyboard reaches', async () => {
    const page = await session.start()
    await lookUp(page, 'film_sound', clip)
    const box = async (part: string) => (await page.locator(`.film-drawing ${part}`).first().boundingBox())!
    const [wave, stretch, differs] = [await box('.wave'), await box('.stretch'), await box('.differs')]
    expect(wave.y).to.be.at.least(stretch.y + stretch.height - 1)
    expect(wave.width).to.be.closeTo(stretch.width, stretch.width / 50)
    expect(differs.y + differs.height / 2, 'under the wave').to.be.above(wave.y + wave.height / 2)
    const waves = page.locator('.film-drawing .wave')
    expect(await waves.count()).to.equal(2)
    const [lane, other] = [await box('.bar'), (await waves.last().boundingBox())!]
    expect(other.y, 'under the lane of the original').to.be.at.least(lane.y + lane.height - 1)
    expect(other.x - lane.x, 'six seconds of 62 in').to.be.closeTo((6 / 62) * lane.width, lane.width / 100)
    expect(other.width).to.be.closeTo((24 / 62) * lane.width, lane.width / 50)
    const mark = page.getByRole('button', { name: 'The sound is not that of the original from 0:03 to 0:06' }).first()
    await mark.focus()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 1.9)
    await lookUp(page, 'film', clip)
    expect(await page.locator('.film-drawing .wave').count()).to.equal(0)
  })

  it('is jumped in by its marks: to a moment before, and on', async () => {
    const page = await session.start()
    await lookUp(page, 'film', clip)
    await page.getByRole('button', { name: '3.0 s of the original are missing at 0:05' }).first().click()
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 4.2)
    const { atS, plays } = await timeOf(page)
    expect([atS > 4 && atS < 8, plays]).to.deep.equal([true, true])
    expect(await text(page, '.finding[aria-current]')).to.match(/^3\.0 s of the original are missing at 0:05/)
  })

  it('stands at the difference where the reader wants less motion', async () => {
    const page = await session.start({}, { reducedMotion: 'reduce' })
    await lookUp(page, 'film', clip)
    await page.locator('.finding', { hasText: 'Other material is inserted' }).click()
    await page.waitForFunction(() => document.querySelector('video')!.currentTime === 8)
    expect((await timeOf(page)).plays).to.equal(false)
  })

  it('is walked with the keyboard: one stop for all marks, the arrows between them, Enter jumps', async () => {
    const page = await session.start({}, { reducedMotion: 'reduce' })
    await lookUp(page, 'film', clip)
    const at = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await page.getByRole('button', { name: 'Full screen' }).focus()
    await page.keyboard.press('Tab')
    expect(await at()).to.equal('A region differs from 0:01 to 0:03')
    const walked: unknown[] = []
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Home', 'End', 'ArrowLeft']) {
      await page.keyboard.press(key)
      walked.push(await at())
    }
    const [cut, inserted, laid] = [
      '3.0 s of the original are missing at 0:05',
      'Other material is inserted from 0:08.0 to 0:09.0',
      'Something is laid over the picture throughout',
    ]
    expect(walked).to.deep.equal([cut, inserted, laid, laid, 'A region differs from 0:01 to 0:03', laid, inserted])
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('video')!.currentTime === 8)
    expect(await text(page, '#announce')).to.equal(inserted)
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).to.equal('Compare with the original')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.className)).to.equal('finding')
  })

  it('has a playhead on both lanes, and none on the original’s where nothing of it is shown', async () => {
    const page = await session.start()
    await lookUp(page, 'film', clip)
    const heads = () =>
      page
        .locator('.head')
        .evaluateAll((all) =>
          all.map((one) =>
            (one as HTMLElement).hidden ? null : Math.round(Number.parseFloat((one as HTMLElement).style.left)),
          ),
        )
    await standAt(page, 3)
    expect(await heads()).to.deep.equal([25, 24])
    await standAt(page, 8.5)
    expect(await heads()).to.deep.equal([71, null])
    await page.locator('.scrub').click({ position: { x: 1, y: 5 } })
    await page.waitForFunction(() => document.querySelector('video')!.currentTime < 0.2)
  })

  it('stands beside the original’s frame of the moment that it comes from, where that is to be had', async () => {
    const page = await session.start()
    await lookUp(page, 'film', clip)
    await standAt(page, 2)
    await page.locator('.stills', { hasText: 'Registered original at 0:14.0, enlarged where it differs' }).waitFor()
    const sources = await page.locator('.stills img').evaluateAll((all) => all.map((one) => one.getAttribute('src')!))
    expect(sources[0]).to.match(/^data:image\/jpeg;base64,.{4000}/)
    expect(sources[1]).to.match(/\/evidence\?at=14\.000$/)
    // The region is a fifth of the picture wide, and fills most of the frame.
    const [frame, box] = ['.stills .frame', '.stills .box'].map((one) => page.locator(one).first().boundingBox())
    expect((await box)!.width / (await frame)!.width).to.be.within(2, 5)
    await standAt(page, 4)
    await page.locator('.stills', { hasText: /Registered original at 0:16\.0$/ }).waitFor()
    await lookUp(page, 'film_unshown', clip)
    await standAt(page, 2)
    await page.waitForResponse((response) => response.url().includes('/evidence') && response.status() === 404)
    expect(await page.locator('.stills').isVisible()).to.equal(false)
  })

  it('that the browser cannot play says so, and its timeline tells the same', async () => {
    const page = await session.start()
    const broken = (scenario: string) => ({ ...picture(scenario), name: 'a.mp4', mimeType: 'video/mp4' })
    await lookUp(page, 'film', broken)
    await page.getByText('This browser cannot play this file. The timeline tells the same.').waitFor()
    await page.getByRole('button', { name: 'A region differs' }).first().click()
    expect(await text(page, '.now')).to.match(/^0:00\.0 of your file\ncomes from 0:12\.0/)
    expect(await page.locator('.film-drawing .stretch').count()).to.equal(6)
  })

  it('that only the server has fetched has its timeline, too', async () => {
    const page = await session.start()
    await page.locator('#address').fill('https://media.example/stub:film')
    await page.keyboard.press('Enter')
    await page.getByText('The video cannot be played here: this page does not have the file.').waitFor()
    expect(await page.locator('.mark').count()).to.equal(4)
    await page.locator('.stills', { hasText: 'Registered original at 0:12.0' }).waitFor()
    expect(await page.locator('.stills figure').count()).to.equal(1)
  })

  it('of several originals has a lane for each, named', async () => {
    const page = await session.start()
    await lookUp(page, 'film_several', clip)
    expect(await page.locator('.lane-name').allInnerTexts()).to.deep.equal([
      'A Harbour, one continuous take, 1:02',
      'B Quay, 1:02',
      'C Fair, 0:20',
    ])
    expect(await text(page, '.film .findings')).to.match(/^A region differs from 0:01\.0 to 0:02\.0, of A:/)
    await standAt(page, 6)
    expect(await text(page, '.now')).to.match(/comes from 0:07\.0 of Quay$/)
  })

  it('moves nothing on the page while it plays', async () => {
    const page = await session.start()
    await lookUp(page, 'film', clip)
    await standAt(page, 7.5)
    await page.locator('.stills').waitFor()
    // From a stretch of the original over one of none to the next.
    const seen = await page.evaluate(async () => {
      const parts = [...document.querySelectorAll('.film > *, .match')]
      const places = new Set<string>()
      const video = document.querySelector('video')!
      await video.play()
      while (video.currentTime < 9.2) {
        await new Promise((resolve) => requestAnimationFrame(resolve))
        places.add(parts.map((one) => (one.getBoundingClientRect().top + scrollY).toFixed(1)).join())
      }
      return { places: places.size, parts: parts.length }
    })
    expect(seen.places).to.equal(1)
    expect(seen.parts).to.be.above(5)
  })

  it('stays in its place whatever the numbers and names are', async () => {
    const page = await session.start()
    await lookUp(page, 'film_hostile', clip)
    await page.locator('.mark').first().click()
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).to.equal(true)
    expect(await page.evaluate(() => 'pwned' in window)).to.equal(false)
    expect(await page.locator('main img:not(.stills img), main b').count()).to.equal(0)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has no violation that axe knows, in ${colorScheme}`, async () => {
      const page = await session.start({}, { colorScheme })
      for (const scenario of ['film_kinds', 'film_several']) {
        await lookUp(page, scenario, clip)
        await expectAccessible(page, colorScheme, scenario)
      }
    })

  it('fits 320 pixels without scrolling sideways', async () => {
    const page = await session.start({}, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })
    for (const scenario of Object.keys(FILMS)) {
      await lookUp(page, scenario, clip)
      expect(await page.evaluate(() => document.documentElement.scrollWidth), scenario).to.equal(320)
    }
  })
})
