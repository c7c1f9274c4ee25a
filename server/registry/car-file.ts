/** A CAR that was received whole, on disk: checked once from end to end, and then asked for its blocks. */
import { RegistryError } from '../errors.ts'
import { openCar } from './car.ts'

/** Bytes that can be read from anywhere. */
export interface BytesOnDisk {
  byteLength: number
  /** @returns so many bytes from `at` on. */
  read(at: number, length: number): Promise<Uint8Array>
}

export interface CarFile {
  root: string
  /** How many bytes each block has, by CID. */
  lengths: ReadonlyMap<string, number>
  /** Null for a block that it does not hold. */
  get(cid: string): Promise<Uint8Array | null>
}

/** Bytes that are read at a time. */
const PIECE_BYTES = 1 << 18

/** @throws RegistryError `block.invalid` as `openCar`, and where it does not hold its root. */
export async function openCarFile(file: BytesOnDisk): Promise<CarFile> {
  const { root, blocks } = await openCar(piecesOf(file))
  const places = new Map<string, number>()
  const lengths = new Map<string, number>()
  for await (const { cid, bytes, at } of blocks) {
    places.set(cid, at)
    lengths.set(cid, bytes.length)
  }
  if (!lengths.has(root)) throw new RegistryError('block.invalid', `the CAR does not hold its root ${root}`)
  const get = async (cid: string) => {
    const at = places.get(cid)
    return at === undefined ? null : file.read(at, lengths.get(cid)!)
  }
  return { root, lengths, get }
}

async function* piecesOf({ byteLength, read }: BytesOnDisk): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < byteLength; at += PIECE_BYTES) yield await read(at, Math.min(PIECE_BYTES, byteLength - at))
}
