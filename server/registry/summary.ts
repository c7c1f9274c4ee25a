/** A verdict in a sentence that a reader can repeat. Never "fake", "tampered" or "true": what was compared, and what was found. Pure. */
import type { Kind } from '../fingerprint/index.ts'
import { NOT_LAID, type Verdict } from '../matching/index.ts'
import { inSentence } from '../text.ts'
import type { MatchView } from './views.ts'

export const NOT_COMPARED = 'not compared for alterations'

const NOUNS: Record<Kind, string> = { image: 'picture', video: 'video', audio: 'sound' }

/** @param first the leading match; null without one. */
export function summarise(of: {
  verdict: Verdict
  kind: Kind
  reason: string | null
  first: MatchView | null
  /** Whether the first match was compared with the evidence of its original. */
  compared: boolean
}): string {
  const noun = NOUNS[of.kind]
  if (of.verdict === 'inconclusive') return `No conclusion about this ${noun}: ${of.reason}.`
  if (!of.first)
    return `No registered original was found for this ${noun}. That says nothing about whether it is genuine.`
  return [
    statement(of.first, noun),
    laidOver(of.first),
    of.compared || of.first.relation === 'identical' ? '' : 'It was not compared for alterations.',
    stateSentence(of.first),
  ]
    .filter(Boolean)
    .join(' ')
}

/** @returns a sentence on the record that contradicts the leading one: it explains the candidate better, or was there before it. */
export function summariseConflict(other: MatchView, first: Pick<MatchView, 'anchor'>): string {
  // Within a day the dates do not tell.
  const when = other.anchor.block < first.anchor.block ? 'earlier, on' : 'on'
  const sentence = `${capital(publisher(other))} ${contradiction(other)} ${when} ${day(other.registeredAt)}.`
  return other.disowned ? `${sentence} ${stateSentence(other)}` : sentence
}

function contradiction({ relation, limits }: MatchView): string {
  if (relation === 'identical') return 'registered exactly these bytes'
  if (limits.includes(NOT_LAID)) return 'claimed this picture, with a small copy of it that does not fit,'
  return relation === 'altered'
    ? 'registered a version that differs from it'
    : 'registered a version that is nearer to it'
}

function statement(match: MatchView, noun: string): string {
  const source = `${original(match)}, registered by ${publisher(match)} on ${day(match.registeredAt)}`
  if (match.relation === 'identical') return `The same bytes as ${source}.`
  if (match.relation === 'same_content') return `This ${noun}${turned(match)} has the same content as ${source}.`
  if (match.relation === 'altered')
    return `This ${noun}${turned(match)} comes from ${source}, but ${differences(match)}.`
  if (match.relation === 'composite') return `This ${noun} contains ${source}, beside other material.`
  const [segment] = match.segments
  if (!segment) return `This ${noun}${turned(match)} shows a part of ${source}.`
  const more = match.segments.length > 1 ? ` (and ${match.segments.length - 1} more)` : ''
  return `This ${noun} follows, from ${span(segment.candidate)}${more}, ${original(match)} from ${span(segment.original)}, registered by ${publisher(match)} on ${day(match.registeredAt)}.`
}

/** What is seen, not what it means: a retouched blemish and a forged face are both places that differ. */
function differences({ findings }: MatchView): string {
  const count = findings.filter(({ kind }) => kind !== 'overlay').length
  return count === 1 ? 'one region differs from it' : `${count} regions differ from it`
}

function laidOver({ findings }: MatchView): string {
  const count = findings.filter(({ kind }) => kind === 'overlay').length
  if (count === 0) return ''
  return count === 1 ? 'Something is laid over it in one place.' : `Something is laid over it in ${count} places.`
}

/** What became of a record, in the words of its state. */
function stateSentence({ state, disowned }: MatchView): string {
  if (disowned)
    return `The publisher has disowned that record: it declared the key that signed it compromised since ${day(disowned.since)} (declared on ${day(disowned.declaredAt)}${disowned.contested ? ', by an account that was declared compromised itself' : ''}).`
  if (state === 'revoked') return 'The publisher has since revoked that record.'
  return state === 'superseded' ? 'The publisher has since replaced that record by another.' : ''
}

const turned = ({ transforms }: MatchView) => (transforms.length > 0 ? `, ${listed(transforms.map(inWords))},` : '')

/** `rotated -5` as a person says it; other transforms are words already. */
function inWords(transform: string): string {
  const degrees = /^rotated (-?\d+)$/.exec(transform)?.[1]
  if (degrees === undefined) return transform
  if (degrees === '180') return 'turned upside down'
  return `turned ${degrees.replace('-', '')}° ${degrees.startsWith('-') ? 'anticlockwise' : 'clockwise'}`
}

/** a, b and c. */
const listed = (words: string[]) => [words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' and ')
const original = (match: MatchView) =>
  match.original.title ? `“${inSentence(match.original.title)}”` : 'an original without a title'
const publisher = (match: MatchView) =>
  match.publisher.name
    ? `${inSentence(match.publisher.name)} (${match.publisher.trust})`
    : `${match.publisher.trust === 'unverified' ? 'unverified publisher' : 'publisher'} ${match.publisher.id}`
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function span({ startS, endS }: { startS: number; endS: number }): string {
  return `${clock(startS)} to ${clock(endS)}`
}

/** 0:07, 1:02:03. */
function clock(secondsIn: number): string {
  const total = Math.round(secondsIn)
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  const padded = String(rest).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${padded}` : `${minutes}:${padded}`
}

function day(time: string): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
}
