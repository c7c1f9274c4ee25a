import { expect } from 'chai'
import * as fc from 'fast-check'
import { createRecent } from '../../server/registry/recent.ts'

describe('what was used last', () => {
  it('is kept, and never more than there is room for', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), bytes: fc.nat(12), set: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const recent = createRecent<number>(20)
        /** The latest first. */
        let model: { key: string; bytes: number }[] = []
        for (const { key, bytes, set } of steps) {
          const held = model.find((one) => one.key === key)
          if (set) recent.set(key, bytes, bytes)
          else expect(recent.get(key)).to.equal(held?.bytes)
          const used = set ? { key, bytes } : held
          if (used) model = [used, ...model.filter((one) => one.key !== key)]
          while (model.reduce((sum, one) => sum + one.bytes, 0) > 20) model.pop()
          expect(recent.bytes()).to.equal(model.reduce((sum, one) => sum + one.bytes, 0))
        }
        for (const { key, bytes } of model.toReversed()) expect(recent.get(key)).to.equal(bytes)
      }),
    )
  })

  it('is not what is larger than all the room', () => {
    const recent = createRecent<string>(20)
    recent.set('a', 'large', 21)
    expect(recent.get('a')).to.equal(undefined)
    expect(recent.bytes()).to.equal(0)
  })
})
