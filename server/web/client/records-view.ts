/** The records below: newest first, twenty at a time. */
import { listRecords, ProblemError } from './api.ts'
import { announce, copyable, el, facts, localTime } from './dom.ts'
import { anchorFacts, citation, publisherLine, recordLink, registered, stateNote, title } from './record-facts.ts'
import type { RecordEntry } from './wire.ts'
import { advice, extent, manifestSentence, plain } from './words.ts'

export interface RecordsView {
  /** Starts again with the newest. */
  reload(): Promise<void>
}

export function createRecords(container: HTMLElement): RecordsView {
  const list = el('ol', { class: 'record-list' })
  const end = el('div', {})
  container.replaceChildren(list, end)
  let latest = 0

  const load = async (cursor: string | null): Promise<void> => {
    latest += 1
    const turn = latest
    container.setAttribute('aria-busy', 'true')
    try {
      const { records, next } = await listRecords(cursor)
      // A reload that began later has the newer answer.
      if (turn !== latest) return
      const items = records.map(recordItem)
      if (cursor === null) list.replaceChildren(...items)
      else list.append(...items)
      end.replaceChildren(...(next ? [older(next)] : list.childElementCount === 0 ? [emptyNote()] : []))
      if (cursor !== null) moveOn(items)
    } catch (error) {
      if (turn === latest) end.replaceChildren(failedNote(error, () => load(cursor)))
    } finally {
      if (turn === latest) container.removeAttribute('aria-busy')
    }
  }

  const older = (next: string) => {
    const button = el('button', { type: 'button', class: 'quiet' }, 'Older')
    button.addEventListener('click', () => {
      if (container.hasAttribute('aria-busy')) return
      void load(next)
    })
    return button
  }
  return { reload: () => load(null) }
}

/** The button that was pressed is gone: the reader goes on at the first record that came. */
function moveOn(items: HTMLElement[]): void {
  announce(items.length === 1 ? '1 older record.' : `${items.length} older records.`)
  items[0]?.querySelector<HTMLElement>('h3')?.focus()
}

function recordItem(record: RecordEntry): HTMLElement {
  const manifest = manifestSentence(record.manifest)
  return el(
    'li',
    { class: record.state === 'active' ? '' : 'withdrawn' },
    el(
      'div',
      { class: 'line' },
      el('h3', { tabindex: -1 }, title(record.title)),
      el('p', { class: 'muted' }, localTime(record.registeredAt)),
    ),
    el(
      'div',
      { class: 'line' },
      el('p', {}, publisherLine(record.publisher)),
      el('p', { class: 'muted' }, extent(record)),
    ),
    stateNote(record),
    manifest ? el('p', { class: 'note' }, manifest) : null,
    el(
      'details',
      {},
      el('summary', {}, 'Record and anchor', el('span', { class: 'unseen' }, ' of ', title(record.title))),
      facts([
        ['Registered', registered(record.registeredAt, record.anchor)],
        [
          'Record',
          [copyable(record.recordId, 'record id'), el('span', { class: 'aside' }, recordLink(record.recordId))],
        ],
        ['Cite as', copyable(citation(record.recordId, record.anchor), 'citation')],
        ['Anchored', WAY_WORDS[record.way] ?? plain(record.way, 50)],
        ['Content digest', copyable(record.contentDigest, 'content digest')],
      ]),
      anchorFacts(record.anchor),
    ),
  )
}

const WAY_WORDS: Record<string, string> = {
  stored: 'By itself: contracts can read it',
  logged: 'In a batch, in the log of the chain',
  rooted: 'In a batch whose list is kept apart',
}

function emptyNote(): HTMLElement {
  return el(
    'div',
    { class: 'empty' },
    el('p', {}, el('strong', {}, 'No records yet.'), ' Register the first one from a terminal:'),
    el('p', {}, copyable('npx firsthand register FILE', 'command')),
  )
}

function failedNote(error: unknown, onRetry: () => void): HTMLElement {
  const { problem, retryAfterS } =
    error instanceof ProblemError ? error : new ProblemError({ title: 'The page failed', detail: String(error) })
  const retry = el('button', { type: 'button', class: 'quiet' }, 'Try again')
  retry.addEventListener('click', onRetry)
  return el(
    'div',
    { class: 'note', role: 'alert' },
    el('p', {}, el('strong', {}, 'The records could not be read: '), plain(problem.title, 120), '. ', problem.detail),
    el('p', {}, advice(problem, retryAfterS)),
    el('p', {}, retry),
  )
}
