/** A node of the simulated chain: truthful in some moods, and in others wrong in one of the ways in which nodes are wrong. */
import { equalBytes, toHex0x } from '../../server/bytes.ts'
import { bloomOf } from '../../server/chain/bloom.ts'
import type { NodeHeader } from '../../server/chain/header.ts'
import type { BlockTag, LogRange, RawLog } from '../../server/chain/node.ts'
import { RpcError } from '../../server/chain/rpc.ts'
import type { IndexerNode } from '../../server/chain/step.ts'
import { RegistryError } from '../../server/errors.ts'
import { type Block, isAncestor, isBusy, type SimulatedChain } from './chain.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

export const MOODS = [
  'honest',
  'down',
  'silent',
  'flaky',
  'rate limited',
  'picky',
  'pruned',
  'lagging',
  'forked',
  'of two minds',
  'balanced',
  'stuck',
  'holes',
  'wrong logs',
  'wrong headers',
  'missing blocks',
  'lower tags',
  'other chain',
] as const
export type Mood = (typeof MOODS)[number]

export interface SimulatedNode {
  node: IndexerNode
  mood: Mood
  /** Enters a mood: what it shows is fixed then, where that does not follow the chain. */
  enter(mood: Mood): void
}

export interface NodeOptions {
  name: string
  chain: SimulatedChain
  time: VirtualTime
  random: Random
}

/** Milliseconds. */
const TIMEOUT_MS = 10_000

const unreachable = (message: string, options?: { cause?: unknown; retryAfterS?: number }) =>
  new RegistryError('chain.unreachable', message, options)

