/** Bytes that come in pieces, taken as they are needed. */

export interface ByteReader {
  /** How many were taken. */
  at(): number
  /** @returns so many bytes, a copy; null where fewer are left. */
  take(length: number): Promise<Uint8Array | null>
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const pieces = source[Symbol.asyncIterator]()
  let piece: Uint8Array = new Uint8Array()
  let [from, at] = [0, 0]

  async function take(length: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(length)
    for (let had = 0; had < length; ) {
      if (from === piece.length) {
        const next = await pieces.next()
        if (next.done) return null
        piece = next.value
        from = 0
      }
      const part = piece.subarray(from, from + length - had)
      bytes.set(part, had)
      had += part.length
      from += part.length
    }
    at += length
    return bytes
  }

  return { at: () => at, take }
}
