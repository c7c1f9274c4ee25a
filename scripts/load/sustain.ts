/** What a server can serve: some ask again as soon as they have their answer (a closed loop), more of them until it brings nothing. */
import type { Client } from './client.ts'
import { quantile } from './figures.ts'

export interface Sustained {
  askers: number
  /** Lookups a second. */
  rate: number
  p50Ms: number
  p99Ms: number
}

const ASKERS = [1, 2, 3, 4, 6, 8, 12, 16]
/** Seconds for each number of askers, and for the one that is taken. */
const STEP_S = 6
const FINAL_S = 20
/** The smallest number of askers counts that reaches this part of the best rate: more of them only wait. */
const ENOUGH = 0.95

/** @throws Error if a lookup fails. */
export async function findSustainable(client: Client, tell: (line: string) => void): Promise<Sustained> {
  const steps: Sustained[] = []
  for (const askers of ASKERS) {
    const step = await closedLoop(client, askers, STEP_S)
    tell(`${askers} asking: ${step.rate.toFixed(1)} lookups/s, p99 ${Math.round(step.p99Ms)} ms`)
    steps.push(step)
    if (step.rate < 0.8 * Math.max(...steps.map(({ rate }) => rate))) break
  }
  const best = Math.max(...steps.map(({ rate }) => rate))
  return closedLoop(client, steps.find(({ rate }) => rate >= ENOUGH * best)!.askers, FINAL_S)
}

async function closedLoop(client: Client, askers: number, seconds: number): Promise<Sustained> {
  const startedMs = performance.now()
  const took: number[] = []
  const asker = async () => {
    while (performance.now() - startedMs < 1000 * seconds) {
      const { status, body, ms, retryAfterS } = await client.lookUp()
      if (status === 200) took.push(ms)
      // More askers than it has places for: this one is told to wait, and does not count.
      else if (status === 503) await new Promise((resolve) => setTimeout(resolve, 1000 * (retryAfterS ?? 1)))
      else throw new Error(`a lookup was answered with ${status}: ${body.slice(0, 300)}`)
    }
  }
  await Promise.all(Array.from({ length: askers }, asker))
  const rate = took.length / ((performance.now() - startedMs) / 1000)
  return { askers, rate, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) }
}
