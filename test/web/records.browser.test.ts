import { expect } from 'chai'
import { newest, record } from './answers.ts'
import { browserSuite, clip, lookUp, picture, text } from './browser.ts'

browserSuite('records on the page', (session) => {
  describe('registering as the development publisher', () => {
    it('is not offered without a token', async () => {
      const page = await session.start()
      await lookUp(page, 'not_registered')
      expect(await page.locator('form.register').count()).to.equal(0)
    })

    it('is not offered for what is registered', async () => {
      const page = await session.start({ token: 'secret' })
      await lookUp(page, 'identical')
      expect(await page.locator('form.register').count()).to.equal(0)
    })

    it('says of a video that small copies of its frames become public, and of a picture one of it', async () => {
      const page = await session.start({ token: 'secret' })
      await lookUp(page, 'not_registered', clip)
      const frames = 'small copies of its frames, two a second and at most 192 pixels a side'
      expect(await text(page, '#answer')).to.include(frames)
      await lookUp(page, 'not_registered')
      expect(await text(page, '#answer'))
        .to.include('a small copy of the picture')
        .and.not.to.include(frames)
    })

    it('says what becomes public, sends the file with the token, and shows the record', async () => {
      const page = await session.start({ token: 'secret' })
      await lookUp(page, 'not_registered')
      expect(await text(page, 'form.register')).to.include('The file itself is not published')
      expect(await text(page, 'form.register')).to.match(/the content digest of the file: \w{64}/)
      await page.getByLabel('Title').fill('Kayaks & co')
      await page.getByLabel('Description').fill('At the jetty')
      await page.getByLabel('Title').press('Enter')
      await page.getByRole('heading', { name: 'Registered', exact: true }).waitFor()
      expect(await page.evaluate(() => document.activeElement?.textContent)).to.equal('Registered')
      expect(session.stub.seen.find((one) => one.url.startsWith('/v1/development/'))).to.deep.equal({
        method: 'POST',
        url: '/v1/development/registrations?title=Kayaks+%26+co&text=At+the+jetty',
        type: 'image/png',
        token: 'secret',
        bytes: picture('not_registered').buffer.length,
      })
      await page.locator('.record-list h3', { hasText: 'Kayaks & co' }).waitFor()
      await page.getByRole('button', { name: 'Look it up again' }).click()
      await page.getByRole('heading', { name: 'Not registered' }).waitFor()
    })

    it('says so when the file was registered already', async () => {
      const page = await session.start({ token: 'secret', records: newest(1) })
      await lookUp(page, 'inconclusive')
      await page.getByLabel('Title').fill('Kayaks at the jetty, frame 1')
      await page.getByRole('button', { name: 'Register this file' }).click()
      await page.getByRole('heading', { name: 'Registered already' }).waitFor()
    })

    it('keeps what was written when the server refuses', async () => {
      const page = await session.start({ token: 'secret' })
      await page.evaluate(() => document.querySelector('meta[name="firsthand-token"]')?.setAttribute('content', 'late'))
      await lookUp(page, 'not_registered')
      await page.route('**/v1/development/**', (route) =>
        route.fulfill({
          status: 403,
          json: { title: 'The request is not allowed here', status: 403, code: 'request.forbidden' },
        }),
      )
      await page.getByLabel('Title').fill('Kayaks')
      await page.getByRole('button', { name: 'Register this file' }).click()
      expect(await text(page, 'form.register [role=alert]')).to.match(
        /not allowed here.*Reload this page.*request\.forbidden/s,
      )
      expect(await page.getByLabel('Title').inputValue()).to.equal('Kayaks')
    })
  })

  describe('the records', () => {
    it('are listed newest first, and "Older" goes on where the list ended', async () => {
      const page = await session.start({ records: newest(23) })
      expect(await page.locator('.record-list > li').count()).to.equal(20)
      await page.getByRole('button', { name: 'Older' }).click()
      await page.locator('.record-list > li >> nth=22').waitFor()
      expect(await page.evaluate(() => document.activeElement?.textContent)).to.equal('Harbour, take 3')
      expect(await page.getByRole('button', { name: 'Older' }).count()).to.equal(0)
    })

    it('show what was disowned with both dates, and what was superseded with its successor', async () => {
      const dates = { since: '2026-05-03T10:00:00Z', declaredAt: '2026-05-09T11:00:00Z' }
      const disowned = { ...dates, declaredBy: `0x${'cc'.repeat(20)}`, contested: false }
      const supersession = { at: '2026-06-01T12:00:00Z', record: `0x${'ab'.repeat(32)}` }
      const records = [
        record(2, { state: 'disowned', disowned }),
        record(1, { state: 'superseded', supersession, way: 'rooted' }),
      ]
      const page = await session.start({ records })
      const [first, second] = [page.locator('.record-list > li >> nth=0'), page.locator('.record-list > li >> nth=1')]
      expect(await first.locator('.note').innerText()).to.match(
        /^Disowned\. Its publisher declared the key that signed it compromised since .*3 May 2026.*; it said so on .*9 May 2026/s,
      )
      expect(await second.locator('.note').innerText()).to.match(
        /^Superseded on .*1 June? 2026.*another record in its place/s,
      )
      expect(await second.locator('.note a').getAttribute('href')).to.contain(supersession.record)
      expect(await second.textContent()).to.contain('In a batch whose list is kept apart')
    })

    it('say how to register the first one where there is none', async () => {
      const page = await session.start()
      expect(await text(page, '#record-list')).to.include('npx firsthand register FILE')
    })

    it('can be asked for again after a failure', async () => {
      const page = await session.start({ records: newest(21) })
      session.stub.broken = true
      await page.getByRole('button', { name: 'Older' }).click()
      await page.getByText('The records could not be read').waitFor()
      session.stub.broken = false
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.locator('.record-list > li >> nth=20').waitFor()
    })
  })
})
