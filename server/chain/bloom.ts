/** The bloom of a block's header: 2,048 bits in which each address and topic of the block's logs sets three (Ethereum Yellow Paper, §4.4.3).
 *
 *  It proves two things of an answer. A log that sets a bit which the header lacks is not of that block. And where logs set all of
 *  the header's bits, none was left out, but for those whose bits others set too: in a block of few logs that is next to impossible,
 *  in one of many it is common, because the bits fill up. */
import { keccak256 } from './keccak.ts'
import type { RawLog } from './node.ts'

const BLOOM_BYTES = 256

/** Bits. A bloom of fewer is of a block with few logs: about 190 different addresses and topics. The chance that an absent log's
 *  address and first topic seem to be there is then below 1 in 4,000. */
export const QUIET_BITS = 512

type Keys = Pick<RawLog, 'address' | 'topics'>

/** Entries whose bits are kept: addresses, kinds of events and numbers come again and again, digests do not. */
const REMEMBERED = 4_096
const remembered = new Map<string, number[]>()
const COMES_AGAIN = /^0x(?:.{40}$|0{16})/

/** The three bits of an address or a topic, by their numbers. */
function bitsOf(hex: string): number[] {
  return remembered.get(hex) ?? newBitsOf(hex, COMES_AGAIN.test(hex))
}

function newBitsOf(hex: string, comesAgain: boolean): number[] {
  const digest = keccak256(Buffer.from(hex.slice(2), 'hex'))
  const bit = (i: number) => ((digest[i]! << 8) | digest[i + 1]!) & 0x7ff
  const bits = [bit(0), bit(2), bit(4)]
  if (remembered.size >= REMEMBERED) remembered.clear()
  if (comesAgain) remembered.set(hex, bits)
  return bits
}

function set(bloom: Uint8Array, bits: number[]): void {
  for (const bit of bits) bloom[BLOOM_BYTES - 1 - (bit >> 3)]! |= 1 << (bit & 7)
}

/** The bloom of these logs, 256 bytes. */
export function bloomOf(logs: readonly Keys[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES)
  for (const { address, topics } of logs) {
    set(bloom, bitsOf(address))
    for (const [i, topic] of topics.entries())
      set(bloom, i === 0 ? (remembered.get(topic) ?? newBitsOf(topic, true)) : bitsOf(topic))
  }
  return bloom
}

/** Whether all bits of `part` are in `bloom`. */
export function covers(bloom: Uint8Array, part: Uint8Array): boolean {
  return part.every((byte, i) => (byte & ~bloom[i]!) === 0)
}

/** Whether an address, as hex, may have a log in the block. */
export function mayHold(bloom: Uint8Array, address: string): boolean {
  return bitsOf(address).every((bit) => (bloom[BLOOM_BYTES - 1 - (bit >> 3)]! >> (bit & 7)) & 1)
}

/** How many bits are set. */
export function bitCount(bloom: Uint8Array): number {
  let count = 0
  for (const byte of bloom) for (let rest = byte; rest > 0; rest &= rest - 1) count++
  return count
}
