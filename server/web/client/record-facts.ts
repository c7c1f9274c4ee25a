/** What matches and listed records show alike: who, when, in what state, and where it is anchored. */
import { recordPath } from './api.ts'
import { type Child, copyable, el, facts, link, localTime, quoted, time } from './dom.ts'
import type { Anchor, Publisher, RecordEntry } from './wire.ts'
import { finalitySentence, plain } from './words.ts'

/** Name, trust and the domain that the publisher gives. Never a link: nobody has checked the domain. */
export function publisherLine(publisher: Publisher): HTMLElement {
  const name = publisher.name === null ? `Publisher ${publisher.id}` : publisher.name
  const about = [
    ...(publisher.name === null ? [] : [`publisher ${publisher.id}`]),
    ...(publisher.domain === null ? [] : [`gives ${plain(publisher.domain, 100)} as its domain`]),
  ]
  return el(
    'span',
    { class: 'publisher' },
    el('strong', {}, quoted(name)),
    ' ',
    el('span', { class: 'tag' }, publisher.trust),
    about.length > 0 && el('span', { class: 'muted' }, ' ', el('bdi', {}, about.join(', '))),
  )
}

export function title(text: string | null): HTMLElement {
  return text ? quoted(text) : el('span', { class: 'muted' }, 'Untitled')
}

/** Null while the record stands. */
export function stateNote(state: string, revocation: RecordEntry['revocation'] = null): HTMLElement | null {
  if (state === 'active') return null
  const note = (...children: Child[]) => el('p', { class: 'note revoked' }, ...children)
  if (state !== 'revoked') return note(`The state of this record is “${plain(state, 50)}”.`)
  return note(
    el('strong', {}, 'Revoked'),
    ...(revocation ? [' on ', localTime(revocation.at), ', reason: ', quoted(revocation.reason)] : []),
    '. Its publisher no longer stands by this record. What was claimed stays visible.',
  )
}

/** Registered when, with the warning where the chain's clock is nobody's but ours. */
export function registered(at: string, anchor: Anchor): Child[] {
  const local = anchor.finality === 'local'
  return [time(at), local && el('span', { class: 'aside' }, 'By the clock of a local network, which proves nothing.')]
}

export function anchorFacts(anchor: Anchor): HTMLElement {
  return facts([
    ['Chain', el('code', {}, anchor.chain)],
    ['Contract', el('code', {}, anchor.contract)],
    ['Transaction', copyable(anchor.transaction, 'transaction')],
    ['Block', [String(anchor.block), ' (', finalitySentence(anchor.finality), ')']],
  ])
}

/** `eip155:<chain>:<contract>/<recordId>` (docs/protocol.md §1). */
export function citation(recordId: string, anchor: Anchor): string {
  return `${anchor.chain}:${anchor.contract}/${recordId}`
}

export function recordLink(recordId: string): HTMLElement {
  return link(recordPath(recordId), 'This record as JSON')
}
