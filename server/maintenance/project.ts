/** Indexes a chain up to one block, and no further: what an audit compares by, and what a rebuild begins with. */
import { type Logger, pino } from 'pino'
import type { Catalogue } from '../catalogue/index.ts'
import { type BlockHeader, type ChainNode, type ChainNodes, createIndexer, type Deployment } from '../chain/index.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import type { createSync } from '../registry/index.ts'

/** Milliseconds for which a node may fail before it is given up. */
const GIVE_UP_MS = 60_000

/** Longer than anybody waits, and as long as a timer can. */
const FOREVER_MS = 2 ** 31 - 1

export interface Progress {
  /** What is being done, in a word or two. */
  stage: string
  done: number
  /** Null where it is not known. */
  of: number | null
}

/** The node as it was when this block was its youngest, as far as can be told: of what is final by now it says nothing. */
function endingAt(node: ChainNode, last: number): ChainNode {
  const at = (block: Parameters<ChainNode['header']>[0]) => (block === 'latest' ? last : block)
  const early = <H extends BlockHeader>(header: H | null) => (header && header.number <= last ? header : null)
  return {
    ...node,
    blockNumber: async () => last,
    header: async (block) => early(await node.header(at(block))),
    headers: async (blocks) => (await node.headers(blocks.map(at))).map(early),
  }
}

/** Resolves when the block is indexed. @throws RegistryError as the node, once it has failed for a minute. */
export async function indexUpTo(
  last: number,
  {
    node,
    deployment,
    catalogue,
    onProgress,
  }: { node: ChainNodes; deployment: Deployment; catalogue: Catalogue; onProgress: (progress: Progress) => void },
): Promise<void> {
  if (last < deployment.startBlock) return
  const failed = Promise.withResolvers<never>()
  let succeededAt = Date.now()
  const indexer = createIndexer({
    node: node.members.map((one) => endingAt(one, last)),
    sink: catalogue,
    deployment,
    onState({ head, lastError }) {
      onProgress({ stage: 'blocks', done: head?.number ?? 0, of: last })
      if (!lastError) succeededAt = Date.now()
      else if (Date.now() - succeededAt > GIVE_UP_MS)
        failed.reject(new RegistryError('chain.unreachable', `block ${last} was not reached: ${lastError.message}`))
    },
  })
  indexer.start()
  try {
    await Promise.race([indexer.reached(last, FOREVER_MS), failed.promise])
  } finally {
    await indexer.stop()
  }
}

/** Resolves when all that the catalogue told is read: a list that came brings records, which are changes of their own. */
export async function settle(sync: Pick<ReturnType<typeof createSync>, 'settled'>): Promise<void> {
  for (let last: Promise<void> | undefined; last !== sync.settled(); ) {
    last = sync.settled()
    await last
  }
}

/** On standard error: standard output is the report's. */
export function openLog({ LOG_LEVEL }: Config): Logger {
  return pino({ level: LOG_LEVEL }, pino.destination({ dest: 2, sync: true }))
}
