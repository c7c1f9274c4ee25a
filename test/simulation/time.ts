/** Time that passes as fast as the work in it: nothing sleeps. */
import type { Clock } from '../../server/chain/clock.ts'

export interface VirtualTime {
  clock: Clock
  /** Calls back after so many milliseconds. */
  after(ms: number, work: () => void): void
  /** Lets time pass until there is nothing to wait for, `isDone`, or the limit. */
  run(isDone: () => boolean, limitMs: number): Promise<void>
  /** Time stands still while this goes on. */
  hold<T>(work: Promise<T>): Promise<T>
}

interface Timer {
  at: number
  work: () => void
}

/** @param wallStepMs what the system's clock jumps by, now and then: nothing may depend on it. */
export function virtualTime(jumpsMs: () => number = () => 0): VirtualTime {
  let now = 1_000
  const timers: Timer[] = []
  const held = new Set<Promise<unknown>>()

  function after(ms: number, work: () => void): void {
    const timer = { at: now + Math.max(0, ms), work }
    // From the end: what comes later mostly belongs there. Those of one moment keep their order.
    let i = timers.length
    while (i > 0 && timers[i - 1]!.at > timer.at) i--
    timers.splice(i, 0, timer)
  }

  const clock: Clock = {
    wallMs: () => now + jumpsMs(),
    monotonicMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        signal.addEventListener('abort', () => resolve(), { once: true })
        after(ms, resolve)
      }),
  }

  /** All that can happen at this moment has happened afterwards: what promises set off runs before the next task. */
  async function settle(): Promise<void> {
    await new Promise(setImmediate)
    while (held.size > 0) {
      await Promise.allSettled(held)
      await new Promise(setImmediate)
    }
  }

  return {
    clock,
    after,
    async run(isDone, limitMs) {
      const end = now + limitMs
      for (;;) {
        await settle()
        const next = timers[0]
        if (isDone() || next === undefined || next.at > end) return
        timers.shift()
        now = next.at
        next.work()
      }
    },
    hold(work) {
      held.add(work)
      const done = () => void held.delete(work)
      work.then(done, done)
      return work
    },
  }
}
