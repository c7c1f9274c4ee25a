/** The figures of docs/accuracy.md. Pure. */
import { FIT } from '../../server/matching/index.ts'
import type { Asked } from '../strangers/results.ts'
import { type Axis, drawChart, type Series } from './chart.ts'
import { type CurvePoint, shareOf } from './curves.ts'

/** Where nothing is drawn on a logarithmic axis: less than one of 10,000. */
const NONE = 5e-5
const percent = (value: number) => (value === NONE ? 'none' : `${Number((100 * value).toPrecision(3))} %`)
const shares = (label: string, from: number, to: number, ticks: number[], log = false): Axis => ({
  label,
  from,
  to,
  ticks,
  log,
  format: percent,
})

const POWERS = [NONE, 1e-4, 1e-3, 1e-2, 1e-1, 1]

/** Scores of a fit whose rates are drawn by the size of the registry. */
const SCORES = [4, 6, FIT.minScore]

/** Lookups of strangers that match, and that have a fit of some score, by the size of the registry. */
export function drawBySize(asked: readonly Asked[]): string {
  const sizes = asked[0]!.lookups.map(({ registered }) => registered)
  const series = (name: string, holds: (lookup: Asked['lookups'][0]) => boolean): Series => ({
    name,
    points: sizes.map((x, i) => {
      const { share, low, high } = shareOf(asked.filter(({ lookups }) => holds(lookups[i]!)).length, asked.length)
      return {
        x,
        y: share,
        ys: [low, high],
        title: `${name}, ${x} registered: ${percent(share)}, at most ${percent(high)}`,
      }
    }),
  })
  return drawChart({
    title: 'Strangers: false matches by size of the registry',
    x: {
      label: 'pictures registered',
      from: sizes[0]! / 1.3,
      to: sizes.at(-1)! * 1.3,
      log: true,
      ticks: sizes,
      format: (value) => value.toLocaleString('en'),
    },
    y: shares('of the lookups (lines: 95 %)', NONE, 1, POWERS, true),
    series: [
      series('answered as a match', ({ matches }) => matches.length > 0),
      ...SCORES.map((score) => series(`fit of ${score}`, ({ bestScore }) => bestScore >= score)),
    ],
  })
}

export function drawFoundAgainstFalse(curves: ReadonlyMap<number, CurvePoint[]>): string {
  const series = [...curves].map(([size, points]) => ({
    name: `${size.toLocaleString('en')} registered`,
    points: drawn(points),
  }))
  return drawChart({
    title: 'Local hashes alone: copies found against strangers, over the score of the fit',
    x: shares('lookups of strangers with a fit of that score (lines: 95 %)', NONE, 1, POWERS, true),
    y: shares('copies with a fit of that score', 0.9, 1, [0.9, 0.92, 0.94, 0.96, 0.98, 1]),
    series,
  })
}

export function drawAlteredAgainstFalseAlarms(points: readonly CurvePoint[]): string {
  return drawChart({
    title: 'Alterations: called altered against false alarms, over the score of a finding',
    x: shares('benign copies without an overlay called altered (lines: 95 %)', 0, 0.02, [0, 0.005, 0.01, 0.015, 0.02]),
    y: shares('altered copies called altered', 0.8, 1, [0.8, 0.85, 0.9, 0.95, 1]),
    series: [{ name: 'by score of the strongest region', points: drawn(points) }],
  })
}

function drawn(points: readonly CurvePoint[]): Series['points'] {
  return points.map(({ threshold, right, wrong }) => ({
    x: wrong.share,
    y: right.share,
    xs: [wrong.low, wrong.high],
    ys: [right.low, right.high],
    title: `score ${threshold}: ${percent(right.share)} against ${percent(wrong.share)} (at most ${percent(wrong.high)})`,
  }))
}
