/** Requests that are wrong before their body is. */
import { readFileSync } from 'node:fs'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { noise } from './bytes.ts'
import type { Input } from './inputs.ts'

const picture = readFileSync(new URL('../../examples/hills-copy.webp', import.meta.url))
const WEBP = { 'content-type': 'image/webp' }

/** A sound picture by another name: where the name decides who reads it, it is refused. */
export function misnamedBodies(): Input[] {
  const as = (type: string, codes: Input['codes'], path?: string): Input => ({
    name: `a picture as ${type}${path ? ` at ${path}` : ''}`,
    headers: { 'content-type': type },
    body: picture,
    codes,
    ...(path && { path }),
  })
  const empty = (name: string, headers: Record<string, string>): Input => ({
    name: `nothing as ${name}`,
    headers,
    body: Buffer.alloc(0),
    codes: ['media.empty', 'request.invalid'],
  })
  return [
    as('application/json', ['request.invalid']),
    as('application/json; charset=utf-16', ['request.invalid']),
    as('multipart/form-data; boundary=none', ['request.invalid']),
    as('application/vnd.ipld.car', ['block.invalid'], '/v1/registrations'),
    as('image/webp', ['request.unsupported_media_type'], '/v1/registrations'),
    as('application/json', ['request.unsupported_media_type'], '/v1/registrations'),
    as('image/webp', ['request.forbidden'], '/v1/development/registrations'),
    ...[
      'video/mp4',
      'text/html',
      'image/svg+xml',
      'application/vnd.ipld.car',
      'application/x-mpegurl',
      '../..',
      'a'.repeat(10_000),
    ].map((type) => as(type, null)),
    empty('a picture', WEBP),
    empty('anything', {}),
    empty('a fingerprint', { 'content-type': 'application/json' }),
    empty('a form', { 'content-type': 'multipart/form-data; boundary=b' }),
  ]
}

/** Nothing is unpacked, be it small or ten thousand times as large as it looks. */
export function encodedBodies(): Input[] {
  const zeros = Buffer.alloc(64 << 20)
  const xz = Buffer.concat([Buffer.from('fd377a585a000004', 'hex'), noise(61, 5_000)])
  const codings: [string, Buffer][] = [
    ['gzip', gzipSync(zeros)],
    ['x-gzip', gzipSync(picture)],
    ['deflate', deflateSync(zeros)],
    ['br', brotliCompressSync(zeros, { params: { 0: 1 } })],
    ['zstd', zstdCompressSync(zeros)],
    ['xz', xz],
    ['zip', Buffer.from('504b0304140000000800', 'hex')],
    ['gzip, gzip', gzipSync(gzipSync(picture))],
    ['compress', picture],
    ['c'.repeat(9_000), picture],
  ]
  const types = { ...WEBP, form: 'multipart/form-data; boundary=b', json: 'application/json' }
  return codings.flatMap(([coding, body]) =>
    Object.entries(types).map(([name, type]) => ({
      name: `${name} in ${coding.slice(0, 20)}`,
      headers: { 'content-type': type, 'content-encoding': coding },
      body,
      codes: ['request.unsupported_media_type'],
    })),
  )
}

