/** What the kernel tells of a process and of those that it started (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

export interface Process {
  pid: number
  /** Its arguments, with spaces between. */
  command: string
  residentBytes: number
  /** Seconds that it has computed. */
  cpuS: number
}

/** `USER_HZ`. */
const TICKS_PER_SECOND = 100

/** The process itself first, then those below it, whatever stands between, such as the program that sets their limits. */
export function processTree(pid: number): Process[] {
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(statOf(Number(name))[1])
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
  }
  const below = (one: number): number[] => [one, ...(parents.get(one) ?? []).flatMap(below)]
  return below(pid).map(describe)
}

function describe(pid: number): Process {
  const stat = statOf(pid)
  return {
    pid,
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '),
    residentBytes: 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
    cpuS: (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) / TICKS_PER_SECOND,
  }
}

/** Fields of `stat` behind the name, which may hold anything. */
const statOf = (pid: number) => read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
