/** A program that is there to be killed: puts blocks into the store of a directory without end, and names each that is kept. */
import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { type Block, createBlockStore } from '../../server/catalogue/index.ts'

/** A block of these bytes, or of a text. */
export function madeBlock(content: string | Uint8Array): Block {
  const bytes = new Uint8Array(Buffer.from(content))
  const digest = Digest.create(0x12, new Uint8Array(createHash('sha256').update(bytes).digest()))
  return { cid: CID.createV1(0x71, digest).toString(), bytes }
}

async function run(directory: string): Promise<void> {
  const store = createBlockStore({ directory, now: () => Date.now() / 1000 })
  for (let i = 0; ; i++) {
    const block = madeBlock(`${process.pid} ${i} ${'x'.repeat(300_000)}`)
    await store.put([block])
    process.stdout.write(`${block.cid}\n`)
  }
}

if (import.meta.main) await run(process.argv[2]!)
