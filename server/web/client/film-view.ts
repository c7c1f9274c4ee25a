/** A video beside its originals: it is played, its timeline says which stretch comes from where and what differs, and each difference is a jump. */
import { announce, type Child, el, quoted } from './dom.ts'
import { filmFindingDetail, filmFindingName, fromTo, letterOf } from './film-words.ts'
import { kindGlyph } from './kind-glyphs.ts'
import { comesFrom, type Moment, momentOfCopy } from './moments.ts'
import type { Standing } from './original.ts'
import { createOriginals } from './originals-view.ts'
import { createPlayer } from './player-view.ts'
import { SWITCH_KEY } from './side-bar.ts'
import { standInName } from './side-words.ts'
import { createSides } from './sides.ts'
import { createStills } from './stills-view.ts'
import { gapsOf, isLaidOver, isSeenAt, type Mark, type Timeline, timelineOf } from './timeline.ts'
import { createTimeline } from './timeline-view.ts'
import type { Candidate, Match } from './wire.ts'
import { clock } from './words.ts'

/** Seconds before a difference at which it is played from: what was there before is seen, too. */
const BEFORE_S = 1

/** Null where no match has a place in time. @param file address of the reader's own file; null where the page has none. */
export function filmView(matches: readonly Match[], candidate: Candidate | null, file: string | null) {
  const timeline = timelineOf(matches, candidate?.durationS ?? null)
  if (!timeline || !candidate) return null
  const { width, height } = candidate
  const now = el('p', { class: 'now' })
  const player = createPlayer({ file, width, height, marks: timeline.marks, caption: now })
  const sides = createSides(player, timeline)
  const originals = file === null ? null : createOriginals(timeline, sides)
  const line = createTimeline({
    timeline,
    loudness: candidate.loudness ?? [],
    onSeek: (seconds) => sides.seek(seconds, false),
    onMark: (i) => jump(i),
  })
  const stills = width && height ? createStills(width / height) : null
  const list = createList(timeline, (index) => jump(index))
  const show = (moment: Moment, standing: Standing | null, still: boolean) => {
    line.show(moment)
    if (originals && !player.media()) originals.hidden = true
    now.replaceChildren(...nowWords(moment, standing))
    const seconds = moment.copyS
    // While the original is shown, the picture of the copy is of another moment.
    if (!still || standing !== null || seconds === null) return stills?.rest()
    const region = regionAt(timeline, seconds)
    stills?.show({ video: player.picture(), seconds, from: comesFrom(timeline, seconds), region })
  }
  const jump = (index: number) => {
    line.choose(index)
    list.choose(index)
    const { finding, lane, span } = timeline.marks[index]!
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    sides.seek(calm ? span.startS : Math.max(0, span.startS - BEFORE_S), !calm)
    announce(filmFindingName(finding, lane.match.segments))
  }
  sides.onMoment(show)
  const beginS = timeline.lanes[0]!.match.segments[0]!.candidate.startS
  // Before the file has loaded; where there is none, the first moment that comes from the original.
  if (file === null) player.seek(beginS, false)
  else show(momentOfCopy(timeline, 0), null, true)
  const section = el(
    'section',
    { class: 'film', 'aria-labelledby': 'film-title' },
    el('h2', { class: 'label', id: 'film-title' }, `The ${width && height ? 'video' : 'sound'} and what it comes from`),
    player.element,
    line.element,
    originals,
    ...(stills ? [stills.element] : []),
    ...list.elements,
    ...gapLines(timeline),
  )
  section.addEventListener('keydown', (event) => isSwitch(event) && sides.change())
  return section
}

/** Not where something is written, nor with keys that are the browser's. */
function isSwitch({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || (target instanceof HTMLInputElement && target.type !== 'file')) return false
  return key.toLowerCase() === SWITCH_KEY
}

/** The first one that differs at a moment. */
const regionAt = ({ marks }: Timeline, seconds: number) =>
  marks.find((mark) => !isLaidOver(mark.finding) && isSeenAt(mark, seconds))?.finding.region ?? null

/** Two lines, whatever they say: `0:06.4 of your file` and `comes from 0:18.4 of “Harbour”`; the other way round while the original is shown. */
function nowWords({ copyS, original, replaced }: Moment, standing: Standing | null): HTMLElement[] {
  const line = (...words: Child[]) => el('span', { class: 'now-line' }, ...words)
  const at = (before: string, seconds: number, of: Child) =>
    line(before, el('strong', {}, clock(seconds, true)), ' of ', of)
  const own = (before: string) => (copyS === null ? line('is not in your file') : at(before, copyS, 'your file'))
  if (!original) return [own(''), line('comes from no registered original')]
  const { title } = original.lane.match.original
  const other = (before: string, name: Child) => at(before, original.originalS, name)
  const registered = title ? quoted(title) : 'the original'
  if (standing === null) return [own(''), other(replaced ? 'in the place of ' : 'comes from ', registered)]
  const standIn = standInName(standing)
  if (standIn !== null)
    return [other('', standIn), copyS === null ? line('beside nothing of your file') : own('beside ')]
  return [other('', registered), own(replaced ? 'is replaced at ' : 'is ')]
}

const SCORE_MEANING =
  'A score of 0.99 says that one unchanged copy in a hundred shows a difference as strong by accident. A difference may be harmless; what it means is not said here.'

function createList({ marks, lanes, unmarked }: Timeline, onChoose: (index: number) => void) {
  const buttons = marks.map((mark, index) => {
    const button = el(
      'button',
      { type: 'button', class: 'finding' },
      ...findingWords(mark, lanes.length > 1, lanes.indexOf(mark.lane)),
    )
    button.addEventListener('click', () => onChoose(index))
    return button
  })
  const list = el('ol', { class: 'findings' }, ...buttons.map((button) => el('li', {}, button)))
  const others = unmarked > 0 && el('p', {}, `Those are the first ${marks.length}; the report tells ${unmarked} more.`)
  const head = el('h3', {}, 'What differs, and when')
  const elements = [head, list, ...(others ? [others] : []), el('p', { class: 'muted' }, SCORE_MEANING)]
  return {
    elements: buttons.length > 0 ? elements : [],
    choose(chosen: number) {
      for (const [i, button] of buttons.entries())
        if (i === chosen) button.setAttribute('aria-current', 'true')
        else button.removeAttribute('aria-current')
    },
  }
}

function findingWords({ finding, lane }: Mark, several: boolean, laneIndex: number): Child[] {
  const name = filmFindingName(finding, lane.match.segments)
  const key = el(
    'span',
    { class: isLaidOver(finding) ? 'key overlay' : 'key', 'aria-hidden': true },
    kindGlyph(finding.kind),
  )
  const of = several ? `, of ${letterOf(laneIndex)}` : ''
  return [key, el('span', {}, el('strong', {}, `${name}${of}: `), filmFindingDetail(finding))]
}

/** Stretches without an original that are told one by one. */
const MOST_GAPS = 5

function gapLines(timeline: Timeline): HTMLElement[] {
  const gaps = gapsOf(timeline)
  if (gaps.length === 0) return []
  const told = gaps.slice(0, MOST_GAPS).map(fromTo).join(', ')
  const more = gaps.length > MOST_GAPS ? ` and in ${gaps.length - MOST_GAPS} more stretches` : ''
  return [el('p', { class: 'gaps' }, `Nothing of a registered original was found from ${told}${more}.`)]
}
