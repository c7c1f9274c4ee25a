/** Chance that is the same for the same seed. */

export interface Random {
  /** An integer of 0 to `below` - 1. */
  below(limit: number): number
  /** True once in so many times. */
  oneIn(times: number): boolean
  pick<T>(list: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** sfc32 by C. Doty-Humphrey, from PractRand. */
export function randomOf(seed: number): Random {
  let a = 0x9e3779b9
  let b = seed | 0
  let c = 0x243f6a88 ^ (seed >>> 7)
  let counter = 1

  function next(): number {
    const sum = (((a + b) | 0) + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) next()

  const below = (limit: number) => next() % limit
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (list) => list[below(list.length)]!,
    bytes(length) {
      const words = Uint32Array.from({ length: Math.ceil(length / 4) }, next)
      return new Uint8Array(words.buffer).slice(0, length)
    },
  }
}
