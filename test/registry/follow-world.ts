/** A catalogue to which everything happens that can happen to one, and the search that has to follow it. */
import type { Catalogue, RecordRow } from '../../server/catalogue/index.ts'
import type { RegistryEvent } from '../../server/chain/index.ts'
import { manifestCid } from '../../server/fingerprint/index.ts'
import { createMatcher, type Matcher, type Original } from '../../server/matching/index.ts'
import { createSavedSearch } from '../../server/registry/saved-search.ts'
import { createSync, type Filled, type Sync } from '../../server/registry/sync.ts'
import { temporaryPath } from '../catalogue/databases.ts'
import { madeChain, timeOf } from '../catalogue/made.ts'
import { blockOf, type ContractState } from '../simulation/history.ts'
import type { Random } from '../simulation/random.ts'
import { DEPLOYMENT, memoryBlocks } from './fakes.ts'
import { claimedAs, type Media } from './follow-media.ts'

export type World = ReturnType<typeof createWorld>

/** Most events of one block, and most blocks of one append. */
const [EVENTS, BLOCKS] = [6, 4]

export function createWorld(catalogue: Catalogue, media: Media, random: Random) {
  const blocks = memoryBlocks()
  const chain = madeChain()
  /** What the contracts hold after each block, from none on. */
  const states: ContractState[] = [[]]
  const errors: unknown[] = []
  const saved = createSavedSearch({
    directory: temporaryPath(),
    stored: () => blocks.kept.keys(),
    version: '1',
    deployment: DEPLOYMENT,
  })
  let taken = 0
  let search = open()

  function open(): { matcher: Matcher; sync: Sync } {
    const matcher = createMatcher()
    const parts = { deployment: DEPLOYMENT, catalogue, blocks, matcher, saved }
    const onFilled = (filled: Filled) => {
      taken += filled.taken
    }
    return { matcher, sync: createSync({ ...parts, onFilled, onError: (error) => errors.push(error) }) }
  }

  async function append(): Promise<void> {
    const batch = { headers: [], logs: [] } as Parameters<Catalogue['append']>[0]
    for (let i = 1 + random.below(BLOCKS); i > 0; i--) {
      const time = timeOf(states.length)
      const count = random.below(EVENTS)
      const { events, state } = blockOf(states.at(-1)!, { deployment: DEPLOYMENT, random, time, count })
      states.push(state)
      const block = chain.block(...events.map(varied))
      batch.headers.push(...block.headers)
      batch.logs.push(...block.logs)
    }
    await catalogue.append(batch)
  }

  /** Claims in one of the ways of their medium, and a list that there is. */
  function varied(event: RegistryEvent): RegistryEvent {
    const way = () => random.below(media.variants[0]!.length)
    if (event.type === 'mediaRegistered') return { ...event, ...claimedAs(media, event, way()) }
    if (event.type === 'batchLogged')
      return { ...event, claims: event.claims.map((claim) => claimedAs(media, claim, way())) }
    if (event.type === 'batchRooted') return { ...event, ...random.pick(media.lists[event.publisherId]!).anchored }
    return event
  }

  async function rollback(): Promise<void> {
    const deepest = random.oneIn(8) ? states.length : Math.min(states.length, 6)
    const number = states.length - 1 - random.below(deepest)
    states.length = number + 1
    chain.rollback(number)
    await catalogue.rollback(number)
  }

  /** Blocks of a manifest come: held before their record, for one that is here, or without those that the root links to. */
  async function manifest(): Promise<void> {
    const { root, blocks: all } = random.pick(random.pick(media.variants))
    if (random.oneIn(3)) await blocks.put(all.slice(0, 1))
    else await blocks.hold(root, all)
    await refresh(await named(root))
  }

  async function named(root: string): Promise<Uint8Array[]> {
    const rows = await all()
    return rows.filter((row) => manifestCid(row.manifestDigest) === root).map(({ recordId }) => recordId)
  }

  async function all(): Promise<RecordRow[]> {
    const rows: RecordRow[] = []
    for await (const piece of catalogue.allRecords()) rows.push(...piece)
    return rows
  }

  /** Not waited for: what comes next comes while it works. */
  async function refresh(recordIds: Uint8Array[]): Promise<void> {
    void search.sync.refresh(recordIds)
  }

  async function list(): Promise<void> {
    const one = random.pick(random.pick(media.lists))
    await blocks.hold(one.root, one.blocks.slice(0, random.oneIn(3) ? 1 : one.blocks.length))
    void search.sync.take(one.anchored.listDigest)
  }

  /** Stops at once, whatever is under way, and starts again while the chain goes on. */
  async function restart(): Promise<void> {
    search.sync.stop()
    if (random.oneIn(2)) await search.sync.settled()
    search = open()
    const starting = search.sync.start()
    for (let i = random.below(4); i > 0; i--) await (random.oneIn(2) ? append() : rollback())
    await starting
  }

  /** A file that is deleted by hand while no server runs. */
  async function lose(): Promise<void> {
    search.sync.stop()
    await search.sync.settled()
    const cids = [...blocks.kept.keys()]
    if (cids.length > 0) blocks.kept.delete(random.pick(cids))
    search = open()
    await search.sync.start()
  }

  const save = () => search.sync.save()
  const happenings = [append, append, append, rollback, manifest, manifest, manifest, list, save, save, restart, lose]

  return {
    start: () => search.sync.start(),
    step: () => random.pick(happenings)(),
    records: all,
    errors,
    /** Records that were taken from what was saved, at all starts together. */
    taken: () => taken,
    isHere: (cid: string) => blocks.kept.has(cid),
    find: (of: Parameters<Matcher['find']>[0]) => search.matcher.find(of),
    /** What is held when everything that was told is done. */
    async settled(): Promise<Original[]> {
      await settle(search.sync)
      return inOrder(search.matcher)
    },
    /** What one holds that is filled from nothing. */
    async fromZero(): Promise<Original[]> {
      const matcher = createMatcher()
      const store = { ...blocks, adopt: async () => false }
      const onError = (error: unknown) => errors.push(error)
      const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks: store, matcher, onError })
      await sync.start()
      await settle(sync)
      sync.stop()
      return inOrder(matcher)
    },
  }
}

async function settle(sync: Sync): Promise<void> {
  for (let last: Promise<void> | undefined; last !== sync.settled(); ) {
    last = sync.settled()
    await last
  }
}

const inOrder = (matcher: Matcher) => [...matcher.originals()].sort((a, b) => (a.key < b.key ? -1 : 1))
