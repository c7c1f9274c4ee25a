import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createWithdrawals } from '../../server/catalogue/index.ts'
import { manifestCid } from '../../server/fingerprint/index.ts'
import { firsthand } from './capture.ts'

const CID = manifestCid(new Uint8Array(32).fill(1))

describe('firsthand block', () => {
  let directory: string
  const before = process.env.DATA_DIR
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'firsthand-block-'))
    process.env.DATA_DIR = directory
  })
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
    if (before === undefined) delete process.env.DATA_DIR
    else process.env.DATA_DIR = before
  })

  it('withdraws, lists and restores, in DATA_DIR', async () => {
    expect(await firsthand('block', 'withdraw', CID, '--reason', 'a court said so')).to.deep.include({
      code: 0,
      out: `withdrawn ${CID}\n`,
    })
    const [first] = await createWithdrawals(directory).all()
    expect(first).to.deep.equal([CID, { at: first![1].at, reason: 'a court said so' }])
    expect((await firsthand('block', 'list')).out).to.match(new RegExp(`^${CID} 20\\d\\d-.*Z a court said so\\n$`))
    expect(JSON.parse((await firsthand('block', 'list', '--json')).out)).to.have.length(1)
    expect(await firsthand('block', 'restore', CID)).to.deep.include({ code: 0, out: `served again ${CID}\n` })
    expect(await firsthand('block', 'restore', CID)).to.deep.include({ code: 1, out: `not withdrawn ${CID}\n` })
    expect((await firsthand('block', 'list')).out).to.equal('')
  })

  it('fails for what is no CID, and where there is no such directory', async () => {
    const { code, err } = await firsthand('block', 'withdraw', '../x')
    expect(code).to.equal(1)
    expect(err).to.contain('block.invalid')
    process.env.DATA_DIR = join(directory, 'mistyped')
    const mistyped = await firsthand('block', 'withdraw', CID)
    expect(mistyped.code).to.equal(1)
    expect(mistyped.err).to.contain('DATA_DIR names no directory')
  })
})
