/** One seed: a chain that lives for a while, nodes that show it, an indexer that is crashed again and again, and what must hold of its catalogue
 *  at every commit and in the end. */
import { isDeepStrictEqual } from 'node:util'
import { toHex } from '../../server/bytes.ts'
import { memoryCatalogue } from '../catalogue/memory-catalogue.ts'
import { DEPLOYMENT } from '../chain/events.ts'
import { isAncestor, logsOf, pathTo, plain, simulatedChain } from './chain.ts'
import { contentOf } from './content.ts'
import { lives } from './lives.ts'
import { simulatedNode } from './node.ts'
import { randomOf } from './random.ts'
import { virtualTime } from './time.ts'
import { live } from './truth.ts'
import { type Catalogues, fail, note, type Outcome, shown, type World } from './world.ts'

/** Milliseconds of virtual time in which nodes may be wrong. */
const LIVE_MS = 12_000
/** Milliseconds in which the index must be right once they no longer are: longer than patience and the longest pause together. */
const SETTLE_MS = 400_000

const inMemory = (): Catalogues => ({ indexed: memoryCatalogue(), fromZero: memoryCatalogue() })

export async function simulate(seed: number, catalogues: Catalogues = inMemory()): Promise<Outcome> {
  const random = randomOf(seed)
  const local = random.oneIn(4)
  const deployment = { ...DEPLOYMENT, chainId: local ? 31337 : 1, startBlock: random.below(4) }
  const time = virtualTime(() => (random.oneIn(50) ? random.below(10 ** 9) - 5 * 10 ** 8 : 0))
  const chain = simulatedChain(deployment, random)
  for (let i = random.below(20); i > 0; i--) chain.tip = chain.mineOn(chain.tip)
  const count = random.pick([1, 1, 2, 3])
  const nodes = Array.from({ length: count }, (_, i) => simulatedNode({ name: `node ${i}`, chain, time, random }))
  const outcome: Outcome = { seed, failures: [], trace: [], crashes: 0, blocks: 0, logs: 0 }
  const world: World = { random, local, time, chain, nodes, catalogues, outcome, live: true, stored: null }
  await catalogues.indexed.bind(deployment)
  live(world)
  const life = lives(world)
  await time.run(() => world.outcome.failures.length > 0, LIVE_MS)
  world.live = false
  for (const node of nodes) node.enter('honest')
  note(world, `from here on all tell the truth; the tip is ${shown(chain.tip)}`)
  await time.run(() => world.outcome.failures.length > 0 || life.isSettled(), SETTLE_MS)
  if (world.outcome.failures.length === 0) await compare(world, life)
  await time.hold(life.end())
  return world.outcome
}

async function compare(world: World, life: ReturnType<typeof lives>): Promise<void> {
  const { chain, catalogues, outcome, time } = world
  if (!life.isSettled()) return fail(world, `not settled: ${JSON.stringify(life.state(), shortly)}`)
  const { indexed, fromZero, content = contentOf } = catalogues
  const path = pathTo(chain.tip).filter(({ header }) => header.number >= chain.deployment.startBlock)
  const logs = path.flatMap(logsOf)
  outcome.blocks = path.length
  outcome.logs = logs.length
  await time.hold(fromZero.bind(chain.deployment))
  if (path.length > 0) await time.hold(fromZero.append({ headers: path.map(({ header }) => plain(header)), logs }))
  const [ours, theirs] = await time.hold(Promise.all([content(indexed), content(fromZero)]))
  if (!isDeepStrictEqual(ours, theirs)) fail(world, 'the catalogue differs from one indexed from zero')
  for (const block of life.calledFinal)
    if (!isAncestor(block, chain.tip)) fail(world, `block ${shown(block)} was called final and is gone`)
}

const shortly = (_: string, value: unknown) => (value instanceof Uint8Array ? toHex(value).slice(0, 8) : value)
