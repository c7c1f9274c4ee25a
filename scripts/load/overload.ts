/** More requests than can be served, at times that do not depend on the answers (an open loop), and questions that cost little beside. */
import { ERRORS } from '../../server/errors.ts'
import type { Answer, Client } from './client.ts'

export interface Overload {
  sent: number
  /** Of lookups that were answered with 200, in milliseconds. */
  servedMs: number[]
  /** Seconds that were told to those who were sent away. */
  toldS: number[]
  /** What should not have been answered, and how often. */
  faults: Map<string, number>
  /** Of the questions that cost little, in milliseconds. */
  cheapMs: number[]
}

/** Open at the same time; beyond it the server does not answer at all, and nothing more is sent. */
const MAX_OPEN = 1_500
/** Milliseconds between two questions that cost little. */
const CHEAP_EVERY_MS = 250

/** @param rate requests a second. @param location of a finished lookup. */
export async function overload(client: Client, rate: number, seconds: number, location: string): Promise<Overload> {
  const found: Overload = { sent: 0, servedMs: [], toldS: [], faults: new Map(), cheapMs: [] }
  const fault = (what: string) => void found.faults.set(what, (found.faults.get(what) ?? 0) + 1)
  const open = new Set<Promise<void>>()
  const startedMs = performance.now()
  const endMs = startedMs + 1000 * seconds

  async function one(plannedMs: number): Promise<void> {
    try {
      const answer = await client.lookUp(plannedMs)
      if (answer.status === 200) found.servedMs.push(answer.ms)
      else if (isHonestRefusal(answer)) found.toldS.push(answer.retryAfterS!)
      else fault(`${answer.status} ${answer.body.slice(0, 120)}`)
    } catch (error) {
      fault((error as Error).message)
    }
  }

  async function cheap(): Promise<void> {
    const paths = ['/healthz', '/readyz', '/metrics', '/v1/records', location]
    for (let i = 0; performance.now() < endMs; i++) {
      const path = paths[i % paths.length]!
      const answer = await client.get(path).catch((error: Error) => ({ status: 0, ms: 0, body: error.message }))
      found.cheapMs.push(answer.ms)
      if (answer.status !== 200) fault(`${path}: ${answer.status} ${answer.body.slice(0, 120)}`)
      await sleep(CHEAP_EVERY_MS)
    }
  }

  const asking = cheap()
  for (let plannedMs = startedMs; plannedMs < endMs; plannedMs += gapMs(rate)) {
    await sleep(plannedMs - performance.now())
    if (open.size >= MAX_OPEN) {
      fault(`${MAX_OPEN} requests are open`)
      continue
    }
    found.sent++
    const asked = one(plannedMs).finally(() => open.delete(asked))
    open.add(asked)
  }
  await Promise.all([...open, asking])
  return found
}

/** Times between requests of many who know nothing of each other (a Poisson process). */
const gapMs = (rate: number) => (-Math.log(1 - Math.random()) * 1000) / rate

function isHonestRefusal({ status, retryAfterS, body }: Answer): boolean {
  if (status !== 503 || !Number.isSafeInteger(retryAfterS) || retryAfterS! < 1) return false
  const { code } = JSON.parse(body) as { code: string }
  return Object.hasOwn(ERRORS, code) && code === 'server.busy'
}

async function sleep(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
}
