/** What a run of the simulation is made of. */
import { toHex } from '../../server/bytes.ts'
import type { Catalogue } from '../../server/catalogue/index.ts'
import type { Block, SimulatedChain } from './chain.ts'
import type { SimulatedNode } from './node.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

export interface Outcome {
  seed: number
  /** What did not hold; empty when all did. */
  failures: string[]
  /** What happened, a line each. */
  trace: string[]
  crashes: number
  /** Of the final chain. */
  blocks: number
  logs: number
}

export interface Catalogues {
  /** Empty, for the indexer. */
  indexed: Catalogue
  /** Empty, to be filled from the final chain. */
  fromZero: Catalogue
  /** All that both hold, table by table; by default what the catalogues answer. */
  content?: (catalogue: Catalogue) => Promise<unknown>
  /** Whether they do real work, during which virtual time stands still. */
  real?: boolean
}

export interface World {
  random: Random
  local: boolean
  time: VirtualTime
  chain: SimulatedChain
  nodes: SimulatedNode[]
  catalogues: Catalogues
  outcome: Outcome
  /** Whether the chain goes on and nodes may be wrong. */
  live: boolean
  /** The block that the catalogue ends with, or null. */
  stored: Block | null
}

export const shown = ({ header }: Block) => `${header.number} ${toHex(header.hash).slice(0, 8)}`

export function note({ time, outcome }: World, what: string): void {
  outcome.trace.push(`${String(time.clock.monotonicMs()).padStart(8)} ${what}`)
}

export function fail(world: World, what: string): void {
  note(world, what)
  world.outcome.failures.push(what)
}
