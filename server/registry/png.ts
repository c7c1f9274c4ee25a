/** Pixels as a PNG file (W3C PNG, third edition): one IDAT, each row by the filter "up". Nothing is decoded here, so nothing is needed but zlib. */
import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'

const deflated = promisify(deflate)

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const BIT_DEPTH = 8
/** §11.2.1: grey, and red, green and blue. */
const COLOUR_TYPES = { 1: 0, 3: 2 } as const
/** §9.2: each byte less the one above it, which makes smooth pictures small. */
const UP = 2

export interface Pixels {
  width: number
  height: number
  channels: 1 | 3
  /** Rows from the top. */
  data: Uint8Array
}

/** @throws RangeError if the sizes do not agree. */
export async function writePng({ width, height, channels, data }: Pixels): Promise<Buffer> {
  if (data.length !== width * height * channels)
    throw new RangeError(`"data" expected ${width * height * channels} bytes, got ${data.length}`)
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([BIT_DEPTH, COLOUR_TYPES[channels]], 8)
  const body = await deflated(filtered(data, width * channels, height))
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('IDAT', body), chunk('IEND', Buffer.alloc(0))])
}

function filtered(data: Uint8Array, rowBytes: number, rows: number): Uint8Array {
  const bytes = new Uint8Array(rows * (rowBytes + 1))
  for (let y = 0, at = 0; y < rows; y++) {
    bytes[at++] = UP
    for (let i = y * rowBytes; i < (y + 1) * rowBytes; i++) bytes[at++] = data[i]! - (y > 0 ? data[i - rowBytes]! : 0)
  }
  return bytes
}

/** §5.3: length, type, data, and a check of the latter two. */
function chunk(type: string, data: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(checked))
  return Buffer.concat([length, checked, check])
}
