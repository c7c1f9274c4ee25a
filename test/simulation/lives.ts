/** The lives of the simulated indexer: it is killed at any moment, and begins anew with what is stored. */
import { equalBytes } from '../../server/bytes.ts'
import { createIndexer, type Indexer } from '../../server/chain/indexer.ts'
import type { IndexerNode } from '../../server/chain/step.ts'
import type { Block } from './chain.ts'
import { watchedSink } from './sink.ts'
import { note, type World } from './world.ts'

/** Milliseconds. */
const PATIENCE_MS = 20_000
/** Answers that it lives to see at most. */
const LONGEST_LIFE = 300

/** A life of the indexer: everything that it waits for dies with it. */
interface Life {
  indexer: Indexer
  dead: boolean
  /** How many more answers it lives to see. */
  left: number
}

export function lives(world: World) {
  const { random, time, nodes } = world
  /** The highest blocks that were called final, each as part of what was stored then. */
  const calledFinal = new Set<Block>()
  let life: Life

  function begin(): void {
    const mine: Life = { indexer: undefined as unknown as Indexer, dead: false, left: 1 + random.below(LONGEST_LIFE) }
    const mortal = <T>(work: () => Promise<T>) => mortally(world, mine, work, crash)
    const clock = {
      ...time.clock,
      sleep: (ms: number, signal: AbortSignal) => mortal(() => time.clock.sleep(ms, signal)),
    }
    mine.indexer = createIndexer({
      node: nodes.map(({ node }) => mortalNode(node, mortal)),
      sink: watchedSink(world, mortal),
      deployment: world.chain.deployment,
      maxBlocks: 1 + random.below(12),
      patienceMs: world.local ? 0 : PATIENCE_MS,
      pollMs: 200,
      clock,
      onState: () => void (mine.dead || noteFinal()),
    })
    life = mine
    mine.indexer.start()
  }

  function crash(): void {
    world.outcome.crashes++
    note(world, 'the indexer is killed')
    time.after(random.below(500), begin)
  }

  /** Whatever is stored up to there is shown as final. */
  function noteFinal(): void {
    const { final } = life.indexer.state()
    if (final === 'local' || final.finalized === null || world.stored === null) return
    calledFinal.add(world.chain.at(Math.min(final.finalized, world.stored.header.number), world.stored)!)
  }

  begin()
  return {
    calledFinal,
    state: () => life.indexer.state(),
    isSettled() {
      if (life.dead) return false
      const { head, lastError, lagBlocks, final } = life.indexer.state()
      const { tip, finalized, deployment } = world.chain
      if (tip.header.number < deployment.startBlock) return head === null && lagBlocks === 0
      const isFinal = final === 'local' || (final.finalized ?? 0) === Math.max(finalized.header.number, 0)
      return head !== null && equalBytes(head.hash, tip.header.hash) && lastError === null && isFinal
    },
    async end() {
      if (!life.dead) await life.indexer.stop()
    },
  }
}

/** Runs work that never ends if the life ends meanwhile: before it, or after it and before anybody learns of it. */
async function mortally<T>(world: World, life: Life, work: () => Promise<T>, crash: () => void): Promise<T> {
  const never = new Promise<never>(() => {})
  const die = () => {
    if (!life.dead) {
      life.dead = true
      crash()
    }
    return never
  }
  if (life.dead) return never
  if (world.live && --life.left === 0) return die()
  try {
    const result = await work()
    return life.dead || (world.live && --life.left === 0) ? die() : result
  } catch (error) {
    if (life.dead) return never
    throw error
  }
}

function mortalNode(node: IndexerNode, mortal: <T>(work: () => Promise<T>) => Promise<T>): IndexerNode {
  return {
    name: node.name,
    chainId: () => mortal(() => node.chainId()),
    header: (block) => mortal(() => node.header(block)),
    headers: (blocks) => mortal(() => node.headers(blocks)),
    logs: (range, addresses) => mortal(() => node.logs(range, addresses)),
    blockLogs: (hashes, addresses) => mortal(() => node.blockLogs(hashes, addresses)),
    code: (address) => mortal(() => node.code(address)),
  }
}
