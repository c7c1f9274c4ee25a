import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { browserSuite, lookUp, picture, text } from './browser.ts'

const hash = (page: Page) => page.evaluate(() => location.hash)

browserSuite('a lookup whose connection is lost', (session) => {
  const asked = () => session.stub.seen.map(({ method, url }) => `${method} ${url}`)
  const begun = () => asked().filter((one) => one.startsWith('POST'))

  it('goes on where its events were cut, and is not begun anew', async () => {
    const page = await session.start()
    await lookUp(page, 'cut')
    expect(await text(page, '#verdict')).to.equal('Not registered')
    expect(asked().filter((one) => one === 'GET /v1/lookups/lookup1/events')).to.have.length(2)
    expect(begun()).to.have.length(1)
  })

  it('says so while the server is not reached, and goes on when it is', async () => {
    const page = await session.start()
    await page.route('**/v1/lookups/lookup1', (route) => route.abort())
    await page.setInputFiles('#file', picture('cut'))
    await page.locator('.sentence', { hasText: 'The connection was lost. The server goes on meanwhile' }).waitFor()
    expect(await text(page, '#announce')).to.match(/^The connection was lost/)
    await page.unroute('**/v1/lookups/lookup1')
    await page.getByRole('heading', { name: 'Not registered' }).waitFor()
    expect(begun()).to.have.length(1)
  })

  it('is taken up again by "Try again", and not sent again, once patience is over', async () => {
    const page = await session.start({}, {})
    await page.clock.install()
    await page.route('**/v1/lookups/lookup1', (route) => route.abort())
    await page.setInputFiles('#file', picture('cut'))
    await page.locator('.sentence', { hasText: 'The connection was lost' }).waitFor()
    await page.clock.runFor(130_000)
    await page.getByRole('heading', { name: 'The server does not answer' }).waitFor()
    await page.unroute('**/v1/lookups/lookup1')
    await page.clock.resume()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Not registered' }).waitFor()
    expect(begun()).to.have.length(1)
  })
})

browserSuite('a page that is reloaded', (session) => {
  it('finds its lookup again while it runs, and can cancel it', async () => {
    const page = await session.start()
    await page.setInputFiles('#file', picture('slow'))
    await page.locator('[aria-current="step"]', { hasText: 'Decoding' }).waitFor()
    expect(await hash(page)).to.equal('#/lookup/lookup1')
    await page.reload()
    await page.locator('[aria-current="step"]', { hasText: 'Decoding' }).waitFor()
    expect(await page.locator('progress').getAttribute('value')).to.equal('0.4')
    expect(await text(page, '#candidate')).to.include('slow.png')
    const deleted = page.waitForRequest((request) => request.method() === 'DELETE')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await deleted
    expect(await hash(page)).to.equal('')
    expect(session.stub.seen.filter(({ method }) => method === 'POST')).to.have.length(1)
  })

  it('finds its answer again, and shows the reader’s copy of the file beside it, if it is that file', async () => {
    const page = await session.start()
    await lookUp(page, 'altered')
    await page.reload()
    await page.getByRole('heading', { name: 'Altered' }).waitFor()
    expect(await text(page, '#candidate'))
      .to.include('altered.png')
      .and.to.include('does not have the file any more')
    expect(await text(page, '.comparison')).to.include('Your file cannot be shown here.')
    const chosen = page.locator('#again')
    const other = picture('altered')
    await chosen.setInputFiles({ ...other, buffer: Buffer.from(other.buffer).fill(1, 0, 1) })
    await page.getByText('That is another file: its bytes differ.').waitFor()
    await chosen.setInputFiles(other)
    await page.locator('.comparison .slider').waitFor()
    expect(await page.locator('.preview img').count()).to.equal(1)
  })

  it('shows the lookup that is written into its address, and a sentence for one that is not there', async () => {
    const page = await session.start()
    await lookUp(page, 'identical')
    await page.evaluate(() => {
      location.hash = '#/lookup/nobody'
    })
    await page.getByRole('heading', { name: 'There is no such lookup' }).waitFor()
    expect(await page.getByRole('button', { name: 'Try again' }).count()).to.equal(0)
    await page.evaluate(() => {
      location.hash = '#/lookup/lookup1'
    })
    await page.getByRole('heading', { name: 'Identical' }).waitFor()
  })

  it('forgets the lookup of before as soon as another is asked for', async () => {
    const page = await session.start()
    await lookUp(page, 'identical')
    await page.setInputFiles('#file', picture('slow'))
    await page.waitForFunction(() => location.hash === '#/lookup/lookup2')
  })
})
