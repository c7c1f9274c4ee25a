import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import { createDrawings } from '../../server/registry/drawings.ts'

const here = { key: '127.0.0.1', limited: false }
const client = (key: string) => ({ key, limited: true })
const evidence = Uint8Array.of(1)

/** Draws when it is let go; `begun` are those that were begun, by their first byte. */
function heldDraw(bytes = 8) {
  const begun: number[] = []
  const gates: PromiseWithResolvers<Uint8Array | null>[] = []
  const draw = (of: Uint8Array) => {
    begun.push(of[0]!)
    gates.push(Promise.withResolvers())
    return gates.at(-1)!.promise
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  async function letGo(): Promise<void> {
    await settled()
    gates.at(-1)!.resolve(new Uint8Array(bytes))
    await settled()
  }
  return { draw, begun, gates, letGo, settled }
}

describe('drawings of evidence', () => {
  it('are made once, for all who ask meanwhile and for those who ask later', async () => {
    const { draw, begun, letGo } = heldDraw()
    const drawings = createDrawings(draw)
    const both = [drawings.of('a', evidence, here), drawings.of('a', evidence, client('x'))]
    await letGo()
    expect((await Promise.all(both)).map((png) => png!.length)).to.deep.equal([8, 8])
    expect((await drawings.of('a', evidence, here))!.length).to.equal(8)
    expect(begun).to.deep.equal([1])
  })

  it('are made one after the other', async () => {
    const { draw, begun, letGo, settled } = heldDraw()
    const drawings = createDrawings(draw)
    const all = [1, 2].map((n) => drawings.of(`${n}`, Uint8Array.of(n), here))
    await settled()
    expect(begun).to.deep.equal([1])
    await letGo()
    expect(begun).to.deep.equal([1, 2])
    await letGo()
    await Promise.all(all)
  })

  it('are kept as long as there is room', async () => {
    let drawn = 0
    const drawings = createDrawings(async () => {
      drawn++
      return new Uint8Array(6 << 20)
    })
    for (const cid of ['a', 'b', 'c', 'c', 'b', 'a']) await drawings.of(cid, evidence, here)
    expect(drawn).to.equal(4)
  })

  it('are tried again after drawing broke down, and not where there is no evidence', async () => {
    const outcomes = [() => Promise.reject(new RegistryError('server.internal', 'gone')), async () => null]
    const drawings = createDrawings(() => outcomes.shift()!())
    expect(await drawings.of('a', evidence, here).catch((error: RegistryError) => error.code)).to.equal(
      'server.internal',
    )
    expect(await drawings.of('a', evidence, here)).to.equal(null)
    expect(await drawings.of('a', evidence, here)).to.equal(null)
    expect(outcomes).to.deep.equal([])
  })

  it('are refused to a client that waits for too many, and to all where too many wait', async () => {
    const { draw, letGo } = heldDraw()
    const drawings = createDrawings(draw)
    const codes: string[] = []
    const ask = (cid: string, of: ReturnType<typeof client>) =>
      drawings.of(cid, evidence, of).catch((error: RegistryError) => codes.push(error.code))
    for (let i = 0; i < 17; i++) void ask(`own ${i}`, client('x'))
    await letGo()
    expect(codes).to.deep.equal(['request.rate_limited'])
    for (let i = 0; i < 49; i++) void ask(`other ${i}`, client(`${i}`))
    await letGo()
    expect(codes).to.deep.equal(['request.rate_limited'])
    for (let i = 0; i < 2; i++) void ask(`last ${i}`, client(`last ${i}`))
    await letGo()
    expect(codes).to.deep.equal(['request.rate_limited', 'server.busy'])
  })
})
