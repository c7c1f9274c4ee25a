/** Bytes inside, hex at the edges: the few conversions that every part shares. */

const HEX = /^(?:[0-9a-f]{2})*$/i
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hex without prefix. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += DIGITS[byte]
  return text
}

/** Lower-case hex with `0x`, as the chain's tools write it. */
export function toHex0x(bytes: Uint8Array): `0x${string}` {
  return `0x${toHex(bytes)}`
}

/** Reads hex with or without `0x`.
 * @param length expected number of bytes, unchecked when left out.
 * @throws RangeError if `text` is not hex or has another length. */
export function fromHex(text: string, length?: number): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text
  if (!HEX.test(digits)) throw new RangeError(`expected hex digits, got "${text.slice(0, 80)}"`)
  if (length !== undefined && digits.length !== 2 * length)
    throw new RangeError(`expected ${length} bytes of hex, got ${digits.length / 2}`)
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

/** Whether two byte strings are the same. Not for secrets: its time depends on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Bits in which two strings of equally many bytes differ. */
export function distanceBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0
  for (let i = 0; i < a.length; i++) bits += ONES[a[i]! ^ b[i]!]!
  return bits
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)