export function simulatedNode({ name, chain, time, random }: NodeOptions): SimulatedNode {
  /** A tip that does not follow the chain. */
  let ownTip: Block = chain.tip
  let behind = 1
  let most = 1
  /** Which lie of its kind a lying node tells. */
  let lie = 0

  function enter(mood: Mood): void {
    simulated.mood = mood
    behind = 1 + random.below(8)
    most = 1 + random.below(6)
    lie = random.below(420)
    ownTip = chain.tip
    if (mood === 'forked' || mood === 'of two minds') ownTip = fork()
  }

  /** A branch that leaves the chain above its last final block. */
  function fork(): Block {
    let base = chain.tip
    for (let i = random.below(6); i > 0 && base !== chain.finalized && base.parent; i--) base = base.parent
    for (let i = random.below(5); i >= 0; i--) base = chain.mineOn(base)
    return base
  }

  function tip(): Block {
    const { mood } = simulated
    if (mood === 'lagging' || (mood === 'balanced' && random.oneIn(2)))
      return chain.at(Math.max(0, chain.tip.header.number - behind), chain.tip)!
    if (mood === 'of two minds') return random.oneIn(2) ? ownTip : chain.tip
    return mood === 'stuck' || mood === 'forked' ? ownTip : chain.tip
  }

  /** Waits as an answer does, and fails as one. */
  async function answer<T>(read: () => T): Promise<T> {
    const { mood } = simulated
    const delayMs = mood === 'silent' ? TIMEOUT_MS : random.pick([0, 0, 0, 1, 20, 80, random.oneIn(40) ? 2_500 : 3])
    if (delayMs > 0) await new Promise<void>((resolve) => time.after(delayMs, resolve))
    else await Promise.resolve()
    if (mood === 'silent') throw unreachable('no answer within 10000 ms')
    if (mood === 'down' || (mood === 'flaky' && random.oneIn(3))) throw unreachable('connect ECONNREFUSED')
    if (mood === 'rate limited') throw unreachable('HTTP status 429', { retryAfterS: 1 + random.below(4) })
    return read()
  }

  function tagged(tag: BlockTag, at: Block): Block | null {
    if (tag === 'latest') return at
    const block = tag === 'safe' ? chain.safe : chain.finalized
    if (simulated.mood === 'lower tags')
      return random.oneIn(3) ? null : chain.at(random.below(block.header.number + 1), at)
    return isAncestor(block, at) ? block : null
  }

  function header(asked: number | BlockTag, at: Block): NodeHeader | null {
    if (simulated.mood === 'missing blocks' && asked !== 'latest' && random.oneIn(3)) return null
    if (simulated.mood === 'pruned' && typeof asked === 'number' && asked < at.header.number - behind) return null
    const block = typeof asked === 'number' ? chain.at(asked, at) : tagged(asked, at)
    return block && (simulated.mood === 'wrong headers' ? wrong(block) : block.header)
  }

  /** With another parent, or with a bloom of too many or too few bits. A header's own hash cannot be wrong here: `node.ts` sees to that. */
  function wrong({ header, events }: Block): NodeHeader {
    const { logsBloom } = header
    if (!random.oneIn(3)) return header
    // Below the first block there is nothing to link it to: its own hash would show it.
    if (lie % 3 === 0 && header.number === chain.deployment.startBlock) return header
    if (lie % 3 === 0) return { ...header, parentHash: random.bytes(32) }
    if (lie % 3 === 1) return { ...header, logsBloom: logsBloom.map((byte) => byte | (random.oneIn(4) ? 0x10 : 0)) }
    return events.length > 0 ? { ...header, logsBloom: new Uint8Array(256) } : header
  }

  function logsOf(block: Block, addresses: Uint8Array[] | null): RawLog[] {
    if (addresses === null) return block.raw
    const ours = addresses.map((address) => toHex0x(address) as string)
    return block.raw.filter(({ address }) => ours.includes(address))
  }

  /** Without some logs, where that can be noticed at all: the bloom of what is left is another one. */
  function withHoles(block: Block, logs: RawLog[]): RawLog[] {
    if (logs.length === 0 || block.events.length === 0 || isBusy(block) || !random.oneIn(2)) return logs
    const ours = logs.slice(-block.events.length)
    const left = random.oneIn(2) ? [] : ours.filter(() => random.oneIn(2))
    const all = [...block.raw.slice(0, block.raw.length - block.events.length), ...left]
    if (equalBytes(bloomOf(all), block.header.logsBloom)) return logs
    return [...logs.slice(0, logs.length - ours.length), ...left]
  }

  function wrongLogs(logs: RawLog[], at: Block): RawLog[] {
    if (logs.length === 0) return logs
    const i = random.below(logs.length)
    const log = logs[i]!
    const changed = (changes: Partial<RawLog>) => logs.with(i, { ...log, ...changes })
    switch (lie % 7) {
      case 0:
        return changed({ blockHash: toHex0x((at.parent ?? at).header.hash.map((byte) => byte ^ 1)) })
      case 1:
        return changed({ removed: true })
      case 2:
        return [...logs.slice(0, i), log, ...logs.slice(i)]
      case 3:
        return logs.toReversed()
      case 4:
        return changed({ topics: log.topics.with(-1, toHex0x(random.bytes(32))) })
      case 5:
        return changed({ data: `${log.data}00` })
      default:
        return changed({ blockNumber: '0x1', logIndex: '0x0' })
    }
  }

  /** A lie about a block of so many strangers that its bloom hides it is told to one question only, as by an index that lost something. */
  function told(block: Block, addresses: Uint8Array[] | null, byHash: boolean): RawLog[] {
    const logs = logsOf(block, addresses)
    if (simulated.mood === 'holes') return withHoles(block, logs)
    return simulated.mood === 'wrong logs' && random.oneIn(2) && !(byHash && isBusy(block))
      ? wrongLogs(logs, block)
      : logs
  }

  function logs(range: LogRange, addresses: Uint8Array[]): RawLog[] {
    if ('blockHash' in range) return ofBlock(range.blockHash, addresses)
    const { from, to } = range
    if (simulated.mood === 'picky' && to - from >= most) {
      const cause = new RpcError(-32005, 'query returned more than 10000 results')
      throw unreachable(cause.message, { cause })
    }
    if (simulated.mood === 'pruned' && from < chain.tip.header.number - behind) {
      const cause = new RpcError(4444, 'pruned history unavailable')
      throw unreachable(cause.message, { cause })
    }
    const at = tip()
    const blocks = Array.from({ length: to - from + 1 }, (_, i) => chain.at(from + i, at))
    return blocks.flatMap((block) => (block ? told(block, addresses, false) : []))
  }

  function ofBlock(hash: Uint8Array, addresses: Uint8Array[] | null, again = false): RawLog[] {
    const block = chain.byHash(hash)
    if (!block) throw unreachable('unknown block', { cause: new RpcError(-32000, 'unknown block') })
    return told(block, addresses, again)
  }

  const simulated: SimulatedNode = {
    mood: 'honest',
    enter,
    node: {
      name,
      chainId: () => answer(() => (simulated.mood === 'other chain' ? 5 : chain.deployment.chainId)),
      header: (block) => answer(() => header(block, tip())),
      headers: (blocks) =>
        answer(() => {
          const at = tip()
          return blocks.map((block) => header(block, at))
        }),
      logs: (range, addresses) => answer(() => logs(range, addresses)),
      blockLogs: (hashes, addresses) => answer(() => hashes.map((hash) => ofBlock(hash, addresses, true))),
      code: () => answer(() => Uint8Array.of(1)),
    },
  }
  return simulated
}
