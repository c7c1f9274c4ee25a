import { expect } from 'chai'
import type { Given } from '../../server/registry/gateway.ts'
import { createGatewayHealth, type Gateways } from '../../server/registry/gateway-health.ts'

const BASE = 'https://a.example'
const SICK: Given = { kind: 'sick', why: 'down', retryAfterS: null }
const MISS: Given = { kind: 'miss', why: 'not here' }
const BLOCKS: Given = { kind: 'blocks', blocks: [] }
const of = (publisherId: number, base = BASE): Gateways => ({ publisherId, bases: [base] })

function setUp(maxMisses?: number) {
  const clock = { s: 1_000 }
  return { clock, health: createGatewayHealth(() => clock.s, maxMisses) }
}

describe('a gateway', () => {
  it('that does not answer is left alone by everybody, one that has nothing by the publisher whose blocks it lacks', () => {
    const { health } = setUp()
    for (let i = 0; i < 20; i++) health.tell(1, BASE, MISS)
    expect(health.awake(of(1))).to.deep.equal([])
    expect(health.wakesAt(of(1))).to.equal(1_030)
    expect(health.awake(of(2))).to.deep.equal([BASE])
    health.tell(1, BASE, SICK)
    expect(health.awake(of(2))).to.deep.equal([])
  })

  it('that has nothing is asked again by whoever had a block of it since', () => {
    const { health, clock } = setUp()
    for (let i = 0; i < 20; i++) health.tell(1, BASE, MISS)
    clock.s += 30
    health.tell(1, BASE, BLOCKS)
    for (let i = 0; i < 19; i++) health.tell(1, BASE, MISS)
    expect(health.awake(of(1))).to.deep.equal([BASE])
  })

  it('that fails questions which are under way at the same time has failed once', () => {
    const { health, clock } = setUp()
    for (let i = 0; i < 8; i++) health.tell(i, BASE, SICK)
    expect(health.wakesAt(of(1))).to.equal(1_030)
    clock.s += 30
    for (let i = 0; i < 8; i++) health.tell(i, BASE, SICK)
    expect(health.wakesAt(of(1))).to.equal(1_090)
    health.tell(1, BASE, { ...SICK, retryAfterS: 200 } as Given)
    health.tell(1, BASE, SICK)
    expect(health.wakesAt(of(1)), 'as long as it has asked for once').to.equal(1_230)
  })

  it('is forgotten when ten thousand others were told of since, whatever of them', () => {
    const { health } = setUp()
    health.tell(1, BASE, SICK)
    for (let i = 1; i < 10_000; i++) health.tell(1, `https://${i}.example`, i % 2 ? MISS : SICK)
    expect(health.awake(of(1))).to.deep.equal([])
    health.tell(1, 'https://one-more.example', MISS)
    expect(health.awake(of(1))).to.deep.equal([BASE])
  })
})
