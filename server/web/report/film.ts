/** What differs in a video, and when: a list, and the stretches of both along time as SVG. Pure. */
import { filmFindingDetail, filmFindingName } from '../client/film-words.ts'
import { fractionIn, isLaidOver, type Lane, type Mark, type Timeline, ticksOf, timelineOf } from '../client/timeline.ts'
import type { Match, Span } from '../client/wire.ts'
import { clock } from '../client/words.ts'
import { el, type Markup } from './markup.ts'

/** Units; the size on paper is the style sheet's. */
const WIDTH = 640
const BAR = 18
const ROW = 20
const LINK = 34
const TICKS = 14

/** In the order and with the numbers of the answer, which are those of the drawings. */
export function filmFindings({ findings, segments }: Match): Markup {
  const items = findings.map((finding) =>
    el('li', {}, el('strong', {}, `${filmFindingName(finding, segments)}: `), `${filmFindingDetail(finding)}.`),
  )
  return el('ol', { class: 'findings' }, ...items)
}

/** Null where there is no time to draw. @param id of the drawing, in its page. */
export function filmDrawing(match: Match, durationS: number | null, id: string): Markup | null {
  const timeline = timelineOf([match], durationS)
  const [lane] = timeline?.lanes ?? []
  if (!timeline || !lane) return null
  const whole = { startS: 0, endS: timeline.durationS }
  const top = timeline.rows * ROW
  const under = top + BAR + TICKS + LINK
  const hatch = `${id}-hatch`
  return el(
    'svg',
    {
      class: 'film-drawing',
      viewBox: `-1 -1 ${WIDTH + 2} ${under + BAR + TICKS + 2}`,
      role: 'img',
      'aria-labelledby': id,
    },
    el('title', { id }, describe(timeline, lane)),
    el('defs', {}, pattern(hatch)),
    el('rect', { class: 'unmatched', x: 0, y: top, width: WIDTH, height: BAR, fill: `url(#${hatch})` }),
    el('rect', { class: 'bar', x: 0, y: under, width: WIDTH, height: BAR }),
    ...match.segments.flatMap(({ candidate, original }) => [
      link(place(whole, candidate), place(lane.window, original), top + BAR, under),
      bar(place(whole, candidate), top),
      bar(place(lane.window, original), under),
    ]),
    ...times(whole, top + BAR + TICKS - 3),
    ...times(lane.window, under + BAR + TICKS - 3),
    ...timeline.marks.map((mark) => tag(mark, timeline, 1 + match.findings.indexOf(mark.finding))),
  )
}

interface Placed {
  x: number
  width: number
}

function place(window: Span, { startS, endS }: Span): Placed {
  const from = fractionIn(window, startS)
  return { x: WIDTH * from, width: WIDTH * Math.max(0, fractionIn(window, endS) - from) }
}

function describe(timeline: Timeline, { match }: Lane): string {
  const stretches = match.segments.length === 1 ? 'one stretch' : `${match.segments.length} stretches`
  const marks = timeline.marks.map(({ finding }) => filmFindingName(finding, match.segments))
  return [`The file above, the original below, and ${stretches} of the one in the other`, ...marks].join('; ')
}

const pattern = (id: string): Markup =>
  el(
    'pattern',
    { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse' },
    el('path', { class: 'hatching', d: 'M-1.500 1.500 1.500-1.500M0 6 6 0M4.500 7.500 7.500 4.500' }),
  )

const bar = ({ x, width }: Placed, y: number): Markup =>
  el('rect', { class: 'stretch', x: units(x), y, width: units(width), height: BAR })

function link(above: Placed, below: Placed, from: number, to: number): Markup {
  const points = [
    [above.x, from],
    [above.x + above.width, from],
    [below.x + below.width, to],
    [below.x, to],
  ]
  return el('polygon', { class: 'link', points: points.map(([x, y]) => `${units(x!)},${y}`).join(' ') })
}

function times(window: Span, y: number): Markup[] {
  return ticksOf(window).map((at) => {
    const fraction = fractionIn(window, at)
    const anchor = fraction < 0.03 ? 'start' : fraction > 0.97 ? 'end' : 'middle'
    return el('text', { class: 'time', x: units(WIDTH * fraction), y, 'text-anchor': anchor }, clock(at))
  })
}

/** The number of a finding above the time in which it is. */
function tag({ finding, span, row }: Mark, { durationS, rows }: Timeline, number: number): Markup {
  const { x, width } = place({ startS: 0, endS: durationS }, span)
  const wide = Math.max(width, ROW)
  const left = Math.max(0, Math.min(width > 0 ? x : x - wide / 2, WIDTH - wide))
  const y = (rows - 1 - row) * ROW
  return el(
    'g',
    { class: isLaidOver(finding) ? 'mark laid-over' : 'mark' },
    el('rect', { x: units(left), y, width: units(wide), height: ROW - 3, rx: 2 }),
    el('text', { x: units(left + ROW / 2), y: y + ROW - 7, 'text-anchor': 'middle' }, number),
  )
}

/** Never in the notation with an exponent. */
const units = (value: number) => Number(value.toFixed(2))
