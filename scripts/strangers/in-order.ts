/** Work on many things, several at once, with a bar that says how long it takes. */
import cliProgress from 'cli-progress'

/** Hands over what comes of them in their own order, one after the other. */
export async function inOrder<S, T>(
  what: string,
  things: readonly S[],
  atOnce: number,
  work: (thing: S) => Promise<T>,
  take: (result: T, thing: S) => Promise<void>,
): Promise<void> {
  const bar = new cliProgress.SingleBar({
    format: `${what} {bar} {value} of {total}, {eta_formatted} left`,
    etaBuffer: 200,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
    stream: process.stderr,
  })
  bar.start(things.length, 0)
  const underWay: Promise<T>[] = []
  for (const [i, thing] of things.entries()) {
    while (underWay.length < atOnce && i + underWay.length < things.length)
      underWay.push(work(things[i + underWay.length]!))
    await take(await underWay.shift()!, thing)
    bar.increment()
  }
  bar.stop()
}
