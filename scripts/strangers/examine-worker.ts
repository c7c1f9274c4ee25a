/** What a process of the examiners runs: the comparison of the product, and the score of each fit, which it does not tell. */
import { decodeLocal } from '../../server/fingerprint/index.ts'
import {
  type Examined,
  examinePicture,
  fitFeatures,
  type PictureCandidate,
  type PictureOriginal,
  prepareFeatures,
} from '../../server/matching/index.ts'

export interface Pair {
  examined: Examined | null
  score: number
}

export default function examinePairs({
  candidate,
  originals,
}: {
  candidate: PictureCandidate
  originals: PictureOriginal[]
}): Pair[] {
  const examined = new Map(examinePicture(candidate, originals).map((one) => [one.key, one]))
  const features = candidate.local && prepareFeatures(decodeLocal(candidate.local, 'candidate'))
  return originals.map(({ key, local, way }) => ({
    examined: examined.get(key) ?? null,
    score: (features && local && fitFeatures(features, decodeLocal(local), way)?.score) ?? 0,
  }))
}
