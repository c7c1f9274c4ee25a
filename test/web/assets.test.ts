import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createAssets } from '../../server/web/index.ts'

const options = { token: '', version: '1.2.3' }

describe('assets', () => {
  const assets = createAssets(options)

  it('fills token and version into the page, escaped', () => {
    const html = createAssets({ token: `a"><script>$&'`, version: '1.2.3' }).page()
    expect(html).to.include('<meta name="firsthand-token" content="a&#34;&#62;&#60;script&#62;$&#38;&#39;">')
    expect(html).to.include('content="1.2.3"')
    expect(html).not.to.include('{{')
  })

  it('leaves the token empty where there is no development signer', () => {
    expect(assets.page()).to.include('<meta name="firsthand-token" content="">')
  })

  it('serves every file that the page names', () => {
    const paths = [...assets.page().matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
    expect(paths).to.include('/assets/client/app.ts')
    for (const path of paths) expect(assets.asset(path), path).not.to.equal(null)
  })

  it('serves every module that a module imports, as JavaScript without types', async () => {
    const reached = new Set(['/assets/client/app.ts', '/assets/client/digest-worker.ts'])
    for (const path of reached) {
      const asset = assets.asset(path)
      expect(asset, path).not.to.equal(null)
      expect(asset!.type).to.equal('text/javascript; charset=utf-8')
      const source = asset!.body.toString()
      expect(source).not.to.match(/^(?:import type|interface|export interface|export type)\b/m)
      for (const [, name] of source.matchAll(/^(?:import|export) [^;'"]*from ['"]([^'"]+)['"]/gm))
        reached.add(new URL(name!, `http://page${path}`).pathname)
    }
    expect(reached.size).to.be.greaterThan(8)
    expect([...reached]).to.include('/assets/hashes/utils.js')
  })

  it('allows no script, style or event handler inside the page', () => {
    const html = assets.page()
    expect(html).not.to.match(/<script(?![^>]* src=)/)
    expect(html).not.to.match(/<style|\sstyle=|\son\w+=/)
  })

  it('names no address outside itself', () => {
    expect(assets.page().replaceAll("xmlns='http://www.w3.org/2000/svg'", '')).not.to.match(/(?:https?:)?\/\/\w/)
  })

  it('answers null to a path that is not in the table, whatever it is', () => {
    const paths = [
      '/assets/index.html',
      '/assets/assets.ts',
      '/assets/client/../assets.ts',
      '/assets/',
      '',
      '__proto__',
    ]
    for (const path of paths) expect(assets.asset(path), path).to.equal(null)
    expect(assets.asset('/assets/client/%2e%2e/assets.ts')).to.equal(null)
  })

  it('gives equal bytes an equal tag, and others another', () => {
    const [app, words] = [assets.asset('/assets/client/app.ts')!, assets.asset('/assets/client/words.ts')!]
    expect(app.etag).to.match(/^"[\w-]{22}"$/)
    expect(app.etag).not.to.equal(words.etag)
    expect(createAssets(options).asset('/assets/client/app.ts')!.etag).to.equal(app.etag)
  })

  describe('in a built package', () => {
    let directory: string
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'firsthand-assets-'))
      mkdirSync(join(directory, 'client'))
      writeFileSync(join(directory, 'client', 'app.js'), "import './api.js'\n")
      writeFileSync(join(directory, 'client', 'api.js'), 'export {}\n')
      writeFileSync(join(directory, 'index.html'), '{{token}}{{version}}<script src="/assets/client/app.ts"></script>')
    })
    afterEach(() => rmSync(directory, { recursive: true }))

    it('serves the compiled modules as they are, and the page asks for them', () => {
      const built = createAssets({ ...options, directory })
      expect(built.page()).to.include('src="/assets/client/app.js"')
      expect(built.asset('/assets/client/app.js')!.body.toString()).to.equal("import './api.js'\n")
      expect(built.asset('/assets/client/api.js')).not.to.equal(null)
    })

    it('refuses to start with a page that lacks a placeholder', () => {
      writeFileSync(join(directory, 'index.html'), '{{token}}/assets/client/app.ts')
      expect(() => createAssets({ ...options, directory })).to.throw('expected the placeholder "{{version}}"')
    })
  })
})
