import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import { readStretch, type Stretch } from '../../server/fingerprint/index.ts'
import { keptBlock } from '../../server/fingerprint/kept.ts'
import { createStretches, FETCH_MS, MAX_FETCHED } from '../../server/registry/stretches.ts'
import { memoryBlocks, turn } from './fakes.ts'

const SIGNAL = new AbortController().signal
const bytesOf = (i: number) => Uint8Array.of(i, 1, 2)

const stretches = (count: number, kept = false): Stretch[] =>
  Array.from({ length: count }, (_, i) => ({ startMs: i, endMs: i + 1, cid: `c${i}`, kept }))

describe('evidence of a video', () => {
  /** Blocks with these here, and a gateway that has them all. */
  function setUp(here: number[]) {
    const blocks = memoryBlocks()
    for (const i of here) blocks.kept.set(`c${i}`, bytesOf(i))
    const asked: string[] = []
    const running = { now: 0, most: 0 }
    const fetch = async (cid: string) => {
      asked.push(cid)
      running.most = Math.max(running.most, ++running.now)
      await turn()
      running.now--
      return bytesOf(Number(cid.slice(1)))
    }
    return { blocks, asked, running, fetch }
  }

  it('is taken from here, and what is not here from a gateway, once', async () => {
    const { blocks, asked, fetch } = setUp([0, 2])
    const source = createStretches({ blocks, fetch })
    for (let i = 0; i < 2; i++) {
      const found = await source.get(stretches(4), 7, SIGNAL)
      expect([...found].sort()).to.deep.equal([0, 1, 2, 3].map((k) => [`c${k}`, bytesOf(k)]))
    }
    expect(asked).to.deep.equal(['c1', 'c3'])
  })

  it('is what is here where nothing is fetched, or no gateway has it', async () => {
    const { blocks } = setUp([1])
    for (const fetch of [null, async () => null])
      expect([...(await createStretches({ blocks, fetch }).get(stretches(3), 7, SIGNAL)).keys()]).to.deep.equal(['c1'])
  })

  it('is fetched a few blocks at a time, and no more than somebody waits for', async () => {
    const { blocks, asked, running, fetch } = setUp([])
    const found = await createStretches({ blocks, fetch }).get(stretches(100), 7, SIGNAL)
    expect(found.size).to.equal(MAX_FETCHED)
    expect(asked).to.have.length(MAX_FETCHED)
    expect(running.most).to.equal(4)
  })

  it('is what has come when the time is over', async () => {
    const { blocks } = setUp([0])
    const late = new AbortController()
    const fetch = (cid: string, _publisher: number, signal: AbortSignal) =>
      new Promise<Uint8Array>((resolve, reject) => {
        if (cid === 'c1') return resolve(bytesOf(1))
        signal.addEventListener('abort', () => reject(signal.reason))
        setImmediate(() => late.abort(new Error('late')))
      })
    const deadline = (ms: number) => {
      expect(ms).to.equal(FETCH_MS)
      return late.signal
    }
    const found = await createStretches({ blocks, fetch, deadline }).get(stretches(3), 7, SIGNAL)
    expect([...found.keys()]).to.deep.equal(['c0', 'c1'])
  })

  it('is given up with the question', async () => {
    const { blocks } = setUp([])
    const asker = new AbortController()
    const fetch = (_cid: string, _publisher: number, signal: AbortSignal) =>
      new Promise<Uint8Array>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const asked = createStretches({ blocks, fetch }).get(stretches(3), 7, asker.signal)
    setImmediate(() => asker.abort(new Error('nobody asks any more')))
    expect(await asked.catch(String)).to.equal('Error: nobody asks any more')
  })

  it('that is kept for its publisher is taken out of its block, asked of nobody, and of no use to who links to it', async () => {
    const { blocks, asked, fetch } = setUp([])
    const kept = await keptBlock(bytesOf(9))
    await blocks.put([kept])
    const source = createStretches({ blocks, fetch })
    const [own] = stretches(1, true)
    const found = await source.get([{ ...own!, cid: kept.cid }, own!], 7, SIGNAL)
    expect([...found]).to.deep.equal([[kept.cid, bytesOf(9)]])
    expect(asked).to.deep.equal([])
    const stolen = await source.get([{ ...own!, cid: kept.cid, kept: false }], 8, SIGNAL)
    expect(() => readStretch(stolen.get(kept.cid)!)).to.throw(RegistryError, 'firsthand')
  })
})
