/** Requests made from the OpenAPI document: valid, nearly valid and hostile ones, the same for the same seed. */
import { readFileSync } from 'node:fs'
import { seeded } from '../random.ts'
import {
  type Dice,
  damaged,
  diceOf,
  HOSTILE_TEXTS,
  HOSTILE_VALUES,
  hexDigits,
  type Json,
  spoilt,
  valid,
} from './values.ts'

export interface FuzzRequest {
  method: string
  /** With its query, encoded or not. */
  path: string
  headers: [name: string, value: string][]
  body: Buffer | null
  /** Where in the document it comes from; null for what the document does not have. */
  operation: { path: string; method: string } | null
}

/** What is there to be asked for. */
export interface Known {
  recordIds: string[]
  lookupIds: string[]
  cids: string[]
  /** A CAR that is one. */
  car: Buffer
  /** Of the page, for the development signer. */
  token: string
  /** Addresses that must not be asked for. */
  bait: string[]
}

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  schema: Json
}
interface Operation {
  path: string
  method: string
  parameters: Parameter[]
  /** By media type. */
  content: Record<string, { schema: Json }>
}

const METHODS = ['get', 'post', 'put', 'delete', 'patch']
const OTHER_METHODS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'POST', 'GET', 'HEAD', 'PROPFIND', 'PURGE']
/** Of requests that could have a file decoded, those that have one that can be: each costs a decoder a tenth of a second. */
const REAL_MEDIA = 0.1
const picture = readFileSync(new URL('../../examples/hills-copy.webp', import.meta.url))

export function operationsOf(document: Json): Operation[] {
  return Object.entries(document.paths as Record<string, Json>).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const { parameters = [], requestBody } = item[method] as { parameters?: Parameter[]; requestBody?: Json }
      const shared = (item.parameters ?? []) as Parameter[]
      const content = (requestBody?.content ?? {}) as Operation['content']
      return { path, method, parameters: [...shared, ...parameters], content }
    }),
  )
}

/** Requests without an end. `known` may grow in the meantime. */
export function* requestsOf(document: Json, known: Known, seed: number): Generator<FuzzRequest, never> {
  const dice = diceOf(seeded(seed))
  const operations = operationsOf(document)
  for (;;) yield requestOf(dice.pick(operations), document, known, dice)
}

/** How far a request is from what the document asks for. */
type Mood = 'valid' | 'near' | 'hostile'

function requestOf(operation: Operation, document: Json, known: Known, dice: Dice): FuzzRequest {
  const mood: Mood = dice.pick(['valid', 'near', 'near', 'hostile'])
  const { path, parameters } = operation
  const values: string[] = []
  const written = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = pathValue(name, path, known, mood, dice)
    values.push(value)
    return value
  })
  const query = queryOf(
    parameters.filter((parameter) => parameter.in === 'query'),
    document,
    mood,
    dice,
  )
  const headers = headersOf(known, mood, dice)
  if (parameters.some((parameter) => parameter.in === 'header') && dice.chance(0.5))
    headers.push(['X-Firsthand-Token', dice.chance(0.7) ? known.token : ascii(dice.pick(HOSTILE_TEXTS))])
  const body = bodyOf(operation, document, known, mood, dice)
  if (body?.type) headers.push(['Content-Type', body.type])
  const other = mood === 'hostile' && dice.chance(0.1)
  // Nothing, or more than one step of a path, leads elsewhere.
  const elsewhere = other || values.some((value) => !/^[^/?#]+$/.test(value))
  return {
    method: other ? dice.pick(OTHER_METHODS) : operation.method.toUpperCase(),
    path: (mood === 'hostile' && dice.chance(0.1) ? mangled(written, dice) : written) + query,
    headers,
    body: body?.bytes ?? null,
    operation: elsewhere ? null : { path, method: operation.method },
  }
}

function pathValue(name: string, path: string, known: Known, mood: Mood, dice: Dice): string {
  const good = goodPathValue(name, path, known, dice)
  if (mood === 'valid' || dice.chance(0.4)) return good
  if (mood === 'near')
    return dice.pick([
      good.slice(0, -1),
      `${good}0`,
      good.toUpperCase(),
      good.replace('0', '1'),
      `%20${good}`,
      `${good}%00`,
    ])
  const text = dice.pick(HOSTILE_TEXTS)
  return dice.chance(0.7) ? encodeURIComponent(text.toWellFormed()) : raw(text)
}

function goodPathValue(name: string, path: string, known: Known, dice: Dice): string {
  if (name === 'recordId') return dice.pick([...known.recordIds, `0x${hexDigits(64, dice)}`])
  if (name === 'cid') return dice.pick(known.cids)
  if (path.includes('publishers')) return dice.pick(['1', '2', '4294967295'])
  return dice.pick([...known.lookupIds, hexDigits(32, dice)])
}

/** As bytes of a request line may be: everything that is printable in ASCII, the rest in UTF-8, as some clients write it. */
const raw = (text: string) =>
  Buffer.from(text.replace(/[\s\0-\x20\x7f]/g, '+'))
    .toString('latin1')
    .slice(0, 2_000)

/** What a header may hold. */
const ascii = (text: string) =>
  text
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '?')
    .trim()
    .slice(0, 2_000)

