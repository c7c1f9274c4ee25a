import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { devnetSetting, hashes, pay } from './devnet-setting.ts'
import { result, rpc } from './json-rpc.ts'

describe('the journal of the local network', () => {
  const setting = devnetSetting()

  it('writes one line for each block, and none for what is refused', async () => {
    const url = await setting.start()
    await pay(url)
    const [from, to] = (await result(url, 'eth_accounts')) as string[]
    const refused = [
      await rpc(url, 'eth_sendTransaction', [{ from, to, nonce: '0x63' }]),
      await rpc(url, 'eth_sendTransaction', [{ from, data: '0x60006000fd' }]),
      await rpc(url, 'eth_sendRawTransaction', ['0x1234']),
    ]
    for (const answer of refused) expect(answer.error?.message).to.be.a('string')
    const [header, ...entries] = (await readFile(setting.journalPath(), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const [genesis, first] = await hashes(url)
    expect(header).to.deep.include({ journal: 'devnet1', chainId: 31337, genesis })
    expect(entries).to.have.length(1)
    expect(entries[0]).to.deep.include({ method: 'eth_sendTransaction', blockHash: first })
  })

  describe('when the journal', () => {
    beforeEach(async () => {
      const url = await setting.start()
      for (let i = 1; i <= 3; i++) await pay(url, i)
      await setting.stop()
    })

    for (const [name, damage] of [
      [
        'ends within a line',
        async () => truncate(setting.journalPath(), (await readFile(setting.journalPath())).length - 9),
      ],
      [
        'lacks the last newline',
        async () => truncate(setting.journalPath(), (await readFile(setting.journalPath())).length - 1),
      ],
    ] as const) {
      it(`${name}, the line is dropped, and setting.said so`, async () => {
        const whole = await readFile(setting.journalPath(), 'utf8')
        await damage()
        const url = await setting.start()
        expect(setting.devnet?.blocks).to.equal(2)
        expect(setting.said.join()).to.match(/dropped an unfinished line of \d+ bytes/)
        expect(await readFile(setting.journalPath(), 'utf8')).to.equal(
          whole.split('\n').slice(0, 3).join('\n').concat('\n'),
        )
        await pay(url, 9)
        await setting.stop()
        await setting.start()
        expect(setting.devnet?.blocks).to.equal(3)
      })
    }

    it('ends with zeros, as after a power cut, they are dropped', async () => {
      await appendFile(setting.journalPath(), Buffer.alloc(300))
      await setting.start()
      expect(setting.devnet?.blocks).to.equal(3)
    })

    it('is damaged in the middle, it is left as it is, and the remedy is named', async () => {
      const lines = (await readFile(setting.journalPath(), 'utf8')).split('\n')
      await writeFile(setting.journalPath(), lines.with(2, '{"time":').join('\n'))
      const before = await readFile(setting.journalPath())
      const error = await setting.refusal()
      expect(error.code).to.equal('chain.mismatch')
      expect(error.message).to.match(/journal\.jsonl: the line at byte \d+ cannot be read.*--fresh/s)
      expect(await readFile(setting.journalPath())).to.deep.equal(before)
    })

    it('replays to another hash, the block and the remedy are named', async () => {
      const text = await readFile(setting.journalPath(), 'utf8')
      await writeFile(setting.journalPath(), text.replace('"value":"0x2"', '"value":"0x3"'))
      const error = await setting.refusal()
      expect(error.code).to.equal('chain.mismatch')
      expect(error.message).to.match(/block 2 came out as 0x.* and the journal has 0x.*--fresh/)
    })

    it('is of another chain, the remedy is named', async () => {
      const text = await readFile(setting.journalPath(), 'utf8')
      await writeFile(setting.journalPath(), text.replace('"chainId":31337', '"chainId":1'))
      expect((await setting.refusal()).message).to.match(/of another chain.*--fresh/)
    })

    it('is put aside, a new chain begins and the old journal stays', async () => {
      const old = await readFile(setting.journalPath())
      await setting.start({ fresh: true })
      expect(setting.devnet?.blocks).to.equal(0)
      const aside = (await readdir(join(setting.folder.path, 'devnet'))).filter((name) =>
        /^journal-.+\.jsonl$/.test(name),
      )
      expect(aside).to.have.length(1)
      expect(await readFile(join(setting.folder.path, 'devnet', aside[0]!))).to.deep.equal(old)
      expect(setting.said.join()).to.contain(aside[0])
    })
  })
})
