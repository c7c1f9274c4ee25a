/** Content-addressed blocks on disk: `<directory>/blocks/<last two characters of the CID>/<CID>`. Those that wait for their
 *  registration are in `held.ts`. */
import { randomUUID } from 'node:crypto'
import { basename, join } from 'node:path'
import { cidName, isCid } from './cid.ts'
import { exists, listing, moveDurably, readIfPresent, removeAbandoned, writeDurably } from './files.ts'
import { createHeld, type HeldLimits } from './held.ts'
import type { Block, BlockStore } from './types.ts'

export interface BlockStoreOptions {
  /** The server's directory; `blocks` and `held` are below it. */
  directory: string
  /** The present in seconds since 1970. */
  now(): number
  limits?: HeldLimits
}

/** A store in which each block is whole or absent, whatever ends the process. All its functions throw RegistryError
 *  `block.invalid` for a name that is no CIDv1 in base32, so that none is ever a path. */
export function createBlockStore({ directory, now, limits = {} }: BlockStoreOptions): BlockStore {
  const root = join(directory, 'blocks')
  const unfinished = join(root, '.new')
  const pathOf = (cid: string) => join(root, cid.slice(-2), cid)
  const keep = (files: string[]) => moveDurably(files.map((from) => ({ from, to: pathOf(basename(from)) })))

  const { hold, adopt, expireHeld, ready } = createHeld({ directory: join(directory, 'held'), now, limits, keep })
  const started = Promise.all([ready, removeAbandoned(unfinished, now())])
  // Whoever uses the store hears of it.
  started.catch(() => {})

  async function get(cid: string): Promise<Uint8Array | null> {
    const path = pathOf(cidName(cid))
    await started
    return readIfPresent(path)
  }

  async function has(cid: string): Promise<boolean> {
    const path = pathOf(cidName(cid))
    await started
    return exists(path)
  }

  async function put(blocks: Block[]): Promise<void> {
    const named = blocks.map(({ cid, bytes }) => ({ to: pathOf(cidName(cid)), bytes }))
    await started
    const moves: { from: string; to: string }[] = []
    for (const { to, bytes } of named) {
      if (await exists(to)) continue
      const from = join(unfinished, randomUUID())
      await writeDurably(from, bytes)
      moves.push({ from, to })
    }
    await moveDurably(moves)
  }

  return { get, has, put, hold, adopt, expireHeld }
}

/** The names of all blocks that are kept in the server's directory. */
export async function* storedBlocks(directory: string): AsyncGenerator<string> {
  for (const shelf of await listing(join(directory, 'blocks')))
    for (const path of await listing(shelf)) if (isCid(basename(path))) yield basename(path)
}
