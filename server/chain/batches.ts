/** How many claims a transaction takes: by number, by gas and by bytes. Pure. */
import type { Registration } from './events.ts'

/** What limits a transaction of one way in. */
export interface BatchLimits {
  items: number
  /** Expected of an item, and of each word of it; docs/gas.md, rounded up. */
  gasPerItem: bigint
  gasPerWord: bigint
  /** Calldata of an item, and of each word of it. */
  bytesPerItem: number
}

/** Half of what EIP-7825 allows. */
export const MAX_GAS = 8_000_000n
/** geth's pool takes transactions of 128 KiB; the rest is for the signature and what all share. */
const MAX_BYTES = 120_000
const WORD_BYTES = 32

/** Keeps a transaction small enough to be mined soon, and its log entries to be read at once. */
export const STORED: BatchLimits = { items: 100, gasPerItem: 53_000n, gasPerWord: 800n, bytesPerItem: 8 * WORD_BYTES }
export const LOGGED: BatchLimits = {
  items: 500,
  gasPerItem: 6_000n,
  gasPerWord: 900n,
  bytesPerItem: 2 * WORD_BYTES + 3,
}

/** Splits in order; an item that is too much for a transaction stands alone. */
export function* inBatches(
  registrations: readonly Registration[],
  { items, gasPerItem, gasPerWord, bytesPerItem }: BatchLimits,
): Generator<Registration[]> {
  let batch: Registration[] = []
  let [gas, bytes] = [0n, 0]
  for (const registration of registrations) {
    const words = registration.perceptualHashes.length
    const ownGas = gasPerItem + gasPerWord * BigInt(words)
    const ownBytes = bytesPerItem + WORD_BYTES * words
    const full = batch.length === items || gas + ownGas > MAX_GAS || bytes + ownBytes > MAX_BYTES
    if (batch.length > 0 && full) {
      yield batch
      batch = []
      ;[gas, bytes] = [0n, 0]
    }
    batch.push(registration)
    gas += ownGas
    bytes += ownBytes
  }
  if (batch.length > 0) yield batch
}
