/** One block, from whichever gateway has it. */
import type { Block, Withdrawals } from '../catalogue/index.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayHealth, Gateways } from './gateway-health.ts'

/** `rubbish`: no manifest can be read from it, and only the root is given. `late`: no gateway gave an answer, so nothing is known; `asked`: whether one was asked, or all rest. */
export type Fetched =
  | { kind: 'blocks'; blocks: Block[]; rubbish?: boolean }
  | { kind: 'missing'; why: string }
  | { kind: 'late'; why: string; asked: boolean }

/** @throws the signal's reason. */
export type FetchBlock = (cid: string, gateways: Gateways, signal: AbortSignal) => Promise<Fetched>

export function createFetchBlock({
  gateway,
  health,
  withdrawals,
}: {
  gateway: Pick<Gateway, 'block'>
  health: GatewayHealth
  withdrawals: Withdrawals
}): FetchBlock {
  return async (cid, gateways, signal) => {
    // Never again, for as long as it is withdrawn.
    if ((await withdrawals.all()).has(cid)) return { kind: 'missing', why: `block ${cid} was withdrawn here` }
    let missed: string | null = null
    let sick: string | null = null
    for (const base of health.awake(gateways)) {
      signal.throwIfAborted()
      const given = await gateway.block(base, cid, signal)
      signal.throwIfAborted()
      health.tell(gateways.publisherId, base, given)
      if (given.kind === 'blocks') return given
      if (given.kind === 'miss') missed = given.why
      else sick = given.why
    }
    if (missed !== null) return { kind: 'missing', why: missed }
    return { kind: 'late', why: sick ?? 'no gateway may be asked now', asked: sick !== null }
  }
}
