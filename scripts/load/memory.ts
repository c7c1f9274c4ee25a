/** Memory of a process and of those that it started, as the kernel counts it (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

export interface MemoryWatch {
  /** Bytes, once a second: of the server itself, and of all its decoders together. */
  samples: { server: number; decoders: number }[]
  stop(): void
}

export function watchMemory(pid: number): MemoryWatch {
  const samples: MemoryWatch['samples'] = []
  const look = () => void samples.push({ server: residentBytes(pid), decoders: decoderBytes(pid) })
  look()
  const timer = setInterval(look, 1000)
  return { samples, stop: () => clearInterval(timer) }
}

function decoderBytes(pid: number): number {
  const decoders = descendants(pid).filter((one) => read(`/proc/${one}/cmdline`).includes('fingerprint/decoder.'))
  return decoders.reduce((sum, one) => sum + residentBytes(one), 0)
}

/** Whatever stands between, such as the program that sets its limits. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(read(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ')[1])
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
  }
  const below = (one: number): number[] => (parents.get(one) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
}

const residentBytes = (pid: number) => 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
