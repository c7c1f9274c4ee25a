/** One shape for each kind of difference, so that none is told by its colour alone. Drawn in the colour of the text. */
import { svg } from './dom.ts'

const PATHS: Record<string, string> = {
  region: 'M3 3h10v10H3ZM6 8h4M8 6v4',
  replaced: 'M3 5.500h9M9.5 3 12 5.500 9.500 8M13 10.500H4M6.500 8 4 10.500 6.500 13',
  inserted: 'M8 3v10M3 8h10',
  missing: 'M5 3v10M11 3v10M5 3H3M5 13H3M11 3h2M11 13h2',
  reordered: 'M3 4.500h3l4 7h3M3 11.500h3l4-7h3M11 2.500l2 2-2 2M11 9.500l2 2-2 2',
  repeated: 'M12.500 8a4.500 4.500 0 1 1-1.700-3.500M11 2v3H8',
  frozen: 'M5.500 3.500v9M10.500 3.500v9',
  muted: 'M3 6.500v3h2l3 3v-9l-3 3ZM10.500 6.500l3 3M13.500 6.500l-3 3',
  shifted: 'M2.500 8h11M5 5.500 2.500 8 5 10.500M11 5.500 13.500 8 11 10.500',
  overlay: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  mixed: 'M2.500 8c1.400-5 2.800-5 4.100 0s2.800 5 4.100 0 1.900-3 2.800 0',
}

/** Of a kind that this page does not know. */
const OTHER = 'M8 7.500v1'

export function kindGlyph(kind: string): SVGElement {
  const d = Object.hasOwn(PATHS, kind) ? PATHS[kind] : OTHER
  const line = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75 }
  const ends = { 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }
  return svg('svg', { class: 'kind', viewBox: '0 0 16 16', 'aria-hidden': true }, svg('path', { d, ...line, ...ends }))
}
