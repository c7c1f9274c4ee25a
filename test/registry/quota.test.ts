import { expect } from 'chai'
import fc from 'fast-check'
import { type Client, createQuota, type Share } from '../../server/registry/quota.ts'

const limited = (key: string): Client => ({ key, limited: true })
const quotaOf = (total: number, perClient: number) =>
  createQuota({ what: 'uploads', total, perClient, retryAfterS: () => 7 })

describe('a quota', () => {
  it('is for each client by itself, and says to the client that it is the client who has too much', () => {
    const quota = quotaOf(10, 2)
    for (let i = 0; i < 2; i++) quota.take(limited('a'))
    expect(() => quota.take(limited('a')))
      .to.throw('a client has at most 2 uploads at a time')
      .and.to.include({ code: 'request.rate_limited', retryAfterS: 7 })
    quota.take(limited('b'))
  })

  it('is for all together, and says that it is the server that is full', () => {
    const quota = quotaOf(3, 2)
    for (const key of ['a', 'b', 'c']) quota.take(limited(key))
    expect(() => quota.take(limited('d')))
      .to.throw('the server has at most 3 uploads at a time')
      .and.to.include({ code: 'server.busy', retryAfterS: 7 })
  })

  it('limits a client on this machine by the whole alone', () => {
    const quota = quotaOf(3, 1)
    const here = { key: '127.0.0.1', limited: false }
    for (let i = 0; i < 3; i++) quota.take(here)
    expect(() => quota.take(here))
      .to.throw()
      .and.to.include({ code: 'server.busy' })
  })

  it('is given back once, however often', () => {
    const quota = quotaOf(9, 9)
    const [one, other] = [quota.take(limited('a'), 2), quota.take(limited('a'), 3)]
    one.more(1)
    one.release()
    one.release()
    expect(quota.used()).to.equal(3)
    other.release()
    expect(quota.used()).to.equal(0)
  })

  it('takes nothing for what it refuses', () => {
    const quota = quotaOf(10, 5)
    const share = quota.take(limited('a'), 4)
    expect(() => share.more(2)).to.throw()
    expect(quota.used()).to.equal(4)
    share.release()
    expect(quota.used()).to.equal(0)
  })

  it('never exceeds either limit, and is empty in the end, in any order of taking and giving', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), amount: fc.nat(4), release: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const quota = quotaOf(12, 6)
        const held: { key: string; amount: number; share: Share }[] = []
        for (const { key, amount, release } of steps) {
          try {
            held.push({ key, amount, share: quota.take(limited(key), amount) })
          } catch {
            held.splice(release, 1)[0]?.share.release()
          }
          const of = (name: string) => held.filter((one) => one.key === name).reduce((sum, one) => sum + one.amount, 0)
          for (const name of ['a', 'b', 'c']) expect(of(name)).to.be.at.most(6)
          expect(quota.used())
            .to.equal(of('a') + of('b') + of('c'))
            .and.to.be.at.most(12)
        }
        for (const { share } of held) share.release()
        expect(quota.used()).to.equal(0)
      }),
    )
  })
})
