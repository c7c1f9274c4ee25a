/** Long computations in turns: between them the thread answers others. */

/** Milliseconds after which others have their turn. The database, in a thread of its own, waits as long for the next part of a transaction. */
const TURN_MS = 4

/** `items.map(work)`, in turns. @throws what `work` throws. */
export async function mapInTurns<T, R>(items: readonly T[], work: (item: T) => R): Promise<R[]> {
  const done: R[] = []
  let began = performance.now()
  for (const item of items) {
    if (performance.now() - began > TURN_MS) {
      // Not a promise that is settled already: that would not let events in.
      await new Promise((resolve) => setImmediate(resolve))
      began = performance.now()
    }
    done.push(work(item))
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
