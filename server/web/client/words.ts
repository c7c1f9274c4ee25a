/** What the page says: words, times and advice. Pure; docs/protocol.md §5 and §7 in plain language. */
import type { Candidate, Kind, Lookup, Match, Problem, Segment, Span, Stage, Verdict } from './wire.ts'

export const VERDICT_WORDS: Record<Verdict, string> = {
  identical: 'Identical',
  same_content: 'Same content',
  excerpt: 'Excerpt',
  altered: 'Altered',
  composite: 'Composite',
  not_registered: 'Not registered',
  inconclusive: 'Inconclusive',
}

/** What follows from a verdict, and what does not. */
export const VERDICT_MEANINGS: Record<Verdict, string> = {
  identical: 'This file has exactly the bytes that the publisher’s key claimed by the time of that block.',
  same_content:
    'This file shows the whole of a registered original, saved anew: re-encoded, resized, framed or turned.',
  excerpt: 'This file shows a part of a registered original.',
  altered:
    'This file comes from a registered original, and something in it differs. What that means is for you to judge.',
  composite: 'A part of this file comes from a registered original; other parts do not.',
  not_registered: 'Nothing follows from this about the file: most genuine pictures and videos are not registered here.',
  inconclusive: 'This file could not be compared well enough to say yes or no.',
}

/** Of a file that is sent, and of one that the server fetches. */
export const STAGES: readonly Stage[] = ['receiving', 'decoding', 'searching', 'comparing']
export const STAGES_OF_ADDRESS: readonly Stage[] = ['fetching', 'decoding', 'searching', 'comparing']

export const STAGE_WORDS: Record<Stage, string> = {
  receiving: 'Sending',
  fetching: 'Fetching',
  decoding: 'Decoding',
  searching: 'Searching',
  comparing: 'Comparing',
}

export const STAGE_SENTENCES: Record<Stage, string> = {
  receiving: 'Sending the file to the server.',
  fetching: 'The server fetches the file.',
  decoding: 'Decoding the file.',
  searching: 'Searching the records.',
  comparing: 'Comparing the file with likely originals.',
}

export function kindWord(kind: Kind | null): string {
  return kind === null ? 'Other media' : { image: 'Picture', video: 'Video', audio: 'Sound' }[kind]
}

export const NOT_COMPARED = 'not compared for alterations'

/** Of a picture that was compared. */
export const COMPARED_SENTENCE =
  'It was compared with a small copy of the original, of 512 pixels at most: what is finer than that, such as a changed word in small print, can go unnoticed.'

/** Of a video, or a sound, that was compared. */
export function filmComparedSentence({ limits = [] }: Partial<Match>, candidate: Candidate | null): string {
  const isSound = limits.includes(ONLY_SOUND) || (candidate !== null && candidate.width === null)
  return isSound ? SOUND_COMPARED : FILM_COMPARED
}

const ONLY_SOUND = 'only its sound was compared'
const SOUND_COMPARED =
  'It was compared with prints of the original’s sound, twenty a second and from 300 to 3,000 Hz: a change of less than half a second, or one under music or noise, can go unnoticed.'
const FILM_COMPARED =
  'It was compared with small copies of the original’s frames, two a second and of 192 pixels at most: what is finer or shorter than that, such as a changed word in small print or a single frame, can go unnoticed.'

/** Why pictures were not compared. */
const REASONS: Record<string, string> = {
  'no evidence of the original is published': 'This server has no small copy of the original to compare with.',
  'the comparison broke down': 'Comparing it took too long or failed: asking again may help.',
  'the fingerprint has no pictures to compare by': 'Only a fingerprint was sent: there were no pictures to compare.',
  'the picture could not be laid over its original':
    'It resembles its original, but could not be laid over it closely enough to compare them.',
  'the file breaks off: it was looked at as far as it could be read':
    'The file breaks off before its end: what could be read of it was looked at.',
  'more originals are as near than are compared': 'So many records are as near that not all of them were compared.',
}

/** Of one match. */
export function limitSentence(limit: string): string {
  if (limit === NOT_COMPARED)
    return 'This copy was not compared with the original for alterations: a changed face or word would not have been noticed.'
  if (limit === 'sound not compared') return 'Only the picture was compared: another voice would not have been noticed.'
  if (limit === ONLY_SOUND) return 'Only the sound was found: the picture was not, or there is none.'
  if (Object.hasOwn(REASONS, limit)) return REASONS[limit]!
  if (limit === 'manifest unavailable')
    return 'The record’s manifest was not available: only the hashes on the chain were compared.'
  return `Not done: ${limit}.`
}

/** What was not done for the file itself, and not for one match. Those of earlier versions had no limits of their own. */
export function ownLimits({ limits = [], matches = [] }: Pick<Lookup, 'limits' | 'matches'>): string[] {
  return limits.filter((limit) => !matches.some((match) => (match.limits ?? []).includes(limit)))
}

export function finalitySentence(finality: string): string {
  if (finality === 'local') return 'a local network: its clock proves nothing'
  if (finality === 'finalized') return 'finalized: it cannot be undone'
  if (finality === 'safe') return 'safe: it is not expected to be undone'
  if (finality === 'latest') return 'in a recent block: it could still be undone'
  return finality
}

