import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { toHex, toHex0x } from '../../server/bytes.ts'
import type { LookupView } from '../../server/registry/index.ts'
import { picture } from '../fingerprint/make.ts'
import { type Options, type Served, serve, undecodable } from '../http/harness.ts'
import { site } from '../outgoing/internet.ts'
import { recordOf } from '../registry/fakes.ts'
import { firsthand } from './capture.ts'

describe('firsthand against a server', () => {
  let server: Served
  const start = async (options?: Options) => {
    server = await serve(options)
  }
  afterEach(() => server.close())
  const ask = (...args: string[]) => firsthand(...args, '--server', server.url)

  function media(name: string, bytes: string): string {
    const path = join(server.directory, name)
    writeFileSync(path, bytes)
    return path
  }

  it('shows a record', async () => {
    await start()
    const row = recordOf(picture(1), 1)
    server.catalogue.insert(row)
    const { code, out } = await ask('record', toHex0x(row.recordId))
    expect(code).to.equal(0)
    expect(out)
      .to.contain(`record     ${toHex0x(row.recordId)}\n`)
      .and.to.contain('Quay News (unverified)')
  })

  it('shows a publisher by number, and the status', async () => {
    await start()
    expect((await ask('publisher', '7')).out).to.match(/^publisher 7: Quay News \(unverified\)\ncustody {3}0x0303/)
    expect(JSON.parse((await ask('status', '--json')).out)).to.include({ chainId: 31_337 })
    expect((await ask('status')).out).to.match(/^Firsthand 1\.2\.3, chain 31337 \(local\)\n/)
  })

  it('looks a file up, and ends with 0 whatever the verdict', async () => {
    await start()
    const path = media('stranger.jpg', 'some media')
    const { code, out, err } = await ask('lookup', path)
    expect([code, err]).to.deep.equal([0, ''])
    expect(out).to.match(/^NOT REGISTERED\nNo registered original was found for this picture\. /)
    const view = JSON.parse((await ask('lookup', path, '--json')).out) as LookupView
    expect(view).to.include({ status: 'done', verdict: 'not_registered' })
  })

  it('sends exactly the bytes of the file', async () => {
    await start({ limits: { maxBytes: 400_000 } })
    const bytes = 'x'.repeat(300_000)
    const { out } = await ask('lookup', media('large.jpg', bytes), '--json')
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Buffer.from(bytes)))
    expect((JSON.parse(out) as LookupView).candidate!.contentDigest).to.equal(toHex(digest))
  })

  it('fails with 1 and the code of the problem', async () => {
    await start({ decode: undecodable })
    const failed = await ask('lookup', media('a.jpg', 'some media'))
    expect(failed).to.deep.equal({
      code: 1,
      out: '',
      err: 'firsthand: frame 17: not a JPEG (media.undecodable)\n',
    })
    expect((await ask('record', `0x${'00'.repeat(32)}`)).err).to.contain('(record.not_found)')
  })

  it('fails with 1 on a file that is missing, empty or a folder, and says which', async () => {
    await start()
    for (const [path, says] of [
      [join(server.directory, 'missing.jpg'), /missing\.jpg: there is no such file/],
      [media('empty.jpg', ''), /empty\.jpg has no bytes \(media\.empty\)/],
      [server.directory, /is not a file/],
    ] as const) {
      const { code, err } = await ask('lookup', path)
      expect(err).to.match(says)
      expect(code).to.equal(1)
    }
  })

  it('fails with 1 and the remedy where no server answers', async () => {
    await start()
    const { code, err } = await firsthand('status', '--server', 'http://127.0.0.1:1')
    expect(code).to.equal(1)
    expect(err).to.contain('no server answers at http://127.0.0.1:1: start one with `npm start`')
  })

  it('has the server look an address up, and says why it cannot', async () => {
    const there = await site((request, response) => {
      if (request.url === '/a.jpg') response.end('some media')
      else response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>')
    })
    await start({ allow: [there.allow] })
    const { code, out } = await ask('lookup', `${there.url}/a.jpg`)
    expect(code).to.equal(0)
    expect(out).to.match(/^NOT REGISTERED\n/)
    const page = await ask('lookup', `${there.url}/`)
    expect(page.code).to.equal(1)
    expect(page.err).to.contain('localhost answers with a page').and.to.contain('fetch.page')
    await there.close()
  })
})
