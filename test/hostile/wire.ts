/** Bytes on a connection that are no request, half of one, or one that lies about its length. */
import type { ErrorCode } from '../../server/errors.ts'
import { join, noise, type Part, repeated } from './bytes.ts'

export interface Wire {
  name: string
  bytes: Buffer
  /** Null: it is not answered, or in any way. */
  codes: ErrorCode[] | null
}

const HOST = 'Host: localhost\r\n'
const POST = `POST /v1/lookups HTTP/1.1\r\n${HOST}`
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`

/** What is no HTTP. */
export function rubbish(): Wire[] {
  const no = (name: string, ...parts: Part[]): Wire => ({ name, bytes: join(...parts), codes: ['request.invalid'] })
  const large = (name: string, ...parts: Part[]): Wire => ({
    name,
    bytes: join(...parts),
    codes: ['request.too_large'],
  })
  const any = (name: string, ...parts: Part[]): Wire => ({ name, bytes: join(...parts), codes: null })
  const get = (headers: string) => `GET /healthz HTTP/1.1\r\n${HOST}${headers}\r\n`
  return [
    no('a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex'), noise(91, 200)),
    no('an SSH banner', 'SSH-2.0-OpenSSH_9.6\r\n'),
    no('random bytes', noise(92, 5_000)),
    no('zeros', Buffer.alloc(5_000)),
    no('10 MB of A', 'A'.repeat(10_000_000)),
    any('HTTP/0.9', 'GET /\r\n\r\n'),
    no('HTTP/9.9', `GET / HTTP/9.9\r\n${HOST}\r\n`),
    any('HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', Buffer.from('000000040000000000', 'hex')),
    no('a method that is none', `HACK / HTTP/1.1\r\n${HOST}\r\n`),
    no('a header without a colon', get('nothing\r\n')),
    no('a header with a space before its colon', get('a : b\r\n')),
    no('a header that goes on in the next line', get('a: b\r\n c\r\n d\r\n\0: e\r\n')),
    no('a header with a NUL', get('a: b\0c\r\n')),
    no('a header with a bare line feed', get('a: b\n\rc\r\n')),
    no('no Host', 'GET / HTTP/1.1\r\n\r\n'),
    large('a header of 20 kB', get(`a: ${'b'.repeat(20_000)}\r\n`)),
    large('5000 headers', get(Array.from({ length: 5_000 }, (_, i) => `x-${i}: y\r\n`).join(''))),
    large('an address of 100 kB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`),
    no('two lengths', `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`),
    no('a length and chunks', `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    no('a length below zero', `${POST}Content-Length: -1\r\n\r\n`),
    no('a length that is no number', `${POST}Content-Length: 0x10\r\n\r\n`),
    no('a length of 2^70', `${POST}Content-Length: 1180591620717411303424\r\n\r\n`),
    no('a chunk of rubbish', CHUNKED, 'zz\r\n'),
    no('a chunk of 2^64 bytes', CHUNKED, '10000000000000000\r\n'),
    no('a chunk longer than it says', CHUNKED, '3\r\nabcdefgh\r\n0\r\n\r\n'),
    large('a chunk with extensions of 100 kB', CHUNKED, `3;a=${'b'.repeat(100_000)}\r\nabc\r\n`),
    any('trailers of 100 kB', CHUNKED, `3\r\nabc\r\n0\r\na: ${'b'.repeat(100_000)}\r\n\r\n`),
    {
      name: 'a tunnel',
      bytes: join('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'),
      codes: ['request.method_not_allowed'],
    },
    {
      name: 'a proxy',
      bytes: join('GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
      codes: ['request.forbidden'],
    },
    {
      name: 'two Hosts',
      bytes: join('GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n'),
      codes: ['request.forbidden', 'request.invalid'],
    },
    any('no Host, as in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'),
    any('an asterisk', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`),
    any(
      'a WebSocket',
      get(
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
      ),
    ),
    any(
      'HTTP/2 by upgrade',
      get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    ),
    any('an expectation of something else', get('Expect: miracles\r\n')),
    any('a hundred requests at once', repeated(100, get(''))),
    any('a request, and rubbish', get(''), noise(93, 2_000)),
    any('a coding of chunks in gzip', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`),
    any('a coding without chunks', `${POST}Transfer-Encoding: gzip\r\n\r\nabc`),
  ]
}

/** Bodies of which too much is announced: a word of it is never read. */
export function announced(): Wire[] {
  const types = ['image/jpeg', 'multipart/form-data; boundary=b', 'application/json', 'video/mp4']
  const paths = ['/v1/lookups', '/v1/lookups?wait=0']
  const five = types.flatMap((type, i) =>
    ['', 'Expect: 100-continue\r\n'].map((expect) => ({
      name: `5 GB of ${type}${expect && ', politely'}`,
      bytes: join(
        `POST ${paths[i % 2]} HTTP/1.1\r\n${HOST}Content-Type: ${type}\r\nContent-Length: 5000000000\r\n${expect}\r\n`,
        expect ? '' : noise(94, 1_000),
      ),
      codes: ['request.too_large'] as ErrorCode[],
    })),
  )
  const carOf = (length: number): Wire => ({
    name: `a CAR of ${length} bytes`,
    bytes: join(
      `POST /v1/registrations HTTP/1.1\r\n${HOST}Content-Type: application/vnd.ipld.car\r\nContent-Length: ${length}\r\n\r\n`,
    ),
    codes: ['request.too_large'],
  })
  return [...five, carOf((64 << 20) + 1), carOf(5_000_000_000)]
}

/** Requests that are given up in the middle. */
export function halves(): Wire[] {
  const half = (name: string, ...parts: Part[]): Wire => ({ name, bytes: join(...parts), codes: null })
  return [
    half('a letter', 'P'),
    half('a line', 'POST /v1/lookups HTTP/1.1\r\n'),
    half('headers', POST),
    half('a body', `${POST}Content-Length: 1000\r\n\r\nabc`),
    half('a fingerprint', `${POST}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"fi`),
    half(
      'a form',
      `${POST}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\nabc`,
    ),
    half('a chunk', CHUNKED, 'ff\r\nabc'),
    half(
      'a CAR',
      `POST /v1/registrations HTTP/1.1\r\n${HOST}Content-Type: application/vnd.ipld.car\r\nContent-Length: 1000\r\n\r\nabc`,
    ),
    half('a lookup that nobody waits for', `${POST}Content-Length: 3\r\n\r\nabc`),
  ]
}
