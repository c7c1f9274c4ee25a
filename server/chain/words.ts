/** Values out of the bytes of one log, cut at fixed offsets. Only the canonical ABI encoding is taken: that is what Solidity emits, so
 *  anything else is not from our contracts. Everything throws RangeError for what is not canonical. */
import { toHex0x } from '../bytes.ts'

export const WORD = 32
// A leading U+FEFF is part of what was written.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** All bytes of one log in a row of words: block hash, transaction hash, indexed values, data. */
export interface Words {
  bytes: Uint8Array
  /** Index of the first word of the data. */
  data: number
}

/** A word, its bytes its own: a view would drag the whole log along wherever it is sent. */
export function word({ bytes }: Words, index: number): Uint8Array {
  return bytes.slice(index * WORD, (index + 1) * WORD)
}

/** Where the last `length` bytes of a word begin. @throws RangeError unless all before them are zero. */
function tail(words: Words, index: number, length: number): number {
  const start = index * WORD
  const end = start + WORD - length
  for (let i = start; i < end; i++)
    if (words.bytes[i] !== 0)
      throw new RangeError(`expected a value of ${length} bytes, got ${toHex0x(word(words, index))}`)
  return end
}

export function address(words: Words, index: number): Uint8Array {
  const start = tail(words, index, 20)
  return words.bytes.slice(start, start + 20)
}

export const uint8 = (words: Words, index: number): number => words.bytes[tail(words, index, 1)]!

export function uint32(words: Words, index: number): number {
  const at = tail(words, index, 4)
  const { bytes } = words
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!
}

/** An account, or null where the contract writes the zero address for nobody. */
export function addressOrNull(words: Words, index: number): Uint8Array | null {
  const account = address(words, index)
  return account.some((byte) => byte !== 0) ? account : null
}

/** A time in seconds: uint40, which a number holds exactly. */
export function uint40(words: Words, index: number): number {
  const at = tail(words, index, 5)
  return words.bytes[at]! * 2 ** 32 + new DataView(words.bytes.buffer, words.bytes.byteOffset).getUint32(at + 1)
}

/** Reads the values whose offsets stand in the fixed words, one after the other as the contracts write them.
 *  @param head how many fixed words the data has. */
export function tailReader(words: Words, head: number) {
  let next = head

  /** The length that stands at the next value, whose offset stands at fixed word `at`. */
  function length(at: number): number {
    const offset = uint32(words, words.data + at)
    if (offset !== next * WORD) throw new RangeError(`"data" expected offset ${next * WORD}, got ${offset}`)
    if ((words.data + next + 1) * WORD > words.bytes.length)
      throw new RangeError(`"data" expected ${(next + 1) * WORD} bytes, got ${words.bytes.length - words.data * WORD}`)
    return uint32(words, words.data + next++)
  }

  /** So many words after the length. */
  function take(count: number): Uint8Array {
    const start = (words.data + next) * WORD
    const end = start + count * WORD
    if (end > words.bytes.length)
      throw new RangeError(
        `"data" expected ${(next + count) * WORD} bytes, got ${words.bytes.length - words.data * WORD}`,
      )
    next += count
    return words.bytes.subarray(start, end)
  }

  return {
    /** Values of a word each, their bytes their own. */
    list(at: number, most: number): Uint8Array[] {
      const count = length(at)
      if (count > most) throw new RangeError(`"data" expected at most ${most} words, got ${count}`)
      const values = take(count)
      return Array.from({ length: count }, (_, i) => values.slice(i * WORD, (i + 1) * WORD))
    },

    bytes(at: number): Uint8Array {
      const count = length(at)
      const padded = take(Math.ceil(count / WORD))
      if (padded.subarray(count).some((byte) => byte !== 0))
        throw new RangeError('"data" expected zeros after the text')
      return padded.slice(0, count)
    },

    /** @throws RangeError unless everything was read. */
    end(): void {
      const length = words.bytes.length - words.data * WORD
      if (next * WORD !== length) throw new RangeError(`"data" expected ${next * WORD} bytes, got ${length}`)
    },
  }
}

/** A contract takes any bytes for a string, so those that are not UTF-8 become U+FFFD instead of an error: whoever writes
 *  such a string must not be able to stop an indexer. */
export const textOf = (bytes: Uint8Array): string => utf8.decode(bytes)
