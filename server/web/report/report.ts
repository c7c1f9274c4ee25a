/** The report of a finished lookup: one page that needs nothing else, to be printed, filed or handed on. The same lookup gives the same
 *  bytes. Pure but for reading its style once. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Conflict, Kind, Lookup, Verdict } from '../client/wire.ts'
import { byteSize, extent, limitSentence, moment, ownLimits, VERDICT_MEANINGS, VERDICT_WORDS } from '../client/words.ts'
import { checks, notSaid } from './checks.ts'
import { type Child, code, el, facts, type Markup, quoted, style } from './markup.ts'
import { matchSection } from './match.ts'

/** A lookup as a report tells it. Lookups of earlier versions lack what is optional. */
export interface Reported extends Omit<Lookup, 'error'> {
  basis: 'media' | 'client fingerprint'
  createdAt: string
  expiresAt: string
  asked?: {
    name: string | null
    publisher: number | null
    kind: Kind | null
    maxDistance: number | null
    limit: number
  }
  madeBy?: { software: string; thresholds: string } | null
}

export interface Report {
  /** HTML. */
  page(lookup: Reported): string
  /** The `Content-Security-Policy`. It stands in the page too, for where it is filed. */
  policy: string
}

/** @param directory where the style sheets of the page are. */
export function createReport(directory = join(import.meta.dirname, '..')): Report {
  const css = ['colours.css', 'report.css'].map((name) => readFileSync(join(directory, name), 'utf8')).join('\n')
  const digest = createHash('sha256').update(css).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`
  return {
    page: (lookup) => `<!doctype html>\n${document(lookup, css, policy).markup}\n`,
    policy: `${policy}; frame-ancestors 'none'`,
  }
}

function document(lookup: Reported, css: string, policy: string): Markup {
  const verdict: Verdict = lookup.verdict ?? 'inconclusive'
  const head = [
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    el('meta', { name: 'color-scheme', content: 'light dark' }),
    el('meta', { name: 'robots', content: 'noindex' }),
    el('title', {}, `${VERDICT_WORDS[verdict]}: report of a lookup, Firsthand`),
    el('link', { rel: 'icon', href: 'data:,' }),
    style(css),
  ]
  return el('html', { lang: 'en' }, el('head', {}, ...head), el('body', {}, ...body(lookup, verdict)))
}

function body(lookup: Reported, verdict: Verdict): Markup[] {
  const { matches = [], candidate = null } = lookup
  const section = (title: string, ...children: Child[]) => el('section', {}, el('h2', {}, title), ...children)
  return [
    el('header', {}, el('p', { class: 'wordmark' }, 'Firsthand'), el('p', {}, 'Report of a lookup')),
    el(
      'main',
      {},
      verdictSection(lookup, verdict),
      section('What was asked', askedFacts(lookup)),
      matches.length > 0 &&
        section(
          matches.length === 1 ? 'The record' : `${matches.length} records, in the order of the answer`,
          matches.length > 1 && el('p', { class: 'muted' }, ORDER_SENTENCE),
          ...matches.map((match, index) => matchSection(match, { index, alone: matches.length === 1 }, candidate)),
        ),
      section('What this does not say', notSaid(lookup)),
      section('How to check it yourself', checks(lookup, lookup.basis)),
    ),
    el('footer', {}, ...footer(lookup)),
  ]
}

const ORDER_SENTENCE =
  'Records of publishers that the server’s operator trusts come first, then older ones, then those that explain more of the file. The verdict is the relation to the first.'

function verdictSection(lookup: Reported, verdict: Verdict): Markup {
  const { summary, reason, conflict, matches = [] } = lookup
  const told = [...ownLimits(lookup), ...(matches[0]?.limits ?? [])]
  return el(
    'section',
    { class: 'verdict', 'data-verdict': verdict },
    el('h1', {}, VERDICT_WORDS[verdict]),
    el('p', { class: 'summary', dir: 'auto' }, summary),
    reason && !summary?.includes(reason) ? el('p', {}, `Reason: ${reason}.`) : null,
    el('p', {}, VERDICT_MEANINGS[verdict]),
    ...told.map((limit) => el('p', { class: 'note' }, limitSentence(limit))),
    matches[0]?.anchor.finality === 'local' && el('p', { class: 'note' }, LOCAL_SENTENCE),
    conflict ? conflictNote(conflict) : null,
  )
}

const LOCAL_SENTENCE =
  'The records are on a local network, for trying things out: its clock and its keys prove nothing to anybody else.'

function conflictNote({ recordId, summary }: Conflict): Markup {
  return el(
    'p',
    { class: 'note conflict' },
    el('strong', {}, 'Another record contradicts the one that leads. '),
    el('bdi', {}, summary),
    ' Its publisher is less trusted, or it is younger, so it does not lead: ',
    code(recordId),
  )
}

function askedFacts({ id, asked, candidate, createdAt, basis }: Reported): Markup {
  const size = candidate?.sizeBytes
  return facts([
    ['File', asked?.name ? [quoted(asked.name), ', as whoever asked called it'] : 'not named by whoever asked'],
    ['SHA-256', code(candidate?.contentDigest ?? '')],
    ['Size', size === undefined ? null : `${size} bytes${size < 1000 ? '' : ` (${byteSize(size)})`}`],
    ['Extent', candidate ? extent(candidate) || null : null],
    ['Asked', `${moment(createdAt, 'UTC') ?? createdAt}, by the clock of the server`],
    [
      'Seen by the server',
      basis === 'media' ? 'the file itself, which is not kept' : 'a fingerprint only, not the file',
    ],
    ['Searched', asked ? searchedWords(asked) : null],
    ['Lookup', code(id)],
  ])
}

/** What was left out has to be said: a search for one publisher's records finds nothing of another's. */
function searchedWords({ publisher, kind, maxDistance, limit }: NonNullable<Reported['asked']>): string {
  const only = [
    publisher !== null && `records of publisher ${publisher}`,
    kind !== null && `records of the kind ${kind}`,
    maxDistance !== null && `perceptual hashes at most ${maxDistance} bits away`,
  ].filter(Boolean)
  const told = `at most ${limit} matches are told`
  return only.length === 0 ? `all records; ${told}` : `only ${only.join(', and ')}; ${told}`
}

function footer({ madeBy, expiresAt }: Reported): Markup[] {
  const by = madeBy
    ? `Answered by Firsthand ${madeBy.software} with the thresholds ${madeBy.thresholds}.`
    : 'Answered by a version of Firsthand that did not name itself.'
  const until = moment(expiresAt, 'UTC') ?? expiresAt
  return [el('p', {}, by), el('p', {}, `The server keeps the answer until ${until} at the latest: file this page.`)]
}
