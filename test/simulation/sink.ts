/** The catalogue as the simulated indexer sees it. */
import { isDeepStrictEqual } from 'node:util'
import type { Batch } from '../../server/catalogue/batch.ts'
import type { Sink } from '../../server/chain/events.ts'
import { logsOf, pathTo, plain } from './chain.ts'
import { fail, note, shown, type World } from './world.ts'

/** The catalogue on a disk that is full at times; says what is committed that no chain ever held. */
export function watchedSink(world: World, mortal: <T>(work: () => Promise<T>) => Promise<T>): Sink {
  const { time, random, catalogues } = world
  const { indexed, real } = catalogues
  const held = <T>(work: Promise<T>) => (real ? time.hold(work) : work)
  /** Fails before the commit, or after it as when a connection breaks. */
  async function write(work: () => Promise<void>): Promise<void> {
    if (world.live && random.oneIn(40)) throw new Error('disk full')
    await held(work())
    if (world.live && random.oneIn(60)) throw new Error('connection lost')
  }
  return {
    head: () => mortal(() => held(indexed.head())),
    headerAtOrBelow: (number) => mortal(() => held(indexed.headerAtOrBelow(number))),
    append: (batch) =>
      mortal(() =>
        write(async () => {
          await indexed.append(batch)
          checkBatch(world, batch)
        }),
      ),
    rollback: (number) =>
      mortal(() =>
        write(async () => {
          await indexed.rollback(number)
          const block = world.stored && world.chain.at(number, world.stored)
          world.stored = block && block.header.number >= world.chain.deployment.startBlock ? block : null
          note(world, `rolled back to ${number}`)
        }),
      ),
  }
}

/** What is appended is what the chain of its last block holds, block by block. */
function checkBatch(world: World, { headers, logs }: Batch): void {
  const last = world.chain.byHash(headers.at(-1)!.hash)
  if (!last) {
    fail(world, `appended block ${headers.at(-1)!.number}, which never was`)
    return
  }
  world.stored = last
  note(world, `appended up to ${shown(last)}`)
  const from = Math.min(headers[0]!.number, logs[0]?.at.blockNumber ?? Infinity)
  const path = pathTo(last).filter(({ header }) => header.number >= Math.max(from, world.chain.deployment.startBlock))
  if (!isDeepStrictEqual(logs, path.flatMap(logsOf)))
    fail(world, `appended logs up to ${shown(last)} that it does not hold`)
  for (const header of headers)
    if (!path.some((block) => isDeepStrictEqual(plain(block.header), header))) fail(world, `appended a wrong header`)
}
