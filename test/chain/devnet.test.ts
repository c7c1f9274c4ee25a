import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Devnet, startDevnet } from '../../server/chain/devnet.ts'
import type { ChainLog } from '../../server/chain/log.ts'
import { RegistryError } from '../../server/errors.ts'
import { type RpcAnswer, result, rpc } from './json-rpc.ts'
import { temporaryFolder } from './local-network.ts'
import { until } from './until.ts'

describe('the local network', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let devnet: Devnet | undefined
  let said: string[]
  const log: ChainLog = { info: (_, message) => void said.push(message), warn: (_, message) => void said.push(message) }
  const journalPath = () => join(folder.path, 'devnet', 'journal.jsonl')
  const pid = async () => Number(await readFile(join(folder.path, 'devnet', 'pid'), 'utf8'))

  async function start(options: { port?: number; fresh?: boolean } = {}): Promise<string> {
    devnet = await startDevnet({ dataDir: folder.path, port: 0, log, ...options })
    return devnet.url
  }
  async function stop(): Promise<void> {
    await devnet?.close()
    devnet = undefined
  }
  async function refusal(options: { fresh?: boolean } = {}): Promise<RegistryError> {
    const error = await start(options).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(RegistryError)
    return error as RegistryError
  }

  /** Sends one unit to account 1; with a value of its own, so that no two transactions are the same. */
  async function pay(url: string, value = 1): Promise<RpcAnswer> {
    const [from, to] = (await result(url, 'eth_accounts')) as string[]
    return rpc(url, 'eth_sendTransaction', [{ from, to, value: `0x${value.toString(16)}` }])
  }
  /** Deploys code that reverts, with a gas limit so that it is mined all the same. */
  async function revert(url: string): Promise<RpcAnswer> {
    const [from] = (await result(url, 'eth_accounts')) as string[]
    return rpc(url, 'eth_sendTransaction', [{ from, data: '0x60006000fd', gas: '0x20000' }])
  }
  async function hashes(url: string): Promise<string[]> {
    const count = Number(await result(url, 'eth_blockNumber')) + 1
    const blocks = Array.from({ length: count }, (_, i) =>
      result(url, 'eth_getBlockByNumber', [`0x${i.toString(16)}`, false]),
    )
    return (await Promise.all(blocks)).map((block) => (block as { hash: string }).hash)
  }

  beforeEach(async () => {
    folder = await temporaryFolder()
    said = []
  })
  afterEach(async () => {
    await stop()
    await folder.remove()
  })

  it('is chain 31337 and begins with an empty block', async () => {
    const url = await start()
    expect(await result(url, 'eth_chainId')).to.equal('0x7a69')
    expect(await result(url, 'eth_blockNumber')).to.equal('0x0')
    expect(devnet?.blocks).to.equal(0)
  })

  it('comes back with the same blocks, those of reverted transactions and empty ones too', async () => {
    const url = await start()
    await pay(url)
    const reverted = await revert(url)
    await rpc(url, 'evm_mine')
    await pay(url, 7)
    const before = await hashes(url)
    expect(before).to.have.length(5)
    await stop()
    const again = await start()
    expect(devnet?.blocks).to.equal(4)
    expect(await hashes(again)).to.deep.equal(before)
    const receipt = await result(again, 'eth_getTransactionReceipt', [reverted.result])
    expect(receipt).to.include({ status: '0x0', blockNumber: '0x2' })
  })

  it('goes on after a restart as it would have without one', async () => {
    const url = await start()
    for (let i = 1; i <= 3; i++) await pay(url, i)
    await stop()
    const again = await start()
    expect((await pay(again, 4)).result).to.match(/^0x/)
    const after = await hashes(again)
    await stop()
    expect(await hashes(await start())).to.deep.equal(after)
  })

  it('writes one line for each block, and none for what is refused', async () => {
    const url = await start()
    await pay(url)
    const [from, to] = (await result(url, 'eth_accounts')) as string[]
    const refused = [
      await rpc(url, 'eth_sendTransaction', [{ from, to, nonce: '0x63' }]),
      await rpc(url, 'eth_sendTransaction', [{ from, data: '0x60006000fd' }]),
      await rpc(url, 'eth_sendRawTransaction', ['0x1234']),
    ]
    for (const answer of refused) expect(answer.error?.message).to.be.a('string')
    const [header, ...entries] = (await readFile(journalPath(), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const [genesis, first] = await hashes(url)
    expect(header).to.deep.include({ journal: 'devnet1', chainId: 31337, genesis })
    expect(entries).to.have.length(1)
    expect(entries[0]).to.deep.include({ method: 'eth_sendTransaction', blockHash: first })
  })

  it('keeps its clock with the machine’s, however many blocks a second has', async () => {
    const url = await start()
    for (let i = 0; i < 20; i++) await pay(url, i)
    const { timestamp } = (await result(url, 'eth_getBlockByNumber', ['latest', false])) as { timestamp: string }
    expect(Number(timestamp)).to.be.at.most(Date.now() / 1000)
    expect(Number(timestamp)).to.be.greaterThan(Date.now() / 1000 - 60)
  })

  describe('when the journal', () => {
    beforeEach(async () => {
      const url = await start()
      for (let i = 1; i <= 3; i++) await pay(url, i)
      await stop()
    })

    for (const [name, damage] of [
      ['ends within a line', async () => truncate(journalPath(), (await readFile(journalPath())).length - 9)],
      ['lacks the last newline', async () => truncate(journalPath(), (await readFile(journalPath())).length - 1)],
    ] as const) {
      it(`${name}, the line is dropped, and said so`, async () => {
        const whole = await readFile(journalPath(), 'utf8')
        await damage()
        const url = await start()
        expect(devnet?.blocks).to.equal(2)
        expect(said.join()).to.match(/dropped an unfinished line of \d+ bytes/)
        expect(await readFile(journalPath(), 'utf8')).to.equal(whole.split('\n').slice(0, 3).join('\n').concat('\n'))
        await pay(url, 9)
        await stop()
        await start()
        expect(devnet?.blocks).to.equal(3)
      })
    }

    it('ends with zeros, as after a power cut, they are dropped', async () => {
      await appendFile(journalPath(), Buffer.alloc(300))
      await start()
      expect(devnet?.blocks).to.equal(3)
    })

    it('is damaged in the middle, it is left as it is, and the remedy is named', async () => {
      const lines = (await readFile(journalPath(), 'utf8')).split('\n')
      await writeFile(journalPath(), lines.with(2, '{"time":').join('\n'))
      const before = await readFile(journalPath())
      const error = await refusal()
      expect(error.code).to.equal('chain.mismatch')
      expect(error.message).to.match(/journal\.jsonl: the line at byte \d+ cannot be read.*--fresh/s)
      expect(await readFile(journalPath())).to.deep.equal(before)
    })

    it('replays to another hash, the block and the remedy are named', async () => {
      const text = await readFile(journalPath(), 'utf8')
      await writeFile(journalPath(), text.replace('"value":"0x2"', '"value":"0x3"'))
      const error = await refusal()
      expect(error.code).to.equal('chain.mismatch')
      expect(error.message).to.match(/block 2 came out as 0x.* and the journal has 0x.*--fresh/)
    })

    it('is of another chain, the remedy is named', async () => {
      const text = await readFile(journalPath(), 'utf8')
      await writeFile(journalPath(), text.replace('"chainId":31337', '"chainId":1'))
      expect((await refusal()).message).to.match(/of another chain.*--fresh/)
    })

    it('is put aside, a new chain begins and the old journal stays', async () => {
      const old = await readFile(journalPath())
      await start({ fresh: true })
      expect(devnet?.blocks).to.equal(0)
      const aside = (await readdir(join(folder.path, 'devnet'))).filter((name) => /^journal-.+\.jsonl$/.test(name))
      expect(aside).to.have.length(1)
      expect(await readFile(join(folder.path, 'devnet', aside[0]!))).to.deep.equal(old)
      expect(said.join()).to.contain(aside[0])
    })
  })

  it('keeps a second server off the folder, and names the one that has it', async () => {
    const url = await start()
    const first = devnet
    const error = await refusal()
    devnet = first
    expect(error.code).to.equal('server.busy')
    expect(error.message)
      .to.contain(`(process ${await pid()})`)
      .and.to.contain(folder.path)
    expect(await result(url, 'eth_chainId')).to.equal('0x7a69')
  })

  it('takes another port when its own is taken, and says so', async () => {
    const taken = Number(new URL(await start()).port)
    const other = await temporaryFolder()
    const second = await startDevnet({ dataDir: other.path, port: taken, log })
    expect(said.join()).to.contain(`port ${taken} is taken, using ${new URL(second.url).port} instead`)
    expect(await result(second.url, 'eth_chainId')).to.equal('0x7a69')
    await second.close()
    await other.remove()
  })

  it('comes back at the same address with the same blocks when its process is killed', async () => {
    const url = await start()
    for (let i = 1; i <= 3; i++) await pay(url, i)
    const before = await hashes(url)
    process.kill(await pid(), 'SIGKILL')
    await until(
      async () => (await result(url, 'eth_blockNumber').catch(() => null)) === '0x3',
      () => said,
    )
    expect(await hashes(url)).to.deep.equal(before)
    expect(said.join()).to.contain('ended by itself, starting it again')
  })

  it('ignores the signals that reach the whole group, and ends when it is told to', async () => {
    const url = await start()
    const child = await pid()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(child, signal)
    expect((await pay(url)).result).to.match(/^0x/)
    await stop()
    expect(() => process.kill(child, 0)).to.throw('ESRCH')
  })

  describe('when its parent is killed', () => {
    let parent: ChildProcess

    /** Starts the network from a folder that has nothing to do with the project. */
    async function startParent(): Promise<string> {
      const program = join(import.meta.dirname, 'devnet-parent.ts')
      const stdio = ['ignore', 'pipe', 'inherit'] as const
      parent = spawn(process.execPath, [program, folder.path], { cwd: folder.path, stdio: [...stdio] })
      const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
      return line.toString().trim()
    }
    afterEach(() => void parent.kill('SIGKILL'))

    it('ends, and nothing that was answered is lost', async () => {
      const url = await startParent()
      const child = await pid()
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
      const again = await start()
      expect(await pid()).not.to.equal(child)
      for (const hash of answered)
        expect(await result(again, 'eth_getTransactionReceipt', [hash])).to.include({ status: '0x1' })
    })

    it('loses nothing that was answered when it is killed at the same moment', async () => {
      const url = await startParent()
      const child = await pid()
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
      const again = await start()
      expect(devnet?.blocks).to.be.at.least(answered.length)
      for (const hash of answered)
        expect(await result(again, 'eth_getTransactionReceipt', [hash])).to.include({ status: '0x1' })
    })
  })

  it('says what is in the way when it cannot start', async () => {
    await writeFile(join(folder.path, 'devnet'), 'a file where the folder should be')
    const error = await refusal()
    expect(error.code).to.equal('chain.unreachable')
    expect(error.message).to.match(/^the local network did not start: E[A-Z]+: .*devnet/)
  })

  it('says what is missing where hardhat is not installed', async () => {
    const target = join(folder.path, 'package')
    await mkdir(join(target, 'server', 'chain'), { recursive: true })
    const source = join(import.meta.dirname, '..', '..', 'server')
    for (const file of ['errors.ts', 'chain/log.ts', 'chain/devnet.ts'])
      await cp(join(source, file), join(target, 'server', file))
    const { startDevnet: startElsewhere } = (await import(join(target, 'server/chain/devnet.ts'))) as {
      startDevnet: typeof startDevnet
    }
    const error = (await startElsewhere({ dataDir: folder.path }).catch((thrown: unknown) => thrown)) as RegistryError
    expect(error.code).to.equal('chain.unreachable')
    expect(error.message).to.match(/the local network needs hardhat.*set RPC_URL/)
  })
})
