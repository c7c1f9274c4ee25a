/** A frame of a candidate's proportions with what was found in it, as SVG: outlines only, for of its pixels none are kept. Pure. */
import { findingName, whereabouts } from '../client/finding-words.ts'
import type { Finding, Placement, Region } from '../client/wire.ts'
import { el, type Markup } from './markup.ts'

/** Units of the longer side; the size on paper is the style sheet's. */
const LONGER = 360
/** Units around the frame, so that its own line is whole. */
const MARGIN = 2
const DIGIT = { size: 13, pad: 4 }

interface Drawn {
  width: number
  height: number
  placement: Placement | null
  findings: Finding[]
  /** Of the drawing, in its page. */
  id: string
}

/** Null where there is nothing to draw. */
export function drawing({ width, height, placement, findings, id }: Drawn): Markup | null {
  const drawn = findings.filter(({ region }) => region !== null)
  if (!placement || (drawn.length === 0 && isWhole(placement.candidate))) return null
  const scale = LONGER / Math.max(width, height)
  const frame = { w: width * scale, h: height * scale }
  const box = [-MARGIN, -MARGIN, frame.w + 2 * MARGIN, frame.h + 2 * MARGIN].map(units).join(' ')
  return el(
    'svg',
    {
      class: 'drawing',
      viewBox: box,
      role: 'img',
      'aria-labelledby': id,
      width: units(frame.w),
      height: units(frame.h),
    },
    el('title', { id }, describe(findings)),
    el('rect', { class: 'frame', x: 0, y: 0, width: units(frame.w), height: units(frame.h) }),
    outlineOf(placement, frame),
    ...findings.map((finding, index) => outline(finding, index, frame)),
  )
}

const isWhole = ({ w, h }: Region) => w * h > 0.999

function describe(findings: Finding[]): string {
  const places = findings.map((finding, index) => {
    const where = finding.region ? whereabouts(finding.region) : 'anywhere'
    return `${findingName(finding, index)} ${finding.kind === 'overlay' ? '(laid over) ' : ''}${where}`
  })
  return ['The frame of the file, and where the original lies in it', ...places].join('; ')
}

/** Of the whole original, which may reach beyond the frame. */
function outlineOf(
  { corners: [topLeft, topRight, bottomLeft] }: Placement,
  { w, h }: { w: number; h: number },
): Markup {
  const bottomRight = { x: topRight.x + bottomLeft.x - topLeft.x, y: topRight.y + bottomLeft.y - topLeft.y }
  const points = [topLeft, topRight, bottomRight, bottomLeft].map(({ x, y }) => `${units(x * w)},${units(y * h)}`)
  return el('polygon', { class: 'original', points: points.join(' ') })
}

function outline(finding: Finding, index: number, frame: { w: number; h: number }): Markup | null {
  if (!finding.region) return null
  const { x, y, w, h } = finding.region
  const [left, top] = [x * frame.w, y * frame.h]
  const size = { width: units(w * frame.w), height: units(h * frame.h) }
  return el(
    'g',
    { class: finding.kind === 'overlay' ? 'finding overlay' : 'finding' },
    el('rect', { x: units(left), y: units(top), ...size }),
    ...number(index + 1, left, top, frame),
  )
}

/** At the corner of an outline, and inside the frame. */
function number(value: number, left: number, top: number, frame: { w: number; h: number }): Markup[] {
  const width = DIGIT.size * 0.62 * String(value).length + 2 * DIGIT.pad
  const height = DIGIT.size + DIGIT.pad
  const x = Math.max(0, Math.min(left, frame.w - width))
  const y = Math.max(0, Math.min(top - height, frame.h - height))
  return [
    el('rect', { class: 'tag', x: units(x), y: units(y), width: units(width), height: units(height) }),
    el('text', { x: units(x + width / 2), y: units(y + height - DIGIT.pad), 'text-anchor': 'middle' }, value),
  ]
}

/** Never in the notation with an exponent. */
const units = (value: number) => Number(value.toFixed(2))
