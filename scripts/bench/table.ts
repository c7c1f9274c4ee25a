/** A row of the printed table: what was measured, ours, and what it is compared to. */
export interface Row {
  what: string
  ours: string
  peer: string
  /** What the peer is, and where its figure comes from. */
  beside: string
}

/** Seconds that `work` took, and what it returned. */
export function timed<T>(work: () => T): [seconds: number, result: T] {
  const started = performance.now()
  const result = work()
  return [(performance.now() - started) / 1000, result]
}

/** The same for work that waits. */
export async function timedAsync<T>(work: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const started = performance.now()
  const result = await work()
  return [(performance.now() - started) / 1000, result]
}

export function printTable(rows: readonly Row[]): void {
  console.log('| what | ours | peer | the peer |\n| --- | --- | --- | --- |')
  for (const { what, ours, peer, beside } of rows) console.log(`| ${what} | ${ours} | ${peer} | ${beside} |`)
}
