/** The candidate's frame beside the original's, of the moment at which a video stands: laid as it lies in the candidate, and enlarged where it differs. */
import { recordPath } from './api.ts'
import { el, fill } from './dom.ts'
import { createFrame, type Pictures } from './frame-view.ts'
import type { Shown } from './moments.ts'
import { WHOLE_FRAME, windowAround } from './placing.ts'

import type { Placement, Region } from './wire.ts'
import { clock } from './words.ts'

export interface Still {
  /** Null where the file is not to be had, or the browser cannot play it. */
  video: HTMLVideoElement | null
  seconds: number
  /** Null where the moment comes from no original. */
  from: Shown | null
  /** What differs at this moment; null where nothing does. */
  region: Region | null
}

export interface StillsView {
  element: HTMLElement
  show(still: Still): void
  /** Nothing more is to be fetched: it plays. */
  rest(): void
}

/** Milliseconds for which a moment must be stood at: who walks along the timeline asks for none of them. */
const SETTLED_MS = 200
/** Pixels of the candidate's frame, of its longer side. */
const LARGEST = 960

/** @param aspect width over height of the candidate. */
export function createStills(aspect: number): StillsView {
  const element = el('div', { class: 'pair stills', hidden: true })
  let timer: ReturnType<typeof setTimeout> | undefined
  let latest: Still | null = null
  const rest = () => clearTimeout(timer)
  const fetchFor = (still: Still, address: string) => {
    latest = still
    const evidence = new Image()
    evidence.addEventListener('load', () => {
      if (latest === still) fill(element, ...figures(still, address, aspect))
      element.hidden = false
    })
    // A server that has no picture of one moment has it of another perhaps: each is asked for.
    evidence.addEventListener('error', () => {
      if (latest === still) element.hidden = true
    })
    evidence.src = address
  }
  return {
    element,
    rest,
    show(still) {
      rest()
      const { from } = still
      timer = setTimeout(() => {
        if (from) fetchFor(still, `${recordPath(from.lane.match.recordId)}/evidence?at=${from.originalS.toFixed(3)}`)
        else element.hidden = true
      }, SETTLED_MS)
    },
  }
}

/** Where nothing is known of how the one lies on the other. */
const ON_EACH_OTHER: Placement = {
  candidate: WHOLE_FRAME,
  original: WHOLE_FRAME,
  corners: [
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 0, y: 1 },
  ],
}

/** Share of the picture's sides up to which a region is worth enlarging. */
const MOST_OF_IT = 0.6

function figures({ video, seconds, from, region }: Still, original: string, aspect: number): HTMLElement[] {
  const { segment, originalS } = from!
  const pictures = {
    candidate: frameOf(video, aspect),
    original,
    placement: segment.placement ?? ON_EACH_OTHER,
    aspect,
  }
  const enlarged = region !== null && Math.max(region.w, region.h) <= MOST_OF_IT
  const window = enlarged ? windowAround(region, aspect) : WHOLE_FRAME
  const side = (name: string, at: number, of: Pictures) => {
    const caption = `${name} at ${clock(at, true)}${enlarged ? ', enlarged where it differs' : ''}`
    const { element } = createFrame({ pictures: of, findings: [], label: caption, window, onMissing: () => {} })
    return el('figure', {}, element, el('figcaption', {}, caption))
  }
  const own = pictures.candidate === null ? [] : [side('Your file', seconds, { ...pictures, original: null })]
  return [...own, side('Registered original', originalS, { ...pictures, candidate: null })]
}

/** What the video shows, as an address; null where it shows nothing. */
function frameOf(video: HTMLVideoElement | null, aspect: number): string | null {
  if (!video || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(aspect > 1 ? LARGEST : LARGEST * aspect)
  canvas.height = Math.round(aspect > 1 ? LARGEST / aspect : LARGEST)
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
  return canvas.toDataURL('image/jpeg', 0.9)
}
