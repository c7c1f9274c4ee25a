/** Starts decoder processes in the way that takes most away from them, which is found by the first one. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Confinement, Way } from './confine.ts'
import { type DecoderProcess, type StartOptions, startDecoder } from './process.ts'

/** A machine short of memory or processes for a moment must not be why all later decoders are confined less. */
const ATTEMPTS = 2
/** Milliseconds between them. */
const PAUSE_MS = 1_000

export interface Starter {
  /** @throws RegistryError `server.internal` if a decoder does not start in any way, or not in the one that did once. */
  start(): Promise<DecoderProcess>
  /** Null before the first has started. */
  confinement(): Confinement | null
}

export function createStarter({ ways, ...options }: Omit<StartOptions, 'way'> & { ways: Way[] }): Starter {
  let way: Way | null = null
  let finding: Promise<DecoderProcess> | null = null

  async function find(): Promise<DecoderProcess> {
    let failure: unknown
    for (const one of ways)
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt > 0) await sleep(PAUSE_MS)
        const decoder = await startDecoder({ ...options, way: one })
        try {
          await decoder.ready
          way = one
          return decoder
        } catch (error) {
          failure = error
          await decoder.stop()
        }
      }
    throw failure
  }

  return {
    async start() {
      if (!way && !finding) {
        finding = find()
        return await finding.finally(() => {
          finding = null
        })
      }
      await finding?.catch(() => {})
      if (!way) return await this.start()
      return await startDecoder({ ...options, way })
    },
    confinement: () => way?.gives ?? null,
  }
}
