import { copyFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ROOT, run, temporaryFolder } from './server.ts'

describe('the packed tarball, installed elsewhere', () => {
  const folder = temporaryFolder()
  const npm = (args: string[]) => run(args, { program: 'npm', cwd: folder.path })
  const firsthand = (args: string[]) =>
    run(args, { program: join(folder.path, 'node_modules/.bin/firsthand'), cwd: folder.path })

  before('packs and installs', async () => {
    writeFileSync(join(folder.path, 'package.json'), '{"name":"elsewhere","private":true}\n')
    copyFileSync(join(ROOT, '.npmrc'), join(folder.path, '.npmrc'))
    const packed = await run(['pack', '--pack-destination', folder.path], { program: 'npm' })
    expect(packed.code, packed.stderr).to.equal(0)
    const tarball = readdirSync(folder.path).find((name) => name.endsWith('.tgz'))
    const installed = await npm(['install', '--no-audit', join(folder.path, tarball!)])
    expect(installed.code, installed.stderr).to.equal(0)
  })
  after(() => folder.remove())

  for (const [file, kind, frames] of [
    ['hills.jpg', 'image', 0],
    ['crossing.mp4', 'video', 24],
  ] as const)
    it(`fingerprints ${file} as the checkout does`, async () => {
      const path = join(ROOT, 'examples', file)
      const elsewhere = await firsthand(['fingerprint', path, '--json'])
      expect(elsewhere.code, elsewhere.stderr).to.equal(0)
      const document = JSON.parse(elsewhere.stdout)
      expect(document).to.include({ version: 'fingerprint1', kind })
      expect(document.frames).to.have.length(frames)
      expect(document).to.deep.equal(JSON.parse((await run(['fingerprint', path, '--json'])).stdout))
    })

  it('prints nothing but the answer', async () => {
    expect((await firsthand(['fingerprint', join(ROOT, 'examples/hills.jpg')])).stderr).to.equal('')
  })

  it('says that the local network needs Hardhat, or RPC_URL', async () => {
    const { code, stderr } = await firsthand(['serve'])
    expect(code).to.equal(1)
    expect(stderr).to.include('RPC_URL')
  })
})
