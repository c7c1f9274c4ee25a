/** What the stub answers: one finished lookup for each verdict, records, and strings of people who mean no good. */
import type { Finding, Lookup, Placement, Problem, RecordEntry, Relation } from '../../server/web/client/wire.ts'
import type { Reported } from '../../server/web/index.ts'
import { TEXTS } from '../strings/stranger.ts'
import { FILMS } from './films.ts'
import { anchor, HIDDEN, hex, match, pixels, publisher, region } from './matches.ts'

export { HIDDEN, match, region }

export const HOSTILE = {
  markup: '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>',
  attribute: '" onfocus="window.pwned=1" autofocus x="',
  turned: 'photo\u202egpj.exe\u2066 \u0000 end',
  long: 'Aa'.repeat(3000),
  address: 'javascript:window.pwned=1',
} as const

const video = {
  original: {
    contentDigest: hex(5),
    kind: 'video' as const,
    title: 'Harbour, one continuous take',
    durationS: 62,
    ...pixels,
  },
  segments: [{ candidate: { startS: 2, endS: 7 }, original: { startS: 12, endS: 17 }, speed: 1 }],
  transforms: ['re-encoded'],
}

/** The original fills the middle of the candidate: a quarter of it. */
export const INSIDE: Placement = {
  candidate: region(0.25, 0.25, 0.5, 0.5),
  original: region(0, 0, 1, 1),
  corners: [
    { x: 0.25, y: 0.25 },
    { x: 0.75, y: 0.25 },
    { x: 0.25, y: 0.75 },
  ],
}

export const FINDINGS: Finding[] = [
  { channel: 'video', kind: 'region', span: null, region: region(0.26, 0.3, 0.12, 0.09), score: 0.996 },
  { channel: 'video', kind: 'overlay', span: null, region: region(0.6, 0.7, 0.1, 0.05), score: 0.95 },
]

const compared = { placement: INSIDE, findings: FINDINGS, limits: [] }

const found = (relation: Relation, summary: string, matches = [match(relation)]): Partial<Lookup> => ({
  verdict: relation,
  summary,
  matches,
  limits: [...new Set(matches.flatMap((one) => one.limits))],
})

const ANSWERS: Record<string, Partial<Lookup>> = {
  identical: found(
    'identical',
    'This is, byte for byte, the file that the unverified publisher Development newsroom registered.',
  ),
  same_content: found(
    'same_content',
    'The whole picture is the one that the unverified publisher Development newsroom registered, mirrored.',
    [
      match('same_content'),
      match('excerpt', {
        recordId: `0x${hex(8)}`,
        original: { contentDigest: hex(9), kind: 'image', title: null, durationS: null, ...pixels },
        publisher: { id: 2, name: null, domain: null, trust: 'unverified' },
        state: 'revoked',
        anchor: anchor(2, 'finalized'),
      }),
    ],
  ),
  excerpt: found(
    'excerpt',
    'This shows 0:12 to 0:17 of the video that the unverified publisher Development newsroom registered.',
    [match('excerpt', video)],
  ),
  altered: found('altered', 'This picture comes from the unverified original, but one region differs from it.', [
    match('altered', compared),
    match('excerpt', { ...compared, recordId: `0x${hex(18)}`, findings: [] }),
  ]),
  unshown: found('altered', 'This picture comes from the unverified original, but one region differs from it.', [
    match('altered', { ...compared, recordId: HIDDEN }),
  ]),
  overlaid: found('altered', 'One region differs from it. Something is laid over it in one place.', [
    match('altered', { ...compared, findings: FINDINGS.toReversed() }),
  ]),
  composite: found('composite', 'A third of this picture is other material; the rest is the unverified original.', [
    match('composite', { ...compared, findings: [] }),
  ]),
  partly: found('altered', 'This picture comes from the unverified original, but one region differs from it.', [
    match('altered', compared),
    match('same_content', { recordId: `0x${hex(19)}` }),
  ]),
  not_registered: { verdict: 'not_registered', summary: 'No registered original was found.' },
  inconclusive: {
    verdict: 'inconclusive',
    summary: 'This picture could not be looked up.',
    reason: 'the picture is too featureless (quality 12 of 100)',
  },
  conflict: {
    ...found('same_content', 'The whole picture is the unverified original of 20 November.'),
    conflict: {
      recordId: `0x${hex(13)}`,
      summary: 'Somebody else (unverified) registered exactly these bytes on 9 December 2026.',
    },
  },
  hostile: {
    ...found('same_content', `${HOSTILE.markup} ${HOSTILE.turned}`, [
      match('same_content', {
        recordId: HOSTILE.attribute,
        original: { contentDigest: HOSTILE.markup, kind: 'image', title: HOSTILE.markup, durationS: null, ...pixels },
        publisher: { id: 3, name: HOSTILE.long, domain: HOSTILE.address, trust: HOSTILE.markup },
        registeredAt: HOSTILE.markup,
        state: HOSTILE.attribute,
        transforms: [HOSTILE.markup, HOSTILE.long],
        placement: INSIDE,
        findings: [
          { ...FINDINGS[0]!, kind: HOSTILE.markup },
          { ...FINDINGS[1]!, region: region(-4e9, 5, 1e300, 0) },
        ],
        limits: [HOSTILE.markup],
      }),
    ]),
    conflict: { recordId: HOSTILE.markup, summary: HOSTILE.long },
  },
  strings: found(
    'same_content',
    TEXTS.join(' '),
    TEXTS.map((text, i) =>
      match('same_content', {
        recordId: `0x${hex(300 + i)}`,
        original: { contentDigest: hex(400 + i), kind: 'image', title: text, durationS: null, ...pixels },
        publisher: { id: i, name: text, domain: text, trust: 'unverified' },
        transforms: [text],
      }),
    ),
  ),
}

