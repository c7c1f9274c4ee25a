import { expect } from 'chai'
import { createPlaces } from '../../server/registry/places.ts'

const never = new AbortController().signal

/** What resolves notes its name. */
function noted() {
  const names: string[] = []
  const note = (name: string) => (leave: () => void) => {
    names.push(name)
    return leave
  }
  return { names, note }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('places', () => {
  it('are taken by so many, and go to the next in turn', async () => {
    const places = createPlaces(2)
    const { names, note } = noted()
    const entered = ['a', 'b', 'c', 'd'].map((name) => places.enter(never).then(note(name)))
    await settled()
    expect(names).to.deep.equal(['a', 'b'])
    ;(await entered[1]!)()
    await settled()
    expect(names).to.deep.equal(['a', 'b', 'c'])
    ;(await entered[0]!)()
    ;(await entered[2]!)()
    ;(await entered[3]!)()
    const [e, f, g] = ['e', 'f', 'g'].map((name) => places.enter(never).then(note(name)))
    await settled()
    expect(names).to.deep.equal(['a', 'b', 'c', 'd', 'e', 'f'])
    for (const one of [e, f, g]) (await one!)()
  })

  it('are not kept for who does not wait any more', async () => {
    const places = createPlaces(1)
    const { names, note } = noted()
    const leave = await places.enter(never)
    const abort = new AbortController()
    const gone = places.enter(abort.signal).catch((error: Error) => error.message)
    const next = places.enter(never).then(note('next'))
    abort.abort(new Error('enough'))
    expect(await gone).to.equal('enough')
    leave()
    ;(await next)()
    expect(names).to.deep.equal(['next'])
    expect(await places.enter(abort.signal).catch((error: Error) => error.message)).to.equal('enough')
    ;(await places.enter(never))()
  })
})
