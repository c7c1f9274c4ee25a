/** The three ways in (docs/protocol.md §2.2), as one: what a ledger sends. */
import type { Way as AnchorWay } from '../catalogue/index.ts'
import { claimOf, type Deployment, type PublisherClient, type Registration, rootOf } from '../chain/index.ts'
import { listBytes, MAX_LEAVES, writeList } from '../fingerprint/index.ts'
import { MAX_LIST_CAR_BYTES } from './car.ts'

export type Way = AnchorWay
export const WAYS = ['stored', 'logged', 'rooted'] as const satisfies readonly Way[]

/** Files a transaction: what is taken unless told, and at most. More stored or logged ones do not fit the gas of a transaction. */
export const BATCH_SIZES: Readonly<Record<Way, { usual: number; most: number }>> = {
  stored: { usual: 40, most: 100 },
  logged: { usual: 200, most: 500 },
  rooted: { usual: MAX_LEAVES, most: MAX_LEAVES },
}

/** Room for the heads of blocks. */
const MAX_LIST_BYTES = MAX_LIST_CAR_BYTES - (256 << 10)

/** Whether one more would be too much for a list that is handed over in one piece. */
export function isFullList(registrations: readonly Registration[]): boolean {
  return listBytes(registrations) > MAX_LIST_BYTES
}

export interface Sender {
  deployment: Deployment
  publisherId: number
  client: PublisherClient
  /** Hands over a list's blocks. */
  hold(root: string, blocks: { cid: string; bytes: Uint8Array }[]): Promise<void>
}

/** Sends registrations, and resolves when they are mined. @returns where each came to stand, in order. */
export async function anchorBy(
  way: Way,
  registrations: Registration[],
  { deployment, publisherId, client, hold }: Sender,
): Promise<{ transactionHash: Uint8Array; blockNumber: number }[]> {
  if (way === 'stored') return client.registerMany(publisherId, registrations)
  if (way === 'logged') return client.registerLogged(publisherId, registrations)
  const root = rootOf(registrations.map((one) => claimOf(deployment, publisherId, one)))
  const list = await writeList(registrations)
  // First, so that a server that sees the root can take the list.
  await hold(list.root, list.blocks)
  const batch = { root, listDigest: list.digest, count: registrations.length }
  const [anchored] = await client.registerRoots(publisherId, [batch])
  return registrations.map(() => anchored!)
}
