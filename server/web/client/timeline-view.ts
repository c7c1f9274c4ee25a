/** The timeline under a video: its stretches above, those of the originals below, joined, each with its sound; and a button for each difference. */
import { el, quoted, svg } from './dom.ts'
import { filmFindingName, letterOf } from './film-words.ts'
import { kindGlyph } from './kind-glyphs.ts'
import type { Moment } from './moments.ts'
import { fractionIn, isLaidOver, type Lane, type Mark, type Timeline, ticksOf } from './timeline.ts'
import type { Span } from './wire.ts'
import { clock } from './words.ts'

export interface TimelineView {
  element: HTMLElement
  /** Puts the playheads at a moment of both sides. */
  show(moment: Moment): void
  /** Marks one difference. */
  choose(index: number | null): void
}

export interface TimelineParts {
  timeline: Timeline
  /** Of the candidate, in equal parts of its time, 0 to 100; empty where nothing is heard. */
  loudness: readonly number[]
  onSeek(seconds: number): void
  onMark(index: number): void
}

/** In rem, so that it grows with the reader's letters. */
const BAR = 1.25
const LINK = 1.5
const NAME = 1.5
const TICKS = 1.1
/** The lane of the sound, under that of the picture. */
const SOUND = 1.5

export function createTimeline({ timeline, loudness, onSeek, onMark }: TimelineParts): TimelineView {
  const whole = { startS: 0, endS: timeline.durationS }
  const foot = loudness.length > 0 ? BAR + SOUND : BAR
  // All lanes are as high: how loud an original is may be known of some.
  const laneFoot = timeline.lanes.some(({ match }) => match.original.loudness) ? BAR + SOUND : BAR
  const laneTop = (lane: number) => foot + TICKS + LINK + NAME + lane * (LINK + NAME + laneFoot + TICKS)
  const marks = createMarks(timeline, onMark)
  const heads = [head(0, foot), ...timeline.lanes.map((_, lane) => head(laneTop(lane), laneFoot))]
  const tracks = el(
    'div',
    { class: 'tracks' },
    drawing(timeline, loudness, { foot, laneTop }),
    ...names(timeline, laneTop),
    scrubber(whole, onSeek),
  )
  const laneTicks = timeline.lanes.map((lane, i) => ticks(lane.window, laneTop(i) + laneFoot))
  tracks.append(ticks(whole, foot), ...laneTicks, ...heads)
  tracks.style.setProperty('height', rem(laneTop(timeline.lanes.length - 1) + laneFoot + TICKS))
  const element = el('div', { class: 'film-line' }, marks.element, tracks)
  return {
    element,
    choose: marks.choose,
    show({ copyS, original }) {
      heads[0]!.hidden = copyS === null
      if (copyS !== null) place(heads[0]!, fractionIn(whole, copyS))
      for (const [i, lane] of timeline.lanes.entries()) {
        const here = original?.lane === lane && isIn(lane.window, original.originalS)
        heads[i + 1]!.hidden = !here
        if (here) place(heads[i + 1]!, fractionIn(lane.window, original.originalS))
      }
    },
  }
}

const rem = (value: number) => `${Number(value.toFixed(3))}rem`
const percent = (fraction: number) => `${Number((100 * fraction).toFixed(4))}%`
const isIn = ({ startS, endS }: Span, seconds: number) => startS <= seconds && seconds <= endS
const place = (element: HTMLElement, fraction: number) => element.style.setProperty('left', percent(fraction))

function head(top: number, height: number): HTMLElement {
  const element = el('div', { class: 'head', 'aria-hidden': true })
  element.style.setProperty('top', rem(top))
  element.style.setProperty('height', rem(height + 0.4))
  return element
}