const undecodable: Problem = {
  type: '/docs/errors#media.undecodable',
  title: 'The media cannot be decoded',
  status: 422,
  detail: 'The file begins like a JPEG and ends after 812 bytes.',
  code: 'media.undecodable',
}

export const unsupported: Problem = {
  type: HOSTILE.address,
  title: 'The media is of a type that is not supported',
  status: 415,
  detail: `Found ${HOSTILE.markup}.`,
  code: 'media.unsupported',
}

export const VERDICTS = [
  ['identical', 'Identical'],
  ['same_content', 'Same content'],
  ['excerpt', 'Excerpt'],
  ['altered', 'Altered'],
  ['composite', 'Composite'],
  ['not_registered', 'Not registered'],
  ['inconclusive', 'Inconclusive'],
] as const

/** The finished lookup of a scenario; `failed` carries an error, and names that are not known find nothing. */
export function finished(id: string, scenario: string): Lookup {
  if (scenario === 'failed') return { id, status: 'failed', error: undecodable }
  return {
    id,
    status: 'done',
    reason: null,
    candidate: {
      contentDigest: hex(6),
      sizeBytes: 214_037,
      durationS: scenario.startsWith('film') ? 12 : scenario === 'excerpt' ? 9 : null,
      width: 1280,
      height: 720,
      quality: 100,
    },
    matches: [],
    conflict: null,
    limits: [],
    ...(ANSWERS[scenario] ?? FILMS[scenario] ?? ANSWERS.not_registered),
  }
}

/** A finished lookup as its report has it. */
export function reported(id: string, scenario: string): Reported {
  const { error: _, ...lookup } = finished(id, scenario)
  return {
    ...lookup,
    basis: 'media',
    createdAt: '2026-11-21T09:00:00Z',
    expiresAt: '2026-12-21T09:00:00Z',
    asked: { name: 'quay.jpg', publisher: null, kind: null, maxDistance: null, limit: 20 },
    madeBy: { software: '1.2.3', thresholds: 'thresholds1-00112233aabb' },
  }
}

/** @param number counts from 1 for the oldest. */
export function record(number: number, changes: Partial<RecordEntry> = {}): RecordEntry {
  const isVideo = number % 3 === 0
  return {
    recordId: `0x${hex(100 + number)}`,
    kind: isVideo ? 'video' : 'image',
    title: isVideo ? `Harbour, take ${number}` : `Kayaks at the jetty, frame ${number}`,
    contentDigest: hex(200 + number),
    publisher,
    registeredAt: new Date(Date.UTC(2026, 10, 20, 10, number)).toISOString(),
    state: 'active',
    disowned: null,
    revocation: null,
    supersession: null,
    way: 'stored',
    anchor: anchor(number),
    durationS: isVideo ? 62 : null,
    width: 1920,
    height: 1080,
    manifest: 'present',
    ...changes,
  }
}

/** So many records, newest first. */
export const newest = (count: number): RecordEntry[] => Array.from({ length: count }, (_, i) => record(count - i))

/** A record for each text of a stranger. */
export const strangeRecords = (): RecordEntry[] =>
  TEXTS.map((text, i) =>
    record(500 + i, { title: text, publisher: { id: i, name: text, domain: text, trust: 'unverified' } }),
  )

export const hostileRecord = record(99, {
  title: HOSTILE.markup,
  publisher: { id: 4, name: HOSTILE.turned, domain: HOSTILE.long, trust: 'unverified' },
  state: 'revoked',
  revocation: { at: HOSTILE.attribute, reason: HOSTILE.markup },
  manifest: 'mismatch',
  recordId: HOSTILE.attribute,
  registeredAt: 'yesterday',
})
