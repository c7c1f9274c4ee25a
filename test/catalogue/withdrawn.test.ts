import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createWithdrawals, type Withdrawals } from '../../server/catalogue/index.ts'
import { RegistryError } from '../../server/errors.ts'
import { manifestCid } from '../../server/fingerprint/index.ts'
import { until } from '../chain/until.ts'

const CID = manifestCid(new Uint8Array(32).fill(1))

describe('withdrawn blocks', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'firsthand-withdrawn-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const entries = async (of: Withdrawals) => [...(await of.all())]

  it('are none where there is no directory of them', async () => {
    expect(await entries(createWithdrawals(directory))).to.deep.equal([])
  })

  it('are kept over a restart, with time and reason, until they are restored', async () => {
    const withdrawals = createWithdrawals(directory)
    await withdrawals.withdraw(CID, { at: 5, reason: 'a court said so' })
    expect(await entries(withdrawals)).to.deep.equal([[CID, { at: 5, reason: 'a court said so' }]])
    await withdrawals.withdraw(CID, { at: 6, reason: null })
    expect(await entries(createWithdrawals(directory))).to.deep.equal([[CID, { at: 6, reason: null }]])
    expect(await withdrawals.restore(CID)).to.equal(true)
    expect(await withdrawals.restore(CID)).to.equal(false)
    expect(await entries(withdrawals)).to.deep.equal([])
    expect(readdirSync(join(directory, 'withdrawn'))).to.deep.equal([])
  })

  it('are seen by a server that runs while another process changes them', async () => {
    const [server, command] = [createWithdrawals(directory), createWithdrawals(directory)]
    expect(await entries(server)).to.deep.equal([])
    await command.withdraw(CID, { at: 5, reason: null })
    await until(
      async () => (await server.all()).has(CID),
      () => 'never seen',
    )
    await command.restore(CID)
    await until(
      async () => !(await server.all()).has(CID),
      () => 'still there',
    )
  })

  it('are known to everybody who asks at the same time', async () => {
    await createWithdrawals(directory).withdraw(CID, { at: 5, reason: null })
    const fresh = createWithdrawals(directory)
    const answers = await Promise.all([fresh.all(), fresh.all()])
    expect(answers.map((all) => all.has(CID))).to.deep.equal([true, true])
  })

  it('stay withdrawn where their file is damaged', async () => {
    const withdrawals = createWithdrawals(directory)
    await withdrawals.withdraw(CID, { at: 5, reason: 'x' })
    writeFileSync(join(directory, 'withdrawn', CID), '{"at":')
    expect(await entries(createWithdrawals(directory))).to.deep.equal([[CID, { at: 0, reason: null }]])
  })

  for (const cid of ['', 'x', '../../etc/passwd', `${CID}/`, CID.toUpperCase()])
    it(`are not named "${cid.slice(0, 20)}"`, async () => {
      const withdrawals = createWithdrawals(directory)
      const error = await withdrawals.withdraw(cid, { at: 1, reason: null }).catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(RegistryError).with.property('code', 'block.invalid')
      expect(readdirSync(directory)).to.deep.equal([])
    })
})