/** What is not drawn as a stretch stays hatched: nothing is known of it. Shapes only, for the buttons and the list say the same. */
function drawing(timeline: Timeline, loudness: readonly number[], { foot, laneTop }: Layout): SVGElement {
  const whole = { startS: 0, endS: timeline.durationS }
  const links = timeline.lanes.map((lane, i) => link(lane, whole, i, { foot, laneTop }))
  const stretches = timeline.lanes.map((lane, i) => [
    bar(lane.window, { startS: 0, endS: Number.POSITIVE_INFINITY }, laneTop(i), 'bar'),
    ...lane.match.segments.flatMap(({ candidate, original }) => [
      bar(whole, candidate, 0, `stretch lane-${i % 4}`),
      bar(lane.window, original, laneTop(i), `stretch lane-${i % 4}`),
    ]),
  ])
  const hatch = svg('pattern', { id: 'hatch', width: 8, height: 8, patternUnits: 'userSpaceOnUse' })
  hatch.append(svg('path', { class: 'hatching', d: 'M-2 2 2-2M0 8 8 0M6 10 10 6' }))
  const unmatched = { class: 'unmatched', x: 0, y: 0, width: '100%', height: rem(BAR), fill: 'url(#hatch)' }
  const drawn = [svg('defs', {}, hatch), svg('rect', unmatched), ...links, ...stretches.flat()]
  const notes = timeline.marks
    .filter(({ finding }) => !isLaidOver(finding))
    .map((mark) => note(mark, whole, mark.finding.channel === 'audio' && foot > BAR ? foot : BAR))
  const own = foot > BAR ? [wave(loudness, BAR, { from: 0, to: 1 })] : []
  const others = timeline.lanes.flatMap((lane, i) => waveOf(lane, laneTop(i) + BAR))
  return svg('svg', { class: 'film-drawing', 'aria-hidden': true }, ...drawn, ...own, ...others, ...notes)
}

/** Where things stand, in rem. */
interface Layout {
  /** Of the candidate's lanes. */
  foot: number
  laneTop(lane: number): number
}

/** Of an original, the part that is drawn of it. */
function waveOf({ match, window }: Lane, top: number): SVGElement[] {
  const { loudness } = match.original
  if (!loudness) return []
  const { span, values } = loudness
  const eachS = (span.endS - span.startS) / values.length
  const [first, end] = [window.startS, window.endS].map((s) => Math.max(0, Math.round((s - span.startS) / eachS)))
  const shown = values.slice(first, end)
  const startS = span.startS + first! * eachS
  const to = fractionIn(window, startS + shown.length * eachS)
  return shown.length > 0 ? [wave(shown, top, { from: fractionIn(window, startS), to })] : []
}

/** How loud it is, on both sides of a line in the middle of its lane. @param across fractions of the width. */
function wave(loudness: readonly number[], top: number, across: { from: number; to: number }): SVGElement {
  const half = loudness.map((value, i) => ({ x: i + 0.5, y: Math.max(1, value / 2) }))
  const upper = half.map(({ x, y }) => `${x},${50 - y}`)
  const lower = half.toReversed().map(({ x, y }) => `${x},${50 + y}`)
  const place = { x: percent(across.from), y: rem(top), width: percent(across.to - across.from), height: rem(SOUND) }
  const box = { ...place, viewBox: `0 0 ${loudness.length} 100` }
  const shape = svg('polygon', { class: 'wave', points: [...upper, ...lower].join(' ') })
  return svg('svg', { ...box, preserveAspectRatio: 'none' }, shape)
}

function bar(window: Span, { startS, endS }: Span, top: number, name: string): SVGElement {
  const [from, to] = [fractionIn(window, startS), fractionIn(window, endS)]
  return svg('rect', {
    class: name,
    x: percent(from),
    y: rem(top),
    width: percent(Math.max(0, to - from)),
    height: rem(BAR),
  })
}

/** From the stretches of the candidate to those of one original. Its own coordinates stretch with the page. */
function link({ match, window }: Lane, whole: Span, lane: number, { foot, laneTop }: Layout): SVGElement {
  const shapes = match.segments.map(({ candidate: c, original: o }) => {
    const [a, b] = [100 * fractionIn(whole, c.startS), 100 * fractionIn(whole, c.endS)]
    const [p, q] = [100 * fractionIn(window, o.startS), 100 * fractionIn(window, o.endS)]
    return svg('polygon', { class: `link lane-${lane % 4}`, points: `${a},0 ${b},0 ${q},100 ${p},100` })
  })
  const box = { x: 0, y: rem(foot), width: '100%', height: rem(laneTop(lane) - foot) }
  return svg('svg', { ...box, viewBox: '0 0 100 100', preserveAspectRatio: 'none' }, ...shapes)
}

