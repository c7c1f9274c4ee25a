/** Elements without markup: everything that is shown goes through `textContent` and `append`, never through HTML. */
import { moment, plain } from './words.ts'

export type Child = Node | string | number | null | undefined | false
type Attributes = Record<string, string | number | boolean | null | undefined>

const SVG = 'http://www.w3.org/2000/svg'

/** An element. Attribute names come from this program only; strings among the children become text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return assemble(document.createElement(tag), attributes, children)
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]) {
  return assemble(document.createElementNS(SVG, tag), attributes, children)
}

/** Puts children in the place of all that the element held. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren()
  assemble(element, {}, children)
}

/** The element of the page with this id. @throws Error if the page lacks it. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no element "${id}"`)
  return found
}

/** A link, or its text alone where the address is anything but http(s). */
export function link(address: string, text: string): HTMLElement {
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return el('span', {}, text)
  return el('a', { href: url.href, rel: 'noopener noreferrer nofollow' }, text)
}

/** A name or title as a stranger wrote it: `bdi` keeps its direction of writing to itself. */
export function quoted(text: string): HTMLElement {
  return el('bdi', {}, plain(text, 200))
}

/** Says a sentence to screen readers when they are at rest. */
export function announce(sentence: string): void {
  byId('announce').textContent = sentence
}

/** A list of terms and what belongs to them; entries without content are left out. */
export function facts(entries: [term: string, content: Child | Child[]][]): HTMLElement {
  const shown = entries.filter(([, content]) => content !== null && content !== undefined && content !== false)
  return el(
    'dl',
    { class: 'facts' },
    ...shown.map(([term, content]) =>
      el('div', {}, el('dt', {}, term), el('dd', {}, ...(Array.isArray(content) ? content : [content]))),
    ),
  )
}

/** The reader's own time first, then UTC; UTC alone where both are the same. */
export function time(iso: string): HTMLElement {
  const [local, utc] = [moment(iso), moment(iso, 'UTC')]
  if (local === null || utc === null) return el('span', {}, iso)
  if (local === utc) return el('time', { datetime: iso }, utc)
  return el('time', { datetime: iso }, local, ' ', el('span', { class: 'utc' }, utc))
}

/** The reader's own time alone, where both are close at hand. */
export function localTime(iso: string): HTMLElement {
  const local = moment(iso)
  return local === null ? el('span', {}, iso) : el('time', { datetime: iso }, local)
}

/** A hash or an id that can be copied. @param name what it is, for the button's label. */
export function copyable(value: string, name: string): HTMLElement {
  const code = el('code', {}, value)
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${name}` }, 'Copy')
  button.addEventListener('click', () => void copy(value, code, button, name))
  return el('span', { class: 'copyable' }, code, ' ', button)
}

async function copy(value: string, code: HTMLElement, button: HTMLElement, name: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(value)
    button.textContent = 'Copied'
    announce(`Copied ${name}.`)
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2000)
  } catch {
    // No clipboard without https or permission: select it, so that the reader's own key copies it.
    getSelection()?.selectAllChildren(code)
    announce(`Selected ${name}: copy it with the keyboard.`)
  }
}

function assemble<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    element.append(child instanceof Node ? child : plain(String(child)))
  }
  return element
}
