import { expect } from 'chai'
import { createSizer, readAhead } from '../../server/chain/ahead.ts'
import type { RegistryLog } from '../../server/chain/events.ts'
import type { RangeContent, Span } from '../../server/chain/range.ts'
import { RpcError } from '../../server/chain/rpc.ts'

/** What is read of a range: so many logs a block. */
function contentOf({ from, to }: Span, logsPerBlock = 0): RangeContent {
  const header = { number: to, hash: new Uint8Array(32), parentHash: new Uint8Array(32), time: to }
  const logs = Array.from({ length: (to - from + 1) * logsPerBlock }, () => ({ type: 'keyEnded' }) as RegistryLog)
  return { batch: { headers: [header], logs }, parentHash: new Uint8Array(32), blocks: to - from + 1 }
}
const tick = () => new Promise(setImmediate)

describe('reading ahead', () => {
  it('gives ranges in order and without a gap, whichever is answered first', async () => {
    const ends: number[] = []
    let asked = 0
    const read = async (span: Span) => {
      for (let i = (7 * ++asked) % 5; i > 0; i--) await tick()
      return contentOf(span)
    }
    let next = 1
    for await (const { batch, blocks } of readAhead(read, createSizer(10), { from: 1, to: 95 })) {
      const end = batch.headers[0]!.number
      expect(end - blocks + 1).to.equal(next)
      next = end + 1
      ends.push(end)
    }
    expect(ends.at(-1)).to.equal(95)
  })

  it('has one range on its way until the first is answered, and four from then on, however slow the taker is', async () => {
    let underWay = 0
    let read = 0
    const most: number[] = []
    const reads = async (span: Span) => {
      most.push(++underWay)
      await tick()
      underWay--
      read++
      return contentOf(span)
    }
    const ranges = readAhead(reads, createSizer(10), { from: 1, to: 1_000 })
    await ranges.next()
    expect(most).to.deep.equal([1])
    await ranges.next()
    for (let i = 0; i < 20; i++) await tick()
    expect(Math.max(...most)).to.equal(4)
    // Two were taken; of the others at most four wait.
    expect(read).to.be.at.most(6)
    await ranges.return()
  })

  it('holds no more than it should where a chain of few logs becomes one of full batches', async () => {
    const claims = Array.from({ length: 1_000 }, () => ({}))
    const appended: number[] = []
    let [waiting, most] = [0, 0]
    const read = async (span: Span) => {
      await tick()
      const content = contentOf(span)
      for (let block = Math.max(span.from, 5_000); block <= span.to; block++)
        content.batch.logs.push({ type: 'batchLogged', claims } as unknown as RegistryLog)
      if (content.batch.logs.length <= 40 || content.blocks === 1) waiting += content.batch.logs.length
      most = Math.max(most, waiting)
      return content
    }
    let next = 1
    for await (const { batch, blocks } of readAhead(read, createSizer(2_000), { from: 1, to: 5_400 })) {
      appended.push(batch.logs.length)
      waiting -= batch.logs.length
      next += blocks
    }
    expect(next).to.equal(5_401)
    expect(appended.reduce((sum, logs) => sum + logs)).to.equal(401)
    // In batches of a thousand claims: at once, and all that waits.
    expect(Math.max(...appended)).to.be.at.most(40)
    expect(most).to.be.at.most(160)
  })

  it('asks for half where it is refused, and for less where blocks hold much', async () => {
    const sizes: number[] = []
    const read = async (span: Span) => {
      const blocks = span.to - span.from + 1
      if (blocks > 8) throw new RpcError(-32005, 'query returned more than 10000 results')
      sizes.push(blocks)
      return contentOf(span, 5_000)
    }
    for await (const _ of readAhead(read, createSizer(100), { from: 1, to: 60 }));
    expect(sizes.reduce((sum, one) => sum + one)).to.equal(60)
    expect(sizes.slice(0, 4)).to.deep.equal([8, 8, 8, 8])
    expect(sizes.at(-1)).to.equal(2)
  })

  it('fails where a single block is refused', async () => {
    const read = async () => {
      throw new RpcError(-32005, 'limit exceeded')
    }
    const first = readAhead(read, createSizer(100), { from: 1, to: 60 }).next()
    expect(await first.catch((error: unknown) => error)).to.be.instanceOf(RpcError)
  })

  it('reads no more when it is enough', async () => {
    let isEnough = false
    const read: number[] = []
    const reads = async (span: Span) => {
      read.push(span.to)
      return contentOf(span)
    }
    for await (const _ of readAhead(reads, createSizer(10), { from: 1, to: 1_000 }, () => isEnough)) isEnough = true
    expect(read).to.deep.equal([10])
  })
})