/** What differs, in its lane: a line along an edge, or a notch where something is cut. @param foot of the lane: the picture's, or the sound's. */
function note({ span, finding }: Mark, whole: Span, foot: number): SVGElement {
  const isSound = foot > BAR
  const [from, to] = [fractionIn(whole, span.startS), fractionIn(whole, span.endS)]
  if (to - from <= 0 || finding.kind === 'missing')
    return svg('rect', {
      class: 'notch',
      x: percent(from),
      y: isSound ? rem(BAR) : 0,
      width: 2,
      height: rem(isSound ? SOUND : BAR),
      transform: 'translate(-1 0)',
    })
  const y = isSound ? rem(foot - 0.3) : 0
  return svg('rect', { class: 'differs', x: percent(from), y, width: percent(to - from), height: rem(0.3) })
}

function names({ lanes }: Timeline, laneTop: Layout['laneTop']): HTMLElement[] {
  return lanes.map(({ match }, i) => {
    const letter = lanes.length > 1 && el('strong', {}, `${letterOf(i)} `)
    const { title, durationS } = match.original
    const name = el('p', { class: 'lane-name' }, letter, title ? quoted(title) : 'Original without a title')
    if (durationS) name.append(`, ${clock(durationS)}`)
    name.style.setProperty('top', rem(laneTop(i) - NAME))
    return name
  })
}

function ticks(window: Span, top: number): HTMLElement {
  const row = el('div', { class: 'ticks', 'aria-hidden': true })
  row.style.setProperty('top', rem(top))
  for (const at of ticksOf(window)) {
    const fraction = fractionIn(window, at)
    const edge = fraction < 0.03 ? ' first' : fraction > 0.97 ? ' last' : ''
    const tick = el('span', { class: `tick${edge}` }, clock(at))
    place(tick, fraction)
    row.append(tick)
  }
  return row
}

/** For a pointer: a keyboard has the marks, and the controls of the player. */
function scrubber(whole: Span, onSeek: (seconds: number) => void): HTMLElement {
  const element = el('div', { class: 'scrub', 'aria-hidden': true })
  const seek = (event: PointerEvent) => {
    const { left, width } = element.getBoundingClientRect()
    onSeek(whole.endS * Math.min(1, Math.max(0, (event.clientX - left) / width)))
  }
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId)
    seek(event)
  })
  element.addEventListener('pointermove', (event) => event.buttons > 0 && seek(event))
  return element
}

/** A toolbar: one stop of the Tab key, the arrows go from mark to mark. */
function createMarks(timeline: Timeline, onMark: (index: number) => void) {
  const buttons = timeline.marks.map((mark, index) => markButton(mark, timeline, () => onMark(index)))
  const element = el(
    'div',
    { class: 'marks', role: 'toolbar', 'aria-label': 'Differences, in order of time' },
    ...buttons,
  )
  element.style.setProperty('--rows', String(timeline.rows))
  element.hidden = buttons.length === 0
  let stop = 0
  const walk = (to: number) => {
    stop = Math.min(buttons.length - 1, Math.max(0, to))
    for (const [i, button] of buttons.entries()) button.tabIndex = i === stop ? 0 : -1
  }
  walk(0)
  element.addEventListener('focusin', ({ target }) => walk(buttons.indexOf(target as HTMLButtonElement)))
  element.addEventListener('keydown', (event) => {
    const to = {
      ArrowRight: stop + 1,
      ArrowDown: stop + 1,
      ArrowLeft: stop - 1,
      ArrowUp: stop - 1,
      Home: 0,
      End: Infinity,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    walk(to)
    buttons[stop]?.focus()
  })
  const choose = (index: number | null) => {
    for (const [i, button] of buttons.entries()) button.classList.toggle('chosen', i === index)
  }
  return { element, choose }
}

function markButton({ finding, lane, span, row }: Mark, { durationS, rows }: Timeline, act: () => void) {
  const name = filmFindingName(finding, lane.match.segments)
  const whole = { startS: 0, endS: durationS }
  const [from, to] = [fractionIn(whole, span.startS), fractionIn(whole, span.endS)]
  const isCut = to <= from
  const names = ['mark', isLaidOver(finding) && 'quiet', isCut && 'cut'].filter(Boolean).join(' ')
  const button = el(
    'button',
    { type: 'button', class: names, 'aria-label': name, title: name },
    kindGlyph(finding.kind),
  )
  button.style.setProperty('--from', percent(from))
  button.style.setProperty('--width', percent(to - from))
  button.style.setProperty('--row', String(rows - 1 - row))
  button.addEventListener('click', act)
  return button
}
