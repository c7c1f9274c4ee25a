/** Elements as text, for a page without script: what is shown goes through `escaped`, and nothing else becomes markup. Pure. */
import { plain } from '../client/words.ts'

/** Markup that was made here. */
export interface Markup {
  readonly markup: string
}

export type Child = Markup | string | number | null | undefined | false
type Attributes = Record<string, string | number | boolean | null | undefined>

const VOID = ['meta', 'link', 'br']

/** An element. Names come from this program only; strings among the children become text. */
export function el(tag: string, attributes: Attributes = {}, ...children: Child[]): Markup {
  const start = `<${tag}${Object.entries(attributes).map(attribute).join('')}>`
  return { markup: VOID.includes(tag) ? start : `${start}${children.map(textOf).join('')}</${tag}>` }
}

/** A style sheet of ours, as it is. */
export const style = (css: string): Markup => ({ markup: `<style>${css}</style>` })

/** A name or title as a stranger wrote it: `bdi` keeps its direction of writing to itself. */
export const quoted = (text: string): Markup => el('bdi', {}, plain(text, 300))

/** A digest, an id, an address. */
export const code = (text: string): Markup => el('code', {}, text)

/** A list of terms and what belongs to them; entries without content are left out. */
export function facts(entries: [term: string, content: Child | Child[]][]): Markup {
  const shown = entries.filter(([, content]) => content !== null && content !== undefined && content !== false)
  const rows = shown.map(([term, content]) => el('div', {}, el('dt', {}, term), el('dd', {}, ...[content].flat())))
  return el('dl', { class: 'facts' }, ...rows)
}

function attribute([name, value]: [string, Attributes[string]]): string {
  if (value === null || value === undefined || value === false) return ''
  return value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`
}

function textOf(child: Child): string {
  if (child === null || child === undefined || child === false) return ''
  return typeof child === 'object' ? child.markup : escaped(String(child))
}

/** Also joiners, which scripts and emoji need, as references: nothing in the file itself is what a terminal obeys. */
function escaped(text: string): string {
  return plain(text, MAX_TEXT)
    .toWellFormed()
    .replace(/[&<>"'\p{Cf}]/gu, (character) => `&#${character.codePointAt(0)};`)
}

/** Characters; summaries are the longest, and have some hundreds. */
const MAX_TEXT = 3_000