function mangled(path: string, dice: Dice): string {
  return dice.pick([
    `/${path}`,
    `${path}/`,
    `${path}/..`,
    `${path}/%2e%2e/`,
    path.toUpperCase(),
    `${path};a=b`,
    path.replace('/', '/./'),
    `${path}%`,
  ])
}

function queryOf(parameters: Parameter[], document: Json, mood: Mood, dice: Dice): string {
  const pairs = parameters
    .filter(() => dice.chance(0.5))
    .map(({ name, schema }): [string, string] => [name, queryValue(schema, document, mood, dice)])
  // Nobody waits here for what takes long.
  if (parameters.some(({ name }) => name === 'wait') && !pairs.some(([name]) => name === 'wait'))
    pairs.push(['wait', '5'])
  if (mood !== 'valid' && dice.chance(0.2) && pairs.length > 0) pairs.push(dice.pick(pairs))
  if (mood === 'hostile' && dice.chance(0.3)) pairs.push([dice.pick(HOSTILE_TEXTS), dice.pick(HOSTILE_TEXTS)])
  if (mood === 'hostile' && dice.chance(0.1) && pairs.length > 0)
    pairs[0]![0] += dice.pick(['[]', '[a]', '[__proto__]', '.x', '%00'])
  const encode =
    mood === 'hostile' && dice.chance(0.3) ? raw : (text: string) => encodeURIComponent(text.toWellFormed())
  return pairs.length > 0 ? `?${pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}` : ''
}

