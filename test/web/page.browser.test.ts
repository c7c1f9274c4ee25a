import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { TEXTS } from '../strings/stranger.ts'
import { HOSTILE, hostileRecord, strangeRecords, VERDICTS } from './answers.ts'
import { browserSuite, lookUp, picture, text } from './browser.ts'

browserSuite('a lookup on the page', (session) => {
  describe('a verdict', () => {
    for (const [verdict, word] of VERDICTS)
      it(`${verdict} is said as "${word}", and the focus goes there`, async () => {
        const page = await session.start()
        await lookUp(page, verdict)
        expect(await page.evaluate(() => document.activeElement?.textContent)).to.equal(word)
        expect(await page.title()).to.equal(`${word}: Firsthand`)
        expect(await text(page, '#summary')).to.match(/\w/)
        expect(session.stub.seen.filter((one) => one.method === 'POST')).to.deep.include({
          method: 'POST',
          url: '/v1/lookups?wait=0',
          type: 'image/png',
          token: undefined,
          bytes: picture(verdict).buffer.length,
        })
      })

    it('shows record, publisher, time, anchor and what was not compared', async () => {
      const page = await session.start()
      await lookUp(page, 'excerpt')
      const answer = await text(page, '#answer')
      expect(answer).to.include('0:02–0:07 of the candidate is 0:12–0:17 of the original')
      expect(answer).to.match(/Development newsroom\s+unverified/)
      expect(answer).to.include('20 November 2026 at 10:00:00 UTC')
      expect(answer).to.include('20 November 2026 at 11:00:00')
      expect(answer).to.include('a local network: its clock proves nothing')
      expect(answer).to.include('a changed face or word would not have been noticed')
      expect(answer).to.match(/eip155:31337:0x[0-9a-f]{40}\/0x[0-9a-f]{64}/)
      expect(await page.locator('.match time').getAttribute('datetime')).to.equal('2026-11-20T10:00:00Z')
      expect(await page.locator('.match a').getAttribute('href')).to.match(/\/v1\/records\/0x[0-9a-f]{64}$/)
    })

    it('says plainly that a record is revoked', async () => {
      const page = await session.start()
      await lookUp(page, 'same_content')
      expect(await text(page, '.match >> nth=1')).to.include('Revoked. Its publisher no longer stands by this record.')
    })

    it('says of each of several matches what was not done for it', async () => {
      const page = await session.start()
      await lookUp(page, 'partly')
      const notes = (which: string) => page.locator(`${which} >> .note`).allInnerTexts()
      const said = 'This copy was not compared with the original for alterations'
      expect((await notes('.verdict')).join()).not.to.include(said)
      expect((await notes('.match >> nth=0')).join()).not.to.include(said)
      expect((await notes('.match >> nth=1')).join()).to.include(said)
      await lookUp(page, 'excerpt')
      expect((await notes('.verdict')).join()).to.include(said)
      expect(await notes('.match >> nth=0')).to.deep.equal([])
    })

    it('says what does not follow from "not registered", and why a lookup is inconclusive', async () => {
      const page = await session.start()
      await lookUp(page, 'not_registered')
      expect(await text(page, '.verdict')).to.include('Nothing follows from this about the file')
      await page.setInputFiles('#file', picture('inconclusive'))
      await page.getByText('Reason: the picture is too featureless (quality 12 of 100).').waitFor()
    })

    it('names the other record when two publishers conflict', async () => {
      const page = await session.start()
      await lookUp(page, 'conflict')
      expect(await text(page, '.verdict')).to.include(
        'Another record contradicts the one that leads. Somebody else (unverified)',
      )
    })

    it('puts the record id on the clipboard', async () => {
      const page = await session.start({}, { permissions: ['clipboard-read', 'clipboard-write'] })
      await lookUp(page, 'identical')
      await page.getByRole('button', { name: 'Copy record id' }).click()
      await page.getByText('Copied record id.').waitFor({ state: 'attached' })
      expect(await page.evaluate(() => navigator.clipboard.readText())).to.match(/^0x[0-9a-f]{64}$/)
    })
  })

  describe('a lookup that runs', () => {
    it('announces each stage once, in order', async () => {
      const page = await session.start({ stepMs: 120 })
      await page.evaluate(() => {
        const said: string[] = []
        Object.assign(window, { said })
        const region = document.getElementById('announce')!
        new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, { childList: true })
      })
      await lookUp(page, 'identical')
      expect(await page.evaluate(() => (window as unknown as { said: string[] }).said)).to.deep.equal([
        'Sending the file to the server.',
        'Decoding the file.',
        'Searching the records.',
        'Comparing the file with likely originals.',
        '',
      ])
    })

    it('marks the stage at work and what came before it', async () => {
      const page = await session.start()
      await page.setInputFiles('#file', picture('slow'))
      await page.locator('[aria-current="step"]', { hasText: 'Decoding' }).waitFor()
      expect(await text(page, '.stages .done')).to.include('Sending')
      expect(await page.locator('progress').getAttribute('value')).to.equal('0.4')
    })

    it('is cancelled on the server too, and the focus goes back to the file', async () => {
      const page = await session.start()
      await page.setInputFiles('#file', picture('slow'))
      await page.locator('[aria-current="step"]', { hasText: 'Decoding' }).waitFor()
      const deleted = page.waitForRequest((request) => request.method() === 'DELETE')
      await page.getByRole('button', { name: 'Cancel' }).click()
      expect(new URL((await deleted).url()).pathname).to.equal('/v1/lookups/lookup1')
      expect(await page.locator('#lookup').isHidden()).to.equal(true)
      expect(await page.evaluate(() => document.activeElement?.id)).to.equal('file')
      expect(await text(page, '#announce')).to.equal('The lookup was cancelled.')
    })

    it('gives way to the next file', async () => {
      const page = await session.start()
      await page.setInputFiles('#file', picture('slow'))
      await page.locator('[aria-current="step"]', { hasText: 'Decoding' }).waitFor()
      await lookUp(page, 'identical')
      expect(await text(page, '#verdict')).to.equal('Identical')
      expect(session.stub.seen.map((one) => `${one.method} ${one.url}`)).to.include('DELETE /v1/lookups/lookup1')
    })

    it('is asked for again and again where its events cannot be had', async () => {
      const page = await session.start()
      await lookUp(page, 'nostream')
      expect(await text(page, '#verdict')).to.equal('Not registered')
      expect(session.stub.seen.map((one) => one.url)).to.include.members([
        '/v1/lookups/lookup1/events',
        '/v1/lookups/lookup1',
      ])
    })
  })

  describe('a file', () => {
    const hand = (page: Page, type: 'drop' | 'paste', files: [name: string, type: string, content: string][]) =>
      page.evaluate(
        ([kind, list]) => {
          const data = new DataTransfer()
          for (const [name, mimeType, content] of list) data.items.add(new File([content], name, { type: mimeType }))
          const options = { bubbles: true, cancelable: true }
          const target = document.querySelector('footer')!
          if (kind === 'paste')
            return target.dispatchEvent(new ClipboardEvent(kind, { ...options, clipboardData: data }))
          return target.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: data }))
        },
        [type, files] as const,
      )

    it('may be dropped anywhere on the page, and of several the first is taken', async () => {
      const page = await session.start()
      const kept = await hand(page, 'drop', [
        ['a.png', 'image/png', 'stub:identical'],
        ['b.png', 'image/png', 'stub:excerpt'],
      ])
      await page.locator('#verdict').waitFor()
      expect(kept, 'whether the browser would leave the page for the file').to.equal(false)
      expect(await text(page, '#verdict')).to.equal('Identical')
      expect(await text(page, '#notice')).to.equal('One file at a time: this is the first of 2.')
    })

    it('may be pasted', async () => {
      const page = await session.start()
      await hand(page, 'paste', [['image.png', 'image/png', 'stub:excerpt']])
      await page.locator('#verdict').waitFor()
      expect(await text(page, '#verdict')).to.equal('Excerpt')
    })

    it('that calls itself JSON is sent as bytes, for else it would be read as a request', async () => {
      const page = await session.start()
      await hand(page, 'drop', [['x.json', 'application/json', '{"url":"http://example.org/"}']])
      await page.locator('#verdict').waitFor()
      expect(session.stub.seen.find((one) => one.method === 'POST')?.type).to.equal('application/octet-stream')
      expect(await text(page, '#candidate')).to.include('No preview')
    })
  })

  describe('an address', () => {
    const typed = async (page: Page, scenario: string) => {
      await page.locator('#address').fill(`https://example.org/stub:${scenario}`)
      await page.keyboard.press('Enter')
    }
    const sent = () => session.stub.seen.find(({ method }) => method === 'POST')!

    it('is looked up by the keyboard alone, and nothing of it is loaded by the page', async () => {
      const page = await session.start({ token: 'secret', stepMs: 120 })
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.id)).to.equal('address')
      await page.evaluate(() => {
        const said: string[] = []
        Object.assign(window, { said })
        const region = document.getElementById('announce')!
        new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, { childList: true })
      })
      await page.keyboard.type('https://example.org/stub:not_registered')
      await page.keyboard.press('Enter')
      await page.locator('#verdict').waitFor()
      expect(await text(page, '#verdict')).to.equal('Not registered')
      expect(await page.evaluate(() => document.activeElement?.id)).to.equal('verdict')
      expect(sent()).to.include({ url: '/v1/lookups?wait=0', type: 'application/json' })
      expect(await page.evaluate(() => (window as unknown as { said: string[] }).said)).to.deep.equal([
        'The server fetches the file.',
        'Decoding the file.',
        'Searching the records.',
        'Comparing the file with likely originals.',
        '',
      ])
      expect(await text(page, '#candidate')).to.include('https://example.org/stub:not_registered')
      expect(await page.locator('#candidate img, #candidate video, #candidate audio').count()).to.equal(0)
      expect(await page.locator('.register').count(), 'it is not offered to be registered').to.equal(0)
    })

    it('is cancelled, and the focus goes back to it', async () => {
      const page = await session.start()
      await typed(page, 'slow')
      await page.locator('[aria-current="step"]', { hasText: 'Fetching' }).waitFor()
      const deleted = page.waitForRequest((request) => request.method() === 'DELETE')
      await page.getByRole('button', { name: 'Cancel' }).click()
      expect(new URL((await deleted).url()).pathname).to.equal('/v1/lookups/lookup1')
      expect(await page.evaluate(() => document.activeElement?.id)).to.equal('address')
    })

    it('that fails is shown as any failure, and "Try again" asks the same', async () => {
      const page = await session.start()
      await page.route('**/v1/lookups?wait=0', (route) => route.abort())
      await typed(page, 'identical')
      await page.getByRole('heading', { name: 'The server does not answer' }).waitFor()
      await page.unroute('**/v1/lookups?wait=0')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('heading', { name: 'Identical' }).waitFor()
      expect(sent().type).to.equal('application/json')
    })

    it('that is none is told by the field itself, and nothing is asked', async () => {
      const page = await session.start()
      await page.locator('#address').fill('not an address')
      await page.keyboard.press('Enter')
      expect(await page.locator('#address:invalid').count()).to.equal(1)
      expect(session.stub.seen.filter(({ method }) => method === 'POST')).to.deep.equal([])
    })

    it('may be pasted anywhere but where somebody writes', async () => {
      const page = await session.start()
      const paste = (selector: string, content: string) =>
        page.evaluate(
          ([where, pasted]) => {
            const data = new DataTransfer()
            data.setData('text/plain', pasted!)
            const options = { bubbles: true, cancelable: true, clipboardData: data }
            document.querySelector(where!)!.dispatchEvent(new ClipboardEvent('paste', options))
          },
          [selector, content],
        )
      await paste('#address', 'https://example.org/stub:excerpt')
      await paste('footer', 'some words')
      expect(session.stub.seen.filter(({ method }) => method === 'POST')).to.deep.equal([])
      await paste('footer', ' https://example.org/stub:excerpt ')
      await page.locator('#verdict').waitFor()
      expect(await text(page, '#verdict')).to.equal('Excerpt')
      expect(await page.locator('#address').inputValue()).to.equal('https://example.org/stub:excerpt')
    })
  })

  describe('a failure', () => {
    it('in a lookup is shown with title, detail, code and remedy', async () => {
      const page = await session.start()
      await lookUp(page, 'failed')
      const shown = await text(page, '.verdict')
      expect(shown).to.include('The media cannot be decoded')
      expect(shown).to.include('ends after 812 bytes')
      expect(shown).to.include('media.undecodable')
      expect(shown).to.include('What to do: It may be damaged or cut short.')
      expect(await page.evaluate(() => document.activeElement?.id)).to.equal('verdict')
      expect(await page.getByRole('link', { name: 'What this code means' }).getAttribute('rel')).to.equal(
        'noopener noreferrer nofollow',
      )
    })

    it('at the upload is shown too, and never links to a script', async () => {
      const page = await session.start()
      await lookUp(page, 'unsupported')
      expect(await text(page, '.verdict')).to.include('Save it as JPEG, PNG or WebP')
      expect(await page.locator('.verdict a').count()).to.equal(0)
    })

    it('of the connection is told from an answer, and "Try again" asks the same', async () => {
      const page = await session.start()
      await page.route('**/v1/lookups?wait=0', (route) => route.abort())
      await lookUp(page, 'identical')
      expect(await text(page, '#verdict')).to.equal('The server does not answer')
      await page.unroute('**/v1/lookups?wait=0')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('heading', { name: 'Identical' }).waitFor()
    })
  })

  describe('strings of strangers', () => {
    it('stay text: no element, no script, no link comes of them', async () => {
      const page = await session.start({ records: [hostileRecord] })
      await lookUp(page, 'hostile')
      await page.locator('#record-list summary').click()
      expect(await page.locator('.preview img').count()).to.equal(1)
      expect(await page.locator('main img:not(.preview img, .frame img)').count()).to.equal(0)
      const sources = await page.locator('img').evaluateAll((all) => all.map((one) => (one as HTMLImageElement).src))
      expect(
        sources.filter((src) => !/^blob:|^http:\/\/localhost:\d+\/v1\/records\/[^/]+\/evidence$/.test(src)),
      ).to.deep.equal([])
      expect(await page.locator('body script, [onerror], [onfocus]').count()).to.equal(0)
      expect(await page.locator('[style]:not(.frame, .frame *)').count()).to.equal(0)
      expect(await page.evaluate(() => 'pwned' in window)).to.equal(false)
      expect(await text(page, '.match h3')).to.equal(HOSTILE.markup)
      expect(await text(page, 'body')).not.to.match(/[\u202a-\u202e\u2066-\u2069]/)
      const links = await page.locator('a').evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).protocol))
      expect(new Set(links)).to.deep.equal(new Set(['http:']))
    })

    it('of every kind stay in their place: nothing is run, hidden, reversed, or wider than a telephone', async () => {
      const page = await session.start({ records: strangeRecords() })
      await page.setViewportSize({ width: 360, height: 740 })
      await lookUp(page, 'strings')
      expect(await page.evaluate(() => 'pwned' in window)).to.equal(false)
      expect(await page.locator('main script, main iframe, main [onerror], main [style]').count()).to.equal(0)
      // What a page shows has line ends and tabs of its own; joiners are of scripts and emoji.
      expect(await page.evaluate(() => document.body.textContent)).not.to.match(
        /[^\P{Cc}\n\t]|[^\P{Cf}\u200c\u200d]|[\p{Zl}\p{Zp}]/u,
      )
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(360)
      const titles = page.locator('.match h3, .record-list h3')
      expect(await titles.count()).to.be.at.least(TEXTS.length)
      const loose = await titles.evaluateAll((all) =>
        all.filter((one) => one.textContent !== '' && !one.querySelector('bdi')).map((one) => one.outerHTML),
      )
      expect(loose, 'titles whose direction is not their own').to.deep.equal([])
      const tall = await page
        .locator('.match h3 bdi')
        .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height > 400).length)
      expect(tall).to.equal(0)
    })
  })
})
