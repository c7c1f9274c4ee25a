/** A video from the command that registers it to the page that plays a copy of it, nothing in between made up. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { makeVideo } from '../fingerprint/media.ts'
import { CHROMIUM, launch } from '../web/browser.ts'
import { run, type ServerProcess, startServerProcess, temporaryFolder } from './server.ts'

/** Scenes of two seconds, a picture each. */
const SCENE_MS = 2_000
const film = (scenes: readonly number[]) =>
  makeVideo({
    format: 'mp4',
    encoder: 'libx264',
    frames: Array.from({ length: (scenes.length * SCENE_MS) / 40 }, (_, i) => ({
      seed: scenes[Math.floor((i * 40) / SCENE_MS)]!,
      ms: i * 40,
    })),
  })

if (!CHROMIUM)
  describe.skip('a film, registered and cut (skipped: no browser at CHROMIUM or /usr/bin/chromium)', () => {})
else
  describe('a film, registered and cut', () => {
    const folder = temporaryFolder()
    const file = (name: string) => join(folder.path, name)
    let server: ServerProcess
    let browser: Browser
    before(async () => {
      writeFileSync(file('original.mp4'), await film([1, 2, 3, 4, 5, 6]))
      writeFileSync(file('cut.mp4'), await film([1, 2, 4, 5, 6]))
      ;[server, browser] = await Promise.all([startServerProcess(join(folder.path, 'data')), launch()])
      const { code, stderr } = await run(['register', file('original.mp4'), '--title', 'Six scenes'], {
        server: server.url,
      })
      expect(code, stderr).to.equal(0)
    })
    after(async () => {
      await browser?.close()
      await server?.stop()
      folder.remove()
    })

    it('is told in the terminal: what is missing, and when', async () => {
      const { stdout } = await run(['lookup', file('cut.mp4')], { server: server.url })
      expect(stdout).to.match(/^ALTERED\nThis video follows, from 0:00 to 0:10, “Six scenes” from 0:00 to 0:12, /)
      expect(stdout).to.match(/\d\.\d s of the original are missing at 0:04/)
    })

    it('is shown on the page, found again after a reload, and in the report', async () => {
      const page = await browser.newPage()
      await page.goto(server.url)
      await page.setInputFiles('#file', file('cut.mp4'))
      await page.getByRole('heading', { name: 'Altered', exact: true }).waitFor()
      await page.getByRole('button', { name: /of the original are missing at 0:04$/ }).waitFor()
      await page.locator('.player video').evaluate(async (video: HTMLVideoElement) => {
        const shown = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }))
        video.currentTime = 5
        await shown
      })
      expect(await page.locator('.now').innerText()).to.match(
        /^0:05\.0 of your file\ncomes from 0:0[67]\.\d of Six scenes$/,
      )
      await page.locator('.stills', { hasText: 'Registered original at' }).waitFor()
      await page.reload()
      await page.getByText('The page does not have the file any more.').waitFor()
      await page.locator('#again').setInputFiles(file('cut.mp4'))
      await page.locator('.player video').waitFor()
      await page.goto((await page.getByRole('link', { name: /as a page to print/ }).getAttribute('href'))!)
      expect(await page.locator('.film-drawing .stretch').count()).to.equal(4)
    })
  })
