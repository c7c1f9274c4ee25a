/** PDQ alone beside ours: how many copies the hash of the whole picture finds, in eight turns, at its own threshold. Pure. */
import { MIN_QUALITY } from '../../server/fingerprint/index.ts'
import { distanceBits } from '../../server/matching/index.ts'
import { MAX_DISTANCE_BITS } from '../../server/matching/thresholds.ts'
import type { Result } from './results.ts'

/** What a copy is measured to be by itself, without a registry. */
export interface Measured {
  file: string
  /** Nearest original by PDQ within the threshold; null where none is, or the copy has too little detail. */
  nearest: string | null
  /** Score of the fit of its local hashes to those of its own original; null for strangers. */
  score: number | null
}

export interface Hashed {
  original: string
  /** PDQ, 32 bytes. */
  hash: Uint8Array
}

/** @param turns of the copy, eight. */
export function nearestByPdq(turns: readonly Uint8Array[], quality: number, originals: readonly Hashed[]) {
  if (quality < MIN_QUALITY) return null
  let [best, least] = [null as string | null, MAX_DISTANCE_BITS + 1]
  for (const { original, hash } of originals)
    for (const turn of turns) {
      const distance = distanceBits(turn, hash)
      if (distance < least) [best, least] = [original, distance]
    }
  return best
}

const EXPECTED = ['derived', 'altered'] as const

/** @returns one row for each transformation, and one for all of each kind of truth; strangers by how many match. */
export function tableBeside(results: readonly Result[], measured: readonly Measured[]): string {
  const nearest = new Map(measured.map((one) => [one.file, one.nearest]))
  const known = results.filter(({ file }) => nearest.has(file))
  const pdqFinds = ({ file, original }: Result) => nearest.get(file) === original
  const row = (name: string, of: Result[]) =>
    `| ${name} | ${of.length} | ${percent(of, pdqFinds)} | ${percent(of, ours)} |`
  const rows = EXPECTED.flatMap((expected) => {
    const all = known.filter((one) => one.expected === expected)
    const byTransform = Map.groupBy(all, ({ set, transform }) => `${set}:${transform}`)
    const names = [...byTransform.keys()].sort()
    return all.length > 0
      ? [row(`**all ${expected}**`, all), ...names.map((name) => row(name, byTransform.get(name)!))]
      : []
  })
  const strangers = known.filter(({ expected }) => expected === 'none')
  const matched = `| strangers that match | ${strangers.length} | ${percent(strangers, ({ file }) => nearest.get(file) !== null)} | ${percent(strangers, ({ falseMatch }) => falseMatch === true)} |`
  return [
    '| what | n | PDQ alone finds % | found % |',
    '|---|---|---|---|',
    ...rows,
    ...(strangers.length > 0 ? [matched] : []),
  ].join('\n')
}

const ours = ({ found }: Result) => found === true

function percent(of: readonly Result[], holds: (one: Result) => boolean): string {
  return of.length === 0 ? '-' : ((100 * of.filter(holds).length) / of.length).toFixed(1)
}
