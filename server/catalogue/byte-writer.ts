/** Bytes one after the other, in a buffer that grows. Numbers are big-endian, as PostgreSQL sends them. */

export interface ByteWriter {
  uint16(value: number): void
  uint32(value: number): void
  /** A signed integer of so many bytes. @throws RangeError for one that does not fit, or is no integer. */
  integer(value: number, bytes: 2 | 4 | 8): void
  bytes(value: Uint8Array): void
  /** All that was written, in a buffer of its own. The writer is not to be used after it. */
  taken(): Uint8Array<ArrayBuffer>
}

const FIRST_BYTES = 1 << 16

export function createByteWriter(): ByteWriter {
  let buffer = new Uint8Array(FIRST_BYTES)
  let view = new DataView(buffer.buffer)
  let length = 0

  /** Makes place. @returns where it begins. */
  function place(bytes: number): number {
    const at = length
    length += bytes
    if (length <= buffer.length) return at
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(length)))
    larger.set(buffer)
    buffer = larger
    view = new DataView(buffer.buffer)
    return at
  }

  function integer(value: number, bytes: 2 | 4 | 8): void {
    const limit = 2 ** (8 * bytes - 1)
    if (!Number.isSafeInteger(value) || value >= limit || value < -limit)
      throw new RangeError(`expected an integer of ${bytes} bytes, got ${value}`)
    const at = place(bytes)
    if (bytes === 2) view.setInt16(at, value)
    else if (bytes === 4) view.setInt32(at, value)
    else {
      view.setInt32(at, Math.floor(value / 2 ** 32))
      view.setUint32(at + 4, value >>> 0)
    }
  }

  return {
    uint16(value) {
      const at = place(2)
      view.setUint16(at, value)
    },
    uint32(value) {
      const at = place(4)
      view.setUint32(at, value)
    },
    integer,
    bytes(value) {
      // First the place: it may be in another buffer then.
      const at = place(value.length)
      buffer.set(value, at)
    },
    taken: () => buffer.slice(0, length),
  }
}
