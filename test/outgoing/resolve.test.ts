import { getEventListeners } from 'node:events'
import { expect } from 'chai'
import { type Address, addressesOf, type Resolve } from '../../server/outgoing/resolve.ts'
import { parseTarget } from '../../server/outgoing/target.ts'

const PUBLIC: Address = { address: '93.184.215.14', family: 4 }
const target = parseTarget('https://a.example/', { allow: [], ports: [443] })

describe('the addresses of a name', () => {
  it('leave nothing at the signal of whoever asks, found or not: it may live as long as the server', async () => {
    const { signal } = new AbortController()
    const outcomes: Resolve[] = [async () => [PUBLIC], async () => [], () => Promise.reject(new Error('no answer'))]
    for (const resolve of outcomes) await addressesOf(target, resolve, signal).catch(() => {})
    expect(getEventListeners(signal, 'abort')).to.deep.equal([])
  })

  it('are not waited for once the signal is given, though the resolver goes on', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const found = addressesOf(target, () => new Promise(() => {}), abort.signal)
    abort.abort(reason)
    expect(await found.catch((error: unknown) => error)).to.equal(reason)
  })
})
