/** What is kept of each lookup of a stranger, and what all of them say. Pure. */
import { quantile } from '../load/figures.ts'
import { upperBound } from './bounds.ts'

/** First line of a file of results. */
export interface Head {
  strangers: 1
  /** Of the code that fingerprints, searches and compares. */
  version: string
  /** Files in the order in which they were registered, and numbers of them at which all are asked. */
  registered: number
  sizes: number[]
  date: string
}

/** A further line: one picture that was asked. */
export interface Asked {
  file: string
  /** Of its PDQ hash. */
  quality: number
  /** One for each size of the registry. */
  lookups: Lookup[]
  /** Why it is no stranger after all, by the judgement of a person: it counts for nothing. */
  leftOut?: string
}

export interface Lookup {
  registered: number
  kind: 'found' | 'inconclusive'
  /** Each is false: nothing that is asked is registered. */
  matches: Match[]
  /** Originals that came near enough to be laid over the picture: by their hash as a whole, or by a fit of local hashes that no chance explains. */
  compared: number
  /** Best score of a fit to what the search proposed, before evidence is looked at, and to which file; 0 where nothing fits. */
  bestScore: number
  bestFile: string | null
}

export interface Match {
  file: string
  relation: string
  distanceBits: number | null
  likeness: number
  explained: number
}

/** A row of the table, and a point of the curve. */
export interface SizeSummary {
  registered: number
  lookups: number
  /** Pictures too featureless for hashes of the whole. */
  inconclusive: number
  /** Lookups with at least one match, matches, and the rates that 95 % confidence does not exclude. */
  falseLookups: number
  falsePairs: number
  lookupBound: number
  pairBound: number
  /** Lookups in which anything reached the comparison. */
  compared: number
  /** Best score of a lookup: median, one in a hundred, one in a thousand, the highest. */
  scores: [number, number, number, number]
}

/** @returns those that count. */
export function readStrangers(text: string): { head: Head; asked: Asked[] } {
  const [head, ...asked] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { head, asked: asked.filter(({ leftOut }) => leftOut === undefined) }
}

export function summarise(asked: readonly Asked[], sizes: readonly number[]): SizeSummary[] {
  return sizes.map((registered, i) =>
    summariseSize(
      asked.map(({ lookups }) => lookups[i]!),
      registered,
    ),
  )
}

function summariseSize(lookups: readonly Lookup[], registered: number): SizeSummary {
  const falseLookups = lookups.filter(({ matches }) => matches.length > 0).length
  const falsePairs = lookups.reduce((sum, { matches }) => sum + matches.length, 0)
  const scores = lookups.map(({ bestScore }) => bestScore)
  return {
    registered,
    lookups: lookups.length,
    inconclusive: lookups.filter(({ kind }) => kind === 'inconclusive').length,
    falseLookups,
    falsePairs,
    lookupBound: upperBound(falseLookups, lookups.length),
    pairBound: upperBound(falsePairs, lookups.length * registered),
    compared: lookups.filter(({ compared }) => compared > 0).length,
    scores: [quantile(scores, 0.5), quantile(scores, 0.99), quantile(scores, 0.999), quantile(scores, 1)],
  }
}

/** @param reasons lines of the file's name, a tab, and why. @throws Error for a file that was not asked. */
export function leaveOut(asked: readonly Asked[], reasons: string): Asked[] {
  const why = new Map(
    reasons.split('\n').flatMap((line) => (line.includes('\t') ? [line.split('\t', 2) as [string, string]] : [])),
  )
  const unknown = [...why.keys()].find((name) => !asked.some(({ file }) => file === name))
  if (unknown !== undefined) throw new Error(`"${unknown}" is to be left out, and was not asked`)
  return asked.map(({ leftOut: _, ...one }) => (why.has(one.file) ? { ...one, leftOut: why.get(one.file)! } : one))
}

/** @returns the table of `summarise` as Markdown. */
export function tableOf(summaries: readonly SizeSummary[]): string {
  const head = [
    'registered',
    'asked',
    'false matches',
    '95 % bound a lookup',
    '95 % bound a pair',
    'too featureless for hashes of the whole',
    'reached comparison',
    'best fit: median, 1 in 100, 1 in 1,000, highest',
  ]
  const rows = summaries.map((s) => [
    s.registered.toLocaleString('en'),
    s.lookups.toLocaleString('en'),
    s.falsePairs,
    scientific(s.lookupBound),
    scientific(s.pairBound),
    s.inconclusive,
    s.compared,
    s.scores.map((score) => score.toFixed(1)).join(', '),
  ])
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function scientific(rate: number): string {
  const [digits, power] = rate.toExponential(1).split('e-')
  return `${digits} · 10⁻${[...power!].map((digit) => SUPERSCRIPTS[Number(digit)]).join('')}`
}
