import { expect } from 'chai'
import fc from 'fast-check'
import { RegistryError } from '../../server/errors.ts'
import { createAdmission, type Turn } from '../../server/registry/admission.ts'
import type { Client } from '../../server/registry/quota.ts'
import { seeded } from '../random.ts'

const client = (key: string): Client => ({ key, limited: true })
const HERE: Client = { key: '127.0.0.1', limited: false }
const NEVER = new AbortController().signal

function setUp(places: number) {
  const clock = { ms: 0 }
  return { clock, admission: createAdmission({ places, nowMs: () => clock.ms }) }
}

function refusal(work: () => unknown): RegistryError {
  try {
    work()
  } catch (error) {
    if (error instanceof RegistryError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('the places of decoders', () => {
  it('are taken at once while there are any, and then in the order of arrival', async () => {
    const { admission } = setUp(2)
    const turns = Array.from({ length: 4 }, () => admission.enter(HERE))
    expect(turns.map(({ begun }) => begun)).to.deep.equal([true, true, false, false])
    const order: number[] = []
    const waits = turns.slice(2).map((turn, i) => turn.ready(NEVER).then(() => void order.push(i)))
    turns[1]!.leave()
    turns[0]!.leave()
    await Promise.all(waits)
    expect(order).to.deep.equal([0, 1])
    expect(admission.stats()).to.include({ running: 2, waiting: 0 })
  })

  it('have no long queue because the last files were small, or were given up', () => {
    const { admission, clock } = setUp(2)
    for (let i = 0; i < 200; i++) {
      const turn = admission.enter(HERE)
      clock.ms += 1
      turn.leave(true)
    }
    expect(admission.stats().meanMs).to.be.lessThan(10)
    const all = Array.from({ length: 2 + 2 * 16 }, () => admission.enter(HERE))
    expect(refusal(() => admission.enter(HERE)).code).to.equal('server.busy')
    const { meanMs } = admission.stats()
    clock.ms += 100_000
    all[0]!.leave()
    expect(admission.stats().meanMs).to.equal(meanMs)
  })

  it('are never all of one client, unless there is one only', () => {
    const { admission } = setUp(3)
    const greedy = Array.from({ length: 4 }, () => admission.enter(client('a')).begun)
    expect(greedy).to.deep.equal([true, true, false, false])
    expect(admission.enter(client('b')).begun).to.equal(true)
    expect(setUp(1).admission.enter(client('a')).begun).to.equal(true)
  })

  it('may all be of one on this machine', () => {
    const { admission } = setUp(2)
    expect([1, 2].map(() => admission.enter(HERE).begun)).to.deep.equal([true, true])
  })

  it('go from client to client, so that one file does not wait behind a hundred of another', async () => {
    const { admission } = setUp(1)
    const first = admission.enter(client('a'))
    const served: string[] = []
    const join = (key: string) => {
      const turn = admission.enter(client(key))
      void turn.ready(NEVER).then(() => {
        served.push(key)
        turn.leave()
      })
    }
    for (const key of ['a', 'a', 'b', 'b']) join(key)
    first.leave()
    await new Promise((resolve) => setImmediate(resolve))
    expect(served).to.deep.equal(['a', 'b', 'a', 'b'])
  })

  it('are kept for nobody who has gone', async () => {
    const { admission } = setUp(1)
    const first = admission.enter(HERE)
    const gone = admission.enter(HERE)
    const abort = new AbortController()
    const waits = gone.ready(abort.signal)
    abort.abort(new Error('gone'))
    expect(await waits.catch((error: Error) => error.message)).to.equal('gone')
    gone.leave()
    first.leave()
    expect(admission.stats()).to.include({ running: 0, waiting: 0 })
  })
})

describe('the queue for decoders', () => {
  it('takes in a burst, and after the first refusal one file for two places until it was calm for ten seconds', () => {
    const { clock, admission } = setUp(2)
    const turns = Array.from({ length: 10 }, () => admission.enter(HERE))
    expect(admission.stats().waiting).to.equal(8)
    expect(refusal(() => admission.enter(HERE))).to.include({ code: 'server.busy' })
    for (const turn of turns.slice(0, 8)) turn.leave()
    expect(admission.stats()).to.include({ running: 2, waiting: 0 })
    admission.enter(HERE)
    refusal(() => admission.enter(HERE))
    clock.ms = 9_999
    refusal(() => admission.check(HERE))
    clock.ms += 10_000
    admission.enter(HERE)
  })

  it('takes in a quarter of a second of work where files are small', () => {
    const { clock, admission } = setUp(2)
    for (let i = 0; i < 100; i++) {
      const turn = admission.enter(HERE)
      clock.ms += 20
      turn.leave(true)
    }
    for (let i = 0; i < 2; i++) admission.enter(HERE)
    let waiting = 0
    while (admission.stats().refused === 0)
      try {
        admission.enter(HERE)
        waiting++
      } catch {}
    expect(waiting).to.be.within(20, 25)
  })

  it('makes the one who has most waiting give way to one who has less', async () => {
    const { admission } = setUp(1)
    const greedy = Array.from({ length: 5 }, () => admission.enter(client('a')))
    refusal(() => admission.enter(client('a')))
    const last = greedy.at(-1)!.ready(NEVER)
    admission.check(client('b'))
    admission.enter(client('b'))
    const error = await last.catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(RegistryError).and.to.include({ code: 'server.busy' })
    expect(admission.stats().waiting).to.equal(4)
    refusal(() => admission.enter(client('a')))
  })

  it('sends those whom it refuses away until there will be room: each a little later, none beyond a minute', () => {
    const { clock, admission } = setUp(2)
    for (let i = 0; i < 10; i++) admission.enter(HERE)
    const told = Array.from({ length: 400 }, () => refusal(() => admission.enter(HERE)).retryAfterS!)
    expect(told[0]).to.equal(3) // nine files of half a second each before it, for two decoders
    expect(told).to.deep.equal(told.toSorted((a, b) => a - b))
    expect(told.at(-1)).to.equal(60)
    clock.ms = 60_000
    expect(refusal(() => admission.enter(HERE)).retryAfterS).to.equal(3)
  })
})

/** Clients that come back when they are told to, in virtual time. @returns tries of each. */
async function simulate(
  clients: number,
  serviceMs: number,
  retryOf: (error: RegistryError) => number,
): Promise<number[]> {
  const { clock, admission } = setUp(2)
  const tries = Array<number>(clients).fill(0)
  const random = seeded(5)
  const events: { atMs: number; run: () => void }[] = []
  const later = (ms: number, work: () => void) => void events.push({ atMs: clock.ms + ms, run: work })
  const ask = (i: number) => {
    tries[i]!++
    try {
      const turn = admission.enter(client(`c${i}`))
      void turn.ready(NEVER).then(
        () => later(serviceMs, turn.leave),
        (error: RegistryError) => later(1000 * retryOf(error), () => ask(i)),
      )
    } catch (error) {
      later(1000 * retryOf(error as RegistryError), () => ask(i))
    }
  }
  for (let i = 0; i < clients; i++) later(random() * 100, () => ask(i))
  while (events.length > 0) {
    events.sort((a, b) => a.atMs - b.atMs)
    const { atMs, run } = events.shift()!
    clock.ms = atMs
    run()
    // Turns are given by promises.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return tries
}

describe('what refused clients are told', () => {
  it('is of use: two hundred at once who follow it are served with few tries, unlike those who come back every second', async () => {
    const mean = (tries: number[]) => tries.reduce((a, b) => a + b) / tries.length
    const told = mean(await simulate(200, 200, (error) => error.retryAfterS!))
    const eager = mean(await simulate(200, 200, () => 1))
    expect(told).to.be.below(4)
    expect(eager).to.be.above(2 * told)
  })
})

describe('admission in any order of events', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    act: fc.constantFrom('enter', 'leave', 'time'),
    n: fc.nat(30),
  })

  it('never runs more than there are places, loses no place, and leaves nobody waiting while one is free', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, places) => {
        const { clock, admission } = setUp(places)
        const turns: Turn[] = []
        for (const { key, act, n } of steps) {
          if (act === 'time') clock.ms += 100 * n
          else if (act === 'leave') turns.splice(n % Math.max(1, turns.length), 1)[0]?.leave()
          else
            try {
              turns.push(admission.enter(client(key)))
            } catch (error) {
              expect((error as RegistryError).retryAfterS).to.be.within(1, 60)
            }
          const { running, waiting } = admission.stats()
          expect(running).to.be.at.most(places)
          // One client may not have all places: the last may be free while that client waits.
          if (waiting > 0) expect(running).to.be.at.least(Math.max(1, places - 1))
        }
        for (const turn of turns) turn.leave()
        expect(admission.stats()).to.include({ running: 0, waiting: 0 })
      }),
    )
  })
})
