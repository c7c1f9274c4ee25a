/** What the system says of processes. Linux only. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Process ids of the children of a process. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return text.split(' ').filter(Boolean).map(Number)
}

/** All that a process has started, and what those have started. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])
}

/** Decoders at work or idle below a process: Node itself, not what confines it and waits for it. */
export const decodersOf = (pid: number, program = 'server/fingerprint/decoder') =>
  descendantsOf(pid).filter((one) => childrenOf(one).length === 0 && commandOf(one).includes(program))

export const alive = (pid: number) => {
  try {
    // A zombie still has a pid: its state says so.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

export async function until(fact: () => boolean, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; !fact(); await sleep(20))
    if (Date.now() > end) throw new Error(`not within ${ms} ms`)
}

export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}
