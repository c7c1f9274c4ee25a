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
interface Model {
  chances: Uint16Array
  counts: Uint8Array
}

function createModel(contexts: number): Model {
  return { chances: new Uint16Array(contexts).fill(HALF), counts: new Uint8Array(contexts) }
}

/** Where a range is split: below lie as many parts of 4,096 as the bit is likely to be 1, never none and never all of them. */
function split(chance: number, low: number, high: number): number {
  const part = (chance >>> 4) + (chance < HALF ? 1 : 0)
  const range = (high - low) >>> 0
  return (low + (range >>> 12) * part + (((range & 0xfff) * part) >>> 12)) >>> 0
}

function learn({ chances, counts }: Model, context: number, bit: number): void {
  if (context === EVEN) return
  const count = counts[context]!
  chances[context]! += (((bit ? 65_535 : 0) - chances[context]!) * RATES[count]!) >> 16
  if (count < MAX_COUNT - 1) counts[context] = count + 1
}

const sameTop = (low: number, high: number) => ((low ^ high) & 0xff000000) === 0

/** In arrays the bounds stay whole numbers of 32 bits; as variables of a closure each new value would be an object. */
const [LOW, HIGH, WORD] = [0, 1, 2]

/** @param contexts how many there are; context 0 is `EVEN`. */
export function createBitWriter(contexts: number): BitWriter {
  const model = createModel(contexts)
  let bytes = new Uint8Array(1 << 14)
  let length = 0
  const bounds = Uint32Array.of(0, 0xffffffff)
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
      const middle = split(model.chances[context]!, bounds[LOW]!, bounds[HIGH]!)
      if (value) bounds[HIGH] = middle
      else bounds[LOW] = middle + 1
      learn(model, context, value)
      while (sameTop(bounds[LOW]!, bounds[HIGH]!)) {
        put(bounds[HIGH]! >>> 24)
        bounds[LOW] = bounds[LOW]! << 8
        bounds[HIGH] = (bounds[HIGH]! << 8) | 255
      }
      return value
    },
    finish() {
      // One byte suffices where a whole one fits between the bounds; a reader goes on with zeros.
      if (bounds[LOW]! > 0) put((bounds[LOW]! >>> 24) + 1)
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
  const state = Uint32Array.of(0, 0xffffffff, 0)
  for (let i = 0; i < 4; i++) state[WORD] = (state[WORD]! << 8) | next()
  return {
    bit(context) {
      const middle = split(model.chances[context]!, state[LOW]!, state[HIGH]!)
      const value = state[WORD]! <= middle ? 1 : 0
      if (value) state[HIGH] = middle
      else state[LOW] = middle + 1
      learn(model, context, value)
      while (sameTop(state[LOW]!, state[HIGH]!)) {
        state[LOW] = state[LOW]! << 8
        state[HIGH] = (state[HIGH]! << 8) | 255
        state[WORD] = (state[WORD]! << 8) | next()
      }
      return value
    },
    // A writer has written all but the last four bytes that were read, and one more where its lower bound was not 0.
    atEnd: () => at - 4 + (state[LOW]! > 0 ? 1 : 0) === bytes.length,
  }
}
