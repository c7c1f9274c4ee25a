/** The candidate's frame beside the original's, of the moment at which a video stands. */
import { recordPath } from './api.ts'
import { el } from './dom.ts'
import type { Lane } from './timeline.ts'
import { clock } from './words.ts'

export interface StillsView {
  element: HTMLElement
  /** @param from null where the moment comes from no original. */
  show(video: HTMLVideoElement | null, from: { lane: Lane; originalS: number } | null): void
  /** Nothing more is to be fetched: it plays. */
  rest(): void
}

/** Milliseconds for which a moment must be stood at: who walks along the timeline asks for none of them. */
const SETTLED_MS = 200
/** Pixels, of the longer side: as large as it is shown. */
const LARGEST = 640

/** @param aspect width over height of the candidate. */
export function createStills(aspect: number): StillsView {
  const canvas = el('canvas', { role: 'img', 'aria-label': 'Your file at this moment' })
  const [width, height] = aspect > 1 ? [LARGEST, LARGEST / aspect] : [LARGEST * aspect, LARGEST]
  Object.assign(canvas, { width: Math.round(width), height: Math.round(height) })
  const original = el('img', { alt: 'The registered original at the moment that yours comes from', decoding: 'async' })
  const [own, theirs] = [el('figcaption', {}), el('figcaption', {})]
  const ownFigure = el('figure', {}, canvas, own)
  const element = el('div', { class: 'pair stills', hidden: true }, ownFigure, el('figure', {}, original, theirs))
  element.style.setProperty('--aspect', String(aspect))
  let timer: ReturnType<typeof setTimeout> | undefined
  // A server that has no picture of one moment has it of another perhaps: each is asked for.
  original.addEventListener('load', () => {
    element.hidden = false
  })
  original.addEventListener('error', () => {
    element.hidden = true
  })
  const showNow: StillsView['show'] = (video, from) => {
    if (!from) {
      element.hidden = true
      return
    }
    const drawable = video !== null && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
    ownFigure.hidden = !drawable
    if (drawable) canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
    own.textContent = `Your file at ${clock(video?.currentTime ?? 0, true)}`
    theirs.textContent = `Registered original at ${clock(from.originalS, true)}`
    const address = `${recordPath(from.lane.match.recordId)}/evidence?at=${from.originalS.toFixed(3)}`
    if (original.getAttribute('src') !== address) original.src = address
    else element.hidden = !(original.complete && original.naturalWidth > 0)
  }
  const rest = () => clearTimeout(timer)
  return {
    element,
    rest,
    show(video, from) {
      rest()
      timer = setTimeout(() => showNow(video, from), SETTLED_MS)
    },
  }
}
