/** One match of a report: the record, how the candidate lies on its original, what differs, what was not done. Pure. */
import { findingName, findingSentence, placementSentence, transformWords } from '../client/finding-words.ts'
import type { Anchor, Candidate, Disowned, Finding, Match, Placement, Publisher } from '../client/wire.ts'
import {
  COMPARED_SENTENCE,
  extent,
  filmComparedSentence,
  finalitySentence,
  limitSentence,
  moment,
  NOT_COMPARED,
  segmentSentence,
  VERDICT_WORDS,
} from '../client/words.ts'
import { drawing } from './drawing.ts'
import { filmDrawing, filmFindings } from './film.ts'
import { type Child, code, el, facts, type Markup, quoted } from './markup.ts'

/** Its place among the matches. */
export interface Place {
  /** From 0. */
  index: number
  /** Whether there is no other: what was not done then stands beside the verdict. */
  alone: boolean
}

export function matchSection(match: Match, { index, alone }: Place, candidate: Candidate | null): Markup {
  const { original, publisher, anchor } = match
  const limits = alone ? [] : (match.limits ?? [])
  return el(
    'article',
    { class: 'match', 'aria-labelledby': `match-${index}` },
    el('h3', { id: `match-${index}` }, `${index + 1}. `, original.title ? quoted(original.title) : 'Without a title'),
    ...stateNotes(match),
    ...limits.map((limit) => el('p', { class: 'note' }, limitSentence(limit))),
    facts([
      ['Relation', VERDICT_WORDS[match.relation]],
      ['Publisher', publisherWords(publisher)],
      ['Registered', registeredWords(match.registeredAt, anchor)],
      ['State', match.state.charAt(0).toUpperCase() + match.state.slice(1)],
      ['Part', partWords(match)],
      ['Transforms', match.transforms.map(transformWords).join(', ') || null],
      ['Similarity', match.relation === 'identical' ? null : similarity(match)],
      ['Original', extent(original) || null],
      ['Block', `${anchor.block}; ${finalitySentence(anchor.finality)}, when the question was answered`],
      ['Transaction', code(anchor.transaction)],
      ['Chain', code(anchor.chain)],
      ['Contract', code(anchor.contract)],
      ['Record', code(match.recordId)],
      ['Cite as', code(`${anchor.chain}:${anchor.contract}/${match.recordId}`)],
      ['Digest of the original', code(original.contentDigest)],
    ]),
    ...differences(match, index, candidate),
  )
}

function publisherWords({ id, name, domain, trust }: Publisher): Child[] {
  const trusted = trust === 'unverified' ? 'unverified: nobody has checked who this is' : trust
  return [
    name === null ? '' : el('strong', {}, quoted(name)),
    name === null ? `Publisher ${id}` : ` (publisher ${id})`,
    `; ${trusted}`,
    ...(domain === null ? [] : ['; gives ', quoted(domain), ' as its domain, which nobody has checked']),
  ]
}

function registeredWords(at: string, { finality }: Anchor): string {
  const time = moment(at, 'UTC') ?? at
  return finality === 'local' ? `${time}, by the clock of a local network, which proves nothing` : `${time} or before`
}

function partWords({ placement, segments }: Match): string | null {
  const sentences = [
    placement && placementSentence(placement, 'this file'),
    ...segments.map((one) => `${segmentSentence(one)}.`),
  ]
  return sentences.filter(Boolean).join(' ') || null
}

function similarity({ similarity, distanceBits }: Match): string {
  const bits = distanceBits === null ? '' : `; ${distanceBits} of 256 bits of the perceptual hashes differ`
  return `${similarity} of 100${bits}`
}

function stateNotes({ state, disowned, supersession }: Match): Markup[] {
  const note = (...children: Child[]) => [el('p', { class: 'note' }, ...children)]
  if (state === 'disowned' && disowned) return note(...disownedWords(disowned))
  if (state === 'revoked') return note('The publisher has revoked this record: it no longer stands by it.')
  if (state === 'superseded' && supersession)
    return note('The publisher gives another record in the place of this one: ', code(supersession.record))
  return []
}

/** Both dates: back-dating the first to be rid of a record must be visible. */
function disownedWords({ since, declaredAt, contested }: Disowned): Child[] {
  const by = contested ? ', by an account that was declared compromised itself' : ''
  return [
    `The publisher has disowned this record: it declared the key that signed it compromised since ${moment(since, 'UTC') ?? since}, and said so on ${moment(declaredAt, 'UTC') ?? declaredAt}${by}.`,
  ]
}

/** Nothing for equal bytes: there is nothing to compare. */
function differences(match: Match, index: number, candidate: Candidate | null): Child[] {
  const { relation, placement, segments } = match
  if (relation === 'identical') return []
  if (segments.length > 0) return filmDifferences(match, index, candidate)
  if (!isCompared(match) || !placement) return []
  return [
    el('h4', {}, 'What differs, and where'),
    match.findings.length === 0 ? NOTHING_FOUND : findingList(match.findings),
    el('p', { class: 'muted' }, COMPARED_SENTENCE),
    frameFigure(match, placement, index, candidate),
  ]
}

const NOTHING_FOUND = el('p', {}, 'Nothing was found that differs.')
const isCompared = ({ limits }: Match) => !(limits ?? []).includes(NOT_COMPARED)

/** Of a video; one that was not compared has its stretches all the same. */
function filmDifferences(match: Match, index: number, candidate: Candidate | null): Child[] {
  const { findings, segments } = match
  const drawn = filmDrawing(match, candidate?.durationS ?? null, `film-${index}`)
  const placement = segments.find((one) => one.placement)?.placement ?? null
  const regions = findings.some(({ region }) => region !== null)
  return [
    isCompared(match) && el('h4', {}, 'What differs, and when'),
    isCompared(match) && (findings.length === 0 ? NOTHING_FOUND : filmFindings(match)),
    isCompared(match) && el('p', { class: 'muted' }, filmComparedSentence(match, candidate)),
    drawn && el('figure', {}, drawn, el('figcaption', {}, FILM_CAPTION)),
    regions && placement && frameFigure(match, placement, index, candidate),
  ]
}

const FILM_CAPTION =
  'Above the file, below the original, each along its time. Joined: what is of the original, and from when in it. Hatched: what is of no registered original. Numbers: the differences of the list; broken lines: what is laid over.'

function frameFigure(match: Match, placement: Placement, index: number, candidate: Candidate | null): Child {
  const { width, height } = candidate ?? {}
  if (!width || !height) return null
  return figure(drawing({ placement, findings: match.findings, width, height, id: `drawing-${index}` }))
}

function findingList(findings: Finding[]): Markup {
  const items = findings.map((finding, i) =>
    el('li', {}, el('strong', {}, `${findingName(finding, i)}: `), `${findingSentence(finding)}.`),
  )
  return el('ul', { class: 'findings' }, ...items)
}

function figure(drawn: Markup | null): Markup | null {
  return (
    drawn &&
    el(
      'figure',
      {},
      drawn,
      el(
        'figcaption',
        {},
        'The frame of the file. Whole lines: what differs. Broken lines: what is laid over. Fine line: where the original lies. There is no picture of the file here, because none is kept.',
      ),
    )
  )
}
