/** Memory of a process and of those that it started, as the kernel counts it (Linux). */
import { processTree } from '../process-tree.ts'

export interface MemoryWatch {
  /** Bytes, once a second: of the server itself, and of all its decoders together. */
  samples: { server: number; decoders: number }[]
  stop(): void
}

export function watchMemory(pid: number): MemoryWatch {
  const samples: MemoryWatch['samples'] = []
  const look = () => {
    const [server, ...others] = processTree(pid)
    const decoders = others.filter(({ command }) => command.includes('fingerprint/decoder.'))
    samples.push({
      server: server!.residentBytes,
      decoders: decoders.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    })
  }
  look()
  const timer = setInterval(look, 1000)
  return { samples, stop: () => clearInterval(timer) }
}
