/** Whether a stretch of a candidate is another sound than the original's, or the same under noise or something laid over it. Pure. */
import type { Judged } from './sound-findings.ts'
import { pausesBeside } from './sound-levels.ts'
import { CERTAIN, UNTOLD } from './sound-line.ts'
import { BEYOND } from './sound-path.ts'
import { SOUND } from './thresholds.ts'

/** Slots; `to` is the first behind it. */
export interface Gap {
  from: number
  to: number
}

/** Of a print, that it agrees. */
export const isAlike = (bits: number) => bits <= SOUND.differing * CERTAIN

/** Whether what is heard there is another sound: prints that disagree where the original is loud, or the candidate is and the original is not, or where both are quiet but
 * agree elsewhere. Something that is laid over the whole makes them disagree too: then something of the original must be lacking. */
export function isOther(of: Judged, gap: Gap): boolean {
  const { levels, wrong, worth, slots } = of
  const { from, to } = gap
  if ((to - from) * slots.stepS < SOUND.otherS) return false
  let [against, loud, lacking] = [0, 0, 0]
  const over = laidOver(of, gap)
  // Under even noise only what stands out of it can agree.
  const leastDb = Math.max(
    levels.loudDb - SOUND.loudDb,
    over === 'noise' ? levels.floorDb - levels.gainDb + SOUND.outDb : -1e9,
  )
  const tellsAll = over === null && pausesAgree(of, gap)
  for (let k = from; k < to; k++) {
    if (wrong[k] === BEYOND || wrong[k] === UNTOLD) continue
    const isLoud = levels.original[k]! > leastDb
    const isMore = over === null && levels.excess[k]! > SOUND.excessDb
    if (isLoud || isMore || tellsAll) against -= worth[wrong[k]!]!
    if (isLoud || isMore) against += tooFar(levels.excess[k]!)
    loud += Number(isLoud)
    lacking += Number(isLoud && levels.excess[k]! < -SOUND.lackDb)
  }
  if (over !== 'sound') return against >= SOUND.against
  return against >= SOUND.againstCovered && lacking >= SOUND.lacking * loud
}

/** What another level than the original's speaks for another sound, where prints disagree too. */
const tooFar = (excessDb: number) =>
  Math.min(SOUND.levelMost, Math.max(0, Math.abs(excessDb) - SOUND.excessDb) / SOUND.levelDb)

/** What is laid over the candidate elsewhere too. Where the original has no pauses, how well prints agree tells it. */
function laidOver({ levels, differing, wrong }: Judged, gap: Gap): 'noise' | 'sound' | null {
  const { count, filled, variesDb } = pausesBeside(levels, [gap], (k) => isAlike(wrong[k]!))
  const isTold = count >= SOUND.leastQuiet
  if (isTold && filled > SOUND.mixed) return variesDb > SOUND.variesDb ? 'sound' : 'noise'
  if (!isTold && differing > SOUND.uncovered) return 'sound'
  return levels.raisedDb > SOUND.excessDb ? 'noise' : null
}

/** Whether prints agree where the original is quiet, beside a gap: under noise they do not. */
function pausesAgree({ levels, wrong }: Judged, { from, to }: Gap): boolean {
  let [quiet, agree] = [0, 0]
  for (const [k, bits] of wrong.entries()) {
    if ((k >= from && k < to) || bits === BEYOND || bits === UNTOLD) continue
    if (levels.original[k]! > levels.loudDb - SOUND.loudDb) continue
    quiet++
    agree += Number(bits <= SOUND.differing * CERTAIN)
  }
  return quiet >= SOUND.leastQuiet && agree >= SOUND.pausesAgree * quiet
}
