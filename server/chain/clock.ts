/** Time, so that a simulation can bring its own. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds since 1970, to be shown: the system may set it to anything at any time. */
  wallMs(): number
  /** Milliseconds since some moment, never set back: to measure by. */
  monotonicMs(): number
  /** Resolves after so many milliseconds, or at once when `signal` is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
}
