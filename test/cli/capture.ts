/** What a command line writes and with which code it ends. */
import { run } from '../../server/cli/main.ts'

export interface Ran {
  code: number
  out: string
  err: string
}

export async function captured(work: () => unknown): Promise<Ran> {
  const ran = { code: -1, out: '', err: '' }
  const [stdout, stderr] = [process.stdout.write, process.stderr.write]
  process.stdout.write = (text: string | Uint8Array) => {
    ran.out += String(text)
    return true
  }
  process.stderr.write = (text: string | Uint8Array) => {
    ran.err += String(text)
    return true
  }
  try {
    ran.code = Number(await work())
  } finally {
    process.stdout.write = stdout
    process.stderr.write = stderr
  }
  return ran
}

export const firsthand = (...args: string[]) => captured(() => run(args))
