/** What a process of the examiners runs: the score of each fit, which the product does not tell, and its comparison where that is no matter of chance. */
import { decodeLocal } from '../../server/fingerprint/index.ts'
import {
  type Examined,
  examinePicture,
  FIT,
  fitFeatures,
  type PictureCandidate,
  type PictureOriginal,
  prepareFeatures,
} from '../../server/matching/index.ts'

export interface Pair {
  examined: Examined | null
  score: number
}

/** Calls of which one has everything compared: it shows that what is left out otherwise is answered by nothing. */
const ALL_EVERY = 20
let calls = 0

/** @throws Error if the product finds something where no fit is good enough, nor a hash near. */
export default function examinePairs({
  candidate,
  originals,
}: {
  candidate: PictureCandidate
  originals: PictureOriginal[]
}): Pair[] {
  const features = candidate.local && prepareFeatures(decodeLocal(candidate.local, 'candidate'))
  const scores = originals.map(
    ({ local, way }) => (features && local && fitFeatures(features, decodeLocal(local), way)?.score) ?? 0,
  )
  const near = originals.filter(({ orientation }, i) => orientation !== null || scores[i]! >= FIT.minScore)
  const among = calls++ % ALL_EVERY === 0 ? originals : near
  const examined = new Map((among.length > 0 ? examinePicture(candidate, among) : []).map((one) => [one.key, one]))
  const odd = originals.find((one) => examined.has(one.key) && !near.includes(one))
  if (odd) throw new Error(`${odd.key} is found without a fit or a near hash: nothing may be left out any more`)
  return originals.map(({ key }, i) => ({ examined: examined.get(key) ?? null, score: scores[i]! }))
}
