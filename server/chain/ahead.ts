/** Reads ranges ahead of whoever appends them: several are on their way at once, and come out in order. */
import { HoleError } from './completeness.ts'
import type { RegistryLog } from './events.ts'
import type { RangeContent, Span } from './range.ts'
import { asksTooMuch } from './rpc.ts'

/** Logs that a range should hold, a logged claim counted as one, so that one transaction of the sink stays small: about 10 MB; and that
 *  it may hold before it is asked for again in parts. */
const LOGS_PER_RANGE = 10_000
const MOST_PER_RANGE = 40_000
/** Blocks to begin with, when nothing is known of the node and of how many logs its blocks hold. */
const FIRST_BLOCKS = 32
/** Growth of a range after one that held little: twice, but carefully where the node has once refused a larger one. */
const GROWTH = 2
const CAREFUL_GROWTH = 1.1
/** Ranges that are read and not appended yet: what they hold, at 10,000 logs each, is all that waits in memory. 4: a node answers
 *  that many twice as fast as one after the other, and the sink is slower than that (docs/performance.md). */
const RANGES_AHEAD = 4

/** How many blocks to ask one node for at once: learned from its answers. */
export interface Sizer {
  blocks(): number
  /** How many ranges may be on their way: one until the first was answered. */
  ahead(): number
  held(blocks: number, logs: number): void
  refused(blocks: number): void
}

export function createSizer(maxBlocks: number): Sizer {
  let blocks = Math.min(FIRST_BLOCKS, maxBlocks)
  let growth = GROWTH
  let known = false

  function next(read: number, logs: number): number {
    if (logs > LOGS_PER_RANGE) return Math.max(1, Math.floor((read * LOGS_PER_RANGE) / logs))
    if (logs * 2 > LOGS_PER_RANGE) return read
    return Math.min(maxBlocks, Math.max(blocks, Math.ceil(growth * read)))
  }
  return {
    blocks: () => blocks,
    ahead: () => (known ? RANGES_AHEAD : 1),
    held(read, logs) {
      known = true
      blocks = next(read, logs)
    },
    refused(asked) {
      growth = CAREFUL_GROWTH
      blocks = Math.max(1, Math.floor(asked / 2))
    },
  }
}

type Read = (span: Span) => Promise<RangeContent>

/** The contents of ranges that make up `span`, in order and without a gap. Nothing more is read once `enough` says so, or when whoever takes
 *  them stops. */
export async function* readAhead(
  read: Read,
  sizer: Sizer,
  { from, to }: Span,
  enough: () => boolean = () => false,
): AsyncGenerator<RangeContent, void, undefined> {
  const ahead: Promise<Part>[] = []
  let next = from

  function fill(): void {
    while (next <= to && ahead.length < sizer.ahead() && !enough()) {
      const end = Math.min(to, next + sizer.blocks() - 1)
      const part = readFirst(read, sizer, { from: next, to: end })
      // It is looked at when its turn comes, which may be never.
      part.catch(() => {})
      ahead.push(part)
      next = end + 1
    }
  }

  for (fill(); ahead.length > 0; fill()) {
    let part = await ahead.shift()!
    yield part.content
    while (part.rest) {
      part = await readFirst(read, sizer, part.rest, part.blocks)
      yield part.content
    }
  }
}

/** The beginning of a span, and what is left of it: that is read when its turn comes, so that what waits stays small. */
interface Part {
  content: RangeContent
  /** So many can be read at once. */
  blocks: number
  rest: Span | null
}

/** Halves a range as long as the node finds it too much, leaves holes in it, or it holds too much to be appended at once. */
async function readFirst(read: Read, sizer: Sizer, { from, to }: Span, most = to - from + 1): Promise<Part> {
  for (let blocks = Math.min(most, to - from + 1); ; ) {
    const end = from + blocks - 1
    const content = await readOnce(read, sizer, { from, to: end })
    if (content) return { content, blocks, rest: end < to ? { from: end + 1, to } : null }
    blocks = Math.ceil((blocks - 1) / 2)
  }
}

/** Null where a smaller range should be asked for. */
async function readOnce(read: Read, sizer: Sizer, span: Span): Promise<RangeContent | null> {
  const blocks = span.to - span.from + 1
  try {
    const content = await read(span)
    const claims = claimsIn(content.batch.logs)
    sizer.held(blocks, claims)
    return blocks > 1 && claims > MOST_PER_RANGE ? null : content
  } catch (error) {
    if (blocks === 1 || !(asksTooMuch(error) || isHole(error))) throw error
    sizer.refused(blocks)
    return null
  }
}

/** A logged batch is one log of up to 1,024 claims, and each becomes a row. */
const claimsIn = (logs: readonly RegistryLog[]): number =>
  logs.reduce((sum, log) => sum + (log.type === 'batchLogged' ? log.claims.length : 1), 0)

const isHole = (error: unknown): boolean => error instanceof Error && error.cause instanceof HoleError
