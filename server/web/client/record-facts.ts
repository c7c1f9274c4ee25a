/** What matches and listed records show alike: who, when, in what state, and where it is anchored. */
import { recordPath } from './api.ts'
import { type Child, copyable, el, facts, link, localTime, quoted, time } from './dom.ts'
import type { Anchor, Disowned, Publisher, RecordEntry, State } from './wire.ts'
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
export function stateNote(of: State & { revocation?: RecordEntry['revocation'] }): HTMLElement | null {
  if (of.state === 'active') return null
  const note = (...children: Child[]) => el('p', { class: 'note revoked' }, ...children)
  if (of.state === 'disowned' && of.disowned) return note(...disownedNote(of.disowned))
  if (of.state === 'revoked') return note(...revokedNote(of.revocation ?? null))
  if (of.state === 'superseded' && of.supersession) return note(...supersededNote(of.supersession))
  return note(`The state of this record is “${plain(of.state, 50)}”.`)
}

/** Both dates: back-dating the first to be rid of a record must be visible. */
function disownedNote({ since, declaredAt, contested }: Disowned): Child[] {
  return [
    el('strong', {}, 'Disowned'),
    '. Its publisher declared the key that signed it compromised since ',
    localTime(since),
    '; it said so on ',
    localTime(declaredAt),
    ...(contested ? [', by an account that was declared compromised itself'] : []),
    '. What was claimed stays visible, and counts for nothing.',
  ]
}

function revokedNote(revocation: RecordEntry['revocation']): Child[] {
  return [
    el('strong', {}, 'Revoked'),
    ...(revocation ? [' on ', localTime(revocation.at), ', reason: ', quoted(revocation.reason)] : []),
    '. Its publisher no longer stands by this record. What was claimed stays visible.',
  ]
}

function supersededNote({ at, record }: NonNullable<State['supersession']>): Child[] {
  return [
    el('strong', {}, 'Superseded'),
    ' on ',
    localTime(at),
    '. Its publisher gives ',
    link(recordPath(record), 'another record'),
    ' in its place.',
  ]
}

const STATE_WORDS: Record<string, string> = {
  active: 'Active',
  revoked: 'Revoked',
  superseded: 'Superseded',
  disowned: 'Disowned',
}

export const stateWord = (state: string): string => STATE_WORDS[state] ?? plain(state, 50)

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