export function badQueries(): Input[] {
  const queries = [
    ...['-1', '121', 'NaN', 'abc', '1e9', 'Infinity', '1&wait=2', '0x', '%00', '%F0%9F%98%80'].map(
      (value) => `wait=${value}`,
    ),
    ...['0', '101', '1.5', '-1', '99999999999999999999', 'a'.repeat(8_000)].map((value) => `limit=${value}`),
    ...['32', '-1', '0.5', 'none', '1&maxDistance=2'].map((value) => `maxDistance=${value}`),
    ...['0', '-1', '4294967296', '1%20OR%201=1', "'--"].map((value) => `publisher=${value}`),
    ...['film', '', '__proto__', 'constructor', 'image&kind=video'].map((value) => `kind=${value}`),
  ]
  const pages = [
    'cursor=-1',
    'cursor=x',
    'cursor=1e99',
    'limit=0',
    'limit=201',
    'contentDigest=xyz',
    'contentDigest=..%2F',
    `contentDigest=${'a'.repeat(65)}`,
    'kind=film',
    'publisher=1.5',
    'cursor=1&cursor=2',
  ]
  return [
    ...queries.map(
      (query): Input => ({
        name: query.slice(0, 60),
        path: `/v1/lookups?${query}`,
        headers: WEBP,
        body: picture,
        codes: ['request.invalid'],
      }),
    ),
    ...pages.map(
      (query): Input => ({
        name: `records?${query.slice(0, 60)}`,
        method: 'GET',
        path: `/v1/records?${query}`,
        codes: ['request.invalid'],
      }),
    ),
  ]
}

/** Ids that are paths, no text, too long, or meant for a database. */
const IDS = [
  '..%2f..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '%00',
  '%E0%A4%A',
  '%ED%A0%80',
  '%',
  'a'.repeat(10_000),
  '%F0%9F%98%80',
  "'%20OR%20'1'='1",
  '__proto__',
  '%0d%0aX-A:b',
  '0'.repeat(32),
  `0x${'0'.repeat(64)}`,
  '-1',
  '1e400',
]

export function badAddresses(): Input[] {
  const at = (path: string, method = 'GET'): Input => ({
    name: `${method} ${path.slice(0, 80)}`,
    method,
    path,
    codes: ['request.invalid', 'request.not_found', 'lookup.not_found', 'record.not_found', 'publisher.not_found'],
  })
  const plain = [
    '/../../../../etc/passwd',
    '//etc/passwd',
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/docs/../../package.json',
    '/docs/..%2f..%2fpackage.json',
    '/v1',
    '/v2/lookups',
    '/.env',
    '/v1/lookups/x/y/z',
    '/%',
    `/${'a'.repeat(12_000)}`,
    '/assets/%00',
  ]
  return [
    ...plain.map((path) => at(path)),
    ...IDS.flatMap((id) => [
      at(`/v1/lookups/${id}`),
      at(`/v1/lookups/${id}`, 'DELETE'),
      at(`/v1/lookups/${id}/events`),
    ]),
    ...IDS.flatMap((id) => [at(`/v1/records/${id}`), at(`/v1/records/${id}/manifest`), at(`/v1/publishers/${id}`)]),
  ]
}

export function badMethods(): Input[] {
  const on = (method: string, path: string): Input => ({
    name: `${method} ${path}`,
    method,
    path,
    codes: ['request.method_not_allowed'],
  })
  return [
    ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'MKCOL'].map((method) =>
      on(method, '/v1/lookups'),
    ),
    ...[
      '/v1/records',
      '/v1/status',
      '/healthz',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/',
      '/ipfs/x',
      '/v1/publishers/1',
      '/v1/lookups/x/events',
    ].map((path) => on('POST', path)),
    on('GET', '/v1/registrations'),
    on('PUT', '/v1/development/registrations'),
    on('PURGE', '/v1/lookups/x'),
  ]
}

/** Other names lead here, too, if somebody's name server says so. */
export function badHosts(): Input[] {
  const hosts = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'evil.example:80',
    'localhost:80:80',
    '0.0.0.0',
    '[::]',
    '2130706433',
    '0x7f000001',
    'LOCALHOST.',
    'a'.repeat(10_000),
    ' ',
  ]
  return hosts.flatMap((host): Input[] => [
    {
      name: `GET / of ${host.slice(0, 40)}`,
      method: 'GET',
      path: '/',
      headers: { host },
      codes: ['request.forbidden'],
    },
    {
      name: `a lookup of ${host.slice(0, 40)}`,
      headers: { ...WEBP, host },
      body: picture,
      codes: ['request.forbidden'],
    },
  ])
}
