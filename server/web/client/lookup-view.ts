/** The answer to a lookup: the verdict in a word and a sentence, what follows from it, and the matches. */
import { lookupPath, type ProblemError, recordPath, reportPath } from './api.ts'
import { type Child, copyable, el, facts, fill, link } from './dom.ts'
import { filmView } from './film-view.ts'
import { glyph } from './glyphs.ts'
import { matchView } from './match-view.ts'
import type { Conflict, Lookup, Verdict } from './wire.ts'
import {
  advice,
  COMPARED_SENTENCE,
  extent,
  filmComparedSentence,
  limitSentence,
  NOT_COMPARED,
  ownLimits,
  plain,
  VERDICT_MEANINGS,
  VERDICT_WORDS,
} from './words.ts'

/** Shows a finished lookup. @param file address of the reader's own file, where the page has it.
 * @returns the heading to which the focus moves. */
export function showVerdict(container: HTMLElement, lookup: Lookup, file: string | null): HTMLElement {
  const verdict: Verdict = lookup.verdict && lookup.verdict in VERDICT_WORDS ? lookup.verdict : 'inconclusive'
  const matches = lookup.matches ?? []
  const heading = el('h2', { id: 'verdict', tabindex: -1, 'aria-describedby': 'summary' }, VERDICT_WORDS[verdict])
  fill(
    container,
    el(
      'div',
      { class: 'verdict', 'data-verdict': verdict },
      el('div', { class: 'word' }, glyph(verdict), heading),
      el('p', { id: 'summary', class: 'summary', dir: 'auto' }, lookup.summary),
      reasonLine(lookup),
      el('p', { class: 'meaning' }, VERDICT_MEANINGS[verdict]),
      comparedLine(lookup),
      // Those of the match that the verdict is of; the others stand where their match is.
      ...[...ownLimits(lookup), ...(matches[0]?.limits ?? [])].map((limit) =>
        el('p', { class: 'note' }, limitSentence(limit)),
      ),
      conflictNote(lookup.conflict),
    ),
    filmView(matches, lookup.candidate ?? null, file),
    matches.length > 0 &&
      el('h2', { class: 'label' }, matches.length === 1 ? 'The record' : `${matches.length} records`),
    ...matches.map((match, index) =>
      matchView(
        match,
        { candidate: lookup.candidate ?? null, file },
        { leads: index === 0, alone: matches.length === 1 },
      ),
    ),
    candidateFacts(lookup),
  )
  return heading
}

/** How finely it was compared, where it was. */
function comparedLine({ matches, verdict, candidate }: Lookup): HTMLElement | null {
  const [first] = matches ?? []
  if (!first || verdict === 'identical' || first.limits.includes(NOT_COMPARED)) return null
  if (first.segments.length > 0) return el('p', {}, filmComparedSentence(first, candidate ?? null))
  return first.placement && el('p', {}, COMPARED_SENTENCE)
}

interface ProblemActions {
  /** Asks the same again; null where the page does not have it. */
  onRetry: (() => void) | null
}

/** Shows why there is no verdict. @returns the heading to which the focus moves. */
export function showProblem(container: HTMLElement, error: ProblemError, { onRetry }: ProblemActions): HTMLElement {
  const { problem, retryAfterS } = error
  const heading = el('h2', { id: 'verdict', tabindex: -1, 'aria-describedby': 'summary' }, plain(problem.title, 120))
  const retry = onRetry && el('button', { type: 'button' }, 'Try again')
  if (onRetry) retry?.addEventListener('click', onRetry)
  fill(
    container,
    el(
      'div',
      { class: 'verdict problem', 'data-verdict': 'problem' },
      el('div', { class: 'word' }, glyph('problem'), heading),
      el('p', { id: 'summary', class: 'summary', dir: 'auto' }, problem.detail),
      el('p', {}, el('strong', {}, 'What to do: '), advice(problem, retryAfterS)),
      el('p', { class: 'muted' }, 'No verdict was reached: nothing follows about the file.'),
      problem.code
        ? el('p', { class: 'muted' }, 'Code: ', el('code', {}, problem.code), ...explained(problem.type))
        : null,
      retry && el('p', {}, retry),
    ),
  )
  return heading
}

/** What is known of the candidate itself. */
function candidateFacts({ candidate, id }: Lookup): HTMLElement | null {
  if (!candidate) return null
  const size = extent(candidate)
  return el(
    'section',
    { class: 'about', 'aria-label': 'About your file' },
    el('h2', { class: 'label' }, 'Your file, as it was read'),
    facts([
      ['Content digest', copyable(candidate.contentDigest, 'content digest')],
      ['Extent', size || null],
      ['Report', link(reportPath(id), 'This answer as a page to print, to file or to cite')],
      ['This answer', link(lookupPath(id), 'The whole lookup as JSON')],
    ]),
  )
}

function conflictNote(conflict: Conflict | null | undefined): HTMLElement | null {
  if (!conflict) return null
  return el(
    'div',
    { class: 'note' },
    el('strong', {}, 'Another record contradicts the one that leads. '),
    conflict.summary,
    ' Its publisher is less trusted, or it is younger, so it does not lead: ',
    copyable(conflict.recordId, 'id of the other record'),
    el('span', { class: 'aside' }, link(recordPath(conflict.recordId), 'The other record as JSON')),
  )
}

/** The summary may say it already. */
function reasonLine({ reason, summary }: Lookup): HTMLElement | null {
  if (!reason || summary?.includes(reason)) return null
  return el('p', {}, el('strong', {}, 'Reason: '), plain(reason, 300), '.')
}

function explained(type: string | undefined): Child[] {
  return type && /^(?:https?:\/)?\//.test(type) ? [' ', link(type, 'What this code means')] : []
}
