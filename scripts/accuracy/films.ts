/** Videos: ours for each transformation, and beside it what vPDQ would find of the same files. Pure. */
import { distanceBits, MIN_QUALITY } from '../../server/matching/index.ts'
import { MAX_DISTANCE_BITS } from '../../server/matching/thresholds.ts'
import type { Result } from './results.ts'

/** A video as vPDQ knows it: hashes of its frames, one a second, each once, those left out that show too little. */
export type FrameSet = readonly Uint8Array[]

export interface Hashed {
  hash: Uint8Array
  quality: number
}

/** @param frames one a second. */
export function frameSetOf(frames: readonly Hashed[]): FrameSet {
  const each = frames.filter(({ quality }) => quality >= MIN_QUALITY)
  return [...new Map(each.map(({ hash }) => [Buffer.from(hash).toString('hex'), hash])).values()]
}

/** Share of the frames of one side that have a match on the other, above which vPDQ takes two videos for one (its reference: 80 % of the query's; here of
 * either's, as an original may be the longer one or the shorter). */
const LEAST_SHARE = 0.8

/** Whether vPDQ would say that the two match. */
export function vpdqMatches(one: FrameSet, other: FrameSet): boolean {
  return Math.max(shareIn(one, other), shareIn(other, one)) >= LEAST_SHARE
}

function shareIn(these: FrameSet, those: FrameSet): number {
  if (these.length === 0) return 0
  const met = these.filter((hash) => those.some((other) => distanceBits(hash, other) <= MAX_DISTANCE_BITS))
  return met.length / these.length
}

/** What vPDQ says of a copy. */
export interface FilmMeasured {
  file: string
  /** Originals that match it. */
  matches: string[]
}

const HEAD = [
  'what',
  'n',
  'vPDQ finds %',
  'found %',
  'agrees %',
  'false altered %',
  'region IoU',
  'region hit %',
  'span IoU',
  'span ±0.5 s %',
  'offset error s',
]

const EXPECTED = ['identical', 'derived', 'altered'] as const

/** @returns one row for each transformation, and one for all of each kind of truth; strangers by how many match. */
export function filmTable(results: readonly Result[], measured: readonly FilmMeasured[]): string {
  const matches = new Map(measured.map((one) => [one.file, one.matches]))
  const known = results.filter(({ file, kind }) => kind === 'video' && matches.has(file))
  const vpdqFinds = ({ file, original }: Result) => matches.get(file)!.includes(original ?? '')
  const row = (name: string, of: Result[]) => line([name, of.length, percent(of.map(vpdqFinds)), ...ours(of)])
  const rows = EXPECTED.flatMap((expected) => {
    const all = known.filter((one) => one.expected === expected)
    if (all.length === 0) return []
    const byTransform = Map.groupBy(all, ({ set, transform }) => `${set}:${transform}`)
    const names = [...byTransform.keys()].sort()
    return [row(`**all ${expected}**`, all), ...names.map((name) => row(name, byTransform.get(name)!))]
  })
  const strangers = known.filter(({ expected }) => expected === 'none')
  const matched = [
    'strangers that match',
    strangers.length,
    percent(strangers.map(({ file }) => matches.get(file)!.length > 0)),
    percent(strangers.map(({ falseMatch }) => falseMatch)),
    ...Array(HEAD.length - 4).fill('-'),
  ]
  return [line(HEAD), line(HEAD.map(() => '---')), ...rows, ...(strangers.length > 0 ? [line(matched)] : [])].join('\n')
}

const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`

const ours = (of: readonly Result[]) => [
  percent(of.map(({ found }) => found)),
  percent(of.map(({ agrees }) => agrees)),
  percent(of.map(({ falseAltered }) => falseAltered)),
  median(of.map(({ regionIou }) => regionIou)),
  percent(of.map(({ regionHit }) => regionHit)),
  median(of.map(({ spanIou }) => spanIou)),
  percent(of.map(({ spanHit }) => spanHit)),
  median(of.map(({ offsetErrorS }) => offsetErrorS)),
]

/** Of those that are known. */
function percent(values: readonly (boolean | null | undefined)[]): string {
  const known = values.filter((value) => value !== null && value !== undefined)
  return known.length === 0 ? '-' : ((100 * known.filter(Boolean).length) / known.length).toFixed(1)
}

function median(values: readonly (number | null | undefined)[]): string {
  const known = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b)
  if (known.length === 0) return '-'
  const half = known.length >> 1
  return (known.length % 2 ? known[half]! : (known[half - 1]! + known[half]!) / 2).toFixed(2)
}
