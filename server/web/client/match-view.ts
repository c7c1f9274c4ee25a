/** One match: the record that the candidate comes from, and how near it is. */
import { recordPath } from './api.ts'
import { comparisonView } from './comparison-view.ts'
import { copyable, el, facts } from './dom.ts'
import { transformWords } from './finding-words.ts'
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
import type { Candidate, Match } from './wire.ts'
import { extent, limitSentence, segmentSentence, VERDICT_WORDS } from './words.ts'

/** What was looked up. */
export interface Asked {
  candidate: Candidate | null
  /** Address of the reader's own file; null where the page has none. */
  file: string | null
}

/** Its place among the matches. */
export interface Place {
  /** Whether it is the first: its comparison is open. */
  leads: boolean
  /** Whether there is no other: what was not done then stands beside the verdict. */
  alone: boolean
}

export function matchView(match: Match, asked: Asked, { leads, alone }: Place): HTMLElement {
  const { original, publisher, anchor } = match
  return el(
    'article',
    { class: 'match' },
    el('h3', {}, title(original.title)),
    stateNote(match),
    ...(alone ? [] : match.limits.map((limit) => el('p', { class: 'note' }, limitSentence(limit)))),
    comparison(match, asked, leads),
    facts([
      ['Publisher', publisherLine(publisher)],
      ['Registered', registered(match.registeredAt, anchor)],
      ['State', stateWord(match.state)],
      ['Relation', VERDICT_WORDS[match.relation] ?? match.relation],
      ['Similarity', similarity(match)],
      ['Transforms', match.transforms.map(transformWords).join(', ') || null],
      ['Stretches', match.segments.length > 0 && stretches(match)],
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

/** Null where there is nothing to compare by. Of further matches it is made when it is opened. */
function comparison({ recordId, findings, segments, ...match }: Match, { candidate, file }: Asked, leads: boolean) {
  // Of a video that is a timeline; a picture may be a moment of one.
  if (!candidate?.width || !candidate.height || candidate.durationS) return null
  const placement = match.placement ?? segments[0]?.placement
  if (!placement) return null
  const { width, height } = candidate
  const at = segments[0] ? `?at=${segments[0].original.startS}` : ''
  const original = `${recordPath(recordId)}/evidence${at}`
  const view = () => comparisonView({ candidate: file, original, width, height, placement, findings })
  if (leads) return view()
  const details = el('details', {}, el('summary', {}, 'Compare with this original'))
  details.addEventListener('toggle', () => details.append(view()), { once: true })
  return details
}

/** Null for equal bytes: nothing is nearer. */
function similarity({ relation, similarity, distanceBits }: Match): string | null {
  if (relation === 'identical') return null
  const parts: string[] = []
  if (similarity !== null) parts.push(`${similarity} of 100`)
  if (distanceBits !== null) parts.push(`${distanceBits} of 256 bits of the perceptual hashes differ`)
  return parts.join('; ') || null
}

const stretches = ({ segments }: Match) =>
  el('ul', { class: 'segments' }, ...segments.map((segment) => el('li', {}, segmentSentence(segment))))
