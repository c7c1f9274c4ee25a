/** Who manages a publisher, from its events in the order of the chain (docs/protocol.md §2.1). Pure. */
import { equalBytes } from '../bytes.ts'
import type { CustodyEventType } from './tables.ts'
import type { PublisherRow } from './types.ts'

export interface CustodyEvent {
  type: CustodyEventType
  /** Whom it names, 20 bytes; null for nobody. */
  account: Uint8Array | null
  /** Seconds since 1970, of a change of recovery. */
  notBefore: number | null
  /** Seconds since 1970: the block's time. */
  at: number
}

type Now = Pick<PublisherRow, 'custody' | 'recovery' | 'custodyOfferedTo' | 'recoveryOfferedTo' | 'recoveryChange'>

/** @param custody who created the publisher.
 *  @returns how it stands now, and former custody accounts in the order in which they handed over. */
export function managementOf(
  custody: Uint8Array,
  events: readonly CustodyEvent[],
): { now: Now; former: { account: Uint8Array; until: number }[] } {
  let now: Now = { custody, recovery: null, custodyOfferedTo: null, recoveryOfferedTo: null, recoveryChange: null }
  const former: { account: Uint8Array; until: number }[] = []
  for (const event of events) {
    if (event.type === 'custodyTransferred') former.push({ account: now.custody, until: event.at })
    now = { ...now, ...changeBy(event, now) }
  }
  return { now, former }
}

function changeBy({ type, account, notBefore }: CustodyEvent, now: Now): Partial<Now> {
  switch (type) {
    case 'custodyOffered':
      return { custodyOfferedTo: account }
    case 'custodyRecoveryOffered':
      return { recoveryOfferedTo: account }
    case 'custodyTransferred': {
      const recovered = account && now.recoveryOfferedTo && equalBytes(account, now.recoveryOfferedTo)
      return { custody: account!, custodyOfferedTo: null, ...(recovered ? { recoveryOfferedTo: null } : {}) }
    }
    case 'recoveryChangeStarted':
      return { recoveryChange: { to: account, notBefore: notBefore! } }
    case 'recoveryChangeCancelled':
      return { recoveryChange: null }
    case 'recoveryChanged':
      return { recovery: account, recoveryChange: null, recoveryOfferedTo: null }
  }
}
