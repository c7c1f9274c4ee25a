/** CARs in memory. */
import type { Block } from '../../server/catalogue/index.ts'
import { type BytesOnDisk, openCarFile } from '../../server/registry/car-file.ts'

export const inMemory = (bytes: Uint8Array): BytesOnDisk => ({
  byteLength: bytes.length,
  read: async (at, length) => bytes.slice(at, at + length),
})

/** All blocks of a CAR, each once. @throws as whoever reads one. */
export async function readCar(bytes: Uint8Array): Promise<{ root: string; blocks: Block[] }> {
  const { root, lengths, get } = await openCarFile(inMemory(bytes))
  const blocks = await Promise.all([...lengths.keys()].map(async (cid) => ({ cid, bytes: (await get(cid))! })))
  return { root, blocks }
}
