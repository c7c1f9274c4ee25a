/** What the stub answers of videos: twelve seconds that come from an original of a minute, with each kind of difference. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding, Lookup, Match, Segment } from '../../server/web/client/wire.ts'
import { HIDDEN, match, pixels, publisher, region } from './matches.ts'

/** Twelve seconds of video. */
export const CLIP = readFileSync(join(import.meta.dirname, '../../examples/crossing.mp4'))

const segment = (startS: number, endS: number, originalS: number, speed = 1): Segment => ({
  candidate: { startS, endS },
  original: { startS: originalS, endS: originalS + speed * (endS - startS) },
  speed,
  placement: null,
})

const finding = (kind: string, startS: number, endS: number, rest: Partial<Finding> = {}): Finding => ({
  channel: 'video',
  kind,
  span: { startS, endS },
  region: null,
  score: 0.99,
  ...rest,
})

const original = (title: string, durationS = 62) => ({
  contentDigest: 'ab'.repeat(32),
  kind: 'video' as const,
  title,
  durationS,
  ...pixels,
})

const film = (changes: Partial<Match>): Match =>
  match('altered', {
    original: original('Harbour, one continuous take'),
    segments: [segment(0, 12, 12)],
    transforms: ['re-encoded'],
    limits: [],
    ...changes,
  })

export const FACE = region(0.55, 0.2, 0.2, 0.4)
export const LOGO = region(0.8, 0.05, 0.15, 0.12)

export const FILM_FINDINGS: Finding[] = [
  finding('region', 1, 3, { region: FACE }),
  finding('missing', 5, 5, { score: 0.98 }),
  finding('inserted', 8, 9),
  finding('overlay', 0, 12, { region: LOGO, score: 0.95 }),
]

const KINDS: Finding[] = [
  finding('region', 0.5, 2, { region: FACE }),
  finding('replaced', 2, 3),
  finding('inserted', 3, 4),
  finding('missing', 4.5, 4.5),
  finding('reordered', 5, 6.5),
  finding('repeated', 6.5, 8),
  finding('frozen', 8, 9),
  finding('muted', 9, 10, { channel: 'audio' }),
  finding('shifted', 10, 11, { channel: 'audio' }),
  finding('replaced', 11, 12, { channel: 'audio' }),
  finding('overlay', 0, 12, { region: LOGO }),
  finding('mixed', 3, 9, { channel: 'audio' }),
]

const cutAndMore = [segment(0, 5, 12), segment(5, 8, 20), segment(9, 12, 23)]

/** A record whose manifest says where its original was published. */
export const PUBLISHED = `0x${'d4'.repeat(32)}`
export const PUBLISHED_AT = 'https://press.example/harbour.mp4'

/** Of twelve seconds, as the copy is: from its first second on, with other material at 4 s, without two seconds at 7 s, and another picture from 9 s on. */
const sides = (changes: Partial<Match> = {}) =>
  film({
    recordId: PUBLISHED,
    original: { ...original('Harbour', 12), contentDigest: createHash('sha256').update(CLIP).digest('hex') },
    segments: [segment(0, 4, 1), segment(5, 7, 5), segment(7, 9, 9)],
    findings: [finding('inserted', 4, 5), finding('missing', 7, 7), finding('replaced', 9, 10)],
    ...changes,
  })

/** Lookups of a video of twelve seconds, by scenario. */
export const FILMS: Record<string, Partial<Lookup>> = {
  film: { verdict: 'altered', matches: [film({ segments: cutAndMore, findings: FILM_FINDINGS })] },
  film_kinds: { verdict: 'altered', matches: [film({ findings: KINDS })] },
  film_sound: {
    verdict: 'altered',
    matches: [
      film({
        findings: [finding('replaced', 3, 6, { channel: 'audio' })],
        original: {
          ...original('Harbour, one continuous take'),
          loudness: { span: { startS: 6, endS: 30 }, values: Array.from({ length: 240 }, (_, i) => (i * 53) % 101) },
        },
      }),
    ],
    candidate: {
      contentDigest: 'cd'.repeat(32),
      sizeBytes: 9,
      durationS: 12,
      ...pixels,
      quality: 90,
      loudness: Array.from({ length: 120 }, (_, i) => (i * 37) % 101),
    },
  },
  film_sides: { verdict: 'altered', matches: [sides()] },
  film_two_sides: {
    verdict: 'composite',
    matches: [
      sides({ segments: [segment(0, 4, 1)], findings: [] }),
      film({
        recordId: `0x${'b2'.repeat(32)}`,
        original: original('Quay'),
        segments: [segment(6, 9, 0)],
        findings: [],
      }),
    ],
  },
  film_unshown: { verdict: 'altered', matches: [film({ recordId: HIDDEN, findings: FILM_FINDINGS })] },
  film_plain: {
    verdict: 'excerpt',
    matches: [
      film({ relation: 'excerpt', segments: [segment(0, 12, 900, 1.25)], original: original('Two hours', 7_200) }),
    ],
  },
  film_several: {
    verdict: 'composite',
    matches: [
      film({
        relation: 'composite',
        segments: [segment(0, 4, 30)],
        findings: [finding('region', 1, 2, { region: FACE })],
      }),
      film({
        relation: 'composite',
        recordId: `0x${'a1'.repeat(32)}`,
        segments: [segment(0, 4, 30)],
        publisher: { ...publisher, id: 9 },
      }),
      film({
        relation: 'composite',
        recordId: `0x${'b2'.repeat(32)}`,
        original: original('Quay'),
        segments: [segment(4, 8, 5)],
      }),
      film({
        relation: 'altered',
        recordId: `0x${'c3'.repeat(32)}`,
        original: original('Fair', 20),
        segments: [segment(9, 12, 2)],
      }),
    ],
  },
  film_hostile: {
    verdict: 'altered',
    matches: [
      film({
        original: { ...original('<img src=x onerror="window.pwned=1">'), durationS: -5 },
        segments: [segment(-1e9, 1e300, 3), { candidate: { startS: 5, endS: 2 }, original: { startS: 9, endS: 1 } }],
        findings: [
          finding('<b>', -4, 1e12, { region: region(-4e9, 5, 1e300, 0) }),
          finding('constructor', 3, 1, { channel: '<i>' }),
        ],
      }),
    ],
  },
}
