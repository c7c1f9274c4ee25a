/** Random data that is the same in every run. */

/** Numbers from 0 to 1. Source: mulberry32 by Tommy Ettinger, public domain. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function randomBytes(random: () => number, length = 32): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

/** The hash with exactly `bits` of its bits flipped. */
export function flipped(hash: Uint8Array, bits: number, random: () => number): Uint8Array {
  const copy = hash.slice()
  for (const position of shuffled(256, random).slice(0, bits)) copy[position >> 3]! ^= 1 << (position & 7)
  return copy
}

function shuffled(length: number, random: () => number): number[] {
  const numbers = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!]
  }
  return numbers
}
