/** Keccak-256 with the padding of Ethereum (The Keccak reference 3.0, §1.1; rate 1,088 bits).
 *
 *  Beside ethers' own: a bloom needs a digest of every topic of every log, and this takes a quarter of its time (3 µs a topic,
 *  node 24). `test/chain/keccak.test.ts` holds them equal. */
import { permute } from './keccak-f.ts'

/** Bytes that are absorbed at once. */
const RATE = 136

// One state for all calls: nothing here waits, so no two calls meet.
const high = new Int32Array(25)
const low = new Int32Array(25)

function absorb(block: DataView, offset: number): void {
  for (let lane = 0; lane < RATE / 8; lane++) {
    low[lane]! ^= block.getInt32(offset + 8 * lane, true)
    high[lane]! ^= block.getInt32(offset + 8 * lane + 4, true)
  }
  permute(high, low)
}

function squeeze(): Uint8Array {
  const digest = new Uint8Array(32)
  const view = new DataView(digest.buffer)
  for (let lane = 0; lane < 4; lane++) {
    view.setInt32(8 * lane, low[lane]!, true)
    view.setInt32(8 * lane + 4, high[lane]!, true)
  }
  return digest
}

// Most messages fit into one block.
const oneBlock = new Uint8Array(RATE)

function padded(message: Uint8Array): Uint8Array {
  const blocks = Math.floor(message.length / RATE) + 1
  const bytes = blocks === 1 ? oneBlock.fill(0) : new Uint8Array(RATE * blocks)
  bytes.set(message)
  bytes[message.length]! ^= 0x01
  bytes[bytes.length - 1]! ^= 0x80
  return bytes
}

/** @returns 32 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  const bytes = padded(message)
  const view = new DataView(bytes.buffer)
  high.fill(0)
  low.fill(0)
  for (let offset = 0; offset < bytes.length; offset += RATE) absorb(view, offset)
  return squeeze()
}
