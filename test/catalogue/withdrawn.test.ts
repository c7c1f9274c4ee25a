import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createWithdrawals, type Withdrawals } from '../../server/catalogue/index.ts'
import { RegistryError } from '../../server/errors.ts'
import { manifestCid } from '../../server/fingerprint/index.ts'
import { until } from '../chain/until.ts'

const [CID, OTHER] = [1, 2].map((byte) => manifestCid(new Uint8Array(32).fill(byte))) as [string, string]

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

  it('are seen though two changes have one time on disk, and the first was seen before the second', async () => {
    const clock = { ms: 1_700_000_000_000 }
    const server = createWithdrawals(directory, () => clock.ms)
    const changeAt = async (ms: number, change: Promise<unknown>) => {
      await change
      utimesSync(join(directory, 'withdrawn'), ms / 1000, ms / 1000)
    }
    const command = createWithdrawals(directory)
    const tick = clock.ms
    await changeAt(tick, command.withdraw(CID, { at: 5, reason: null }))
    expect((await entries(server)).length).to.equal(1)
    await changeAt(tick, command.withdraw(OTHER, { at: 5, reason: null }))
    clock.ms += 1_000
    expect((await entries(server)).length).to.equal(2)
    await changeAt(tick, command.restore(CID))
    expect((await entries(server)).length, 'asked again within a second').to.equal(2)
    clock.ms -= 60_000
    expect(
      (await entries(server)).map(([cid]) => cid),
      'the clock was set back',
    ).to.deep.equal([OTHER])
  })

  it('are not read again where nothing has changed for a second', async () => {
    const clock = { ms: 1_700_000_000_000 }
    const server = createWithdrawals(directory, () => clock.ms)
    await createWithdrawals(directory).withdraw(CID, { at: 5, reason: null })
    utimesSync(join(directory, 'withdrawn'), clock.ms / 1000 - 2, clock.ms / 1000 - 2)
    const before = await server.all()
    clock.ms += 1_000
    expect(await server.all()).to.equal(before)
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
