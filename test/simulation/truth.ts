/** What happens to the chain and to the nodes while a simulation lives. */
import type { Block } from './chain.ts'
import { MOODS, type Mood } from './node.ts'
import { note, shown, type World } from './world.ts'

/** Lets the chain grow, fork and become final, and the nodes change their moods. */
export function live(world: World): void {
  const { random, time, nodes } = world
  const moods: readonly Mood[] = MOODS.filter((mood) => nodes.length > 1 || mood !== 'pruned')
  const again = (work: () => void, ms: () => number) => {
    time.after(ms(), () => {
      if (!world.live) return
      work()
      again(work, ms)
    })
  }
  again(
    () => grow(world),
    () => 50 + random.below(2_000),
  )
  for (const [i, node] of nodes.entries()) {
    const change = () => {
      node.enter(random.oneIn(2) ? 'honest' : random.pick(moods))
      note(world, `node ${i} is ${node.mood}`)
    }
    again(change, () => 100 + random.below(6_000))
  }
}

function grow(world: World): void {
  const { random, chain, local } = world
  if (random.oneIn(6)) reorganise(world)
  if (local && random.oneIn(60)) {
    chain.tip = chain.mineOn(null)
    chain.safe = chain.tip
    chain.finalized = chain.tip
    note(world, 'the chain starts anew')
  }
  for (let i = 1 + random.below(3); i > 0; i--) chain.tip = chain.mineOn(chain.tip)
  if (!random.oneIn(3)) finalise(world)
  note(world, `the tip is ${shown(chain.tip)}, final ${chain.finalized.header.number}`)
}

function reorganise(world: World): void {
  const { random, chain } = world
  const most = random.oneIn(4) ? 1_000 : 4
  let base = chain.tip
  let depth = 0
  for (let i = 1 + random.below(most); i > 0 && base !== chain.finalized && base.parent; i--, depth++)
    base = base.parent
  const before = chain.tip
  // A fork wins when it is longer, or shorter by a little for a moment.
  for (let i = Math.max(1, depth + random.below(3) - 1); i > 0; i--) base = chain.mineOn(base)
  chain.tip = base
  if (chain.at(chain.safe.header.number, base) !== chain.safe) chain.safe = chain.finalized
  note(world, `${shown(before)} gives way to ${shown(base)}, ${depth} blocks deep`)
}

function finalise({ random, chain }: World): void {
  const { number } = chain.tip.header
  const higher = (block: Block, depth: number) => {
    const next = chain.at(Math.max(0, number - depth), chain.tip)!
    return next.header.number > block.header.number ? next : block
  }
  chain.finalized = higher(chain.finalized, 4 + random.below(12))
  chain.safe = higher(chain.safe, 2 + random.below(4))
  if (chain.safe.header.number < chain.finalized.header.number) chain.safe = chain.finalized
}
