/** One match: the record that the candidate comes from, and how near it is. */
import { type Child, copyable, el, facts } from './dom.ts'
import { timeline } from './glyphs.ts'
import {
  anchorFacts,
  citation,
  publisherLine,
  recordLink,
  registered,
  stateNote,
  stateWord,
  title,
} from './record-facts.ts'
import type { Match } from './wire.ts'
import { clock, extent, plain, segmentSentence, VERDICT_WORDS } from './words.ts'

/** @param candidateS length of the candidate, for the picture of its stretches. */
export function matchView(match: Match, candidateS: number | null): HTMLElement {
  const { original, publisher, anchor } = match
  return el(
    'article',
    { class: 'match' },
    el('h3', {}, title(original.title)),
    stateNote(match),
    facts([
      ['Publisher', publisherLine(publisher)],
      ['Registered', registered(match.registeredAt, anchor)],
      ['State', stateWord(match.state)],
      ['Relation', VERDICT_WORDS[match.relation] ?? match.relation],
      ['Similarity', similarity(match)],
      ['Transforms', match.transforms.map((one) => plain(one, 60)).join(', ') || null],
      ['Stretches', match.segments.length > 0 && stretches(match, candidateS)],
      ['Original', extent(original)],
      ['Record', [copyable(match.recordId, 'record id'), el('span', { class: 'aside' }, recordLink(match.recordId))]],
    ]),
    el(
      'details',
      { open: true },
      el('summary', {}, 'Anchor and citation'),
      anchorFacts(anchor),
      facts([
        ['Cite as', copyable(citation(match.recordId, anchor), 'citation')],
        ['Digest of the original', copyable(original.contentDigest, 'digest of the original')],
      ]),
    ),
  )
}

/** Null for equal bytes: nothing is nearer. */
function similarity({ relation, similarity, distanceBits }: Match): string | null {
  if (relation === 'identical') return null
  const parts: string[] = []
  if (similarity !== null) parts.push(`${similarity} of 100`)
  if (distanceBits !== null) parts.push(`${distanceBits} of 256 bits of the perceptual hashes differ`)
  return parts.join('; ') || null
}

function stretches({ segments, original }: Match, candidateS: number | null): Child[] {
  const list = el('ul', { class: 'segments' }, ...segments.map((segment) => el('li', {}, segmentSentence(segment))))
  if (!candidateS || !original.durationS) return [list]
  return [
    list,
    el(
      'div',
      { class: 'times', 'aria-hidden': true },
      el('span', {}, `Candidate, ${clock(candidateS)}`),
      timeline(candidateS, original.durationS, segments),
      el('span', {}, `Original, ${clock(original.durationS)}`),
    ),
  ]
}
