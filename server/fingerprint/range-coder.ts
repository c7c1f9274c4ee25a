/**
 * An adaptive binary arithmetic coder: each bit costs what it surprises, given the bits seen before in the same context.
 *
 * Source: M. Mahoney, "Data Compression Programs", fpaq0 (the coder: two bounds of 32 bits, carryless), with probabilities of 16 bits that learn
 * by 1/2, 1/3, … and then 1/32 a bit. Integers only, so that every machine writes the same bytes.
 *
 * Writer and reader have one face, `bit(context, value)`: what is written with one is read by the same calls with the other, whose `value` is
 * ignored.
 */

export interface BitCoder {
  /** Codes one bit. @param value what to write; a reader ignores it. @returns the bit. */
  bit(context: number, value: number): number
}

export interface BitWriter extends BitCoder {
  /** @returns all that was written; nothing may follow. */
  finish(): Uint8Array
}

export interface BitReader extends BitCoder {
  /** Whether just so much was read as was written. */
  atEnd(): boolean
}

/** A bit of which nothing is known or learnt: signs, and the low bits of large numbers. */
export const EVEN = 0

const HALF = 1 << 15
/** How many bits of a context are counted; from then on it learns by 1/32. */
const MAX_COUNT = 31
/** Of 65,536: what a context moves towards its n-th bit. */
const RATES = Int32Array.from({ length: MAX_COUNT }, (_, n) => Math.floor(65_536 / (n + 2)))

/** What is learnt: for each context the probability of a 1, of 65,536, and how many bits it saw. */
function createModel(contexts: number) {
  const chances = new Uint16Array(contexts).fill(HALF)
  const counts = new Uint8Array(contexts)
  return {
    /** The part of a range of which the bit is 1, in 1/4,096: never none and never all of it. */
    part: (context: number) => (chances[context]! >>> 4) + (chances[context]! < HALF ? 1 : 0),
    learn(context: number, bit: number): void {
      if (context === EVEN) return
      const count = counts[context]!
      const goal = bit ? 65_535 : 0
      chances[context]! += ((goal - chances[context]!) * RATES[count]!) >> 16
      if (count < MAX_COUNT - 1) counts[context] = count + 1
    },
  }
}

const middle = (low: number, high: number, part: number) => {
  const range = (high - low) >>> 0
  return (low + (range >>> 12) * part + (((range & 0xfff) * part) >>> 12)) >>> 0
}

const sameTop = (low: number, high: number) => ((low ^ high) & 0xff000000) === 0

/** @param contexts how many there are; context 0 is `EVEN`. */
export function createBitWriter(contexts: number): BitWriter {
  const model = createModel(contexts)
  let bytes = new Uint8Array(1 << 14)
  let length = 0
  let [low, high] = [0, 0xffffffff]
  const put = (byte: number) => {
    if (length === bytes.length) {
      const larger = new Uint8Array(2 * length)
      larger.set(bytes)
      bytes = larger
    }
    bytes[length++] = byte
  }
  return {
    bit(context, value) {
      const split = middle(low, high, model.part(context))
      if (value) high = split
      else low = (split + 1) >>> 0
      model.learn(context, value)
      for (; sameTop(low, high); low = (low << 8) >>> 0, high = ((high << 8) | 255) >>> 0) put(high >>> 24)
      return value
    },
    finish() {
      // One byte suffices where a whole one fits between the bounds; a reader goes on with zeros.
      if (low > 0) put((low >>> 24) + 1)
      return bytes.slice(0, length)
    },
  }
}

/** Reads what a writer with as many contexts wrote. Behind the last byte it reads zeros, at most as many as the writer leaves out.
 * @throws RangeError if there is more to read than was written. */
export function createBitReader(contexts: number, bytes: Uint8Array): BitReader {
  const model = createModel(contexts)
  let at = 0
  const next = () => {
    if (at >= bytes.length + 4) throw new RangeError('"bytes" end too early')
    return bytes[at++] ?? 0
  }
  let [low, high] = [0, 0xffffffff]
  let word = 0
  for (let i = 0; i < 4; i++) word = ((word << 8) | next()) >>> 0
  return {
    bit(context) {
      const split = middle(low, high, model.part(context))
      const value = word <= split ? 1 : 0
      if (value) high = split
      else low = (split + 1) >>> 0
      model.learn(context, value)
      for (; sameTop(low, high); low = (low << 8) >>> 0, high = ((high << 8) | 255) >>> 0)
        word = ((word << 8) | next()) >>> 0
      return value
    },
    // A writer has written all but the last four bytes that were read, and one more where its lower bound was not 0.
    atEnd: () => at - 4 + (low > 0 ? 1 : 0) === bytes.length,
  }
}
