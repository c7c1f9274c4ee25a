import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { createOrder, mapInTurns } from '../../server/chain/turns.ts'

describe('turns', () => {
  it('keep the order of the items', async () => {
    expect(await mapInTurns([1, 2, 3], (n) => n * n)).to.deep.equal([1, 4, 9])
  })

  it('let others work after so much work, and not before', async () => {
    const others: number[] = []
    const one = (count: number, weight: number) => {
      let done = 0
      setImmediate(() => others.push(done))
      return mapInTurns(
        Array(count).fill(0),
        () => void done++,
        () => weight,
      )
    }
    await one(1_000, 1)
    await one(10, 100)
    const small = one(200, 1)
    await small
    await new Promise((resolve) => setImmediate(resolve))
    expect(others).to.deep.equal([256, 3, 200])
  })

  it('pass on what the work throws', async () => {
    const failed = await mapInTurns([1], () => {
      throw new RangeError('no')
    }).catch((error: Error) => error.message)
    expect(failed).to.equal('no')
  })
})

describe('an order', () => {
  it('runs one work after the other, those after a failure too', async () => {
    const inOrder = createOrder()
    const said: string[] = []
    const work = (name: string, ms: number) => async () => {
      said.push(`begin ${name}`)
      await sleep(ms)
      said.push(`end ${name}`)
      if (name === 'a') throw new RangeError('a fails')
    }
    const [a] = await Promise.allSettled([inOrder(work('a', 10)), inOrder(work('b', 1)), inOrder(work('c', 0))])
    expect(a?.status).to.equal('rejected')
    expect(said).to.deep.equal(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c'])
  })
})
