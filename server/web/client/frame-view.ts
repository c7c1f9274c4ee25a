/** A frame on a picture: the candidate, the original's evidence laid where it lies in it, and outlines around what was found. */
import { el, svg } from './dom.ts'
import { boxFor, layOn, percentOf, WHOLE_FRAME, within } from './placing.ts'
import type { Finding, Placement, Region } from './wire.ts'

/** What there is to show. Null where it is not to be had. */
export interface Pictures {
  /** Address of the reader's own file. */
  candidate: string | null
  /** Address of the original's evidence. */
  original: string | null
  placement: Placement
  /** Width over height of the candidate. */
  aspect: number
}

export interface FrameParts {
  pictures: Pictures
  findings: Finding[]
  /** What the frame is, for those who do not see it. */
  label: string
  /** The part of the candidate that fills the frame; all of it unless given. */
  window?: Region
  onMissing(which: 'candidate' | 'original'): void
  /** A region was pointed at. */
  onPoint?(index: number): void
}

export interface Frame {
  element: HTMLElement
  /** Leaves of the original what lies in the left of a frame that shows all of the candidate. @param share of its width. */
  reveal(share: number): void
  /** Says anew what is seen. */
  describe(label: string): void
  /** Marks one outline. */
  choose(index: number | null): void
}

/** Styles are set by properties: the policy of the page refuses them as attributes. */
export function createFrame({
  pictures,
  findings,
  label,
  window = WHOLE_FRAME,
  onMissing,
  onPoint,
}: FrameParts): Frame {
  const outlines = findings.map((finding, index) => outline(finding, onPoint && (() => onPoint(index))))
  const tags = findings.map((finding, index) => tag(finding, index, window))
  const over = el('div', { class: 'over' }, original(pictures, onMissing))
  const box = el(
    'div',
    { class: 'box' },
    candidate(pictures, onMissing),
    over,
    svg('svg', { class: 'outlines', viewBox: '0 0 1 1', preserveAspectRatio: 'none' }, ...outlines),
  )
  const edge = el('div', { class: 'edge', hidden: true })
  const element = el('div', { class: 'frame', role: 'img', 'aria-label': label }, box, edge, ...tags)
  const aspect = (window.w * pictures.aspect) / window.h
  setAll(element, { '--aspect': String(aspect) })
  setAll(box, boxFor(window))
  return {
    element,
    reveal(share) {
      setAll(over, { 'clip-path': `inset(0 ${percentOf(1 - share)} 0 0)` })
      setAll(edge, { left: percentOf(share) })
      edge.hidden = share <= 0 || share >= 1
    },
    describe: (text) => element.setAttribute('aria-label', text),
    choose(chosen) {
      for (const [index, one] of outlines.entries()) one.classList.toggle('chosen', index === chosen)
      for (const [index, one] of tags.entries()) one?.classList.toggle('chosen', index === chosen)
    },
  }
}

function candidate({ candidate: src }: Pictures, onMissing: FrameParts['onMissing']): HTMLElement | null {
  if (src === null) return null
  const image = el('img', { src, alt: '', decoding: 'async' })
  image.addEventListener('error', () => onMissing('candidate'))
  return image
}

function original(
  { original: src, placement, aspect }: Pictures,
  onMissing: FrameParts['onMissing'],
): HTMLElement | null {
  if (src === null) return null
  const image = el('img', { src, alt: '', decoding: 'async', class: 'original' })
  setAll(image, { transform: layOn(placement.corners, aspect) })
  image.addEventListener('error', () => onMissing('original'))
  return image
}

/** A line that is seen on every ground: light on dark. Whole around what differs, broken around what is laid over. */
function outline({ kind, region }: Finding, onPoint: (() => void) | undefined): SVGElement {
  const box = region && { x: region.x, y: region.y, width: region.w, height: region.h }
  const shape = svg(
    'g',
    { class: kind === 'overlay' ? 'outline overlay' : 'outline' },
    ...(box ? [svg('rect', { ...box, class: 'ground' }), svg('rect', { ...box, class: 'line' })] : []),
  )
  if (onPoint) shape.addEventListener('click', onPoint)
  return shape
}

/** The number of a finding at the corner of its outline. */
function tag({ region }: Finding, index: number, window: Region): HTMLElement | null {
  if (!region) return null
  const { x, y } = within(region, window)
  const number = el('span', { class: 'number' }, index + 1)
  setAll(number, { '--x': percentOf(x), '--y': percentOf(y) })
  return number
}

function setAll(element: HTMLElement, properties: Record<string, string>): void {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value)
}
