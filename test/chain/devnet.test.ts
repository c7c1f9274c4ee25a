import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { startDevnet } from '../../server/chain/devnet.ts'
import type { RegistryError } from '../../server/errors.ts'
import { devnetSetting, hashes, pay, revert } from './devnet-setting.ts'
import { result, rpc } from './json-rpc.ts'
import { temporaryFolder } from './local-network.ts'
import { until } from './until.ts'

describe('the local network', () => {
  const setting = devnetSetting()

  it('is chain 31337 and begins with an empty block', async () => {
    const url = await setting.start()
    expect(await result(url, 'eth_chainId')).to.equal('0x7a69')
    expect(await result(url, 'eth_blockNumber')).to.equal('0x0')
    expect(setting.devnet?.blocks).to.equal(0)
  })

  it('comes back with the same blocks, those of reverted transactions and empty ones too', async () => {
    const url = await setting.start()
    await pay(url)
    const reverted = await revert(url)
    await rpc(url, 'evm_mine')
    await pay(url, 7)
    const before = await hashes(url)
    expect(before).to.have.length(5)
    await setting.stop()
    const again = await setting.start()
    expect(setting.devnet?.blocks).to.equal(4)
    expect(await hashes(again)).to.deep.equal(before)
    const receipt = await result(again, 'eth_getTransactionReceipt', [reverted.result])
    expect(receipt).to.include({ status: '0x0', blockNumber: '0x2' })
  })

  it('goes on after a restart as it would have without one', async () => {
    const url = await setting.start()
    for (let i = 1; i <= 3; i++) await pay(url, i)
    await setting.stop()
    const again = await setting.start()
    expect((await pay(again, 4)).result).to.match(/^0x/)
    const after = await hashes(again)
    await setting.stop()
    expect(await hashes(await setting.start())).to.deep.equal(after)
  })

  it('keeps its clock with the machine’s, however many blocks a second has', async () => {
    const url = await setting.start()
    for (let i = 0; i < 20; i++) await pay(url, i)
    const { timestamp } = (await result(url, 'eth_getBlockByNumber', ['latest', false])) as { timestamp: string }
    expect(Number(timestamp)).to.be.at.most(Date.now() / 1000)
    expect(Number(timestamp)).to.be.greaterThan(Date.now() / 1000 - 60)
  })

  it('keeps a second server off the folder, and names the one that has it', async () => {
    const url = await setting.start()
    const error = await setting.refusal()
    expect(error.code).to.equal('server.busy')
    expect(error.message)
      .to.contain(`(process ${await setting.pid()})`)
      .and.to.contain(setting.folder.path)
    expect(await result(url, 'eth_chainId')).to.equal('0x7a69')
  })

  it('takes another port when its own is taken, and says so', async () => {
    const taken = Number(new URL(await setting.start()).port)
    const other = await temporaryFolder()
    const second = await startDevnet({ dataDir: other.path, port: taken, log: setting.log })
    expect(setting.said.join()).to.contain(`port ${taken} is taken, using ${new URL(second.url).port} instead`)
    expect(await result(second.url, 'eth_chainId')).to.equal('0x7a69')
    await second.close()
    await other.remove()
  })

  it('comes back at the same address with the same blocks when its process is killed', async () => {
    const url = await setting.start()
    for (let i = 1; i <= 3; i++) await pay(url, i)
    const before = await hashes(url)
    process.kill(await setting.pid(), 'SIGKILL')
    await until(
      async () => (await result(url, 'eth_blockNumber').catch(() => null)) === '0x3',
      () => setting.said,
    )
    expect(await hashes(url)).to.deep.equal(before)
    expect(setting.said.join()).to.contain('ended by itself, starting it again')
  })

  it('ignores the signals that reach the whole group, and ends when it is told to', async () => {
    const url = await setting.start()
    const child = await setting.pid()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(child, signal)
    expect((await pay(url)).result).to.match(/^0x/)
    await setting.stop()
    expect(() => process.kill(child, 0)).to.throw('ESRCH')
  })

  describe('when its parent is killed', () => {
    let parent: ChildProcess

    /** Starts the network from a folder that has nothing to do with the project. */
    async function startParent(): Promise<string> {
      const program = join(import.meta.dirname, 'devnet-parent.ts')
      const stdio = ['ignore', 'pipe', 'inherit'] as const
      parent = spawn(process.execPath, [program, setting.folder.path], { cwd: setting.folder.path, stdio: [...stdio] })
      const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
      return line.toString().trim()
    }
    afterEach(() => void parent.kill('SIGKILL'))

    it('ends, and nothing that was answered is lost', async () => {
      const url = await startParent()
      const child = await setting.pid()
      const answered: unknown[] = []
      /** Pays until the network is gone. */
      async function payer(seed: number): Promise<void> {
        for (let i = 0; ; i++) {
          const answer = await pay(url, seed + i).catch(() => null)
          if (answer === null) return
          answered.push(answer.result)
        }
      }
      const payers = [1_000, 2_000, 3_000].map(payer)
      await until(
        () => answered.length >= 30,
        () => answered.length,
      )
      parent.kill('SIGKILL')
      await Promise.all(payers)
      const again = await setting.start()
      expect(await setting.pid()).not.to.equal(child)
      for (const hash of answered)
        expect(await result(again, 'eth_getTransactionReceipt', [hash])).to.include({ status: '0x1' })
    })

    it('loses nothing that was answered when it is killed at the same moment', async () => {
      const url = await startParent()
      const child = await setting.pid()
      const answered: unknown[] = []
      for (let i = 0; i < 40; i++) {
        const paying = pay(url, i).catch(() => null)
        if (i === 30) {
          parent.kill('SIGKILL')
          process.kill(child, 'SIGKILL')
        }
        const answer = await paying
        if (answer === null) break
        answered.push(answer.result)
      }
      expect(answered.length).to.be.at.least(30)
      const again = await setting.start()
      expect(setting.devnet?.blocks).to.be.at.least(answered.length)
      for (const hash of answered)
        expect(await result(again, 'eth_getTransactionReceipt', [hash])).to.include({ status: '0x1' })
    })
  })

  it('says what is in the way when it cannot start', async () => {
    await writeFile(join(setting.folder.path, 'devnet'), 'a file where the folder should be')
    const error = await setting.refusal()
    expect(error.code).to.equal('chain.unreachable')
    expect(error.message).to.match(/^the local network did not start: E[A-Z]+: .*devnet/)
  })

  it('says what is missing where hardhat is not installed', async () => {
    const target = join(setting.folder.path, 'package')
    await mkdir(join(target, 'server', 'chain'), { recursive: true })
    const source = join(import.meta.dirname, '..', '..', 'server')
    for (const file of ['errors.ts', 'chain/log.ts', 'chain/devnet.ts'])
      await cp(join(source, file), join(target, 'server', file))
    const { startDevnet: startElsewhere } = (await import(join(target, 'server/chain/devnet.ts'))) as {
      startDevnet: typeof startDevnet
    }
    const error = (await startElsewhere({ dataDir: setting.folder.path }).catch(
      (thrown: unknown) => thrown,
    )) as RegistryError
    expect(error.code).to.equal('chain.unreachable')
    expect(error.message).to.match(/the local network needs hardhat.*set RPC_URL/)
  })
})
