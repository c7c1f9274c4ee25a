/** What a node's JSON holds, as values: everything here throws RangeError for anything else. */
import { fromHex } from '../bytes.ts'

export function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new RangeError(`expected an object, got ${typeof value}`)
  return value as Record<string, unknown>
}

export function bigQuantity(value: unknown): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value))
    throw new RangeError(`expected a number as hex, got ${shown(value)}`)
  return BigInt(value)
}

export function quantity(value: unknown): number {
  const number = Number(bigQuantity(value))
  if (!Number.isSafeInteger(number)) throw new RangeError(`expected a number below 2^53, got ${shown(value)}`)
  return number
}

export function bytes(value: unknown, length?: number): Uint8Array {
  if (typeof value !== 'string') throw new RangeError(`expected hex, got ${typeof value}`)
  return fromHex(value, length)
}

/** A value that may be anything, short. An object could have a `toString` that is none. */
export const shown = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 80) : typeof value)
