/** The chain as it is: a tree of blocks, one tip of which is the canonical one, and how final its blocks are. */
import { toHex, toHex0x } from '../../server/bytes.ts'
import { bloomOf } from '../../server/chain/bloom.ts'
import type { BlockHeader, Deployment, RegistryEvent, RegistryLog } from '../../server/chain/events.ts'
import type { NodeHeader } from '../../server/chain/header.ts'
import type { RawLog } from '../../server/chain/node.ts'
import { rawLog } from '../chain/events.ts'
import { blockOf, type ContractState } from './history.ts'
import type { Random } from './random.ts'

export interface Block {
  header: NodeHeader
  parent: Block | null
  events: RegistryEvent[]
  /** All logs of the block, those of other contracts too. */
  raw: RawLog[]
  state: ContractState
}

export interface SimulatedChain {
  deployment: Deployment
  tip: Block
  finalized: Block
  safe: Block
  /** A block on top of another one, or a new first one; does not become the tip by itself. */
  mineOn(parent: Block | null): Block
  byHash(hash: Uint8Array): Block | null
  /** The block of a number below a tip, or null. */
  at(number: number, tip: Block): Block | null
}

/** What a block of other contracts' logs looks like: a few, or so many that its bloom says nothing. */
const strangers = (count: number): RawLog[] =>
  Array.from({ length: count }, (_, i) => ({
    address: `0x${(0x900000 + i).toString(16).padStart(40, '0')}`,
    topics: [`0x${(i + 1).toString(16).padStart(64, '0')}`, `0x${(i + 7_000).toString(16).padStart(64, '0')}`],
    data: '0x',
    ...POSITION,
  }))
const POSITION = { blockNumber: '0x0', blockHash: '0x', transactionHash: '0x', logIndex: '0x0', removed: false }
const FEW = strangers(3)
const MANY = strangers(400)
const BLOOM_OF_MANY = bloomOf(MANY)

const ENCODED = new WeakMap<RegistryEvent, RawLog>()
const NOWHERE = {
  blockNumber: 0,
  logIndex: 0,
  blockHash: new Uint8Array(32),
  transactionHash: new Uint8Array(32),
}

function encoded(event: RegistryEvent, deployment: Deployment): RawLog {
  const raw = ENCODED.get(event) ?? rawLog(event, NOWHERE, deployment)
  ENCODED.set(event, raw)
  return raw
}

const hex = (value: number) => `0x${value.toString(16)}`

/** Whether the bloom of such a block says nothing. */
export const isBusy = ({ raw }: Block): boolean => raw.length > MANY.length

export function simulatedChain(deployment: Deployment, random: Random): SimulatedChain {
  const known = new Map<string, Block>()

  function mineOn(parent: Block | null): Block {
    const number = parent ? parent.header.number + 1 : 0
    const hash = random.bytes(32)
    const time = 1_700_000_000 + 12 * number
    const count = number < deployment.startBlock ? 0 : random.pick([0, 0, 0, 1, 1, 2, 3, 5])
    const { events, state } = blockOf(parent?.state ?? [], { deployment, random, time, count })
    const ours = events.map((event) => encoded(event, deployment))
    const others = random.pick([[], [], FEW, random.oneIn(6) ? MANY : []])
    const at = { blockNumber: hex(number), blockHash: toHex0x(hash) }
    const raw = [...others, ...ours].map((log, i) => {
      const transactionHash = `0x${toHex(hash).slice(0, 60)}${i.toString(16).padStart(4, '0')}`
      return { ...log, ...at, transactionHash, logIndex: hex(i) }
    })
    const logsBloom = others === MANY ? joined(BLOOM_OF_MANY, bloomOf(ours)) : bloomOf(raw)
    const parentHash = parent?.header.hash ?? new Uint8Array(32)
    const block = { header: { number, hash, parentHash, time, logsBloom }, parent, events, raw, state }
    known.set(toHex(hash), block)
    return block
  }

  const genesis = mineOn(null)
  return {
    deployment,
    tip: genesis,
    finalized: genesis,
    safe: genesis,
    mineOn,
    byHash: (hash) => known.get(toHex(hash)) ?? null,
    at(number, tip) {
      let block: Block | null = tip
      while (block && block.header.number > number) block = block.parent
      return block && block.header.number === number ? block : null
    },
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte | b[i]!)
}

/** From the first block to this one. */
export function pathTo(tip: Block): Block[] {
  const path: Block[] = []
  for (let block: Block | null = tip; block; block = block.parent) path.unshift(block)
  return path
}

export function isAncestor(block: Block, tip: Block): boolean {
  let one: Block | null = tip
  while (one && one.header.number > block.header.number) one = one.parent
  return one === block
}

/** What an index must hold of a block. */
export function logsOf({ header, events, raw }: Block): RegistryLog[] {
  const others = raw.length - events.length
  return events.map((event, i) => ({
    ...event,
    at: {
      blockNumber: header.number,
      logIndex: others + i,
      transactionHash: new Uint8Array(Buffer.from(raw[others + i]!.transactionHash.slice(2), 'hex')),
    },
  }))
}

export function plain({ number, hash, parentHash, time }: BlockHeader): BlockHeader {
  return { number, hash, parentHash, time }
}
