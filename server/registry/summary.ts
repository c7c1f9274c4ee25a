/** A verdict in a sentence that a reader can repeat. Never "fake", "tampered" or "true": what was compared, and what was found. Pure. */
import type { Kind } from '../fingerprint/index.ts'
import { NOT_LAID, ONLY_SOUND, type Verdict } from '../matching/index.ts'
import { inSentence } from '../text.ts'
import { clock, fromTo, type Span } from '../times.ts'
import { besideTheFirst } from './beside.ts'
import { findingClauses, isLaidOver, listed } from './finding-words.ts'
import type { MatchView, SegmentView } from './views.ts'

export const NOT_COMPARED = 'not compared for alterations'

const NOUNS: Record<Kind, string> = { image: 'picture', video: 'video', audio: 'sound' }

/** @param matches the leading one first. */
export function summarise(of: {
  verdict: Verdict
  kind: Kind
  reason: string | null
  matches: readonly MatchView[]
  /** Whether the first match was compared with the evidence of its original. */
  compared: boolean
}): string {
  const noun = NOUNS[of.kind]
  if (of.verdict === 'inconclusive') return `No conclusion about this ${noun}: ${of.reason}.`
  const [first] = of.matches
  if (!first) return `No registered original was found for this ${noun}. That says nothing about whether it is genuine.`
  return [
    statement(first, noun),
    laidOver(first),
    also(of.matches),
    of.compared || first.relation === 'identical' ? '' : 'It was not compared for alterations.',
    stateSentence(first),
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
  const what = `${subject(match, noun)}${turned(match)}`
  if (match.relation === 'same_content') return `${what} has the same content as ${source}.`
  if (match.segments.length > 0) return `${follows(what, match)}${rest(match, noun)}.`
  if (match.relation === 'altered') return `${what} comes from ${source}, but ${differences(match, noun)}.`
  if (match.relation === 'composite') return `This ${noun} contains ${source}, beside other material.`
  return `${what} shows a part of ${source}.`
}

/** A video that is found by its sound shows something else. */
const subject = ({ limits }: MatchView, noun: string) =>
  noun === NOUNS.video && limits.includes(ONLY_SOUND) ? 'The sound of this video' : `This ${noun}`

/** Of the stretches: which of the candidate is which of the original. */
function follows(what: string, match: MatchView): string {
  const [piece, ...more] = pieces(match.segments)
  const since = `registered by ${publisher(match)} on ${day(match.registeredAt)}`
  // A picture has no length: it is a moment of a video.
  if (isMoment(piece!.candidate))
    return `${what} is from ${original(match)} at ${clock(piece!.original.startS, true)}, ${since}`
  const others = more.length > 0 ? ` (and ${more.length} more)` : ''
  const source = `${isSoundOf(match) ? 'the sound of ' : ''}${original(match)}`
  return `${what} follows, from ${fromTo(piece!.candidate)}${others}, ${source} from ${fromTo(piece!.original)}, ${since}`
}

const isSoundOf = ({ original, limits }: MatchView) => original.kind === 'video' && limits.includes(ONLY_SOUND)

const isMoment = ({ startS, endS }: Span) => endS <= startS

function rest(match: MatchView, noun: string): string {
  if (match.relation === 'altered')
    return onlyHeard(match, noun)
      ? `. The picture is unaltered; ${heardWords(match)}`
      : `, but ${differences(match, noun)}`
  return match.relation === 'composite' ? ', beside other material' : ''
}

/** Whether what differs of a video is its sound, and its picture was compared. */
function onlyHeard({ findings, limits }: MatchView, noun: string): boolean {
  const wasSeen = noun === NOUNS.video && !limits.includes(ONLY_SOUND) && !limits.includes(NOT_COMPARED)
  return wasSeen && findings.every((one) => isLaidOver(one) || one.channel === 'audio')
}

const heardWords = ({ findings, segments }: MatchView) =>
  listed(
    findingClauses(
      findings.filter((one) => !isLaidOver(one)),
      segments,
    ),
  )

/** Seconds of the candidate between two stretches that a reader takes for one: a cut, black frames. */
const SEAM_S = 1

/** Stretches that follow each other in both, a cut or what was put in between them or not, as one. What goes back in the original begins anew. */
function pieces(segments: readonly SegmentView[]): { candidate: Span; original: Span }[] {
  const joint: { candidate: Span; original: Span }[] = []
  for (const { candidate, original } of segments) {
    const last = joint.at(-1)
    const goesOn = last && candidate.startS - last.candidate.endS < SEAM_S && original.startS >= last.original.endS
    if (goesOn) Object.assign(last, { candidate: to(last.candidate, candidate), original: to(last.original, original) })
    else joint.push({ candidate, original })
  }
  return joint
}

const to = ({ startS }: Span, { endS }: Span): Span => ({ startS, endS })

/** What is seen, not what it means: a retouched blemish and a forged face are both places that differ. */
function differences({ findings, segments }: MatchView, noun: string): string {
  const differing = findings.filter((finding) => !isLaidOver(finding))
  const clauses = findingClauses(differing, segments)
  // Of a picture there are no times, and how many places is all that is to be said.
  if (noun === NOUNS.image)
    return differing.length === 1 ? 'one region differs from it' : `${differing.length} regions differ from it`
  if (clauses.length === 0) return 'it differs'
  // Of what is heard each clause says so.
  return noun === NOUNS.audio ? listed(clauses) : `in this ${noun} ${listed(clauses)}`
}

function laidOver({ findings, segments }: MatchView): string {
  const over = findings.filter(isLaidOver)
  if (over.length === 0) return ''
  if (segments.length > 0) return `${capital(listed(findingClauses(over, segments)))}.`
  return over.length === 1
    ? 'Something is laid over it in one place.'
    : `Something is laid over it in ${over.length} places.`
}

/** Originals beside the leading one that a sentence names. */
const MOST_NAMED = 3

/** What else a compilation is made of. */
function also(matches: readonly MatchView[]): string {
  const others = besideTheFirst(matches)
  const named = others
    .slice(0, MOST_NAMED)
    .map((one) => `${original(one)} of ${publisher(one)} from ${fromTo(one.segments[0]!.candidate)}`)
  const more = others.length > MOST_NAMED ? [`${others.length - MOST_NAMED} more`] : []
  return named.length > 0 ? `It also follows ${listed([...named, ...more])}.` : ''
}

/** What became of a record, in the words of its state. */
function stateSentence({ state, disowned }: MatchView): string {
  if (disowned)
    return `The publisher has disowned that record: it declared the key that signed it compromised since ${day(disowned.since)} (declared on ${day(disowned.declaredAt)}${disowned.contested ? ', by an account that was declared compromised itself' : ''}).`
  if (state === 'revoked') return 'The publisher has since revoked that record.'
  return state === 'superseded' ? 'The publisher has since replaced that record by another.' : ''
}

function turned({ transforms, segments }: MatchView): string {
  const speed = speedWords(segments)
  const others = speed ? transforms.filter((one) => !SPEEDS.includes(one)) : transforms
  const words = [...others.map(inWords), ...(speed ? [speed] : [])]
  return words.length > 0 ? `, ${listed(words)},` : ''
}

/** Transforms that say of a speed only which way it differs. */
const SPEEDS: readonly string[] = ['sped up', 'slowed down']

/** Of a speed, parts by which stretches differ in it by measurement alone. */
const SAME_SPEED = 0.015

/** Where all stretches have one speed, and it is not the original's. */
function speedWords(segments: readonly SegmentView[]): string | null {
  const speed = segments[0]?.speed ?? 1
  const isOne = segments.every((one) => Math.abs(one.speed / speed - 1) < SAME_SPEED)
  if (!isOne || Math.abs(speed - 1) < SAME_SPEED) return null
  return `${speed > 1 ? 'sped up' : 'slowed down'} to ${Number(speed.toFixed(2))} times its speed`
}

/** `rotated -5` as a person says it; other transforms are words already. */
function inWords(transform: string): string {
  const degrees = /^rotated (-?\d+)$/.exec(transform)?.[1]
  if (degrees === undefined) return transform
  if (degrees === '180') return 'turned upside down'
  return `turned ${degrees.replace('-', '')}° ${degrees.startsWith('-') ? 'anticlockwise' : 'clockwise'}`
}

const original = (match: MatchView) =>
  match.original.title ? `“${inSentence(match.original.title)}”` : 'an original without a title'
const publisher = (match: MatchView) =>
  match.publisher.name
    ? `${inSentence(match.publisher.name)} (${match.publisher.trust})`
    : `${match.publisher.trust === 'unverified' ? 'unverified publisher' : 'publisher'} ${match.publisher.id}`
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function day(time: string): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
}
