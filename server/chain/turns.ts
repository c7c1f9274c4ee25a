/** Long computations in turns: between them the thread answers others. */

/** Work of a turn, a log counted as one: some 4 ms. The database, in a thread of its own, waits as long for the next part of a transaction.
 *  Counted, not timed: what is done in which order must not depend on how busy the machine is. */
const TURN = 256

/** `items.map(work)`, in turns. @param weigh how much work an item is. @throws what `work` throws. */
export async function mapInTurns<T, R>(
  items: readonly T[],
  work: (item: T) => R,
  weigh: (item: T) => number = () => 1,
): Promise<R[]> {
  const done: R[] = []
  let weight = 0
  for (const item of items) {
    if (weight >= TURN) {
      // Not a promise that is settled already: that would not let events in.
      await new Promise((resolve) => setImmediate(resolve))
      weight = 0
    }
    done.push(work(item))
    weight += weigh(item)
  }
  return done
}

/** Runs one work after the other, first come, first served. */
export type InOrder = <R>(work: () => Promise<R>) => Promise<R>

/** Works that only compute are done no sooner by taking turns with each other: the first would be done last. */
export function createOrder(): InOrder {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
