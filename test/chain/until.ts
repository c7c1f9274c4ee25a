/** Waits on a condition instead of on the clock. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when `condition` holds. @throws Error with what it looked at last, after `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => unknown,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${JSON.stringify(what())}`)
    await sleep(2)
  }
}
