/** One shape for each verdict, so that none is told by its colour alone. Drawn in the colour of the text. */
import { svg } from './dom.ts'
import type { Verdict } from './wire.ts'

const LINE = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 2,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
}

const SHAPES: Record<Verdict | 'problem', () => SVGElement[]> = {
  // A full disc with an equals sign: nothing left open.
  identical: () => [
    svg('circle', { cx: 16, cy: 16, r: 14, fill: 'currentColor' }),
    svg('path', { ...LINE, class: 'cut', 'stroke-width': 3, d: 'M10 12.5h12M10 19.5h12' }),
  ],
  // A ring with "nearly equal".
  same_content: () => [
    svg('circle', { ...LINE, cx: 16, cy: 16, r: 13 }),
    svg('path', { ...LINE, 'stroke-width': 2.5, d: 'M9.5 13.500q3.25-3 6.5 0t6.5 0M9.5 19.500q3.25-3 6.5 0t6.5 0' }),
  ],
  // A whole, of which a stretch is filled.
  excerpt: () => [
    svg('rect', { ...LINE, x: 3, y: 8, width: 26, height: 16, rx: 2 }),
    svg('rect', { x: 12, y: 8, width: 9, height: 16, fill: 'currentColor' }),
  ],
  // A diamond with "not equal": no sign of warning, for a difference need not be a bad one.
  altered: () => [
    svg('path', { ...LINE, d: 'M16 2.5 29.5 16 16 29.5 2.5 16Z' }),
    svg('path', { ...LINE, 'stroke-width': 2.5, d: 'M11 13.8h10M11 18.2h10M18.6 10.5l-5.2 11' }),
  ],
  // One sheet over another.
  composite: () => [
    svg('rect', { ...LINE, x: 3, y: 3, width: 18, height: 18, rx: 2 }),
    svg('rect', { x: 12, y: 12, width: 17, height: 17, rx: 2, fill: 'currentColor' }),
  ],
  // An empty place.
  not_registered: () => [svg('circle', { ...LINE, cx: 16, cy: 16, r: 13, 'stroke-dasharray': '4.2 4.967' })],
  // A question.
  inconclusive: () => [
    svg('rect', { ...LINE, x: 3, y: 3, width: 26, height: 26, rx: 8 }),
    svg('path', {
      ...LINE,
      'stroke-width': 2.5,
      d: 'M12 12.500a4 4 0 1 1 5.7 3.600c-1.2.6-1.7 1.4-1.7 2.400M16 23v.1',
    }),
  ],
  problem: () => [
    svg('path', { ...LINE, d: 'M11 3h10l8 8v10l-8 8H11l-8-8V11Z' }),
    svg('path', { ...LINE, 'stroke-width': 3, d: 'M16 10v7M16 22v.1' }),
  ],
}

export function glyph(of: Verdict | 'problem'): SVGElement {
  return svg('svg', { class: 'glyph', viewBox: '0 0 32 32', 'aria-hidden': true }, ...SHAPES[of]())
}
