/** Fingerprints in JSON that are none. */
import { toDocument } from '../../server/fingerprint/index.ts'
import { picture, video } from '../fingerprint/make.ts'
import { noise } from './bytes.ts'
import type { Input } from './inputs.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const MAX_BYTES = 2 << 20

type Json = Record<string, unknown>

/** @param addresses that must not be asked for. */
export function hostileFingerprints(addresses: string[]): Input[] {
  return [...malformed(), ...wrongFields(), ...wrongFrames(), ...addresses.map(urlInstead)]
}

const urlInstead = (url: string): Input =>
  sent(`the address ${url.slice(0, 8)}`, JSON.stringify({ url }), ['fetch.refused'])

function sent(name: string, body: string | Buffer, codes: Input['codes']): Input {
  return { name, headers: JSON_TYPE, body: Buffer.from(body), codes }
}

/** No JSON, or no fingerprint in it. */
function malformed(): Input[] {
  const whole = JSON.stringify({ fingerprint: toDocument(picture(1)) })
  const bad = (name: string, body: string | Buffer) => sent(name, body, ['request.invalid'])
  return [
    bad('an open bracket a million times', '['.repeat(1_000_000)),
    bad('a million brackets that close', `${'['.repeat(500_000)}${']'.repeat(500_000)}`),
    bad('objects 300000 deep', '{"a":'.repeat(300_000)),
    sent('a fingerprint of brackets', `{"fingerprint":${'['.repeat(900_000)}${']'.repeat(900_000)}}`, [
      'request.invalid',
    ]),
    sent('2 MiB and one byte', Buffer.alloc(MAX_BYTES + 1, ' '), ['request.too_large']),
    bad('2 MiB of spaces', Buffer.alloc(MAX_BYTES, ' ')),
    bad('2 MiB of rubbish', noise(71, MAX_BYTES)),
    ...[
      'null',
      'true',
      '0',
      '""',
      '[]',
      '{}',
      '{',
      '[1',
      '{"fingerprint"}',
      "{'fingerprint':1}",
      'NaN',
      'undefined',
      '\0',
      '{"fingerprint":NaN}',
      '{"fingerprint":Infinity}',
      '{"fingerprint":0x10}',
    ].map((body) => bad(body, body)),
    bad('half of a fingerprint', whole.slice(0, whole.length / 2)),
    bad('a fingerprint and more', `${whole}${whole}`),
    bad('a fingerprint and an address', JSON.stringify({ ...JSON.parse(whole), url: 'http://127.0.0.1/' })),
    bad('a fingerprint in UTF-16', Buffer.from(whole, 'utf16le')),
    bad('the key __proto__', '{"__proto__":{"fingerprint":1}}'),
    bad('an address that is no text', '{"url":{"a":1}}'),
    bad('150000 keys', JSON.stringify(manyKeys(150_000))),
    sent('a number of 2 million digits', `{"fingerprint":${'9'.repeat(2_000_000)}}`, ['fingerprint.invalid']),
    ...['null', '0', '"x"', '[]', '{}', 'true'].map((value) =>
      sent(`the fingerprint ${value}`, `{"fingerprint":${value}}`, ['fingerprint.invalid']),
    ),
  ]
}

const manyKeys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1]))

/** A picture's, but for one field. */
function wrongFields(): Input[] {
  const good = toDocument(picture(2)) as unknown as Json
  const hashes = toDocument(picture(2)).pdq!
  const bad = (name: string, change: Json) =>
    sent(name, JSON.stringify({ fingerprint: { ...good, ...change } }), ['fingerprint.invalid', 'request.invalid'])
  const literal = (field: string, value: string) =>
    sent(
      `${field} ${value.slice(0, 30)}`,
      JSON.stringify({ fingerprint: { ...good, [field]: '@' } }).replace('"@"', value),
      ['fingerprint.invalid'],
    )
  const pdq = (name: string, change: Json) => bad(name, { pdq: { ...hashes, ...change } })
  return [
    bad('another version', { version: 'fingerprint2' }),
    bad('another kind', { kind: 'film' }),
    bad('a kind of the prototype', { kind: 'constructor' }),
    bad('a short digest', { contentDigest: 'ab' }),
    bad('a digest in capitals', { contentDigest: 'A'.repeat(64) }),
    bad('a digest of 1 MB', { contentDigest: 'a'.repeat(1_000_000) }),
    bad('a digest that is a list', { contentDigest: ['a'.repeat(64)] }),
    ...['0', '-1', '1.5', '1e999', '9007199254740993', '"1"', 'null', '{}'].map((value) =>
      literal('byteLength', value),
    ),
    ...['0', '-1', '1e308', '1e999', '1000001'].map((value) => literal('width', value)),
    ...['-1', '1e999', '"1"', '1000001'].map((value) => literal('durationS', value)),
    bad('a media type of 1 MB', { mediaType: 'm'.repeat(1_000_000) }),
    bad('no hashes', { pdq: null }),
    pdq('seven hashes', { orientations: hashes.orientations.slice(1) }),
    pdq('a million hashes', { orientations: Array(1_000_000).fill(0) }),
    pdq('a hash that is no hex', { orientations: hashes.orientations.map(() => 'z'.repeat(64)) }),
    ...[-1, 101, 0.5, null, '1'].map((quality) => pdq(`quality ${quality}`, { quality })),
    bad('a field too many', { more: 1 }),
    bad('a field with a name of 1 MB', { ['n'.repeat(1_000_000)]: 1 }),
    bad('100000 fields too many', manyKeys(100_000)),
    bad('the field constructor', { constructor: { prototype: { polluted: true } } }),
    bad('frames of a picture', { frames: toDocument(video(1, 3)).frames }),
    bad('a sound with hashes', { kind: 'audio' }),
    bad('a video with the hashes of a picture', { kind: 'video' }),
  ]
}

/** A video's, but for its frames. */
function wrongFrames(): Input[] {
  const good = toDocument(video(3, 4))
  const bad = (name: string, frames: unknown) =>
    sent(name, JSON.stringify({ fingerprint: { ...good, frames } }), ['fingerprint.invalid', 'request.invalid'])
  const [first, second, ...others] = good.frames
  const short = { timeS: 0, quality: 1, pdq: '' }
  return [
    bad(
      '28801 frames',
      Array.from({ length: 28_801 }, (_, i) => ({ ...short, timeS: i })),
    ),
    bad(
      '28800 frames without hashes',
      Array.from({ length: 28_800 }, (_, i) => ({ ...short, timeS: i })),
    ),
    bad('690000 empty frames', Array(690_000).fill({})),
    bad('a million frames that are 0', Array(1_000_000).fill(0)),
    bad('frames that are an object', { length: 1_000_000_000 }),
    bad('frames out of order', [second, first, ...others]),
    bad('two frames at a time', [first, first, ...others]),
    bad('frames before the beginning', [{ ...first, timeS: -1 }]),
    bad('frames after eleven days', [{ ...first, timeS: 1_000_001 }]),
    bad('a frame with more', [{ ...first, more: 1 }]),
    bad('a frame that is null', [null]),
    bad('frames nested in frames', [[first]]),
  ]
}
