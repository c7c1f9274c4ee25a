/** A copy beside its original: what differs is drawn and listed, the one slides over the other, and each region is seen enlarged in both. */
import { el, fill } from './dom.ts'
import { createFindingList, type Lose } from './finding-list.ts'
import { findingName, findingSentence, placementSentence } from './finding-words.ts'
import { createFrame, type Frame, type Pictures } from './frame-view.ts'
import type { Finding, Placement } from './wire.ts'

export interface Compared {
  /** Address of the reader's file; null where only the server has seen it. */
  candidate: string | null
  /** Address of the original's evidence. */
  original: string
  /** Pixels of the candidate, upright. */
  width: number
  height: number
  placement: Placement
  findings: Finding[]
}

export function comparisonView(of: Compared): HTMLElement {
  const section = el('section', { class: 'comparison', 'aria-label': 'Comparison with the original' })
  const { width, height, candidate, original, placement } = of
  let pictures: Pictures = { candidate, original, placement, aspect: width / height }
  const show = () => fill(section, ...parts(of, pictures, section, lose))
  const lose = (which: 'candidate' | 'original') => {
    pictures = { ...pictures, [which]: null }
    show()
  }
  show()
  return section
}

function parts({ findings, placement }: Compared, pictures: Pictures, section: HTMLElement, lose: Lose) {
  const head = [el('h4', {}, findings.length > 0 ? 'What differs, and where' : 'Beside the original')]
  const about = [placementSentence(placement), missingSentence(pictures, findings)].filter((one) => one !== null)
  const words = about.map((sentence) => el('p', {}, sentence))
  if (pictures.candidate === null && pictures.original === null) return [...head, ...words, plainList(findings)]
  const frame = createFrame({
    pictures,
    findings,
    label: '',
    onMissing: lose,
    onPoint: (index) => list?.choose(index),
  })
  const slider = slide(frame, pictures, findings)
  const list = findings.length > 0 ? createFindingList({ pictures, findings, frame, section, lose }) : null
  return [...head, ...words, frame.element, slider, ...(list?.elements ?? [])]
}

function missingSentence({ candidate, original }: Pictures, findings: Finding[]): string | null {
  const drawn = findings.length > 0 ? ' The numbered outlines show where it differs.' : ''
  if (candidate === null && original === null) return 'Neither your file nor the original can be shown here.'
  if (candidate === null)
    return `Your file cannot be shown here. This is the registered original, laid where it lies in your file.${drawn}`
  if (original === null) return 'The original’s small copy is not to be had here: only your file is shown.'
  return null
}

/** Null where there is nothing to slide over something; then all of it is shown. */
function slide(frame: Frame, { candidate, original }: Pictures, findings: Finding[]): HTMLElement | null {
  const show = (share: number) => {
    frame.reveal(share)
    frame.describe(frameLabel(share, findings))
  }
  if (candidate === null || original === null) {
    show(candidate === null ? 1 : 0)
    return null
  }
  const range = el('input', { type: 'range', min: 0, max: 100, step: 2, value: findings.length > 0 ? 0 : 50 })
  const update = () => {
    show(range.valueAsNumber / 100)
    range.setAttribute('aria-valuetext', shareWords(range.valueAsNumber / 100))
  }
  range.addEventListener('input', update)
  update()
  return el(
    'label',
    { class: 'slider' },
    el('span', { class: 'unseen' }, 'Slide the registered original over your file'),
    el('span', { 'aria-hidden': true }, 'Your file'),
    range,
    el('span', { 'aria-hidden': true }, 'Registered original'),
  )
}

function shareWords(share: number): string {
  if (share <= 0) return 'your file alone'
  if (share >= 1) return 'the registered original alone'
  return `the registered original over the left ${Math.round(share * 100)} % of your file`
}

function frameLabel(share: number, findings: Finding[]): string {
  const drawn =
    findings.length === 0 ? '' : `, with ${findings.length === 1 ? 'one outline' : `${findings.length} outlines`}`
  return `Comparison: ${shareWords(share)}${drawn}`
}

/** What there is to say where nothing can be shown. */
function plainList(findings: Finding[]): HTMLElement | null {
  if (findings.length === 0) return null
  const items = findings.map((finding, index) =>
    el('li', {}, `${findingName(finding, index)}: ${findingSentence(finding)}`),
  )
  return el('ul', { class: 'segments' }, ...items)
}
