/** A chart of points, lines and intervals as SVG: no script, and readable on white and on black. Pure. */

export interface Axis {
  label: string
  from: number
  to: number
  /** Logarithmic: then `from` is above 0. */
  log?: boolean
  ticks: number[]
  format(value: number): string
}

export interface Series {
  name: string
  points: { x: number; y: number; xs?: [number, number]; ys?: [number, number]; title: string }[]
}

export interface Chart {
  title: string
  x: Axis
  y: Axis
  series: Series[]
}

const [WIDTH, HEIGHT] = [720, 420]
/** Of the plot. */
const BOX = { left: 70, top: 44, right: 700, bottom: 340 }
/** Told apart by people who see no red or green, too (Okabe and Ito 2008); each reaches 3:1 on white and on black. */
const COLOURS = ['#2f81c7', '#d55e00', '#009e73', '#c0629a', '#8a7a00']

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:15px}.grid{stroke:#d0d7de}.axis{stroke:#57606a}.ground{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}.axis{stroke:#8b949e}.ground{fill:#0d1117}}`

export function drawChart({ title, x, y, series }: Chart): string {
  const at = { x: scale(x, BOX.left, BOX.right), y: scale(y, BOX.bottom, BOX.top) }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(WIDTH / 2, 24, title, 'middle', 'title'),
    ...y.ticks.flatMap((tick) => [
      line(BOX.left, at.y(tick), BOX.right, at.y(tick), 'grid'),
      text(BOX.left - 8, at.y(tick) + 4, y.format(tick), 'end'),
    ]),
    ...x.ticks.flatMap((tick) => [
      line(at.x(tick), BOX.bottom, at.x(tick), BOX.bottom + 5, 'axis'),
      text(at.x(tick), BOX.bottom + 20, x.format(tick), 'middle'),
    ]),
    line(BOX.left, BOX.bottom, BOX.right, BOX.bottom, 'axis'),
    text((BOX.left + BOX.right) / 2, BOX.bottom + 42, x.label, 'middle'),
    `<g transform="rotate(-90 18 ${(BOX.top + BOX.bottom) / 2})">${text(18, (BOX.top + BOX.bottom) / 2, y.label, 'middle')}</g>`,
    ...series.map((one, i) => drawSeries(one, COLOURS[i % COLOURS.length]!, at)),
    ...legend(series),
    '</svg>\n',
  ].join('\n')
}

type Scales = Record<'x' | 'y', (value: number) => number>

function drawSeries({ points }: Series, colour: string, at: Scales): string {
  const path = points.map(({ x, y }) => `${round(at.x(x))},${round(at.y(y))}`).join(' ')
  const whiskers = points.flatMap(({ x, y, xs, ys }) => [
    ...(xs ? [line(at.x(xs[0]), at.y(y), at.x(xs[1]), at.y(y))] : []),
    ...(ys ? [line(at.x(x), at.y(ys[0]), at.x(x), at.y(ys[1]))] : []),
  ])
  const dots = points.map(
    ({ x, y, title }) =>
      `<circle cx="${round(at.x(x))}" cy="${round(at.y(y))}" r="4"><title>${escaped(title)}</title></circle>`,
  )
  return [
    `<g fill="${colour}" stroke="${colour}">`,
    `<g stroke-opacity=".8">${whiskers.join('')}</g>`,
    `<polyline fill="none" stroke-width="2" points="${path}"/>`,
    ...dots,
    '</g>',
  ].join('')
}

/** Below the axis, beside each other. */
function legend(series: readonly Series[]): string[] {
  const step = (BOX.right - BOX.left) / series.length
  return series.flatMap(({ name }, i) => [
    `<circle cx="${round(BOX.left + i * step + 6)}" cy="${HEIGHT - 18}" r="5" fill="${COLOURS[i % COLOURS.length]}"/>`,
    text(BOX.left + i * step + 16, HEIGHT - 14, name, 'start'),
  ])
}

/** What lies outside is drawn at the edge. */
function scale({ from, to, log }: Axis, first: number, last: number): (value: number) => number {
  const of = log ? Math.log : (value: number) => value
  return (value) =>
    first + ((of(Math.min(to, Math.max(from, value))) - of(from)) / (of(to) - of(from))) * (last - first)
}

function line(x1: number, y1: number, x2: number, y2: number, name?: string): string {
  const kind = name ? ` class="${name}"` : ''
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"${kind}/>`
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', name?: string): string {
  const kind = name ? ` class="${name}"` : ''
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind}>${escaped(words)}</text>`
}

const round = (value: number) => Math.round(10 * value) / 10
const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
