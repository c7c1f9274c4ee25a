/** What the evaluator writes of each lookup, as far as it is read here. */

export interface Result {
  file: string
  kind: 'image' | 'video' | 'audio'
  set: string
  transform: string
  /** Path below the corpus; null or missing for strangers. */
  original?: string | null
  expected: 'identical' | 'derived' | 'altered' | 'none'
  verdict: string
  found?: boolean
  agrees?: boolean
  falseMatch?: boolean
  /** Null for what shows an overlay. */
  falseAltered?: boolean | null
  /** Of what is altered in a region, or for some time: the best of the strongest findings, and whether it is where it should be. */
  regionIou?: number
  regionHit?: boolean
  spanIou?: number
  spanHit?: boolean
  /** Of a clip. */
  offsetErrorS?: number
  answer?: { reason?: string; matches?: { findings?: { kind: string; score: number }[] }[] }
}

export const readResults = (text: string): Result[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** What was too featureless to be compared: not a miss, and never silent. */
export function inconclusive(results: readonly Result[]): string {
  const lines = results
    .filter(({ verdict, kind }) => verdict === 'inconclusive' && kind !== 'audio')
    .map(({ file, answer }) => `- ${file}: ${answer?.reason}`)
  return `\nInconclusive pictures and videos: ${lines.length}\n${lines.join('\n')}`
}