function queryValue(schema: Json, document: Json, mood: Mood, dice: Dice): string {
  const good = valid(schema, document, dice)
  if (mood === 'valid' || dice.chance(0.3)) return String(good)
  const value = mood === 'near' ? spoilt(good, dice) : dice.pick(HOSTILE_VALUES)
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function headersOf(known: Known, mood: Mood, dice: Dice): [string, string][] {
  if (mood === 'valid') return []
  const tricks: [string, string][] = [
    ['Accept', dice.pick(['*/*', 'text/html', 'application/vnd.ipld.car', 'application/vnd.ipld.raw;q=0', 'x', ',,,'])],
    ['Content-Encoding', dice.pick(['gzip', 'identity', 'br', 'x'])],
    [
      'X-Forwarded-For',
      dice.pick(['203.0.113.9', '127.0.0.1', '::1', 'unknown', 'a'.repeat(900), '1.2.3.4, 5.6.7.8', '2001:db8::1']),
    ],
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'https'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['X-Original-URL', '/etc/passwd'],
    ['Range', dice.pick(['bytes=0-0', 'bytes=-1', 'bytes=0-,0-,0-', 'x'])],
    ['If-None-Match', dice.pick(['*', '"a"', 'W/"', '"'.repeat(500)])],
    ['Origin', dice.pick(['null', 'http://evil.example', known.bait[0]!])],
    ['Referer', known.bait[0]!],
    ['Cookie', 'a=b; '.repeat(100)],
    ['Authorization', 'Basic AAAA'],
    ['Last-Event-ID', dice.pick(['0', '-1', 'x'.repeat(1_000)])],
    ['Accept-Language', ascii(dice.pick(HOSTILE_TEXTS))],
    ['X-Request-Id', ascii(dice.pick(HOSTILE_TEXTS))],
    ['Host', dice.pick(['localhost', 'evil.example', '127.0.0.1:1', '[::1]'])],
  ]
  return tricks.filter(() => dice.chance(mood === 'near' ? 0.03 : 0.12))
}

interface Body {
  type: string | null
  bytes: Buffer
}

function bodyOf({ content, path }: Operation, document: Json, known: Known, mood: Mood, dice: Dice): Body | null {
  const types = Object.keys(content)
  if (types.length === 0)
    return mood === 'hostile' && dice.chance(0.1) ? { type: 'text/plain', bytes: Buffer.from('x') } : null
  const chosen = dice.pick(types)
  const body = goodBody(chosen, content[chosen]!.schema, path, document, known, mood, dice)
  if (mood === 'valid') return body
  if (dice.chance(0.1))
    body.type = dice.pick([null, ...types, 'application/json; charset=utf-16', 'multipart/form-data', 'text/xml', 'x'])
  return dice.chance(mood === 'near' ? 0.3 : 0.7) ? { ...body, bytes: damaged(body.bytes, dice) } : body
}

function goodBody(
  type: string,
  schema: Json,
  path: string,
  document: Json,
  known: Known,
  mood: Mood,
  dice: Dice,
): Body {
  if (type === 'application/json') return { type, bytes: jsonBody(schema, document, known, mood, dice) }
  if (type === 'application/vnd.ipld.car') return { type, bytes: known.car }
  const real = dice.chance(path.includes('development') ? REAL_MEDIA / 5 : REAL_MEDIA)
  const media = real ? (dice.chance(0.5) ? picture : damaged(picture, dice)) : Buffer.alloc(0)
  if (type === 'multipart/form-data') return formOf(media, mood, dice)
  return { type: dice.pick(['image/webp', 'video/mp4', 'application/octet-stream', 'text/html']), bytes: media }
}

function jsonBody(schema: Json, document: Json, known: Known, mood: Mood, dice: Dice): Buffer {
  let value = valid(schema, document, dice)
  if (mood === 'hostile' && dice.chance(0.4)) value = { url: dice.pick([...known.bait, ...HOSTILE_TEXTS]) }
  else if (mood !== 'valid') value = spoilt(value, dice)
  const text = JSON.stringify(value) ?? 'undefined'
  if (mood !== 'hostile' || dice.chance(0.7)) return Buffer.from(text)
  return dice.pick([
    Buffer.from(text, 'utf16le'),
    Buffer.from(`\ufeff${text}`),
    Buffer.from('['.repeat(dice.below(20_000))),
    Buffer.from(text.replace(/:/, ':1e999999,"a":')),
    Buffer.from(`${text.slice(0, -1)},${text.slice(1)}`),
    Buffer.from([...Buffer.from(text), 0xff, 0xfe]),
  ])
}

function formOf(media: Buffer, mood: Mood, dice: Dice): Body {
  const boundary = mood === 'hostile' ? dice.pick(['b', '-', 'a'.repeat(70), "'()+_,-./:=?"]) : 'b'
  const name = mood === 'valid' ? 'media' : dice.pick(['media', 'media', 'media', '', 'file', '__proto__'])
  const file = mood === 'hostile' ? ascii(dice.pick(HOSTILE_TEXTS)).replaceAll('"', '') : 'a.webp'
  const part = (of: string) =>
    Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${of}"; filename="${file}"\r\n\r\n`,
        'latin1',
      ),
      media,
      Buffer.from('\r\n'),
    ])
  const parts = mood === 'hostile' && dice.chance(0.3) ? [part(name), part('media'), part('other')] : [part(name)]
  return {
    type: `multipart/form-data; boundary="${boundary}"`,
    bytes: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  }
}
