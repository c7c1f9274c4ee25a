/** The findings as buttons: each shows its region enlarged in both pictures, and Escape puts it away. */
import { announce, el, fill } from './dom.ts'
import { findingName, findingSentence } from './finding-words.ts'
import { createFrame, type Frame, type Pictures } from './frame-view.ts'
import { windowAround } from './placing.ts'
import type { Finding } from './wire.ts'

const SCORE_MEANING =
  'A score of 0.99 says that one unchanged copy in a hundred shows a difference as strong by accident. A difference may be harmless; what it means is not said here.'

export type Lose = (which: 'candidate' | 'original') => void

export interface FindingList {
  elements: HTMLElement[]
  choose(index: number): void
}

interface Parts {
  pictures: Pictures
  /** At least one; the first of what differs is shown from the start. */
  findings: Finding[]
  /** In which the chosen one is marked. */
  frame: Frame
  /** In which Escape is heard. */
  section: HTMLElement
  lose: Lose
}

/** Of elements that refer to each other. */
let count = 0

export function createFindingList({ pictures, findings, frame, section, lose }: Parts): FindingList {
  const closer = el('div', { class: 'closer', id: `closer-${++count}` })
  const buttons = findings.map((finding, index) => {
    const button = findingButton(finding, index, closer.id)
    button.addEventListener('click', () => (chosen === index ? leave() : choose(index)))
    return button
  })
  let chosen: number | null = null
  const mark = (index: number | null) => {
    chosen = index
    for (const [i, button] of buttons.entries()) button.setAttribute('aria-pressed', String(i === index))
    frame.choose(index)
    const finding = index === null ? undefined : findings[index]
    fill(closer, ...(finding ? closerLook(pictures, finding, index!, lose) : []))
  }
  const choose = (index: number) => {
    mark(index)
    announce(`${findingName(findings[index]!, index)} is shown enlarged below the list. Escape puts it away.`)
    closer.scrollIntoView({ block: 'nearest' })
  }
  const leave = () => {
    const left = chosen
    if (left === null) return
    mark(null)
    buttons[left]?.focus()
    announce(`${findingName(findings[left]!, left)} is put away.`)
  }
  section.onkeydown = (event) => {
    if (event.key !== 'Escape' || chosen === null) return
    event.preventDefault()
    leave()
  }
  mark(
    Math.max(
      0,
      findings.findIndex(({ kind }) => kind !== 'overlay'),
    ),
  )
  const list = el('ol', { class: 'findings' }, ...buttons.map((button) => el('li', {}, button)))
  return { elements: [list, closer, el('p', { class: 'muted' }, SCORE_MEANING)], choose }
}

function findingButton(finding: Finding, index: number, controls: string): HTMLButtonElement {
  return el(
    'button',
    { type: 'button', class: 'finding', 'aria-pressed': 'false', 'aria-controls': controls },
    el('span', { class: finding.kind === 'overlay' ? 'key overlay' : 'key', 'aria-hidden': true }, index + 1),
    el('span', {}, el('strong', {}, `${findingName(finding, index)}: `), findingSentence(finding)),
  )
}

/** The same part of both, side by side. */
function closerLook(pictures: Pictures, finding: Finding, index: number, lose: Lose): HTMLElement[] {
  if (!finding.region) return []
  const window = windowAround(finding.region, pictures.aspect)
  const name = findingName(finding, index)
  const side = (caption: string, of: Pictures) => {
    const label = `${name}, enlarged: ${caption.toLowerCase()}`
    const { element } = createFrame({ pictures: of, findings: [], label, window, onMissing: lose })
    return el('figure', {}, el('figcaption', {}, caption), element)
  }
  return [
    el('h5', {}, `A closer look at ${name.toLowerCase()}`),
    el(
      'div',
      { class: 'pair' },
      ...(pictures.candidate === null ? [] : [side('Your file', { ...pictures, original: null })]),
      ...(pictures.original === null ? [] : [side('Registered original', { ...pictures, candidate: null })]),
    ),
  ]
}