export function manifestSentence(manifest: string): string | null {
  if (manifest === 'missing') return 'The manifest is not available here: only what is on the chain is known.'
  if (manifest === 'withdrawn')
    return 'The operator of this server withdrew the manifest: only what is on the chain is shown.'
  if (manifest === 'mismatch') return 'The manifest differs from what is on the chain: only the chain counts.'
  return null
}

const ADVICE: Record<string, string> = {
  'media.empty': 'Choose a file that holds something. A file that is still being copied or downloaded may be empty.',
  'media.too_large':
    'Make a shorter or smaller copy and look that up: a copy saved anew is recognised as the same content.',
  'media.unsupported': 'Save it as JPEG, PNG or WebP, or as an MP4 or WebM video, and look that up.',
  'media.undecodable': 'It may be damaged or cut short. Fetch it again from where it came, or save it anew.',
  'media.too_slow': 'Cut out the part in question and look that up.',
  'fetch.refused': 'Save the file and look that up: this server asks public addresses only.',
  'fetch.page': 'Open the page and copy the address of the picture or video itself, or save it and look that up.',
  'fetch.too_large': 'Save the file, make a shorter or smaller copy, and look that up.',
  'fetch.timeout': 'Try again later, or save the file and look that up.',
  'fetch.unreachable': 'See whether the address works in a private window, or save the file and look that up.',
  'request.rate_limited': 'Wait a moment and try again.',
  'server.busy': 'Wait a moment and try again.',
  'signer.unavailable': 'Reload this page, and check that this registry runs locally.',
  'request.forbidden': 'Reload this page and try again.',
}

/** What to do about a problem, in one sentence. */
export function advice(problem: Problem, retryAfterS: number | null): string {
  if (retryAfterS !== null) return `Try again in ${retryAfterS} ${retryAfterS === 1 ? 'second' : 'seconds'}.`
  const known = problem.code === undefined ? undefined : ADVICE[problem.code]
  if (known !== undefined) return known
  if (problem.status === undefined)
    return 'Check that the server runs and that the file can still be read, and try again. A very large file may have been refused.'
  return problem.status >= 500 ? 'Try again. If it stays so, the server’s log says more.' : 'Try another file.'
}

/** `0:07`, `1:02:03`, and with tenths `0:07.5`. @param seconds not negative. */
export function clock(seconds: number, tenths = false): string {
  const unit = tenths ? 10 : 1
  const whole = Math.round(seconds * unit)
  const fraction = tenths ? `.${whole % unit}` : ''
  const s = Math.floor(whole / unit)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(s / 60)
  if (minutes < 60) return `${minutes}:${two(s % 60)}${fraction}`
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}${fraction}`
}

/** `0:02–0:07`; with tenths where whole seconds would hide a short stretch. */
export function span({ startS, endS }: Span): string {
  const tenths = endS - startS < 2
  return `${clock(startS, tenths)}–${clock(endS, tenths)}`
}

/** A picture has no length: it is a moment of a video. */
export function segmentSentence({ candidate, original, speed }: Segment): string {
  if (candidate.endS <= candidate.startS) return `The candidate is ${clock(original.startS, true)} of the original`
  const at =
    speed !== undefined && Math.abs(speed - 1) > 0.005 ? `, at ${Number(speed.toFixed(2))} times its speed` : ''
  return `${span(candidate)} of the candidate is ${span(original)} of the original${at}`
}

/** Whether what was asked for is an address, and no file's name. */
export const isAddress = (name: string) => /^https?:\/\//i.test(name)

/** `1.4 MB`, in the powers of ten that file managers show. */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4)
  return `${(bytes / 1000 ** power).toPrecision(3)} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`
}

/** `Video, 0:42, 1280 × 720`. */
export function extent(of: {
  kind?: Kind | null
  durationS?: number | null
  width?: number | null
  height?: number | null
}) {
  const parts: string[] = []
  if (of.kind !== undefined) parts.push(kindWord(of.kind))
  if (of.durationS) parts.push(clock(of.durationS))
  if (of.width && of.height) parts.push(`${of.width} × ${of.height}`)
  return parts.join(', ')
}

/** A moment in words, or null where `iso` is none. @param timeZone an IANA name; the reader's own when left out. */
export function moment(iso: string, timeZone?: string): string | null {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return null
  // British English, because the page is English whatever the browser's language is, and its day comes before the month.
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    ...(timeZone && { timeZone }),
  }).format(date)
}

/** Controls, line ends, marks that turn the direction of writing, and what nobody sees; joiners stay, scripts and emoji need them. */
const HIDDEN =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]+/gu
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu

/** Text of a stranger that cannot turn the line around it, climb out of it, or go on for ever.
 * @param max characters kept. */
export function plain(text: string, max = 1000): string {
  const clean = text
    .slice(0, 4 * max)
    .replace(HIDDEN, ' ')
    .replace(STACKED_MARKS, '$1')
  const characters = [...clean]
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : clean
}
