/** Runs of a candidate of which most pictures were dropped. On any one line few of those that are left show a moment, so that where little moves the best path
 *  leaps from line to line after moments that are shown there just as well. Pure. */
import { FRAME_MS, type Pair, type Run } from './film-path.ts'
import { FILM } from './thresholds.ts'

export interface Shown {
  picturesMs: readonly number[]
  momentsMs: readonly number[]
  /** Correlation of the two, and what a pair gains by it. */
  likeOf(picture: number, moment: number): number
  gainOf(like: number): number
}

/** The same with all pairs of each on its own line, and those of a longer neighbour where they show what lies on its line as well; left out where nothing
 *  would tell. */
export function straightened(runs: readonly Run[], shown: Shown): Run[] {
  let all = runs.map((run) => onLine(run, exactOffset(run, shown), shown))
  const shortestFirst = all.toSorted((a, b) => a.pairs.length - b.pairs.length)
  for (const run of shortestFirst) {
    const at = all.indexOf(run)
    const [line] = [all[at - 1], all[at + 1]]
      .filter((one) => one !== undefined && one.pairs.length > run.pairs.length)
      .map((one) => onLine(run, one!.offsetMs, shown))
      .filter((one) => meanGain(one) >= FILM.thinned.asWell * meanGain(run))
      .sort((a, b) => meanGain(b) - meanGain(a))
    if (line) all = all.with(at, line)
  }
  return amid(all, shown).filter(({ pairs }) => pairs.length > 0)
}

/** What is shorter than can be told lies on the line that goes on behind it. */
function amid(runs: readonly Run[], shown: Shown): Run[] {
  const { picturesMs } = shown
  const longMs = (FILM.thinned.pictures * (picturesMs.at(-1)! - picturesMs[0]!)) / picturesMs.length
  const isLong = ({ from, to }: Run) => picturesMs[to]! - picturesMs[from]! >= longMs
  return runs.map((run, i) => {
    if (isLong(run)) return run
    const [before, after] = [runs.slice(0, i).findLast(isLong), runs.slice(i + 1).find(isLong)]
    if (!before || !after || Math.abs(after.offsetMs - before.offsetMs) > FILM.thinned.apartMs) return run
    return onLine(run, before.offsetMs, shown)
  })
}

/** Infinite without pairs: nothing speaks against it. */
const meanGain = ({ pairs }: Run) =>
  pairs.length === 0 ? Number.POSITIVE_INFINITY : pairs.reduce((sum, { gain }) => sum + gain, 0) / pairs.length

/** The pictures of a run on a line: those that show a moment there. */
function onLine(run: Run, offsetMs: number, shown: Shown): Run {
  const pairs: Pair[] = Array.from(pairsNear(run, offsetMs, FRAME_MS, shown), ({ picture, moment }) => ({
    picture,
    moment,
    gain: shown.gainOf(shown.likeOf(picture, moment)),
  }))
  return { ...run, offsetMs, pairs, gain: pairs.reduce((sum, { gain }) => sum + gain, 0) / run.speed }
}

/** Pairs of a run's pictures with moments that lie so near to a line, and how far from it. */
function* pairsNear({ from, to, speed }: Run, offsetMs: number, nearMs: number, { picturesMs, momentsMs }: Shown) {
  let moment = 0
  for (let picture = from; picture <= to; picture++) {
    const ms = offsetMs + speed * picturesMs[picture]!
    while (moment + 1 < momentsMs.length && momentsMs[moment + 1]! - ms <= nearMs) moment++
    const offMs = momentsMs[moment]! - ms
    if (Math.abs(offMs) <= nearMs) yield { picture, moment, offMs }
  }
}

/** Milliseconds: how far the line of a run may be off by its pairs, how closely it is told, and which pairs tell of it together. */
const EXACT = { reach: 120, step: 10, together: 15, leastPairs: 4 } as const

/** Where the pairs of a run are most alike: a frame beside the right one what moves is off, so that it is told to a frame. */
export function exactOffset(run: Run, shown: Shown): number {
  const off = Array.from(pairsNear(run, run.offsetMs, EXACT.reach, shown), ({ picture, moment, offMs }) => ({
    offMs,
    left: Math.log(1 - shown.likeOf(picture, moment) ** 2 + LEAST_LEFT),
  }))
  let best = { offMs: 0, left: Number.POSITIVE_INFINITY }
  for (let offMs = -EXACT.reach; offMs <= EXACT.reach; offMs += EXACT.step) {
    const some = off.filter((one) => Math.abs(one.offMs - offMs) <= EXACT.together)
    const left = some.reduce((sum, one) => sum + one.left, 0) / some.length
    if (some.length < EXACT.leastPairs || left >= best.left) continue
    best = { offMs: some.map((one) => one.offMs).sort((a, b) => a - b)[some.length >> 1]!, left }
  }
  return run.offsetMs + best.offMs
}

/** Part of a picture that noise leaves in any case. */
const LEAST_LEFT = 1e-4
