/** A chain in memory that forks at will, and a node that speaks for it: truthfully unless it is told to lie. */
import { createHash } from 'node:crypto'
import { equalBytes, toHex } from '../../server/bytes.ts'
import { bloomOf } from '../../server/chain/bloom.ts'
import type { BlockHeader, RegistryEvent, RegistryLog } from '../../server/chain/events.ts'
import type { NodeHeader } from '../../server/chain/header.ts'
import type { BlockTag, LogRange, RawLog } from '../../server/chain/node.ts'
import type { IndexerNode } from '../../server/chain/step.ts'
import { DEPLOYMENT, rawLog } from './events.ts'

interface FakeBlock {
  header: BlockHeader
  events: RegistryEvent[]
}

export interface FakeChain {
  node: IndexerNode
  /** Adds a block on top. */
  mine(events?: RegistryEvent[]): BlockHeader
  /** Removes blocks from the top; at least block 0 stays. */
  drop(count: number): void
  head(): BlockHeader
  header(number: number): BlockHeader
  /** What an index has to hold of the chain up to a block, which may be of a fork that is gone. */
  logs(upTo?: BlockHeader): RegistryLog[]
  /** How often a method was called. */
  calls: Record<'chainId' | 'header' | 'headers' | 'logs' | 'blockLogs' | 'code', number>
  /** Called before each answer; may change the chain, or throw what a node's failure throws. */
  before: (method: string, argument: unknown) => void
  /** Changes the logs of an answer. */
  lie: (logs: RawLog[], range: LogRange) => RawLog[]
  /** Changes a header of an answer. */
  lieAbout: (header: NodeHeader | null, asked: number | BlockTag) => NodeHeader | null
  /** What is found at each address. */
  code: Uint8Array
  chainId: number
  /** Blocks by tag; absent: the node knows no such tag. */
  tags: Partial<Record<BlockTag, number>>
}

/** An event that differs from all others of this seed. */
export function anyRegistration(seed: number): RegistryEvent {
  const bytes = (name: string, length: number) => digestOf(`${name} ${seed}`).subarray(0, length)
  return {
    type: 'mediaRegistered',
    recordId: bytes('record', 32),
    publisherId: 1,
    contentDigest: bytes('content', 32),
    signer: bytes('signer', 20),
    kind: 1,
    algorithm: 0,
    manifestDigest: bytes('manifest', 32),
    perceptualHashes: [],
  }
}

export function fakeChain(): FakeChain {
  const blocks: FakeBlock[] = []
  const everMined = new Map<string, FakeBlock>()
  /** In each hash, so that a block that is mined again is another one. */
  let mined = 0

  function mine(events: RegistryEvent[] = []): BlockHeader {
    const parentHash = blocks.at(-1)?.header.hash ?? new Uint8Array(32)
    const number = blocks.length
    const header = { number, hash: digestOf(`block ${number} ${mined++}`), parentHash, time: 1_000 + number }
    const block = { header, events }
    blocks.push(block)
    everMined.set(toHex(header.hash), block)
    return header
  }

  /** Blocks from the start block to this one. */
  function pathTo({ hash }: BlockHeader): FakeBlock[] {
    const path: FakeBlock[] = []
    for (let block = everMined.get(toHex(hash)); block; block = everMined.get(toHex(block.header.parentHash)))
      if (block.header.number >= DEPLOYMENT.startBlock) path.unshift(block)
    return path
  }

  const positionOf = (number: number, i: number) => ({
    blockNumber: number,
    // With gaps: other contracts have logs too.
    logIndex: 3 * i + 1,
    transactionHash: digestOf(`transaction ${number} ${i}`),
  })

  const rawLogsOf = ({ header, events }: FakeBlock): RawLog[] =>
    events.map((event, i) => rawLog(event, { ...positionOf(header.number, i), blockHash: header.hash }))
  const logsOf = ({ header, events }: FakeBlock): RegistryLog[] =>
    events.map((event, i) => ({ ...event, at: positionOf(header.number, i) }))

  function find(asked: number | BlockTag): NodeHeader | null {
    const number = asked === 'latest' ? blocks.length - 1 : typeof asked === 'number' ? asked : chain.tags[asked]
    const block = number === undefined ? undefined : blocks[number]
    return block ? { ...block.header, logsBloom: bloomOf(rawLogsOf(block)) } : null
  }

  const inRange = (range: LogRange) =>
    blocks.filter(({ header }) =>
      'from' in range
        ? header.number >= range.from && header.number <= range.to
        : equalBytes(header.hash, range.blockHash),
    )

  async function answer<T>(method: keyof FakeChain['calls'], argument: unknown, read: () => T): Promise<T> {
    await Promise.resolve()
    chain.calls[method]++
    chain.before(method, argument)
    return read()
  }

  const chain: FakeChain = {
    node: {
      name: 'fake',
      code: () => answer('code', null, () => chain.code),
      blockLogs: (hashes) =>
        answer('blockLogs', hashes, () =>
          hashes.map((blockHash) => chain.lie(inRange({ blockHash }).flatMap(rawLogsOf), { blockHash })),
        ),
      chainId: () => answer('chainId', null, () => chain.chainId),
      header: (asked) => answer('header', asked, () => chain.lieAbout(find(asked), asked)),
      headers: (all) => answer('headers', all, () => all.map((asked) => chain.lieAbout(find(asked), asked))),
      logs: (range) => answer('logs', range, () => chain.lie(inRange(range).flatMap(rawLogsOf), range)),
    },
    mine,
    drop(count) {
      blocks.length = Math.max(1, blocks.length - count)
    },
    head: () => blocks.at(-1)!.header,
    header: (number) => blocks[number]!.header,
    logs: (upTo = blocks.at(-1)!.header) => pathTo(upTo).flatMap(logsOf),
    calls: { chainId: 0, header: 0, headers: 0, logs: 0, blockLogs: 0, code: 0 },
    before: () => {},
    lie: (logs) => logs,
    lieAbout: (header) => header,
    code: Uint8Array.of(1),
    chainId: DEPLOYMENT.chainId,
    tags: {},
  }
  mine()
  return chain
}

function digestOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest())
}
